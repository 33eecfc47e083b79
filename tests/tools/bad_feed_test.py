"""Feeds that are wrong: nothing is lost in silence, one bad record never ends the run, and the status tells."""

import gzip
import json
import os
import shutil
import subprocess
import sys

from program import RULES, Checks, ended, pairs, record, same

checks = Checks()

GOOD = record(1, x=1) + record(2, x=2)


def dead(place, line, reason, rules=RULES, **expected):
    """A bad line between good ones is dead, with its number, reason and text; the match is still found."""
    bad = line if isinstance(line, bytes) else line.encode()
    feed = record(1, x=1).encode() + bad + b"\n" + record(2, x=2).encode()
    result = place.match(feed, "--dead-letters", "dead.jsonl", rules=rules)
    ended(result, 3, "1 events were dead-lettered, the first at line 2: " + reason, "they are in 'dead.jsonl'")
    same(result.stdout.count(b"\n"), 1, line)
    letter = json.loads(place.read("dead.jsonl"))
    same(letter, {"line": 2, "record": 1, "reason": letter["reason"], **(expected or {"text": line})})
    assert letter["reason"].startswith(reason), letter


@checks.case
def a_line_that_is_no_json_is_dead(place):
    for line in ('{"ts":2', "nonsense", '{"ts":2,"k":"a","y":nul}', "[1]", '{"ts":2,"k":"a","x":1}}', '{"k":"\t"}'):
        dead(place, line, "not JSON")


@checks.case
def a_field_that_is_missing_or_does_not_fit_is_dead(place):
    i32 = "expected i32 (-2147483648 to 2147483647)"
    dead(place, '{"ts":2,"k":"a"}', "field 'x': found nothing, " + i32)
    dead(place, '{"ts":2,"k":"123456789","x":1}', "field 'k': found 9 bytes, expected at most 8")
    dead(place, '{"ts":2,"k":"a","x":2147483648}', "field 'x': found 2147483648, " + i32)
    dead(place, '{"ts":2,"k":"a","x":"1x"}', "field 'x': found \"1x\", " + i32)
    dead(place, '{"ts":2,"k":"a","x":1.5}', "field 'x': found 1.5, " + i32)
    dead(place, '{"ts":2,"k":"a","x":nul}', "field 'x': found nul, " + i32)
    dead(place, '{"ts":2,"k":"a","x":true}', "field 'x': found true, " + i32)
    dead(place, '{"ts":2,"k":"a","x":1,"f":1e300}', "field 'f': found 1e300, expected f32")
    dead(place, '{"ts":true,"k":"a","x":1}', "field 'ts': found true")
    dead(place, '{"ts":9223372036854775807,"k":"a","x":1}', "field 'ts': found 9223372036854775807")


@checks.case
def text_that_is_not_utf8_is_kept_as_bytes(place):
    line = b'{"ts":2,"k":"\xff\x1b","x":1}'
    dead(place, line, "not", bytes=line.hex())


@checks.case
def dead_letters_are_counted_without_a_file_too(place):
    result = place.match("{}\n" * 5_000 + GOOD)
    text = ended(result, 3, "5000 events were dead-lettered, the first at line 1", "--dead-letters FILE keeps them")
    same(text.count("\n"), 2, "thousands of dead lines are told in two")
    same(result.stdout.count(b"\n"), 1)


@checks.case
def records_of_other_types_are_skipped(place):
    rules = ('event A when kind == "a" { ts : timestamp(ms) }\nevent B when kind == "b" { ts : timestamp(ms) }\n'
             "pattern p on A, B { a is A then b is B }")
    feed = '{"kind":"a","ts":1}\n{"kind":"c","ts":9}\n{"x":1}\n{"kind":"b","ts":2}\n'
    result = place.match(feed, "--stats", rules=rules)
    ended(result, 0, "2 in = 2 processed + 0 dead + 0 late", "2 records of no declared type")
    same(json.loads(result.stdout)["stages"], {"a": [0], "b": [3]})


@checks.case
def time_that_goes_back_is_late(place):
    result = place.match(record(5, x=1) + record(4, x=2) + record(5, x=3), "--stats")
    ended(result, 0, "3 in = 2 processed + 0 dead + 1 late", "1 events were late: they were counted and not matched")
    same(json.loads(result.stdout)["stages"], {"a": [0], "b": [2]})
    same(place.match(record(5) + record(4), "--quiet").stderr, b"")


