"""Files of stream cases that are wrong: each bad case fails with its reason, and none hides the others."""

import json
import sys

from program import Checks, same

checks = Checks()


def case(name="c", op="table_agg", spec=None, match="ordered_i", given=(), expected=(), **more):
    return json.dumps({"id": name, "op": op, "spec": spec or {"agg": "count"}, "match": match, "input": list(given),
                       "expected": list(expected), **more}) + "\n"


def item(side="in", k="a", v="g:1", t=5):
    return {"in": side, "k": k, "v": v, "t": t}


def windows(v, **more):
    spec = {"window": {"type": "tumbling", "size": 10}, "agg": "sum", "emit": "update", **more}
    return case(op="window_agg", spec=spec, given=[item(v=v)],
                expected=[{"i": 0, "k": "a", "ws": 0, "we": 10, "v": v, "t": 5}])


def ran(place, status, *files):
    names = [place.write(f"{i}.jsonl", each) for i, each in enumerate(files)]
    result = place.run(*names)
    same(result.returncode, status, (result.stdout + result.stderr).decode())
    return result.stdout.decode()


def fails(place, line, *reasons):
    """The bad case between two good ones fails, with the reasons."""
    text = ran(place, 1, case("one") + line + case("two"))
    assert "2 of 3" in text, text
    same(text.count("FAIL"), 1, text)
    for each in reasons:
        assert each in text, f"lacks {each!r}:\n{text}"


@checks.case
def good_cases_pass(place):
    assert "2 of 2" in ran(place, 0, case() + windows("7"))


@checks.case
def a_line_that_was_cut_off_fails(place):
    whole = case("one") + case("two")
    for left in (1, 2, len(case("two")) // 2):
        assert "1 of 2" in ran(place, 1, whole[:-1 - left])


@checks.case
def a_line_of_wrong_types_fails_and_the_next_files_run(place):
    fails(place, case(given=[item(t=1.5)]), "line 2")
    fails(place, case(expected=[{"i": 0, "k": "g", "v": "1", "t": 5, "ws": "zz"}]), "no integer as ws")
    fails(place, case(op="interval_join", spec={"lower": 0}, given=[{"wm": "zz"}]), "no integer as wm")
    fails(place, case(late=3), "line 2")
    fails(place, "[]\n", "line 2")
    assert "1.jsonl: 1 of 1" in ran(place, 1, "nonsense\n", case())
    assert "1.jsonl: 1 of 1" in ran(place, 2, "", case())


@checks.case
def a_value_that_is_no_integer_fails_its_case(place):
    for value in ("x", "", "1x", str(1 << 63)):
        fails(place, windows(value), f"found '{value}', expected an integer")
    fails(place, case(spec={"agg": "sum"}, given=[item(v="g:x")]), "found 'x', expected an integer")
    fails(place, case(op="table_filter", given=[item(v="x")]), "found 'x', expected an integer")


@checks.case
def unknown_names_fail(place):
    join = {"op": "stream_stream_join", "given": [item("left")]}
    fails(place, case(op="none"), "no operator 'none'")
    fails(place, case(match="nearly"), "'nearly'")
    fails(place, case(spec={"agg": "mean"}), "agg 'mean'")
    fails(place, case(spec={"agg": "count", "suppress": {"type": "sometimes"}}), "suppress.type 'sometimes'")
    fails(place, windows("1", suppress={"type": "sometimes"}), "suppress.type 'sometimes'")
    fails(place, case(**join, spec={"kind": "right"}), "kind 'right'")
    fails(place, case(**{**join, "op": "fk_join"}, spec={"kind": "outer"}), "kind 'outer'")
    fails(place, case(op="table_table_join", spec={"kind": "left"}, given=[item("lefft")]), "in 'lefft'")
    fails(place, case(given=[item("left")]), "in 'left'")
    fails(place, case(op="table_table_join", spec={"kind": "left"}, given=[{"wm": 3}]), "no word of time")
    fails(place, case(**join, spec={"kind": "inner", "diff": "ten"}), "a text as diff")


@checks.case
def the_window_is_part_of_the_key_in_the_end(place):
    spec = {"window": {"type": "tumbling", "size": 10}, "agg": "count", "emit": "update"}
    rows = [{"k": "a", "ws": 0, "we": 10, "v": "2", "t": 5}, {"k": "a", "ws": 10, "we": 20, "v": "1", "t": 15}]
    line = case(op="window_agg", spec=spec, match="final_by_key", given=[item(), item(t=15)], expected=rows)
    fails(place, line, "expected in the end a[0,10] = 2, found 1")


sys.exit(checks.run())
