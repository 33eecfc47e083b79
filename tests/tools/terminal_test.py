"""The progress bar is for terminals: it is drawn on nothing else."""

import os
import pty
import select
import sys
import time

from program import RULES, Checks, same, pairs

checks = Checks()


def seen_on_a_terminal(place, *options, term="xterm"):
    """What a run of a second writes to a terminal on standard error."""
    place.write("rules.mr", RULES)
    place.write("feed.ndjson", pairs(5, gap_ms=100))
    ours, theirs = pty.openpty()
    environment = {name: value for name, value in os.environ.items() if name != "TERM"}
    run = place.start("match", "--rules", "rules.mr", "--feed", "feed.ndjson", "--speed", "1x", *options, stderr=theirs,
                      env=environment | ({"TERM": term} if term is not None else {}))
    os.close(theirs)
    seen = b""
    end = time.monotonic() + 10
    while time.monotonic() < end and select.select([ours], [], [], 5)[0]:
        try:
            piece = os.read(ours, 4096)
        except OSError:  # the other side is closed
            break
        seen += piece
    out = run.communicate(timeout=5)[0]
    os.close(ours)
    same((run.returncode, out.count(b"\n")), (0, 5))
    assert b"\x1b" not in out
    return seen.decode()


@checks.case
def a_terminal_sees_how_far_the_run_is(place):
    seen = seen_on_a_terminal(place)
    assert "\r\x1b[K[" in seen and " % " in seen and "ETA" in seen, seen
    assert seen.endswith("\r\x1b[K"), "the bar is wiped at the end"


@checks.case
def quiet_and_dumb_terminals_see_nothing(place):
    same(seen_on_a_terminal(place, "--quiet"), "")
    same(seen_on_a_terminal(place, term="dumb"), "")
    same(seen_on_a_terminal(place, term=None), "")


@checks.case
def a_pipe_sees_nothing(place):
    place.write("rules.mr", RULES)
    place.write("feed.ndjson", pairs(5, gap_ms=100))
    same(place.run("match", "--rules", "rules.mr", "--feed", "feed.ndjson", "--speed", "1x").stderr, b"")


sys.exit(checks.run())
