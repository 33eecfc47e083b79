"""What explain says of classes and memory, against what a run then takes."""

import os
import re
import subprocess
import sys

from program import PROGRAM, Checks, ended, record, same

checks = Checks()

EVENT = "event A { ts : timestamp(ms)  k : string(16)  x : i32 }\n"
CHAIN = "pattern p on A by k { a : x == 1 then b : x == 2 then c : x == 3 }"
RUNS = "pattern p on A by k { a : x == 1 then b : x == 2 and x > a.x then c : x == 3 }"
KEYS = 100_000


def explained(place, rules, *options):
    place.write("rules.mr", EVENT + rules)
    result = place.run("explain", "--rules", "rules.mr", *options)
    ended(result, 0)
    return result.stdout.decode()


def the_class(place, rules, *options):
    return [line.split(": ", 1) for line in explained(place, rules, *options).splitlines() if "  class " in line]


@checks.case
def each_pattern_is_told_its_class_and_why(place):
    chain = ["  class chain", "an event is kept once a stage, however many partial matches it is in, because conditions "
             "are about the event alone, and the stages are a straight line"]
    runs = lambda why: ["  class runs", "partial matches are kept one by one, because " + why]
    same(the_class(place, CHAIN + RUNS.replace("pattern p", "pattern q")),
         [chain, runs("a condition reads what the partial match has taken")])
    same(the_class(place, CHAIN.replace("c :", "c+ :")), [runs("a stage is optional or repeated")])


@checks.case
def an_index_of_what_waits_is_told_where_there_may_be_one(place):
    index = lambda rules, *options: [line for line in explained(place, rules, *options).splitlines() if "index" in line]
    two = RUNS.replace("then c", "then d : x == a.x then c")
    same(index(two), ["  index: with 32 or more partial matches of a key, an event finds those that it changes, "
                      "n1 by order, n2 by hash"])
    same(index(CHAIN), [])
    same(index(two, "--when-full", "drop-oldest"), [])


@checks.case
def bounds_that_are_given_change_the_class(place):
    for options in (("--max-runs-per-key", "5"), ("--when-full", "drop-oldest"), ("--when-full", "dead-letter")):
        same(the_class(place, CHAIN, *options)[0][0], "  class runs", options)
    same(the_class(place, CHAIN, "--max-runs", "5")[0][0], "  class chain")


@checks.case
def a_graph_has_the_class_as_its_caption(place):
    assert '  label="p: class chain: an event is kept once' in explained(place, CHAIN, "--dot")


def in_bytes(text):
    number, unit = text.split()
    return float(number) * {"B": 1, "KiB": 1 << 10, "MiB": 1 << 20}[unit]


@checks.case
def the_table_adds_up(place):
    for rules in (CHAIN, RUNS):
        for options in ((), ("--max-runs", "1000", "--max-keys", "500", "--max-events", "2000")):
            lines = explained(place, rules, *options).splitlines()
            rows = [re.findall(r"[\d.]+ (?:B|KiB|MiB)\b|(?<= )\d+(?= )", line) for line in lines
                    if re.match(r"  (p: |keys by|copies)", line)]
            total = [line for line in lines if line.startswith("  all ")][0]
            for each, bound, used, reserved in rows:
                # Rows are rounded.
                assert abs(in_bytes(used) / (int(each) * int(bound)) - 1) < 0.02, (rules, each, bound, used)
                assert in_bytes(used) <= in_bytes(reserved), (used, reserved)
            for column in (0, 1):
                said = in_bytes(re.findall(r"[\d.]+ (?:B|KiB|MiB)", total)[column])
                assert abs(sum(in_bytes(row[2 + column]) for row in rows) / said - 1) < 0.01, (rows, total)


def resident_after(place, feed):
    place.write("feed.ndjson", feed)
    run = subprocess.Popen([PROGRAM, "match", "--rules", "rules.mr", "--feed", "feed.ndjson", "-q", "--stats-json", "s"],
                           cwd=place.folder, stdout=subprocess.DEVNULL)
    _, status, used = os.wait4(run.pid, 0)
    same(os.waitstatus_to_exitcode(status), 0)
    return used.ru_maxrss * 1024


@checks.case
def what_keys_take_is_what_a_run_then_takes(place):
    events = lambda x, first: "".join(record(first + i, k="user%d" % i, x=x) for i in range(KEYS))
    for rules in (CHAIN, RUNS):
        line = " ".join(explained(place, rules, "--keys", str(KEYS)).splitlines()[-2:])
        assert line.startswith(f"  {KEYS} keys by k, which are scattered over a table of "), line
        table, _, with_match, event = (in_bytes(each) for each in re.findall(r"[\d.]+ (?:B|KiB|MiB)", line))
        nothing = resident_after(place, events(5, 0))
        one = resident_after(place, events(1, 0)) - nothing
        two = resident_after(place, events(1, 0) + events(2, KEYS)) - nothing
        for found, expected in ((one, table + with_match + event), (two, table + with_match + 2 * event)):
            assert 0.5 < found / expected < 1.25, (rules, found, expected, line)


sys.exit(checks.run())
