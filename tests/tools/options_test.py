"""What the options of match and replay do."""

import gzip
import json
import shutil
import subprocess
import sys
import time

from program import RULES, Checks, ended, pairs, record, same

checks = Checks()


def printed(place, feed, *options, **more):
    result = place.match(feed, *options, **more)
    ended(result, 0)
    return result.stdout


def timeline():
    """One record each 100 ms from 1970-01-01T00:00:01Z on: all of them match."""
    return "".join(record(1000 + i * 100, x=i) for i in range(10))


ALL = "event A { ts : timestamp(ms) x : i32 }\npattern p on A { a : x >= 0 }"


def stages(output):
    return [json.loads(line)["stages"]["a"][0] for line in output.splitlines()]


@checks.case
def from_is_inclusive_and_to_is_not(place):
    take = lambda *options: stages(printed(place, timeline(), *options, rules=ALL))
    same(take("--from", "1200", "--to", "1400"), [2, 3])
    same(take("--from", "1970-01-01T00:00:01.2Z", "--to", "1970-01-01T01:00:01.4+01:00"), [2, 3])
    same(take("--from", "1201"), [3, 4, 5, 6, 7, 8, 9])
    same(take("--to", "1000"), [])
    same(take("--from", "1400", "--to", "1200"), [])
    same(take("--from", "-9000000000000", "--to", "1001"), [0])
    text = ended(place.match(timeline(), "--from", "1200", "--to", "1400", "--stats", rules=ALL), 0)
    assert "2 in = 2 processed" in text and "8 outside of --from/--to" in text, text


@checks.case
def count_prints_one_line_a_pattern(place):
    rules = RULES + "pattern q on A { a : x == 7 }\npattern r on A within 2ms { a : x == 1 then b : x == 9 on timeout }"
    lines = [json.loads(line) for line in printed(place, pairs(10), "--count", rules=rules).splitlines()]
    same(lines, [{"pattern": "p", "matches": 10, "timeouts": 0}, {"pattern": "q", "matches": 0, "timeouts": 0},
                 {"pattern": "r", "matches": 0, "timeouts": 10}])


@checks.case
def limit_gives_exactly_the_first_lines(place):
    whole = printed(place, pairs(500)).splitlines(keepends=True)
    same(len(whole), 500)
    for n in (1, 2, 64, 499, 500, 501):
        for shards in ((), ("--shards", "2")):
            found = printed(place, pairs(500), "--limit", str(n), "--stats-json", "s.json", *shards)
            same(found, b"".join(whole[:n]), f"{n} {shards}")
            adds_up(json.loads(place.read("s.json")))


