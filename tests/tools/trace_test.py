"""--trace KEY: why a pattern matched, and why it did not."""

import sys

from program import Checks, ended, record, same

checks = Checks()

EVENT = "event A { ts : timestamp(ms)  k : string(8)  x : i32 }\n"


def told(place, rules, feed, *options, key="k=a", status=0):
    """What the trace says: (record, pattern, run, what happened), a step each."""
    result = place.match(feed, "--trace", key, "--trace-file", "trace", *options, rules=EVENT + rules)
    ended(result, status)
    lines = place.read("trace").splitlines()
    assert lines[1].split() == ["record", "time", "pattern", "run", "what", "happened"], lines[:2]
    steps = []
    for line in lines[2:]:
        number, _, pattern, run, what = line.split(None, 4)
        steps.append((number, pattern, run, what))
    return steps


def events(*xs, step_ms=100):
    return "".join(record(i * step_ms, x=x) for i, x in enumerate(xs))


def starts_nothing(number, needs="a needs (x == 1)"):
    return (str(number), "p", "-", "begins nothing: " + needs)


@checks.case
def a_match_is_told_step_by_step(place):
    same(told(place, "pattern p on A by k { a : x == 1 then b{2} : x == 2 }", events(1, 5, 2, 2)), [
        ("0", "p", "1", "begins: taken as a"),
        ("1", "p", "1", "waits: b needs (x == 2); had a 0"),
        starts_nothing(1),
        ("2", "p", "1", "taken as b; had a 0"),
        starts_nothing(2),
        ("3", "p", "1", "taken as b: a match; had a 0, b 2"),
        starts_nothing(3),
    ])


@checks.case
def a_branch_is_told_with_the_run_that_it_comes_from(place):
    same(told(place, "pattern p on A by k { a : x == 1 then any b : x == 2 then c : x == 3 }", events(1, 2, 3))[1:], [
        ("1", "p", "1", "taken as b; had a 0"),
        ("1", "p", "2", "branches from run 1: waits; had a 0"),
        starts_nothing(1),
        ("2", "p", "1", "taken as c: a match; had a 0, b 1"),
        ("2", "p", "2", "waits: b needs (x == 2); had a 0"),
        starts_nothing(2),
    ])


@checks.case
def what_expires_says_what_it_waited_for(place):
    same(told(place, "pattern p on A by k within 1s { a : x == 1 then b : x == 2 }", events(1, 2, step_ms=1000))[1],
         ("-", "p", "1", "expires, 1s after its first event: it waited for b; had a 0"))
    same(told(place, "pattern p on A by k { a : x == 1 then b within 1s : x == 2 }", events(1, 2, step_ms=1000))[1],
         ("-", "p", "1", "expires, 1s after its last event: it waited for b; had a 0"))
    # At the end of the feed too.
    same(told(place, "pattern p on A by k within 1s { a : x == 1 then b : x == 2 }", events(1))[1][3],
         "expires, 1s after its first event: it waited for b; had a 0")


@checks.case
def the_negation_that_killed_is_named(place):
    rules = "pattern p on A by k { a : x == 1 not then bad : x == 9 not then worse : x == 8 then c : x == 2 }"
    same(told(place, rules, events(1, 8))[1], ("1", "p", "1", "killed by 'not worse': (x == 8); had a 0"))
    same(told(place, rules, events(1, 9))[1], ("1", "p", "1", "killed by 'not bad': (x == 9); had a 0"))
    rules = "pattern p on A by k { a : x == 1 not next bad : x == 9 then c : x == 2 }"
    same(told(place, rules, events(1, 9, 2))[1], ("1", "p", "1", "killed by 'not bad': (x == 9); had a 0"))


@checks.case
def an_event_that_had_to_fit_and_did_not_ends_a_strict_run(place):
    same(told(place, "pattern p on A by k { a : x == 1 next b : x == 2 }", events(1, 3))[1],
         ("1", "p", "1", "ends, this event had to fit: b needs (x == 2); had a 0"))


@checks.case
def an_absence_that_holds_is_a_match(place):
    rules = "pattern p on A by k within 1s { a : x == 1 not then bad : x == 9 }"
    same(told(place, rules, events(1, 2, step_ms=1500))[1],
         ("-", "p", "1", "what must not come did not, 1s after its first event: a match; had a 0"))


@checks.case
def a_skip_strategy_says_what_it_pruned_and_what_waits(place):
    rules = "pattern p on A by k { a{2} : x == 1 then b : x == 2 skip past last }"
    steps = told(place, rules, events(1, 1, 1, 2))
    same([s for s in steps if s[0] == "-"], [
        ("-", "p", "3", "pruned by the match of run 1 (skip past last); had a 2"),
        ("-", "p", "2", "pruned by the match of run 1 (skip past last); had a 1 2, b 3")])
    rules = "pattern p on A by k within 1s { a : x < 3 then b : x == a.x + 2 skip past last }"
    steps = told(place, rules, events(2, 1, 3) + record(5000, x=7))
    same([s for s in steps if "held back" in s[3] or "handed out" in s[3]], [
        ("-", "p", "2", "held back: run 1 began earlier and may still match; had a 1, b 2"),
        ("-", "p", "2", "its match is handed out; had a 1, b 2")])


