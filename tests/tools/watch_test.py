"""match and replay --watch: the rules file changes while the feed comes through a pipe."""

import json
import os
import sys
import threading
import time

from program import Checks, TIMEOUT_S, ended, record, same

checks = Checks()

EVENT = "event A { ts : timestamp(ms)  k : string(8)  x : i32 }\n"
KEEPS = "pattern keeps on A by k { a : x == 1  then b : x == 2  select k }\n"
OLD = "pattern turns on A { a : x == 5  select version = 1 }\n"
NEW = "pattern turns on A { a : x == 5  select version = 2 }\n"


class Fed:
    """The program with a pipe as its feed, and what it says, as it says it."""

    def __init__(self, place, rules, *options, command="match"):
        self.place = place
        self.place.write("rules.mr", rules)
        self.process = place.start(command, "--rules", "rules.mr", "--feed", "-", "--format", "ndjson", "--watch", *options,
                                   stdin=-1)
        self.said = ""
        self.written = ""
        self.listeners = [threading.Thread(target=self._listen, args=(name,), daemon=True) for name in ("stderr", "stdout")]
        for each in self.listeners:
            each.start()

    def _listen(self, name):
        stream = getattr(self.process, name)
        for line in iter(stream.readline, b""):
            if name == "stderr":
                self.said += line.decode()
            else:
                self.written += line.decode()

    def feed(self, text):
        self.process.stdin.write(text.encode())
        self.process.stdin.flush()

    def until(self, text, where="said"):
        deadline = time.monotonic() + TIMEOUT_S
        while text not in getattr(self, where):
            assert time.monotonic() < deadline, f"waited for {text!r} in vain; {where}:\n{getattr(self, where)}"
            assert self.process.poll() is None, f"ended before {text!r}; standard error:\n{self.said}"
            time.sleep(0.005)

    def rename(self, rules):
        """As most editors write: a new file, renamed."""
        self.place.write("rules.mr.new", rules)
        os.replace(self.place.folder / "rules.mr.new", self.place.folder / "rules.mr")

    def end(self, status=0):
        self.process.stdin.close()
        same(self.process.wait(TIMEOUT_S), status, "exit status; standard error:\n" + self.said)
        for each in self.listeners:
            each.join(TIMEOUT_S)
        return [json.loads(line) for line in self.written.splitlines()]


def shapes(matches):
    return [(m["pattern"], m["stages"], m.get("select")) for m in matches]


def change_half_way(place, *options):
    run = Fed(place, EVENT + KEEPS + OLD, *options)
    run.feed(record(0, "u", 1) + record(1, "u", 5))
    run.until('"version":1', "written")
    run.rename(EVENT + NEW + "pattern more on A by x { a  next b }\n" + KEEPS)
    run.until("rules.mr: from record 2 on: added more; replaced turns; 1 pattern keeps its state\n")
    run.feed(record(2, "u", 2) + record(3, "u", 5) + record(4, "v", 5))
    run.until('"more"', "written")
    run.rename(EVENT + "pattern more on A by x { a  next b }\n" + KEEPS)
    run.until("rules.mr: from record 5 on: removed turns; 2 patterns keep their state\n")
    run.feed(record(5, "v", 5))
    return run


@checks.case
def patterns_come_change_and_go_and_the_others_keep_their_state(place):
    for options in ((), ("--shards", "1"), ("--shards", "2"), ("--shards", "4", "--wait", "blocking")):
        matches = change_half_way(place, *options).end()
        same(shapes(matches), [
            ("turns", {"a": [1]}, {"version": 1}),
            ("keeps", {"a": [0], "b": [2]}, {"k": "u"}),
            ("turns", {"a": [3]}, {"version": 2}),
            ("more", {"a": [3], "b": [4]}, None),
            ("turns", {"a": [4]}, {"version": 2}),
            ("more", {"a": [4], "b": [5]}, None),
        ], options)


