"""The scenarios on invented feeds with other noise: the millrace program prints what is derived, inline and over two shards.

    other_noise_test.py MILLRACE [SHIFTS]     that many feeds of each kind, 5 unless told
"""

import pathlib
import subprocess
import sys
import tempfile

import answers


def main(millrace, shifts="5"):
    lines = 0
    for shift in range(1000, 1000 + int(shifts)):
        with tempfile.TemporaryDirectory() as folder:
            answers.invent(folder, shift)
            for name, feed, is_event, _ in answers.SCENARIOS:
                if not feed.startswith("invented/"):
                    continue
                path = pathlib.Path(folder) / pathlib.Path(feed).name
                expected = answers.as_printed(answers.answers_on(path, name, is_event))
                lines += expected.count("\n")
                for options in ([], ["--shards", "2"]):
                    rules = answers.EXAMPLES / "rules" / f"{name}.mr"
                    command = [millrace, "match", "--rules", rules, "--feed", path, *options]
                    result = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
                    if result.returncode != 0 or result.stdout != expected:
                        print(f"{name} {options}, shift {shift}: exit status {result.returncode}, {result.stderr}")
                        print(f"found:\n{result.stdout}derived:\n{expected}")
                        return 1
    print(f"{lines} lines as derived")
    return 0 if lines else 1


sys.exit(main(*sys.argv[1:]))
