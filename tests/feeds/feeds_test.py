"""Real feeds, and what must be printed for them.

    feeds_test.py PROGRAM FOLDER [NAME...]

For every q*.mr of FOLDER/*/ (or of the feeds named) with a q*.expected.jsonl: the output of `match` is compared
with it, and must be the same bytes inline and over 1, 2 and 4 shards. For every w*.mr the same of `replay` and its window
results, whose order has a rule of its own. counts.tsv holds numbers of matches instead: each
is compared with what `match --count` says, inline and over 2 shards.
Exits with 77 when the folder is not there.
"""

import itertools
import json
import math
import pathlib
import subprocess
import sys

PROGRAM = sys.argv[1]
WAYS = [(), ("--shards", "1"), ("--shards", "2"), ("--shards", "4")]
COUNT_WAYS = [(), ("--shards", "2")]


def match(rules, feed, *options, command="match"):
    result = subprocess.run([PROGRAM, command, "--rules", rules, "--feed", feed, *options], capture_output=True)
    if result.returncode != 0:
        raise AssertionError(f"exit status {result.returncode}: {result.stderr.decode()}")
    return result.stdout


def equal(found, expected):
    """Equal values; numbers with a fraction within 1e-9."""
    if isinstance(found, dict) and isinstance(expected, dict):
        return found.keys() == expected.keys() and all(equal(found[name], expected[name]) for name in found)
    if isinstance(found, list) and isinstance(expected, list):
        return len(found) == len(expected) and all(map(equal, found, expected))
    if isinstance(found, bool) or isinstance(expected, bool):
        return found is expected
    if isinstance(found, float) or isinstance(expected, float):
        return isinstance(found, (int, float)) and isinstance(expected, (int, float)) and math.isclose(
            found, expected, rel_tol=1e-9)
    return type(found) is type(expected) and found == expected


def groups(text):
    """Lines between which order means something: runs of equal `at`."""
    lines = [json.loads(line) for line in text.splitlines()]
    return [list(lines) for _, lines in itertools.groupby(lines, lambda line: line["at"])]


def last_event(line):
    """The event that completed a match, as (time, index); None: time released it."""
    if line["at"] != line["last_ts"] or line.get("timeout"):
        return None
    return max(index for stage in line["stages"].values() for index in stage)


def take(lines, wanted):
    """Removes from `lines` the one that equals `wanted`."""
    at = next((i for i, line in enumerate(lines) if equal(line, wanted)), None)
    assert at is not None, f"expected and not found: {json.dumps(wanted)}"
    del lines[at]


def compare(found, expected):
    found, expected = groups(found), groups(expected)
    for of_found, of_expected in itertools.zip_longest(found, expected, fillvalue=[]):
        if len(of_found) != len(of_expected):
            raise AssertionError(f"found {len(of_found)} lines, expected {len(of_expected)}: "
                                 f"{json.dumps((of_found + of_expected)[0])}")
        # In order of the events that completed them; what one event completed is a set.
        same_order = [last_event(line) for line in of_found if last_event(line) is not None]
        assert same_order == [last_event(line) for line in of_expected if last_event(line) is not None], \
            f"other order at {of_found[0]['at']}"
        rest = list(of_found)
        for line in of_expected:
            take(rest, line)


def place(window):
    return window["window_end"], window["window_start"], json.dumps(window["key"], sort_keys=True)


def compare_windows(found, expected):
    """Results compare as a set; each window of a key has one."""
    found, expected = (sorted(map(json.loads, text.splitlines()), key=place) for text in (found, expected))
    assert list(map(place, found)) == list(map(place, expected)), "other windows or keys"
    for of_found, of_expected in zip(found, expected):
        assert equal(of_found, of_expected), f"found {json.dumps(of_found)}, expected {json.dumps(of_expected)}"


def check_lines(feed, rules, expected):
    windows = rules.name.startswith("w")
    command = "replay" if windows else "match"
    whole = match(rules, feed, command=command)
    (compare_windows if windows else compare)(whole.decode(), expected.read_text())
    for way in WAYS[1:]:
        assert match(rules, feed, *way, command=command) == whole, f"other output with {' '.join(way)}"
    return whole.count(b"\n")


def check_counts(folder, feed):
    for line in (folder / "counts.tsv").read_text().splitlines():
        if line.startswith("#"):
            continue
        name, _, count = line.partition("\t")
        for way in COUNT_WAYS:
            found = json.loads(match(folder / f"{name}.mr", feed, "--count", *way))["matches"]
            assert found == int(count), f"{name}: found {found} matches with {way}, expected {count}"
        yield name, int(count)


def checks_of(folder):
    feed = next(folder.glob("feed.*"))
    for expected in sorted(folder.glob("[qw]*.expected.jsonl")):
        rules = expected.with_name(expected.name.removesuffix(".expected.jsonl") + ".mr")
        yield rules.stem, check_lines(feed, rules, expected)
    if (folder / "counts.tsv").exists():
        yield from check_counts(folder, feed)


def main():
    root = pathlib.Path(sys.argv[2])
    names = sys.argv[3:] or sorted(path.name for path in root.glob("*") if any(path.glob("feed.*")))
    if not root.is_dir() or not names:
        print(f"skipped: there is no feed in {root}")
        return 77
    failed = False
    ran = 0
    for name in names:
        try:
            for rules, lines in checks_of(root / name):
                ran += 1
                print(f"{name} {rules}: {lines} lines")
        except (AssertionError, StopIteration) as error:
            failed = True
            print(f"FAILED {name}: {error!r}")
    if not failed and ran == 0:
        print(f"skipped: there are no rules with expected output in {root}")
        return 77
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
