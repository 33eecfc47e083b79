"""Windows of rules files: what replay prints of them, late events, bounds, and the other commands."""

import json
import os
import re
import resource
import subprocess
import sys
import time

from program import PROGRAM, Checks, ended, record, same

checks = Checks()

EVENT = "event A { ts : timestamp(ms)  k : string(8)  x : i32 }\n"
TUMBLING = EVENT + "window w on A by k { tumbling 10ms  grace 5ms  select n = count(), s = sum(x) }\n"
PATTERN = "pattern p on A by k { a : x == 1 then b : x == 2 }\n"
SHARDS = ((), ("--shards", "1"), ("--shards", "2"), ("--shards", "4"))


def replayed(place, rules, feed, *options, status=0):
    result = place.match(feed, *options, rules=rules, command="replay")
    ended(result, status)
    return result.stdout.decode()


def brief(text):
    """(rule, key, start, end, select) of each line; a match is (rule, key, at)."""
    made = []
    for line in map(json.loads, text.splitlines()):
        key = ",".join(map(str, line["key"].values()))
        if "pattern" in line:
            made.append((line["pattern"], key, line["at"]))
        else:
            made.append((line["window"], key, line["window_start"], line["window_end"], line["select"]))
    return made


@checks.case
def replay_prints_matches_and_windows_in_one_order_for_any_shards(place):
    feed = record(1) + record(2, "b") + record(3, x=2) + record(12, "b", 2) + record(16, "c") + record(40, x=2)
    whole = replayed(place, TUMBLING + PATTERN, feed)
    same(brief(whole), [
        ("p", "a", 3), ("p", "b", 12),
        ("w", "a", 0, 10, {"n": 2, "s": 3}), ("w", "b", 0, 10, {"n": 1, "s": 1}),  # at 16: the grace of both is over
        ("w", "b", 10, 20, {"n": 1, "s": 2}), ("w", "c", 10, 20, {"n": 1, "s": 1}),
        ("w", "a", 40, 50, {"n": 1, "s": 2})])
    for way in SHARDS:
        same(replayed(place, TUMBLING + PATTERN, feed, *way), whole, way)


@checks.case
def windows_that_an_event_closes_come_before_what_it_matches(place):
    rules = EVENT + "window w on A { tumbling 10ms select n = count() }\n" + PATTERN
    same(brief(replayed(place, rules, record(5) + record(10, x=2))),
         [("w", "", 0, 10, {"n": 1}), ("p", "a", 10), ("w", "", 10, 20, {"n": 1})])


@checks.case
def the_final_watermark_closes_windows_and_bounds_in_order_of_time(place):
    rules = (EVENT + "window w on A { tumbling 10ms select n = count() }\n"
             "pattern early on A within 3ms { a : x == 1 not then b : x == 2 }\n"
             "pattern late on A within 20ms { a : x == 1 not then b : x == 2 }\n")
    for way in SHARDS:
        same([line[0] for line in brief(replayed(place, rules, record(1), *way))], ["early", "w", "late"])
    same(replayed(place, rules, record(1), "--no-final-watermark"), "")


@checks.case
def late_events_are_in_time_for_windows_within_their_grace(place):
    feed = record(9) + record(14) + record(8, x=7) + record(15) + record(8, x=9)
    found = place.match(feed, "--dead-letters", "side", "--stats-json", "stats", rules=TUMBLING, command="replay")
    ended(found, 0, "1 events came too late for windows")
    same(brief(found.stdout.decode())[0], ("w", "a", 0, 10, {"n": 2, "s": 8}))
    same(json.loads(place.read("side")), {"record": 4, "window": "w", "reason": "late for 1 window",
                                          "event": {"ts": 8, "k": "a", "x": 9}})
    stats = json.loads(place.read("stats"))
    same([stats[name] for name in ("in", "processed", "late", "dead", "in_flight")], [5, 4, 1, 0, 0])
    same(stats["windows"], [{"window": "w", "results": 2, "late": 1, "late_windows": 1, "refused": 0,
                             "refused_windows": 0, "dead": 0, "values_refused": 0, "values_left_out": 0}])


@checks.case
def an_event_that_some_of_its_windows_take_is_not_late(place):
    rules = EVENT + "window h on A by k { hopping 10ms every 5ms select n = count() }\n"
    feed = record(7) + record(12) + record(8)
    for way in SHARDS:
        found = place.match(feed, "--dead-letters", "side", "--stats-json", "stats", *way, rules=rules, command="replay")
        ended(found, 0)
        same(brief(found.stdout.decode()), [("h", "a", 0, 10, {"n": 1}), ("h", "a", 5, 15, {"n": 3}),
                                            ("h", "a", 10, 20, {"n": 1})])
        stats = json.loads(place.read("stats"))
        same([stats[name] for name in ("in", "processed", "late")], [3, 3, 0])
        same([stats["windows"][0][name] for name in ("late", "late_windows")], [0, 1])
        same(json.loads(place.read("side"))["reason"], "late for 1 window")


