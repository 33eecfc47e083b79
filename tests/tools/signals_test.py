"""Signals, pipes that are slow, and what a run leaves behind."""

import json
import os
import select
import signal
import sys
import threading
import time

from program import RULES, Checks, pairs, record, same

checks = Checks()


def paced(place, *options, **more):
    """A run whose feed lasts 200 s, half a second after its start."""
    place.write("rules.mr", RULES)
    place.write("feed.ndjson", pairs(1_000, gap_ms=100))
    run = place.start("match", "--rules", "rules.mr", "--feed", "feed.ndjson", "--speed", "1x", "--stats-json", "s.json",
                      *options, **more)
    time.sleep(0.5)
    return run


@checks.case
def a_signal_stops_cleanly(place):
    for name in ("SIGINT", "SIGTERM"):
        for options in ((), ("--shards", "2")):
            run = paced(place, *options)
            run.send_signal(getattr(signal, name))
            out, error = run.communicate(timeout=5)
            same(run.returncode, 0, error)
            assert f"millrace: stopped by {name} after ".encode() in error, error
            assert out.endswith(b"}\n"), "what was done so far is printed"
            stats = json.loads(place.read("s.json"))
            same((stats["end"], stats["in"]), ("stopped", stats["processed"] + stats["dead"] + stats["late"] + stats["held"]))
            same((stats["patterns"][0]["matches"], stats["output_bytes"]), (out.count(b"\n"), len(out)))
            assert 2 < stats["in"] < 100, stats


@checks.case
def a_second_signal_ends_at_once(place):
    # Nobody reads the pipe, so the run cannot end cleanly.
    place.write("rules.mr", RULES)
    place.write("feed.ndjson", pairs(50_000))
    read, write = os.pipe()
    run = place.start("match", "--rules", "rules.mr", "--feed", "feed.ndjson", stdout=write)
    time.sleep(0.3)
    run.send_signal(signal.SIGINT)
    time.sleep(0.2)
    same(run.poll(), None)
    run.send_signal(signal.SIGINT)
    same(run.wait(timeout=5), 128 + signal.SIGINT)
    os.close(read)
    os.close(write)


def over_fifo(place, *options):
    place.write("rules.mr", RULES)
    os.mkfifo(place.folder / "feed.ndjson")
    run = place.start("match", "--rules", "rules.mr", "--feed", "feed.ndjson", *options)
    return run, open(place.folder / "feed.ndjson", "wb", buffering=0)


def next_match(run):
    """The stages of the next match, while the run goes on."""
    if not select.select([run.stdout], [], [], 5)[0]:
        run.kill()
        raise AssertionError("no match within 5 s")
    return json.loads(run.stdout.readline())["stages"]


@checks.case
def a_slow_writer_gets_its_matches_at_once_and_a_signal_is_heard(place):
    for options in ((), ("--shards", "2")):
        run, feed = over_fifo(place, *options)
        feed.write((record(1, x=1) + record(2, x=2) + '{"ts":3,"k":"a",').encode())
        same(next_match(run), {"a": [0], "b": [1]}, "while the feed is silent")
        feed.write(b'"x":1}\n' + record(4, x=2).encode())
        same(next_match(run), {"a": [2], "b": [3]}, "a record in two pieces")
        feed.write(b'{"ts":5')
        run.send_signal(signal.SIGINT)
        out, error = run.communicate(timeout=5)
        same((run.returncode, out), (0, b""), error)
        assert b"stopped by SIGINT after 4 records" in error, error
        feed.close()
        os.remove(place.folder / "feed.ndjson")


@checks.case
def a_feed_of_one_endless_line_can_be_stopped(place):
    place.write("rules.mr", RULES)
    run = place.start("match", "--rules", "rules.mr", "--feed", "/dev/zero")
    time.sleep(0.3)
    run.send_signal(signal.SIGTERM)
    try:
        error = run.communicate(timeout=5)[1]
    finally:
        run.kill()
    same(run.returncode, 0, error)


@checks.case
def a_slow_reader_gets_everything(place):
    place.write("rules.mr", RULES)
    place.write("feed.ndjson", pairs(5_000))
    whole = place.run("match", "--rules", "rules.mr", "--feed", "feed.ndjson").stdout
    for options in ((), ("--shards", "2", "--ring-slots", "2")):
        run = place.start("match", "--rules", "rules.mr", "--feed", "feed.ndjson", *options)
        got = b""
        while piece := os.read(run.stdout.fileno(), 20_000):
            got += piece
            time.sleep(0.002)
        same((run.wait(timeout=5), got == whole), (0, True))
        run.communicate()


@checks.case
def a_fifo_is_read_to_its_end(place):
    run, feed = over_fifo(place)
    writer = threading.Thread(target=lambda: (feed.write(pairs(5_000).encode()), feed.close()))
    writer.start()
    out, error = run.communicate(timeout=10)
    writer.join()
    same((run.returncode, out.count(b"\n")), (0, 5_000), error)


@checks.case
def a_kill_leaves_no_file_behind(place):
    run = paced(place, "--dead-letters", "dead.jsonl")
    run.kill()
    run.communicate()
    same(sorted(os.listdir(place.folder)), ["dead.jsonl", "feed.ndjson", "rules.mr"])


sys.exit(checks.run())
