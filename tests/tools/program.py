"""Runs the millrace program for the tests beside this file, and says what differs from what was expected.

Each test file: `checks = Checks()`, functions under `@checks.case`, and `sys.exit(checks.run())` at the end. The
program's path is the first argument.
"""

import os
import pathlib
import subprocess
import sys
import tempfile
import traceback

PROGRAM = os.path.abspath(sys.argv[1])
TIMEOUT_S = 20

RULES = """event A { ts : timestamp(ms)  k : string(8)  x : i32  f : f32 = 1.5 }
pattern p on A by k within 10s {
  a : x == 1
  then b : x > a.x
  select k, v = b.x
}
"""


def record(ts, k="a", x=1):
    return '{"ts":%d,"k":"%s","x":%d}\n' % (ts, k, x)


def pairs(count, gap_ms=1):
    """A feed in which every two records match."""
    return "".join(record(i * gap_ms, x=1 + i % 2) for i in range(2 * count))


class Place:
    """A folder of its own, and the program run in it."""

    def __init__(self, folder):
        self.folder = pathlib.Path(folder)

    def write(self, name, content):
        path = self.folder / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return str(path)

    def read(self, name):
        return (self.folder / name).read_text()

    def run(self, *arguments, stdin=b"", timeout=TIMEOUT_S, **more):
        return subprocess.run([PROGRAM, *arguments], cwd=self.folder, input=stdin, capture_output=True,
                              timeout=timeout, **more)

    def match(self, feed=None, *options, rules=RULES, name="feed.ndjson", command="match", **more):
        """Runs `match` over a feed given as text; None: it is given on standard input."""
        self.write("rules.mr", rules)
        at = "-" if feed is None else name
        if feed is not None:
            self.write(name, feed)
        return self.run(command, "--rules", "rules.mr", "--feed", at, *options, **more)

    def start(self, *arguments, **more):
        return subprocess.Popen([PROGRAM, *arguments], cwd=self.folder, **{"stdout": subprocess.PIPE,
                                "stderr": subprocess.PIPE, **more})


class Checks:
    def __init__(self):
        self.cases = []

    def case(self, function):
        self.cases.append(function)
        return function

    def run(self):
        failed = 0
        for case in self.cases:
            with tempfile.TemporaryDirectory() as folder:
                try:
                    case(Place(folder))
                except Exception:
                    failed += 1
                    print(f"FAILED {case.__name__}\n{traceback.format_exc()}")
        print(f"{len(self.cases) - failed} of {len(self.cases)} passed")
        return 1 if failed or not self.cases else 0


def same(found, expected, about=""):
    assert found == expected, f"{about}\n  found    {found!r}\n  expected {expected!r}"


def ended(result, status, *said):
    """The exit status is `status` and standard error has each of `said`."""
    text = result.stderr.decode(errors="replace")
    same(result.returncode, status, "exit status; standard error:\n" + text)
    for each in said:
        assert each in text, f"standard error lacks {each!r}:\n{text}"
    return text