@checks.case
def an_event_that_is_late_for_a_pattern_is_counted_as_late_once(place):
    feed = record(9) + record(20) + record(18, x=2) + record(1)
    for way in SHARDS:
        found = place.match(feed, "--stats-json", "stats", *way, rules=TUMBLING + PATTERN, command="replay")
        ended(found, 0, "2 events were late")
        stats = json.loads(place.read("stats"))
        same([stats[name] for name in ("in", "processed", "late", "in_flight")], [4, 2, 2, 0], way)
        same([line[4]["n"] for line in brief(found.stdout.decode()) if line[0] == "w"], [1, 1, 1])


@checks.case
def watermarks_close_windows(place):
    rules = "time watermarks\n" + TUMBLING
    feed = record(3) + record(12) + '{"watermark":13}\n' + record(13, x=5) + record(4) + '{"watermark":15}\n' + record(4)
    found = place.match(feed, "--stats-json", "stats", rules=rules, command="replay")
    ended(found, 0)
    same(brief(found.stdout.decode()), [("w", "a", 0, 10, {"n": 2, "s": 2}), ("w", "a", 10, 20, {"n": 2, "s": 6})])
    same(json.loads(place.read("stats"))["late"], 1)


@checks.case
def a_watermark_releases_windows_and_absences_of_one_moment_in_one_order(place):
    event = "event A { ts : timestamp  k : string(8)  x : i32 }\ntime watermarks\n"
    rules = event + ("window w on A { tumbling 10ns select n = count() }\n"
                     "pattern p on A by k within 8ns { a : x == 1 not then b : x == 2 }\n")
    for feed in (record(1) + record(1, "b") + '{"watermark":9}\n', record(1) + record(1, "b")):
        for way in SHARDS:
            same(brief(replayed(place, rules, feed, *way)), [("w", "", 0, 10, {"n": 2}), ("p", "a", 9), ("p", "b", 9)], way)


@checks.case
def updates_take_back_a_session_that_became_part_of_another(place):
    rules = EVENT + "window s on A by k { session gap 5ms  emit updates  select n = count() }\n"
    same(brief(replayed(place, rules, record(1) + record(4))), [
        ("s", "a", 1, 1, {"n": 1}), ("s", "a", 1, 1, None), ("s", "a", 1, 4, {"n": 2})])


@checks.case
def counted_windows_hand_out_what_is_left_at_the_end(place):
    rules = EVENT + "window c on A by k { count 3 every 2  select n = count(), s = sum(x) }\n"
    feed = "".join(record(i, x=i) for i in range(1, 6))
    same(brief(replayed(place, rules, feed)), [
        ("c", "a", 1, 2, {"n": 2, "s": 3}), ("c", "a", 2, 4, {"n": 3, "s": 9}), ("c", "a", 4, 5, {"n": 2, "s": 9})])


@checks.case
def values_that_are_none_print_null_and_faults_are_told(place):
    rules = EVENT + ("window w on A { tumbling 10ms select v = var(x), q = avg(1 / x), n = count(1 / x), "
                     "r = sum(x) / (count() - 1), big = sum(x * 9000000000000000000) }\n")
    found = place.match(record(1, x=0), rules=rules, command="replay")
    ended(found, 0, "values of window rules overflowed")
    same(brief(found.stdout.decode())[0][4], {"v": None, "q": None, "n": 0, "r": None, "big": 0})


@checks.case
def a_bound_on_windows_is_told(place):
    feed = record(1) + record(2, "b") + record(3, "c")
    found = place.match(feed, "--max-keys", "2", rules=TUMBLING, command="replay")
    ended(found, 1, "window w: 1 events are not in their windows because a bound on state was met")
    same(len(found.stdout.splitlines()), 2)
    found = place.match(feed, "--max-keys", "2", "--when-full", "dead-letter", "--dead-letters", "dead", rules=TUMBLING,
                        command="replay")
    ended(found, 3, "1 events were dead-lettered")
    same(json.loads(place.read("dead"))["reason"], "the bound on open windows is met")
    rules = EVENT + "window w on A { tumbling 10ms select d = distinct(x) }\n"
    found = place.match(record(1) + record(2, x=2), "--max-distinct", "1", rules=rules, command="replay")
    ended(found, 1, "--max-distinct")
    same(brief(found.stdout.decode()), [("w", "", 0, 10, {"d": None})])


