"""Wrong rules: the place, the line, the caret, what was found and what was expected."""

import sys

from program import Checks, ended, same

checks = Checks()

A = "event A { ts : timestamp(ms)  k : string(4)  x : i32 }\n"
AB = A + "event B { ts : timestamp(ms)  y : f64 }\n"
DECLARATIONS = "expected 'event', 'pattern', 'window', 'time' or the end of the file"

# Rules up to the line that is wrong, that line, the marks below it, and the message.
EXACT = [
    ("", "event A ts : timestamp }", "        ^~", "found 'ts', expected 'when' or '{'"),
    ("", "event A { ts timestamp }", "             ^~~~~~~~~", "found 'timestamp', expected ':'"),
    ("", "event { ts : timestamp }", "      ^", "found '{', expected a name"),
    ("", "evnt A { ts : timestamp }", "^~~~", "found 'evnt', " + DECLARATIONS),
    ("", "event A { x : i32 }", "      ^",
     "found event 'A' without event time, expected exactly one field of type timestamp"),
    ("", "event A { ts : timestamp te : timestamp }", " " * 25 + "^~",
     "event 'A': found a second timestamp field 'te', expected exactly one"),
    ("", "event A { ts : timestamp ts : i32 }", " " * 25 + "^~", "event 'A': field 'ts' is declared twice"),
    ("", "event A { ts : timestamp x : i8 = 200 }", " " * 34 + "^~~",
     "found a default that 'x' cannot hold, expected a value of type i8"),
    ("", "event A { ts : timestamp x : f32 = 1e300 }", " " * 35 + "^~~~~",
     "found a default that 'x' cannot hold, expected a value of type f32"),
    ("", 'event A { ts : timestamp x : string(2) = "abc" }', " " * 41 + "^~~~~",
     "found a default that 'x' cannot hold, expected a value of type string"),
    ("", "event A { ts : timestamp k : string }", " " * 29 + "^~~~~~",
     "found string without a capacity, expected string(N)"),
    ("", "event A { ts : timestamp k : string(0) }", " " * 29 + "^~~~~~",
     "found string(0), expected a capacity of 1 to 65000"),
    ("", "event A { ts : timestamp(min) }", " " * 25 + "^~~", "found (min) behind timestamp, expected "
     "timestamp(ns), timestamp(us), timestamp(ms) or timestamp(s)"),
    (A, "event A { ts : timestamp }", "      ^", "found a second event 'A', expected a name of its own"),
    (A, "pattern p on A { a : y == 1 }", " " * 21 + "^",
     "found unknown field 'y', expected a field of event A: ts, k, x"),
    (A, "pattern p on C { a }", " " * 13 + "^", "found unknown event 'C', expected one of A"),
    (A, "pattern p on A { a then b : x > c.x }", " " * 32 + "^~~",
     "found unknown stage 'c', expected one of the stages a, b"),
    (A, 'pattern p on A { a : x == "one" }', " " * 21 + "^" + "~" * 9,
     "found integer == string, expected two values of one type"),
    (A, "pattern p on A { a : x + 1 }", " " * 21 + "^~~~~", "found integer, expected a condition (bool)"),
    (A, "pattern p on A { a : not x }", " " * 25 + "^", "found integer, expected a condition (bool)"),
    (A, "pattern p on A { a : x % 1.5 == 0 }", " " * 21 + "^~~~~~~",
     "found integer % f64, expected integers on both sides of '%'"),
    (A, "pattern p on A { a : sum(a.k) == 1 }", " " * 25 + "^~~", "found sum of a string, expected a number"),
    (A, "pattern p on A { a : count(x) == 1 }", " " * 27 + "^", "found unknown stage 'x', expected one of the stages a"),
    (A + "pattern p on A { a }\n", "pattern p on A { a }", " " * 8 + "^",
     "found a second pattern 'p', expected a name of its own"),
    (A, "pattern p on A { a then a }", " " * 17 + "^",
     "found a second stage 'a', expected a name of its own for each stage"),
    (A, "pattern p on A within 0s { a then b }", " " * 15 + "^~~~~~~~~", "found within 0, expected a positive duration"),
    (A, "pattern p on A within 10 { a }", " " * 22 + "^~",
     "found '10', expected a duration (like 250ms, 5s, 10m, 1h, 7d)"),
    (A, "pattern p on A { a not then b }", " " * 28 + "^",
     "found 'not then b' at the end without a bound, expected 'within' on the pattern or on the stage"),
    (A, "pattern p on A { a then b skip to first c }", " " * 40 + "^",
     "found skip to 'c', expected a stage of the pattern that is not inside a group"),
    (A, "pattern p on A { a{1001} }", " " * 19 + "^~~~", "found 1001 repetitions, expected at most 1000"),
    (A, "pattern p on A { a greedy greedy }", " " * 26 + "^~~~~~", "found greedy a second time, expected it once"),
    (A, "pattern p on A { a : x == 1 == 1 }", " " * 28 + "^~",
     "found '==', expected an operator, 'not', 'next', 'then', 'skip', 'select', 'on' or '}'"),
    (A, 'pattern p on A { a : k == "abc }', " " * 26 + "^",
     "found a string without its closing quote, expected an expression"),
    (A, "pattern p on A { a : x == 99999999999999999999 }", " " * 26 + "^" + "~" * 19,
     "found 99999999999999999999, expected an integer below 2^64"),
    (A, 'pattern p on A { a : k == "ä" and y > 1 }', " " * 34 + "^",
     "found unknown field 'y', expected a field of event A: ts, k, x"),
    (A, "pattern p on A by z { a }", " " * 18 + "^", "found 'z' in 'by', expected a field of event A: ts, k, x"),
    (AB, "pattern p on A { a is B }", " " * 22 + "^", "found 'is B', expected one of the pattern's events: A"),
    (A + "time arrival\n", "time arrival", "^" + "~" * 11, "found a second 'time', expected one for the whole file"),
    (A, "table w on A by k { n : u32 }", "^~~~~",
     "found 'table', which this version does not run; " + DECLARATIONS),
    (A, "table t on A by k { n : u32 }", "^~~~~", "found 'table', which this version does not run; " + DECLARATIONS),
]