@checks.case
def every_way_to_run_prints_the_same(place):
    feed = "".join(record(i, k="k%d" % (i % 7), x=1 + i // 7 % 2) for i in range(3_000))
    whole = printed(place, feed)
    assert whole.count(b"\n") > 1_000
    ways = [("--shards", "1"), ("--shards", "3", "--ring-slots", "2"), ("--pin", "--shards", "2"),
            ("--place", "one-core-each,use-smt-siblings", "--shards", "1"), ("--place", "none", "--shards", "2"), ("--quiet",)]
    ways += [("--shards", "2", "--wait", wait) for wait in ("busy-spin", "yield", "backoff", "blocking")]
    ways += [("--format", "ndjson"), ("--speed", "1000x"), ("--stats",), ("--max-runs", "4096", "--max-keys", "64")]
    for way in ways:
        same(printed(place, feed, *way) == whole, True, way)
    same(printed(place, feed, command="replay") == whole, True, "replay")


@checks.case
def standard_input_is_read_raw_and_compressed(place):
    feed = pairs(3_000).encode()
    whole = printed(place, feed.decode())
    same(printed(place, None, stdin=feed), whole)
    same(printed(place, None, stdin=gzip.compress(feed)), whole)
    same(printed(place, None, stdin=gzip.compress(feed[:1000]) + gzip.compress(feed[1000:])), whole)
    if shutil.which("zstd"):
        same(printed(place, None, stdin=subprocess.run(["zstd", "-c"], input=feed, capture_output=True).stdout), whole)
    csv = "ts,k,x\n" + "".join("%d,a,%d\n" % (i, 1 + i % 2) for i in range(6_000))
    same(printed(place, None, "--format", "csv", stdin=csv.encode()), whole)
    same(printed(place, csv, name="feed.unknown"), whole)


def adds_up(stats):
    places = ("processed", "dead", "late", "duplicate", "held", "in_flight")
    same(stats["in"], sum(stats[place] for place in places))
    # Only a run that was cut short leaves events on their way.
    same(stats["in_flight"] >= 0 and (stats["in_flight"] == 0 or stats["end"] != "complete"), True)
    same(stats["records"], stats["in"] + stats["skipped"] + stats["outside"])


@checks.case
def the_counters_add_up(place):
    rules = "event A when x >= 0 { ts : timestamp(ms) x : i8 }\npattern p on A { a : x == 1 then b : x == 2 }\ntime %s"
    feed = "".join('{"ts":%d,"x":%d}\n' % (i ^ 3, i % 200 - 30) for i in range(1_000))
    for mode in ("arrival", "out of order 2ms", "watermarks"):
        for options in ((), ("--no-final-watermark",), ("--shards", "2")):
            result = place.match(feed, "--to", "900", "--stats-json", "s.json", "--stats", *options, rules=rules % mode)
            ended(result, 3, "records in ", "dead-lettered")
            stats = json.loads(place.read("s.json"))
            adds_up(stats)
            assert stats["dead"] and stats["skipped"] and stats["outside"], stats
            same(stats["end"], "complete")
            same(stats["output_bytes"], len(result.stdout))
            assert stats["late"] == 0 or mode != "watermarks", stats
    same(stats["patterns"], [{"pattern": "p", "matches": result.stdout.count(b"\n"), "timeouts": 0}])


@checks.case
def a_percentile_file_has_the_form_that_plotters_read(place):
    printed(place, pairs(1_000), "--hgrm", "h")
    lines = place.read("h").splitlines()
    same(lines[:2], ["       Value     Percentile TotalCount 1/(1-Percentile)", ""])
    rows = [line.split() for line in lines[2:-3]]
    same([line[:10] for line in lines[-3:]], ["#[Mean    ", "#[Max     ", "#[Buckets "])
    same((rows[-1][1], rows[-1][2], len(rows[-1])), ("1.000000000000", "1000", 3))
    same(rows, sorted(rows, key=lambda row: (float(row[0]), float(row[1]))))


@checks.case
def speed_follows_event_time(place):
    feed = "".join(record(i * 100, x=1 + i % 2) for i in range(31))
    begin = time.monotonic()
    whole = printed(place, feed, "--speed", "10x")
    took = time.monotonic() - begin
    assert 0.29 < took < 2, took
    same(printed(place, feed), whole)


@checks.case
def the_final_watermark_can_be_left_out(place):
    rules = "event A { ts : timestamp(ms) x : i32 }\npattern p on A within 5ms { a : x == 1 not then b : x == 2 }"
    line = json.loads(printed(place, record(1), rules=rules))
    same((line["stages"], line["at"]), ({"a": [0]}, 6))
    same(printed(place, record(1), "--no-final-watermark", rules=rules), b"")
    disorder = rules + "\ntime out of order 5ms"
    same(printed(place, record(1), "--no-final-watermark", rules=disorder), b"")


@checks.case
def bounds_on_state_are_told_when_they_are_met(place):
    runs = "event A { ts : timestamp k : string(8) x : i32 }\npattern p on A by k { a : x == 1 then b : x == 2 }"
    feed = "".join(record(i, k="k%d" % i) for i in range(100)) + "".join(record(200, k="k%d" % i, x=2) for i in range(100))
    # The event that a match ends with needs no room.
    for option in ("--max-keys", "--max-runs", "--max-events"):
        bound = 1
        result = place.match(feed, option, str(bound), rules=runs)
        ended(result, 1, "99 partial matches were refused because a bound on state was met", option)
        same(result.stdout.count(b"\n"), 1, option)
        result = place.match(feed, option, str(bound + 98), rules=runs)
        ended(result, 1, "1 partial matches were refused")
        same(printed(place, feed, option, str(bound + 99), rules=runs).count(b"\n"), 100, option)


sys.exit(checks.run())
