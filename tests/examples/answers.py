#!/usr/bin/env python3
"""Derives what each scenario of examples/ must print, and compares it with what is kept there.

    answers.py            the derived answers against rules/NAME.expected.jsonl and NAME/expected.txt, byte for byte;
                          the invented feeds against their generator
    answers.py --write    writes those files instead

The millrace program is not run here: that it prints the same is for the tests of the examples themselves.
"""

import csv
import datetime
import gzip
import json
import pathlib
import subprocess
import sys
import tempfile

import scenarios
import window_scenarios
from runs import events_of

EXAMPLES = pathlib.Path(__file__).resolve().parents[2] / "examples"


def milliseconds(text):
    """RFC 3339 or an integer."""
    if text.isdigit():
        return int(text)
    return round(datetime.datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp() * 1000)


CELLS = {"ts": milliseconds, "amount": float, "price": float, "value": float, "latency_ms": int, "ok": lambda text: text == "1"}


def records_of(path):
    with (gzip.open if path.suffix == ".gz" else open)(path, "rt", encoding="utf-8", newline="") as text:
        if ".ndjson" in path.name:
            return [json.loads(line) for line in text]
        return [{name: CELLS.get(name, str)(cell) for name, cell in row.items()} for row in csv.DictReader(text)]


def clock(ms):
    return datetime.datetime.fromtimestamp(ms // 1000, datetime.timezone.utc).strftime("%H:%M:%S")


# Name of the scenario, its feed, which records are events, and what its C++ program says of a line, where there is one.
SCENARIOS = (
    ("cart_abandonment", "invented/shop.csv", None,
     lambda line: "{at}: {user} left {item} for {price:.2f}".format(at=clock(line["at"]), **line["select"])),
    ("five_failed_calls", "apache_access/feed.ndjson.gz", None, None),
    ("gradual_degradation", "nab/feed.csv.gz", None,
     lambda line: "{series}: mean {mean:.2f}, then {doubled:.2f}, then {critical:.2f}".format(**line["select"])),
    ("login_anomaly", "auth_elastic/feed.ndjson.gz", lambda record: record["kind"] == "login",
     lambda line: "{user}: {attempts} failures, then in from {from}".format(**line["select"])),
    ("price_surge", "invented/ticks.csv", None,
     lambda line: "{symbol}: {low:.2f} to {high:.2f}, {}".format("%+.1f %%" % (100 * (line["select"]["ratio"] - 1)), **line["select"])),
    ("rising_prices", "binance_ws/feed.ndjson.gz", lambda record: record["kind"] == "trade", None),
    ("server_down", "invented/servers.csv", lambda record: record["state"] in ("down", "up"),
     lambda line: "{}: {} is down since {}".format(clock(line["at"]), line["select"]["host"], clock(line["first_ts"]))),
    ("silent_metric", "nab/feed.csv.gz", None, None),
    ("slow_responses", "invented/calls.csv", None, None),
    ("three_countries", "invented/payments.csv", None,
     lambda line: "{user}: {from} to {to} in {} min".format((line["last_ts"] - line["first_ts"]) // 60_000, **line["select"])),
    ("three_failures", "invented/calls.csv", None,
     lambda line: "{}: three services failed from {} to {}".format(
         line["select"]["region"], clock(line["first_ts"]), clock(line["last_ts"]))),
    ("three_large_payments", "invented/payments.csv", None, None),
)


# Window rules, each with its feed.
WINDOWS = (
    ("bars", "binance_ws/feed.ndjson.gz"),
    ("page_views", "apache_access/feed.ndjson.gz"),
    ("visits", "apache_access/feed.ndjson.gz"),
)


def answers_on(path, name, is_event):
    """The lines, as dictionaries, of a scenario on a feed."""
    return getattr(scenarios, name)(events_of(records_of(path), is_event or (lambda record: True)))


def as_printed(answers):
    return "".join(json.dumps(line, ensure_ascii=False, separators=(",", ":")) + "\n" for line in answers)


def invent(folder, shift=0):
    """Has the invented feeds written into a folder."""
    subprocess.run([sys.executable, EXAMPLES / "feeds/invented/generate.py", folder, str(shift)], check=True)


def derived(name, feed, is_event, sentence):
    """(file, content) of a scenario."""
    answers = answers_on(EXAMPLES / "feeds" / feed, name, is_event)
    assert answers, f"{name}: a feed without an answer shows nothing"
    yield EXAMPLES / "rules" / f"{name}.expected.jsonl", as_printed(answers)
    if sentence:
        yield EXAMPLES / name / "expected.txt", "".join(sentence(line) + "\n" for line in answers)


def derived_windows(name, feed):
    """(file, content) of a window rule."""
    answers = list(getattr(window_scenarios, name)(records_of(EXAMPLES / "feeds" / feed)))
    assert answers, f"{name}: a feed without a window shows nothing"
    return EXAMPLES / "rules" / f"{name}.expected.jsonl", as_printed(answers)


def all_derived():
    for scenario in SCENARIOS:
        yield from derived(*scenario)
    for windows in WINDOWS:
        yield derived_windows(*windows)


def differences():
    """One sentence for each file that is not as it is derived."""
    for path, content in all_derived():
        found = path.read_text(encoding="utf-8") if path.exists() else ""
        if found != content:
            yield f"{path.relative_to(EXAMPLES)}: found {len(found.splitlines())} lines:\n{found}derived:\n{content}"
    with tempfile.TemporaryDirectory() as folder:
        invent(folder)
        made = sorted(pathlib.Path(folder).iterdir())
        assert made, "the generator writes nothing"
        for feed in made:
            if feed.read_bytes() != (EXAMPLES / "feeds/invented" / feed.name).read_bytes():
                yield f"feeds/invented/{feed.name}: the generator writes other bytes"


def write():
    for path, content in all_derived():
        path.parent.mkdir(exist_ok=True)
        path.write_text(content, encoding="utf-8")
        print(f"{path.relative_to(EXAMPLES)}: {content.count(chr(10))} lines")


if __name__ == "__main__":
    if sys.argv[1:] == ["--write"]:
        sys.exit(write())
    found = list(differences())
    print("\n".join(found) or f"{len(SCENARIOS) + len(WINDOWS)} scenarios: as derived")
    sys.exit(1 if found else 0)
