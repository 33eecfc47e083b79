"""Gives a program of examples/ its feed on standard input and compares what it prints, byte for byte.

    program_test.py PROGRAM FEED EXPECTED [COLUMNS]

A CSV feed goes in as it is, unpacked. Of an NDJSON feed the records that have all of COLUMNS (ts,user,...) go in, as CSV.
"""

import gzip
import json
import pathlib
import subprocess
import sys


def as_csv(text, columns):
    yield ",".join(columns)
    for record in map(json.loads, text.splitlines()):
        if all(name in record for name in columns):
            cells = [str(int(cell)) if isinstance(cell, bool) else str(cell) for cell in (record[name] for name in columns)]
            assert not any("," in cell for cell in cells), cells
            yield ",".join(cells)


def main(program, feed, expected, columns=None):
    content = pathlib.Path(feed).read_bytes()
    if feed.endswith(".gz"):
        content = gzip.decompress(content)
    if columns:
        content = "".join(line + "\n" for line in as_csv(content.decode(), columns.split(","))).encode()
    result = subprocess.run([program], input=content, capture_output=True, timeout=60, check=False)
    wanted = pathlib.Path(expected).read_bytes()
    if result.returncode == 0 and result.stdout == wanted:
        return 0
    print(f"exit status {result.returncode}, standard error: {result.stderr.decode()}")
    print(f"found:\n{result.stdout.decode()}expected:\n{wanted.decode()}")
    return 1


sys.exit(main(*sys.argv[1:]))
