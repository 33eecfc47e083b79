"""Random feeds with repeated times through rules with several keys: threads and shards change nothing."""

import json
import random
import sys

from program import Checks, ended, same

checks = Checks()

EVENT = "event A { ts : timestamp(s)  k : string(4)  u : i32  x : string(2) }\n"
TIMES = {"arrival": "", "out of order": "time out of order 3s\n", "watermarks": "time watermarks\n"}
PATTERNS = """
pattern absent on A by k within 6s { a+ : x == "a"  not then n : x == "n"  on timeout }
pattern every on A { a : x == "a" }
pattern bounded on A by u { a : x == "a"  then b? within 2s : x == "b"  then c within 4s : x == "c"  on timeout }
pattern loose on A by k within 5s { a : x == "a"  then any b+ : x == "b"  skip past last  on timeout }
pattern overdue on A by u { a+ : x == "a"  not then n within 2s : x == "n" }
pattern group on A by k within 8s { ( a : x == "a"  then b : x == "b" ){1,2}  then c : x == "c"  skip next }
pattern single on A by k { a : x == "a" }
"""


def feed(numbers, mode):
    """Forty events of few keys; times repeat, and go back where they may."""
    lines, now = [], 0
    for _ in range(40):
        now += numbers.choice([0, 0, 1, 1, 2, 4])
        ts = max(0, now - numbers.randint(0, 3)) if mode == "out of order" else now
        if mode == "watermarks" and numbers.random() < 0.2:
            lines.append({"watermark": now - 2})
        lines.append({"ts": ts, "k": "k%d" % numbers.randint(0, 5), "u": numbers.randint(0, 3), "x": numbers.choice("aabcn")})
    return "".join(json.dumps(line) + "\n" for line in lines)


@checks.case
def any_number_of_shards_prints_the_same(place):
    numbers = random.Random(11)
    for mode, time in TIMES.items():
        for trial in range(25):
            text = feed(numbers, mode)
            whole = place.match(text, rules=EVENT + time + PATTERNS)
            ended(whole, 0)
            assert whole.stdout, (mode, trial)
            for shards in ("1", "2", "3"):
                same(place.match(text, "--shards", shards, rules=EVENT + time + PATTERNS).stdout, whole.stdout, (mode, trial, shards))


@checks.case
def a_full_pool_leaves_no_match_that_is_none(place):
    """A looping group whose runs are refused in the middle of an event once shared a step that was gone."""
    rules = EVENT + 'pattern p on A { ( a : x == "a"  then b : x == "b" ){1,}  then c : x == "c" }'
    numbers = random.Random(5)
    for trial in range(40):
        text = "".join(json.dumps({"ts": i, "k": "k", "u": 1, "x": numbers.choice("aabbcx")}) + "\n" for i in range(40))
        whole = set(place.match(text, rules=rules).stdout.splitlines())
        for bound in ("2", "3", "5"):
            for line in place.match(text, "--max-runs", bound, rules=rules).stdout.splitlines():
                assert line in whole, (trial, bound, line)


@checks.case
def a_full_reorder_buffer_lets_the_feed_go_on(place):
    rules = EVENT + "time out of order 5s\npattern p on A { a : x == \"a\" }"
    text = "".join('{"ts":%d,"k":"k","u":1,"x":"a"}\n' % ts for ts in (0, 1, 2, 3, 4, 100, 200, 300, 400))
    result = place.match(text, "--max-events", "4", rules=rules)
    ended(result, 3, "1 events were dead-lettered, the first at line 5: the reorder buffer is full")
    same(result.stdout.count(b"\n"), 8)


@checks.case
def a_pattern_does_not_see_events_that_are_not_its_own(place):
    events = 'event A when x == "a" { ts : timestamp(s) k : string(4) x : string(2) }\nevent B { ts : timestamp(s) k : string(4) }\n'
    p = "pattern p on A by k within 5s { a  not then n : x == \"n\" }\n"
    q = "pattern q on A, B by k { b is B }\n"
    text = '{"ts":1,"k":"k","x":"a"}\n{"ts":8,"k":"k","type":"B"}\n{"watermark":20}\n'
    alone = place.match(text, rules=events + "time watermarks\n" + p).stdout.splitlines()
    beside = place.match(text, rules=events + "time watermarks\n" + p + q).stdout.splitlines()
    same(alone, [line for line in beside if b'"pattern":"p"' in line])
    assert len(alone) == 1, alone


@checks.case
def zeroes_of_both_signs_are_one_key(place):
    rules = "event A { ts : timestamp(s)  f : f64 }\npattern p on A by f { a  then b }"
    result = place.match('{"ts":1,"f":0.0}\n{"ts":2,"f":-0.0}\n', rules=rules)
    same(result.stdout.count(b"\n"), 1)


@checks.case
def a_gap_longer_than_64_bits_is_no_short_one(place):
    rules = 'event A { ts : timestamp  k : string(2) }\npattern p on A { a : k == "a"  then b? within 5s : k == "b"  then c : k == "c" }'
    text = '{"ts":-9000000000000000000,"k":"a"}\n{"ts":9000000000000000000,"k":"b"}\n{"ts":9000000000000000001,"k":"c"}\n'
    lines = [json.loads(line) for line in place.match(text, rules=rules).stdout.splitlines()]
    same([line["stages"] for line in lines], [{"a": [0], "c": [2]}])


@checks.case
def faults_of_a_first_stage_are_counted_with_a_key_too(place):
    for by in ("", "by k "):
        rules = "event A { ts : timestamp(ms)  k : string(8)  x : i32 }\npattern p on A " + by + "{ a : 1 / x > 0 }"
        text = "".join('{"ts":%d,"k":"a","x":0}\n' % i for i in range(10))
        ended(place.match(text, "--stats", rules=rules), 0, "10 overflows or divisions by zero")


sys.exit(checks.run())