@checks.case
def what_a_bound_did_is_told(place):
    rules = "pattern p on A by k { a : x == 1 then b : x == 2 }"
    one = ("--max-runs-per-key", "1")
    same(told(place, rules, events(1, 1), *one, status=1)[2][3], "refused: the bound on partial matches of a key is met")
    same([s[2:] for s in told(place, rules, events(1, 1), *one, "--when-full", "drop-oldest", status=1)[1:]], [
        ("1", "waits: b needs (x == 2); had a 0"),
        ("1", "dropped as the oldest: the bound on partial matches of a key is met; had a 0"),
        ("2", "begins: taken as a")])
    same(told(place, rules, events(1, 1), *one, "--when-full", "dead-letter", status=3)[1],
         ("1", "p", "-", "dead letter, nothing changes: the bound on partial matches of a key is met"))


@checks.case
def only_the_key_is_told_of_and_the_output_is_the_same(place):
    feed = "".join(record(i, k="abc"[i % 3], x=i % 5) for i in range(300))
    # The first is a chain where nobody watches it.
    rules = "pattern p on A by k { a : x == 1 then b : x == 2 }\npattern q on A by k within 50ms { a : x == 1 then b : x > a.x }"
    plain = place.match(feed, rules=EVENT + rules).stdout
    inline = told(place, rules, feed)
    assert {s[1] for s in inline} == {"p", "q"} and all(s[0] == "-" or int(s[0]) % 3 == 0 for s in inline)
    same(place.match(feed, "--trace", "a", rules=EVENT + rules).stdout, plain)
    for shards in ("1", "2", "4"):
        same(told(place, rules, feed, "--shards", shards), inline, shards)


@checks.case
def a_traced_key_takes_no_place_from_others(place):
    rules = EVENT + "pattern p on A by k within 50ms { a : x == 1 then b : x == 2 }"
    feed = "".join(record(i * 100, k="k%d" % i) + record(i * 100 + 1, k="k%d" % i, x=2) for i in range(5))
    plain = place.match(feed, "--max-keys", "1", rules=rules)
    ended(plain, 0)
    same(plain.stdout.count(b"\n"), 5)
    for key in ("k0", "k3", "other"):
        traced = place.match(feed, "--max-keys", "1", "--trace", key, rules=rules)
        ended(traced, 0)
        same(traced.stdout, plain.stdout, key)


@checks.case
def events_that_a_pattern_has_no_use_for_are_told_too(place):
    # Without a watcher the pattern sleeps through them.
    same(len(told(place, "pattern p on A by k { a : x == 1 then b : x == 2 }", events(7, 7, 7))), 3)


@checks.case
def patterns_without_a_key_are_told_of_by_all(place):
    rules = "pattern p on A { a : x == 1 then b : x == 2 }"
    same(told(place, rules, record(0) + record(1, k="b", x=2), key="all"), [
        ("0", "p", "1", "begins: taken as a"), ("1", "p", "1", "taken as b: a match; had a 0"), starts_nothing(1)])


@checks.case
def a_key_may_have_several_fields(place):
    rules = "pattern p on A by k, x { a : x == 1 then b : x == 1 }"
    for key in ("k=a,x=1", "x=1,k=a"):
        same(len(told(place, rules, events(1, 2, 1), key=key)), 3, key)
    said = ended(place.match(events(1), "--trace", "a", rules=EVENT + rules), 2)
    assert "found 'a', expected a key of a pattern: k=<string(8)>,x=<i32>" in said, said


@checks.case
def the_top_says_which_patterns_have_the_key(place):
    rules = "pattern p on A by k { a : x == 1 }\npattern q on A { a : x == 1 }\npattern r on A by k { a : x == 2 }"
    place.match(events(1), "--trace", "k=a", "--trace-file", "t", rules=EVENT + rules)
    same(place.read("t").splitlines()[0], "key k=a of p, r")


@checks.case
def a_key_without_events_is_told(place):
    result = place.match(events(1), "--trace", "k=b")
    ended(result, 0, "no event that these patterns see has this key\n")


@checks.case
def without_a_file_it_goes_to_standard_error(place):
    said = ended(place.match(events(1, 2), "--trace", "a"), 0)
    assert "begins: taken as a\n" in said, said


@checks.case
def wrong_keys_and_files_are_refused_before_the_run(place):
    by_number = "event A { ts : timestamp(ms)  k : u16  ok : bool }\npattern p on A by k { a : ok }\npattern q on A by ok { a : ok }"
    for key in ("zz=1", "k=abc", "k=70000", "k=-1", "k=1,ok=true", "k=1,k=2", "", "all"):
        said = ended(place.match("", "--trace", key, rules=by_number), 2)
        assert f"--trace: found '{key}', expected a key of a pattern: k=<u16> or ok=<bool>" in said, said
    keyless = EVENT + "pattern p on A { a : x == 1 }"
    ended(place.match("", "--trace", "k=a", rules=keyless), 2, "found 'k=a', expected a key of a pattern: all")
    ended(place.match("", "--trace", "k=a", "--trace-file", "none/t"), 2, "cannot write 'none/t'")
    ended(place.match("", "--trace", "k=a", "--trace-file", "."), 2, "cannot write '.'")
    ended(place.match("", "--trace-file", "t"), 2, "--trace-file: found no --trace")
    ended(place.match("", "--trace", "k=a", "--trace-file", "rules.mr"), 2, "found 'rules.mr' as output and as input")
    ended(place.match("", "--trace", "k=a", "--watch"), 2, "--trace: found --watch too")


sys.exit(checks.run())
