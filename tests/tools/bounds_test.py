"""Bounds on state from outside: each is met in time, told with the option that moves it, and counted."""

import json
import resource
import sys
import time

from program import Checks, ended, record, same

checks = Checks()

EVENT = "event A { ts : timestamp(ms)  k : string(8)  x : i32 }\n"
# Some 33 million matches from 25 events.
HOSTILE = EVENT + ("pattern explosive on A by k { a+ any : x == 1  then any b+ any : x == 2  then any c+ any : x == 3 }")
FEED = "".join(record(i, x=x) for i, x in enumerate([1] * 8 + [2] * 8 + [3] * 9))
# 4 million from 22: enough to meet any bound below, for the many runs that do.
SMALLER_FEED = "".join(record(i, x=x) for i, x in enumerate([1] * 7 + [2] * 7 + [3] * 8))

BOUNDS = (
    ("--max-runs", 1000, "partial matches of a pattern in a shard (--max-runs)"),
    ("--max-runs-per-key", 1000, "partial matches of a key (--max-runs-per-key)"),
    ("--max-events", 20, "events held in a shard (--max-events)"),
    ("--max-events-per-key", 1000, "events in the partial matches of a key (--max-events-per-key)"),
    ("--max-matches-at-once", 100, "matches that one event completes (--max-matches-at-once)"),
)


@checks.case
def a_hostile_pattern_meets_each_bound_in_time_and_says_which(place):
    for policy, status in (("refuse", 1), ("drop-oldest", 1), ("dead-letter", 3)):
        for option, bound, said in BOUNDS:
            begin = time.monotonic()
            result = place.match(SMALLER_FEED, "--count", option, str(bound), "--when-full", policy, "--stats-json", "s",
                                 rules=HOSTILE)
            # A build for debugging is ten times as slow.
            assert time.monotonic() - begin < 20, (option, policy)
            ended(result, status, "millrace: pattern explosive: ", "because a bound on state was met: ", said)
            counts = json.loads(place.read("s"))["patterns"][0]
            told = {name: counts[name] for name in ("refused_runs", "dropped_runs", "dead_events", "cut_matches")}
            if policy == "dead-letter":
                same({name for name in told if told[name]}, {"dead_events"}, (option, policy, told))
            elif option == "--max-matches-at-once":
                assert told["cut_matches"], told
            else:
                assert told["refused_runs" if policy == "refuse" else "dropped_runs"], (option, policy, told)


@checks.case
def the_default_bounds_are_met_in_time_too(place):
    # Two seconds; a build for debugging takes five times as long where it has a core to itself.
    result = place.match(FEED, "--count", rules=HOSTILE, timeout=60)
    ended(result, 1, "(--max-runs)", "matches may be missing")


@checks.case
def memory_that_is_refused_is_told_with_what_to_lower(place):
    def little():
        resource.setrlimit(resource.RLIMIT_AS, (1 << 28, 1 << 28))

    if place.run("--help", preexec_fn=little).returncode != 0:
        return  # a sanitizer's build needs more than that to begin with
    place.write("rules.mr", HOSTILE)
    place.write("feed.ndjson", record(0))
    for command in ("match", "--rules", "rules.mr", "--feed", "feed.ndjson"), ("explain", "--rules", "rules.mr"):
        ended(place.run(*command, preexec_fn=little), 1, "cannot reserve ", " bytes of memory; lower "
              "--max-runs, --max-keys or --max-events")
        result = place.run(*command, "--max-runs", "1000", "--max-keys", "1000", "--max-events", "1000",
                           preexec_fn=little)
        assert b"cannot reserve" not in result.stderr, result.stderr


@checks.case
def a_dead_letter_has_the_event_and_the_bound_that_it_met(place):
    rules = EVENT + "pattern p on A by k { a : x == 1  then b : x == 2 }\npattern q on A by k { c : x == 1 }"
    feed = record(0) + record(1) + record(2, k="b") + record(3, x=2)
    result = place.match(feed, "--max-runs-per-key", "1", "--when-full", "dead-letter", "--dead-letters", "dead",
                         "--stats-json", "s", rules=rules)
    ended(result, 3, "pattern p: 1 events were dead letters because a bound on state was met: partial matches of a key "
          "(--max-runs-per-key)", "1 events were dead-lettered, the first at a bound on state: {", "they are in 'dead'")
    same([json.loads(line) for line in place.read("dead").splitlines()], [
        {"record": 1, "pattern": "p", "reason": "the bound on partial matches of a key is met",
         "event": {"ts": 1, "k": "a", "x": 1}}])
    # The other pattern has seen it.
    same([json.loads(line)["stages"] for line in result.stdout.splitlines()],
         [{"c": [0]}, {"c": [1]}, {"c": [2]}, {"a": [0], "b": [3]}])
    stats = json.loads(place.read("s"))
    same((stats["in"], stats["processed"], stats["dead"]), (4, 3, 1))


@checks.case
def bounds_of_keys_mean_the_same_for_any_number_of_shards(place):
    rules = EVENT + ("pattern p on A by k within 40ms { a : x == 1  then any b : x == 2  then c : x == 3 }\n"
                     "pattern q on A by k { a+ any : x == 1  then c : x == 3  skip past last }")
    feed = "".join(record(i, k="k%d" % (i * i % 11), x=i * 7 % 5) for i in range(2_000))
    for policy in ("refuse", "drop-oldest", "dead-letter"):
        for bounds in (("--max-runs-per-key", "3"), ("--max-events-per-key", "5")):
            options = (*bounds, "--when-full", policy, "--stats-json", "s", "--dead-letters", "dead")
            whole = place.match(feed, *options, rules=rules)
            assert whole.stdout
            told = json.loads(place.read("s"))["patterns"], place.read("dead")
            for shards in ("1", "2", "4"):
                other = place.match(feed, *options, "--shards", shards, rules=rules)
                same(other.stdout == whole.stdout, True, (options, shards))
                same((json.loads(place.read("s"))["patterns"], place.read("dead")), told, (options, shards))


@checks.case
def keys_that_are_done_with_make_room(place):
    rules = EVENT + "pattern p on A by k within 100ms { a : x == 1  then b : x == 2 }"
    feed = "".join(record(i, k="k%d" % i) for i in range(20_000))
    ended(place.match(feed, "--max-keys", "100", rules=rules), 0)
    ended(place.match(feed, "--max-keys", "99", rules=rules), 1, "keys with state in a shard (--max-keys)")


@checks.case
def values_that_are_no_bounds_are_refused(place):
    for option in ("--max-runs", "--max-runs-per-key", "--max-keys", "--max-events", "--max-events-per-key",
                   "--max-matches-at-once"):
        for value in ("0", "-1", "x", "300000000"):
            ended(place.match(FEED, option, value, rules=HOSTILE), 2, option)
    ended(place.match(FEED, "--when-full", "panic", rules=HOSTILE), 2, "--when-full", "drop-oldest")


sys.exit(checks.run())
