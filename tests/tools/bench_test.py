"""millrace bench: what it writes agrees with itself, and wrong orders are refused before anything runs."""

import base64
import html
import json
import re
import struct
import sys
import zlib

from program import Checks, ended, same

checks = Checks()

BRIEF = ("--seconds", "0.2", "--warm-up", "0.05")
WORKLOADS = ("ring", "table", "match", "end-to-end")


def report(place, workload, *options, brief=BRIEF):
    result = place.run("bench", workload, *brief, "--json", "json", *options)
    ended(result, 0)
    return result.stdout.decode(), json.loads(place.read("json"))


def count_of(text):
    """How many values an interval's histogram holds, by HdrHistogram's description of its format."""
    outer = base64.b64decode(text, validate=True)
    same(struct.unpack(">I", outer[:4])[0], 0x1C849314)
    inner = zlib.decompress(outer[8:])
    at, total = 40, 0
    while at < len(inner):
        number = shift = 0
        while True:
            byte = inner[at]
            at += 1
            number |= (byte if shift == 56 else byte & 127) << shift
            shift += 7
            if byte < 128 or shift > 56:
                break
        value = number >> 1 ^ -(number & 1)
        total += max(value, 0)
    return total


@checks.case
def every_workload_gives_right_answers_and_one_latency_an_event_of_the_run(place):
    for workload in WORKLOADS:
        text, found = report(place, workload, "--rate", "20k")
        same(found["workload"], workload)
        same(found["wrong"], "", workload)
        assert "WRONG" not in text, text
        # 0.25 s of which 0.2 count; every second event of end-to-end completes a match.
        same(found["events"], 5000, workload)
        expected = 2000 if workload == "end-to-end" else 4000
        assert abs(found["count"] - expected) <= 2, (workload, found["count"])
        same(found["events_per_second_asked"], 20000.0)
        order = [found[name] for name in ("p50_ns", "p90_ns", "p99_ns", "p99.9_ns", "p99.99_ns", "max_ns")]
        same(order, sorted(order), workload)
        assert order[0] > 0, order
        for note in found["notes"]:
            assert f"note: {note}\n" in text, note


@checks.case
def as_fast_as_it_goes_is_said_to_be_so(place):
    for workload in WORKLOADS:
        text, found = report(place, workload, "--rate", "max")
        assert "events_per_second_asked" not in found, found
        assert "no rate was asked for" in text, text
        assert found["events_per_second"] > 1_000, found


@checks.case
def files_for_hdr_histogram_hold_all_that_was_counted(place):
    _, found = report(place, "match", "--rate", "20k", "--hgrm", "hgrm", "--hlog", "hlog")
    rows = [line.split() for line in place.read("hgrm").splitlines() if line and line.lstrip()[0].isdigit()]
    same(int(rows[-1][2]), found["count"])
    same(int(float(rows[-1][0])), found["max_ns"])
    lines = [line for line in place.read("hlog").splitlines() if line[0].isdigit()]
    same(len(lines), 2)
    same(sum(count_of(line.split(",")[3]) for line in lines), found["count"])
    same([line.split(",")[:2] for line in lines], [["0.050", "0.100"], ["0.150", "0.100"]])


@checks.case
def the_page_needs_nothing_but_itself_and_has_what_was_measured(place):
    text, found = report(place, "match", "--rate", "20k", "--html", "page.html")
    page = place.read("page.html")
    around_scripts = re.sub("<script>.*?</script>", "", page, flags=re.DOTALL)
    for loads in ("src=", "<link", "@import", "url("):
        assert loads not in around_scripts, loads
    data = json.loads(re.search('id="data">(.*?)</script>', page).group(1))
    same(len(data["times"]), 2)
    same(max(maximum for _, _, _, maximum in data["times"]), found["max_ns"])
    nines = [place for place, _ in data["percentiles"]]
    same(nines, sorted(nines))
    same([value for _, value in data["percentiles"]], sorted(value for _, value in data["percentiles"]))
    for shown in (found["commit"], found["path"].replace(">", "&gt;"), "Dygraph"):
        assert shown in page, shown
    for note in found["notes"]:
        assert html.escape(note) in page, note


@checks.case
def the_machine_and_the_build_are_named(place):
    text, found = report(place, "table", "--rate", "1k")
    for name in ("cpu", "virtual", "kernel", "cores", "commit", "compiler", "flags", "build_type"):
        assert name in found, name
    assert found["compiler"] in text and found["commit"] in text, text


@checks.case
def keys_beyond_the_usual_bounds_have_room(place):
    for workload in ("table", "match"):
        _, found = report(place, workload, "--keys", "3000000", "--rate", "max")
        same(found["wrong"], "")


@checks.case
def more_than_it_can_take_is_told(place):
    text, found = report(place, "end-to-end", "--rate", "100M", brief=("--seconds", "0.01", "--warm-up", "0"))
    assert "the load is more than it can take" in text, text
    same(found["wrong"], "")


@checks.case
def wrong_orders_are_refused_before_anything_runs(place):
    for options, said in (
        ((), "workload is required"),
        (("journal",), "journal"),
        (("ring", "--rate", "0"), "--rate: found '0', expected max or events a second"),
        (("ring", "--rate", "1.5G"), "--rate: found '1.5G'"),
        (("ring", "--rate", "1Mx"), "--rate: found '1Mx'"),
        (("ring", "--rate", "nan"), "--rate: found 'nan'"),
        (("ring", "--rate", ""), "--rate"),
        (("ring", "--seconds", "0"), "--seconds"),
        (("ring", "--keys", "0"), "--keys"),
        (("ring", "--ring-slots", "3"), "--ring-slots: found 3, expected a power of two"),
        (("ring", "--wait", "x"), "--wait: found 'x'"),
        (("ring", "--wait", "blocking"), "a bare ring wakes nobody"),
        (("ring", "--place", "x"), "--place: found 'x'"),
        (("ring", "--json", "none/x"), "cannot write 'none/x'"),
        (("ring", "--json", "x", "--hlog", "x"), "found 'x' as output twice"),
    ):
        result = place.run("bench", *options)
        ended(result, 2, said)
        same(result.stdout, b"", options)


sys.exit(checks.run())