@checks.case
def a_result_that_lacks_an_event_for_want_of_room_is_told(place):
    """Where other windows had taken the event, nothing was counted, and the run ended as if all were well."""
    rules = EVENT + "window h on A { hopping 10ms every 5ms  grace 1s  emit updates  select n = count() }\n"
    feed = record(7) + record(12)
    found = place.match(feed, "--max-windows", "1", "--stats-json", "stats", rules=rules, command="replay")
    ended(found, 1, "window h: 1 times an event is not in one of its windows because a bound on state was met")
    stats = json.loads(place.read("stats"))
    same([stats["windows"][0][name] for name in ("refused", "refused_windows")], [0, 1])
    found = place.match(feed, "--max-windows", "1", "--when-full", "dead-letter", "--dead-letters", "dead",
                        "--stats-json", "stats", rules=rules, command="replay")
    ended(found, 3)
    stats = json.loads(place.read("stats"))
    same([stats[name] for name in ("in", "processed", "late", "dead", "in_flight")], [2, 2, 0, 0, 0])
    same(json.loads(place.read("dead"))["reason"], "the bound on open windows is met")


@checks.case
def keys_come_and_go_within_their_bound(place):
    feed = "".join(record(20 * i, f"k{i}") for i in range(200))
    same(len(replayed(place, TUMBLING, feed, "--max-keys", "2").splitlines()), 200)


@checks.case
def match_leaves_windows_alone(place):
    feed = record(1) + record(3, x=2)
    same(brief(place.match(feed, rules=TUMBLING + PATTERN).stdout.decode()), [("p", "a", 3)])
    found = place.match(feed, rules=TUMBLING)
    ended(found, 2, "'rules.mr' has windows and no pattern", "millrace replay prints window results too")


@checks.case
def explain_tells_of_windows(place):
    place.write("rules.mr", TUMBLING + "window h on A where x > 1 { hopping 10ms every 4ms select q = quantile(x, 0.5) }\n")
    text = place.run("explain", "--rules", "rules.mr", "--keys", "1000").stdout.decode()
    for part in ("window w on A by k\n  class tumbling 10ms", "window h on A where x > 1\n  class hopping 10ms every 4ms: an "
                 "event is added to one slice of 2ms", "aggregates: quantile -> f64", "w: open windows",
                 "1000 keys of window w, which are scattered over a table of "):
        assert part in text, f"{part!r} is not in\n{text}"


def resident_after(place, feed):
    place.write("feed.ndjson", feed)
    run = subprocess.Popen([PROGRAM, "replay", "--rules", "rules.mr", "--feed", "feed.ndjson", "-q",
                            "--no-final-watermark"], cwd=place.folder, stdout=subprocess.DEVNULL)
    _, status, used = os.wait4(run.pid, 0)
    same(os.waitstatus_to_exitcode(status), 0)
    return used.ru_maxrss * 1024


@checks.case
def what_keys_and_windows_take_is_what_a_run_then_takes(place):
    little = lambda: resource.setrlimit(resource.RLIMIT_AS, (1 << 28, 1 << 28))
    if place.run("--help", preexec_fn=little).returncode != 0:
        return  # a sanitizer's build has memory of its own beside each byte
    keys = 100_000
    for select in ("n = count(), s = sum(x)", "d = distinct(x), a = approx_distinct(x)"):
        place.write("rules.mr", EVENT + "window w on A by k { tumbling 1h  grace 1h  select %s }\n" % select)
        text = place.run("explain", "--rules", "rules.mr", "--keys", str(keys)).stdout.decode()
        line = " ".join(text.splitlines()[-2:])
        table, first, further = (float(number) * {"B": 1, "KiB": 1 << 10, "MiB": 1 << 20}[unit]
                                 for number, unit in re.findall(r"([\d.]+) (B|KiB|MiB)\b", line))
        feed = lambda time: "".join(record(time, "k%d" % i) for i in range(keys))
        nothing = resident_after(place, record(1))
        one = resident_after(place, feed(1)) - nothing
        two = resident_after(place, feed(1) + feed(3_600_000)) - nothing
        for found, expected in ((one, table + first), (two, table + first + further * keys)):
            assert 0.5 < found / expected < 1.25, (select, found, expected, line)


@checks.case
def a_changed_window_is_refused_and_what_runs_stays(place):
    place.write("rules.mr", TUMBLING + PATTERN)
    run = place.start("replay", "--rules", "rules.mr", "--feed", "-", "--format", "ndjson", "--watch", stdin=-1)
    run.stdin.write((record(1) + record(2)).encode())
    run.stdin.flush()
    time.sleep(0.5)
    place.write("new.mr", TUMBLING.replace("10ms", "20ms") + PATTERN)
    os.replace(place.folder / "new.mr", place.folder / "rules.mr")
    time.sleep(0.5)
    out, remarks = run.communicate(record(3, x=2).encode(), timeout=20)
    assert b"found a change of window w" in remarks and b"stay in force" in remarks, remarks
    same([line[0] for line in brief(out.decode())], ["p", "p", "w"])


sys.exit(checks.run())
