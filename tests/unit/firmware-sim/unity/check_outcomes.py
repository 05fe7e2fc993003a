#!/usr/bin/env python3
"""check_outcomes.py PROGRAM [ARGUMENT...]: runs unity_outcomes_test, on the host or on the board, and
fails unless each of its tests ended as the start of its name says: passes, fails or ignores.
"""
import re
import subprocess
import sys

SKIPPED = 77
FEWEST = 500
GTEST = re.compile(r"^\[ *(OK|FAILED|SKIPPED) *\] unity_outcomes_test\.(\w+) \(\d+ ms\)", re.M)
BOARD = re.compile(r"^[^\s:]*unity_outcomes_test\.c:\d+:(\w+):(PASS|FAIL|IGNORE)\b", re.M)
WORD = {"OK": "passes", "PASS": "passes", "FAILED": "fails", "FAIL": "fails", "SKIPPED": "ignores", "IGNORE": "ignores"}
# Words that must be there: one failure of each kind, told with both values.
TOLD = ["Expected 5 Was 6. said", "Expected 0x0005 Was 0x0006", "Expected to be less than 0 Was 4294967295", "Element 1 Expected",
        'Expected "word" Was "words"', "Byte 3 Expected 0x64 Was 0x74", "Expected 1 +/- 0.5 Was 1.75", "Expected NaN Was 1",
        "Expected 5 +/- 2 Was 8", "Expected 2 < 1", "a line in the log"]


def main():
    run = subprocess.run(sys.argv[1:], capture_output=True, text=True, timeout=300)
    if run.returncode == SKIPPED:
        print(run.stdout + run.stderr)
        return SKIPPED
    ended = {name: WORD[word] for word, name in GTEST.findall(run.stdout)}
    ended.update({name: WORD[word] for name, word in BOARD.findall(run.stdout)})
    wrong = [f"{name}: {word}" for name, word in ended.items() if not name.startswith(word)]
    wrong += [f"nobody said: {words}" for words in TOLD if words not in run.stdout]
    if "unreachable" in run.stdout:
        wrong.append("a test went on after it had failed")
    if run.returncode == 0:
        wrong.append("the exit code is 0 though tests failed")
    if len(ended) < FEWEST:
        wrong.append(f"only {len(ended)} tests ran:\n{run.stdout[-2000:]}{run.stderr[-2000:]}")
    print("\n".join(wrong) if wrong else f"{len(ended)} tests ended as their names say")
    return 1 if wrong else 0


sys.exit(main())