@checks.case
def a_broken_file_is_told_with_its_place_and_the_rules_stay(place):
    run = Fed(place, EVENT + KEEPS, command="replay")
    run.feed(record(0, "u", 1))
    time.sleep(0.1)
    run.rename(EVENT + "pattern keeps on A by k { a : y == 1 }\n")
    run.until("rules.mr:2:31: error: found unknown field 'y'")
    run.until("rules.mr: the rules that run stay in force\n")
    run.rename(EVENT + KEEPS + "pattern {")
    run.until("rules.mr:3:9: error: found '{'")
    run.rename("event A { ts : timestamp(ms)  k : string(9)  x : i32 }\n" + KEEPS)
    run.until("rules.mr: found another declaration of event A, expected the same as before")
    run.rename(EVENT + "time watermarks\n" + KEEPS)
    run.until("rules.mr: found another 'time', expected the same as before")
    run.rename(EVENT + "# better\n" + KEEPS)
    run.until("rules.mr: no pattern has changed\n")
    run.feed(record(1, "u", 2))
    same(shapes(run.end()), [("keeps", {"a": [0], "b": [1]}, {"k": "u"})])
    assert "from record" not in run.said, run.said


@checks.case
def a_file_may_be_written_in_place_and_vanish_for_a_while(place):
    run = Fed(place, EVENT + OLD)
    run.feed(record(0, "u", 5))
    run.until('"version":1', "written")
    place.write("rules.mr", EVENT + NEW)
    run.until("from record 1 on: replaced turns\n")
    os.unlink(place.folder / "rules.mr")
    time.sleep(0.3)
    run.feed(record(1, "u", 5))
    run.until('"version":2', "written")
    place.write("rules.mr", EVENT + OLD)
    run.until("from record 2 on: replaced turns\n")
    run.feed(record(2, "u", 5))
    same([m["select"]["version"] for m in run.end()], [1, 2, 1])


@checks.case
def a_file_behind_a_link_is_followed_though_nothing_happens_in_the_links_folder(place):
    (place.folder / "far").mkdir()
    place.write("far/real.mr", EVENT + OLD)
    os.symlink("far/real.mr", place.folder / "rules.mr")
    run = Fed(place, EVENT + OLD)
    run.feed(record(0, "u", 5))
    run.until('"version":1', "written")
    place.write("far/real.mr", EVENT + NEW)
    run.until("from record 1 on: replaced turns\n")
    run.feed(record(1, "u", 5))
    same([m["select"]["version"] for m in run.end()], [1, 2])


@checks.case
def counts_are_by_name_over_all_versions(place):
    run = Fed(place, EVENT + OLD, "--count")
    run.feed(record(0, "u", 5))
    time.sleep(0.1)
    run.rename(EVENT + NEW + "pattern more on A { a : x == 6 }")
    run.until("added more; replaced turns")
    run.feed(record(1, "u", 5) + record(2, "u", 6))
    same(run.end(), [{"pattern": "turns", "matches": 2, "timeouts": 0}, {"pattern": "more", "matches": 1, "timeouts": 0}])


@checks.case
def a_paced_replay_hears_of_changes_between_its_events(place):
    place.write("rules.mr", EVENT + OLD)
    place.write("feed.ndjson", record(0, "u", 5) + record(1_500, "u", 5))
    run = place.start("replay", "--rules", "rules.mr", "--feed", "feed.ndjson", "--watch", "--speed", "1x")
    time.sleep(0.4)
    place.write("rules.mr", EVENT + NEW)
    out, said = run.communicate(timeout=TIMEOUT_S)
    same(run.returncode, 0, said.decode())
    assert b"from record 1 on: replaced turns" in said, said
    same([json.loads(line)["select"]["version"] for line in out.splitlines()], [1, 2])


@checks.case
def quiet_says_errors_only(place):
    run = Fed(place, EVENT + OLD, "-q")
    run.feed(record(0, "u", 5))
    run.until('"version":1', "written")
    run.rename(EVENT + "pattern")
    run.until("error: found the end of the file")
    run.rename(EVENT + NEW)
    for i in range(1, 400):  # it says nothing: ask the output
        run.feed(record(i, "u", 5))
        if '"version":2' in run.written:
            break
        time.sleep(0.01)
    run.end()
    assert '"version":2' in run.written
    assert "from record" not in run.said, run.said


sys.exit(checks.run())