@checks.case
def an_empty_feed_is_done(place):
    for feed in ("", "\n\n", gzip.compress(b""), "\ufeff"):
        for name in ("feed.ndjson", "feed.csv"):
            if name == "feed.csv" and feed:
                continue
            result = place.match(feed, name=name)
            ended(result, 0)
            same(result.stdout, b"")


def cut(place, packed, what):
    whole = place.match(packed)
    ended(whole, 0)
    result = place.match(packed[:-len(packed) // 3])
    ended(result, 1, what, "the run failed after ", " records; what they gave until then was printed")
    assert result.stdout and whole.stdout.startswith(result.stdout), "the output up to the break"


@checks.case
def a_cut_gzip_member_ends_the_run_behind_what_was_whole(place):
    cut(place, gzip.compress(pairs(20_000).encode()), "expected the rest of a gzip member")


@checks.case
def a_cut_zstd_frame_ends_the_run_behind_what_was_whole(place):
    if shutil.which("zstd") is None:
        return
    packed = subprocess.run(["zstd", "-q", "-c"], input=pairs(20_000).encode(), capture_output=True, check=True).stdout
    cut(place, packed, "expected the rest of a zstd frame")


@checks.case
def data_behind_a_gzip_member_is_told(place):
    result = place.match(gzip.compress(GOOD.encode()) + b"tail")
    ended(result, 1, "found other data behind a gzip member")
    same(result.stdout.count(b"\n"), 1)


@checks.case
def a_feed_that_cannot_be_opened_is_told(place):
    place.write("rules.mr", RULES)
    os.mkdir(place.folder / "folder")
    for feed, reason in (("none", "No such file or directory"), ("folder", "Is a directory")):
        result = place.run("match", "--rules", "rules.mr", "--feed", feed)
        ended(result, 2, f"millrace: cannot open '{feed}': {reason}")


@checks.case
def a_line_may_be_long_and_one_too_long_is_dead(place):
    long = '{"ts":3,"k":"a","x":1,"more":"%s"}\n'
    result = place.match(GOOD + long % ("x" * 1_000_000) + record(4, x=2))
    ended(result, 0)
    same(result.stdout.count(b"\n"), 2)
    result = place.match(GOOD + long % ("x" * (17 << 20)) + record(4, x=2), "--dead-letters", "dead.jsonl")
    ended(result, 3)
    assert len(place.read("dead.jsonl")) < 2_000, "of a line that is too long, its start"


@checks.case
def csv_has_quotes_and_both_line_ends(place):
    feed = 'k,ts,x,note\r\n"a,""b",1,1,"two\r\nlines"\r\n"a,""b",2,2,\r\n'
    result = place.match(feed, name="feed.csv")
    ended(result, 0)
    same(json.loads(result.stdout)["key"], {"k": 'a,"b'})
    same(place.match(feed.replace("\r\n", "\n"), name="feed.csv").stdout, result.stdout)
    bad = place.match("k,ts,x\na,1,1\na,two,1\na,3\na,4,2\n", name="feed.csv")
    ended(bad, 3, "2 events were dead-lettered, the first at line 3")
    same(bad.stdout.count(b"\n"), 1)


@checks.case
def times_at_the_edges_of_64_bits_are_events(place):
    rules = RULES.replace("timestamp(ms)", "timestamp").replace(" within 10s", "")
    low, high = -(1 << 63), (1 << 63) - 1
    result = place.match(record(low, x=1) + record(-1, x=0) + record(high, x=2), rules=rules)
    ended(result, 0)
    line = json.loads(result.stdout)
    same((line["first_ts"], line["last_ts"], line["at"]), (low, high, high))


@checks.case
def keys_never_act_on_a_terminal(place):
    result = place.match(r'{"ts":1,"k":"\u001b[31m","x":1}' + "\n" + r'{"ts":2,"k":"\u001b[31m","x":2}' + "\n")
    ended(result, 0)
    same(json.loads(result.stdout)["key"], {"k": "\x1b[31m"})
    assert b"\x1b" not in result.stdout


@checks.case
def a_feed_of_no_declared_type_is_remarked(place):
    rules = 'event A when kind == "logn" { ts : timestamp }\npattern p on A { a }'
    result = place.match('{"kind":"login","ts":1}\n' * 3, rules=rules)
    ended(result, 0, "none of the 3 records is of a declared event type")


@checks.case
def faults_are_remarked(place):
    result = place.match(record(1, x=0), rules=RULES.replace("x == 1", "1 / x > 0"))
    ended(result, 0, "1 overflows or divisions by zero in conditions made them false")


sys.exit(checks.run())