@checks.case
def each_shows_the_place_and_what_was_expected(place):
    for before, line, marks, message in EXACT:
        place.write("bad.mr", before + line + "\n")
        result = place.run("match", "--rules", "bad.mr", "--feed", "/dev/null")
        at = f"bad.mr:{before.count(chr(10)) + 1}:{marks.index('^') + 1}: error: "
        same(result.stderr.decode(), f"{at}{message}\n    {line}\n    {marks}\n", line)
        same(result.returncode, 2, line)
        same(result.stdout, b"", line)


def refused(place, content, *said):
    place.write("bad.mr", content)
    text = ended(place.run("match", "--rules", "bad.mr", "--feed", "/dev/null"), 2, *said)
    assert not any(ord(c) < 32 and c != "\n" or 127 <= ord(c) < 160 for c in text), ascii(text)
    return text


@checks.case
def an_unknown_function_is_answered_with_the_known_ones(place):
    refused(place, A + "pattern p on A { a : foo(x) == 1 }", "bad.mr:2:22: error: found unknown function 'foo', "
            "expected abs, avg, ", "upper")


@checks.case
def no_declaration_at_all_is_refused(place):
    for content in ("", "# nothing\n", "\ufeff"):
        refused(place, content, "error: found ")


@checks.case
def nesting_has_a_bound(place):
    deep = lambda n: A + "pattern p on A { a : " + "(" * n + "x == 1" + ")" * n + " }"
    refused(place, deep(65), "found brackets nested more than 64 deep, expected fewer")
    place.write("good.mr", deep(64))
    ended(place.run("match", "--rules", "good.mr", "--feed", "/dev/null"), 0)


@checks.case
def length_has_a_bound_and_a_long_line_is_not_shown_whole(place):
    text = refused(place, A + "#" * 70_000, "expected at most 65536")
    assert len(text) < 1_000, len(text)
    text = refused(place, A + "pattern p on A { a : " + "x == 1 or " * 1_000 + "y == 1 }", "found unknown field 'y'")
    _, shown, marks = text.rstrip("\n").split("\n")
    assert len(text) < 1_000, len(text)
    same(shown[marks.index("^")], "y")


@checks.case
def a_device_without_an_end_is_refused(place):
    ended(place.run("match", "--rules", "/dev/zero", "--feed", "/dev/null"), 2, "expected at most 65536")


@checks.case
def bytes_that_are_no_text_are_refused(place):
    rules = A.encode() + b'pattern p on A { a : k == "%b" }'
    refused(place, rules % b"\xff", "bad.mr:2:28: error: found byte 0xff, expected UTF-8")
    refused(place, rules % b"\xc0\x80", "found byte 0xc0, expected UTF-8")
    refused(place, rules % b"\xed\xa0\x80", "found byte 0xed, expected UTF-8")
    refused(place, rules % b"a\0b", "bad.mr:2:29: error: found byte 0x00, expected text without NUL bytes")
    refused(place, b"\xff\xfee\0v\0", "bad.mr:1:1: error: found byte 0xff, expected UTF-8")


@checks.case
def control_characters_never_reach_the_terminal(place):
    for wild in ("\x1b[31m", "\x9b31m", "\x07", "\x7f"):
        refused(place, A + f"pattern p on `{wild}` {{ a }}", "found unknown event")
        refused(place, A + f"pattern {wild} on A {{ a }}", "error: found")


sys.exit(checks.run())
