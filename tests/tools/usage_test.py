"""The command line: what is wrong with it is told with status 2, and inputs are never written over."""

import os
import sys

from program import RULES, Checks, ended, pairs, record, same

checks = Checks()

GOOD = record(1, x=1) + record(2, x=2)


@checks.case
def the_command_must_be_whole(place):
    ended(place.run(), 2, "A subcommand is required")
    ended(place.run("frob"), 2)
    ended(place.run("match"), 2, "--rules is required")
    ended(place.run("match", "--rules", "x"), 2, "--feed is required")
    ended(place.run("match", "--rules", "x", "--feed", "y", "--frob"), 2, "--frob")
    same(place.run().stdout, b"")


@checks.case
def help_and_version_are_printed(place):
    same(place.run("--version").stdout.split()[0], b"millrace")
    for command in ((), ("match",), ("replay",), ("explain",), ("topology",), ("bench",)):
        result = place.run(*command, "--help")
        ended(result, 0)
        assert b"Usage: millrace" in result.stdout, result.stdout
    with open("/dev/full", "wb") as full:
        same(place.start("--help", stdout=full).wait(), 1)


@checks.case
def values_out_of_range_are_refused(place):
    for option, value, said in (
        ("--from", "x", "--from: found 'x', expected an RFC 3339 time"),
        ("--to", "9223372036854775807", "--to: found '9223372036854775807'"),
        ("--speed", "0x", "--speed: found '0x', expected max or a factor"),
        ("--speed", "-1x", "--speed: found '-1x'"),
        ("--speed", "infx", "--speed: found 'infx'"),
        ("--wait", "x", "--wait: found 'x', expected busy-spin, yield, backoff or blocking"),
        ("--place", "x", "--place: found 'x', expected none, or one-core-each"),
        ("--shards", "0", "--shards"), ("--shards", "257", "--shards"), ("--shards", "-1", "--shards"),
        ("--ring-slots", "1", "--ring-slots"), ("--ring-slots", "0", "--ring-slots"),
        ("--ring-slots", "3", "--ring-slots: found 3, expected a power of two"),
        ("--ring-slots", "33554432", "--ring-slots"),
        ("--limit", "0", "--limit"), ("--max-runs", "0", "--max-runs"), ("--max-keys", "4294967296", "--max-keys"),
        ("--format", "xml", "--format"),
    ):
        result = place.match(GOOD, option, value)
        ended(result, 2, said)
        same(result.stdout, b"", option)


@checks.case
def rules_that_cannot_be_read_are_told(place):
    os.mkdir(place.folder / "folder")
    place.write("feed", GOOD)
    for rules, reason in (("none", "cannot open 'none': No such file or directory"),
                          ("folder", "cannot read 'folder': found a directory, expected a rules file")):
        ended(place.run("match", "--rules", rules, "--feed", "feed"), 2, reason)


@checks.case
def inputs_are_never_written_over(place):
    place.write("rules.mr", RULES)
    feed = place.write("feed.ndjson", GOOD)
    os.link(feed, place.folder / "same")
    os.symlink("feed.ndjson", place.folder / "link")
    for option in ("--dead-letters", "--stats-json", "--hgrm"):
        for path in ("feed.ndjson", "same", "link", "rules.mr"):
            result = place.run("match", "--rules", "rules.mr", "--feed", "feed.ndjson", option, path)
            ended(result, 2, f"found '{path}' as output and as input, expected two files")
    same(place.read("feed.ndjson"), GOOD)
    same(place.read("rules.mr"), RULES)
    ended(place.match(GOOD, "--hgrm", "x", "--stats-json", "x"), 2, "found 'x' as output twice")


@checks.case
def outputs_that_cannot_be_written_are_told(place):
    for option in ("--dead-letters", "--stats-json", "--hgrm"):
        ended(place.match(GOOD, option, "/nonexistent/file"), 2, "cannot write '/nonexistent/file'")
    ended(place.match("{}\n" + GOOD, "--dead-letters", "/dev/full"), 1, "cannot write '/dev/full': No space left")


@checks.case
def a_full_disk_under_standard_output_is_told(place):
    place.write("rules.mr", RULES)
    place.write("feed.ndjson", pairs(10_000))
    for command in (("match",), ("match", "--count"), ("match", "--shards", "2"), ("explain",)):
        feed = () if command == ("explain",) else ("--feed", "feed.ndjson")
        with open("/dev/full", "wb") as full:
            run = place.start(*command, "--rules", "rules.mr", *feed, stdout=full)
            error = run.communicate()[1]
        same(run.returncode, 1, command)
        assert b"No space left" in error or command == ("explain",), error


@checks.case
def a_reader_that_goes_away_ends_the_run_quietly(place):
    place.write("rules.mr", RULES)
    place.write("feed.ndjson", pairs(50_000))
    for options in ((), ("--count",), ("--shards", "2")):
        read, write = os.pipe()
        run = place.start("match", "--rules", "rules.mr", "--feed", "feed.ndjson", *options, stdout=write)
        os.close(write)
        if not options:
            same(os.read(read, 10), b'{"pattern"')
        os.close(read)
        error = run.communicate()[1].decode()
        same(run.returncode, 1, error)
        assert "standard output was closed by its reader" in error, error


sys.exit(checks.run())
