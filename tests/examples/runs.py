"""Words for the answers: what a beginning of a match comes to, when, and in which order matches are told.

A *beginning* is an event with which a match could start. Each pattern of the examples gives a beginning at most one
match, so that a pattern is told by a plain function from the events of a key and a beginning to its `Run`. What is
here is the rest of what a pattern means, taken from its description and not from the engine: when event time has passed
a bound, which matches wait for earlier beginnings, and how lines are ordered.
"""

import bisect
import dataclasses
import itertools


@dataclasses.dataclass(frozen=True)
class Event:
    index: int  # among the records of the feed
    order: int  # among the events, in order of time
    ts: int
    fields: dict

    def __getattr__(self, name):
        return self.fields[name]


@dataclasses.dataclass
class Run:
    """What became of a beginning: `stages` (name to events) where it matched; `ended` is a moment either way."""
    first: Event
    ended: tuple
    stages: dict = None


def events_of(records, wanted=lambda record: True):
    """The records that are events, in order of time; equal times keep the feed's order."""
    numbered = [(record["ts"], index, record) for index, record in enumerate(records) if wanted(record)]
    numbered.sort(key=lambda each: each[:2])
    return [Event(index, order, ts, record) for order, (ts, index, record) in enumerate(numbered)]


def by_key(events, *names):
    """Key (as it is printed) and events, for each key."""
    keys = {}
    for event in events:
        keys.setdefault(tuple(event.fields[name] for name in names), []).append(event)
    return [(dict(zip(names, values)), of_key) for values, of_key in keys.items()]


# A moment is (place, part, time): at each event time moves first (part 0), then the event is looked at (part 1). Behind
# the last event time moves on through all that is pending.


def at_event(event):
    return (event.order, 1, event.ts)


def time_passes(deadline, events):
    """The moment at which event time, which all keys share, has reached the deadline."""
    place = bisect.bisect_left(events, deadline, key=lambda event: event.ts)
    return (place, 0, events[place].ts) if place < len(events) else (place, deadline, deadline)


def from_here(own, event):
    """The event and those of its key behind it."""
    return own[bisect.bisect_left(own, event.order, key=lambda each: each.order):]


def in_time(own, first, bound):
    """The events behind `first` that a match from it could still take: the bound is exclusive."""
    return list(itertools.takewhile(lambda event: event.ts - first.ts < bound, from_here(own, first)[1:]))


def all_told(runs):
    """Every match, at once: (moment, run)."""
    return [(run.ended, run) for run in runs if run.stages]


def not_overlapping(runs):
    """Matches of one key that share no event span: a match waits until no earlier beginning can match any more, and
    what began before its end is dropped with it. Takes the runs in order of their beginnings."""
    told, waited, covered = [], (-1, 0, 0), -1
    for run in runs:
        if run.first.order <= covered:
            continue
        waited = max(waited, run.ended)
        if run.stages:
            told.append((waited, run))
            covered = max(event.order for taken in run.stages.values() for event in taken)
    return told


def lines(pattern, told, select):
    """The lines, as dictionaries, of (moment, key, run) in the order of telling."""
    made = []
    for moment, key, run in sorted(told, key=lambda each: (each[0], each[2].first.index)):
        taken = [event for events in run.stages.values() for event in events]
        made.append({
            "pattern": pattern,
            "key": key,
            "stages": {stage: [event.index for event in events] for stage, events in run.stages.items()},
            "first_ts": min(event.ts for event in taken),
            "last_ts": max(event.ts for event in taken),
            "at": moment[2],
            "select": select(key, **run.stages),
        })
    return made
