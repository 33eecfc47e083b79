"""millrace topology: the machine, and where each thread would go."""

import os
import sys

from program import Checks, ended, same

checks = Checks()


def lines_of(place, *options):
    result = place.run("topology", *options)
    ended(result, 0)
    return result.stdout.decode().splitlines()


def threads_of(lines):
    return {line[2:12].strip(): line[13:] for line in lines if line[2:].startswith(("source", "shard ", "egress"))}


@checks.case
def the_machine_is_shown_as_the_process_may_use_it(place):
    allowed = os.sched_getaffinity(0)
    text = "\n".join(lines_of(place))
    assert f"{len(allowed)} cpu" in text, text
    one = min(allowed)
    narrowed = place.run("topology", preexec_fn=lambda: os.sched_setaffinity(0, {one}))
    ended(narrowed, 0)
    assert b"1 cpu on 1 core" in narrowed.stdout, narrowed.stdout
    same([line.split(": ")[1] for line in narrowed.stdout.decode().splitlines() if line.startswith("  L3 ")], [str(one)])


@checks.case
def each_thread_has_a_place_or_a_reason_why_not(place):
    same(list(threads_of(lines_of(place, "--shards", "3"))), ["source", "shard 0", "shard 1", "shard 2", "egress"])
    unpinned = lines_of(place, "--place", "none")
    same(set(threads_of(unpinned).values()), {"wherever the operating system puts it"})
    assert not any(line.startswith("warning") for line in unpinned), unpinned
    many = lines_of(place, "--shards", "256", "--place", "one-core-each,use-smt-siblings")
    if len(os.sched_getaffinity(0)) < 258:
        same(set(threads_of(many).values()), {"wherever the operating system puts it"})
        same([line for line in many if "258 threads, but" in line and line.endswith("threads are not pinned")], many[-1:])


@checks.case
def a_wrong_intent_is_refused(place):
    ended(place.run("topology", "--place", "core 3"), 2, "--place: found 'core 3', expected none, or one-core-each")
    ended(place.run("topology", "--shards", "0"), 2, "--shards")


sys.exit(checks.run())
