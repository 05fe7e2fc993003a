#!/usr/bin/env python3
"""Power cuts. The real daemon runs under load while all its writes and syncs are recorded; then the
disk that a power cut leaves is built for a great many instants, and each is opened by the daemon's own
recovery.

  power_cut_test.py --bin BUILD/bin [--states 2000] [--seed 1] [--jobs N] [--keep]
  power_cut_test.py --bin BUILD/bin --show FOLDER     a failing state that was kept

Of what no sync had covered at the cut, a state holds: all, none, a subset of the writes, torn sectors, the
newest writes, the oldest writes. Checked of each: it opens and nothing is damaged; each event
whose acknowledgement a device had read is there, or was acknowledged by upstream; the journal replays
without a difference; the windows hold what the events say, once; a commit succeeds.
"""
import argparse
import collections
import json
import multiprocessing
import os
import random
import shutil
import sys
import tempfile
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from power_load import record
from recording import KINDS, Disk, write_state
from state_checker import StateChecker
from state_judge import Known, judge

STATES_A_RECORDING = 5_000
MAX_FAILED = 500    # of one worker; then it has seen enough
DIED_COUNTS_AS = 50    # of them: each may cost seconds
MAX_KEPT = 20       # of one worker
Cut = collections.namedtuple("Cut", "point kind seed")   # the cut comes while operation `point` is under way


class Progress:
    """One line on a terminal; nothing elsewhere."""

    def __init__(self, total):
        self.total, self.shown = total, sys.stderr.isatty()

    def show(self, done, failed):
        if self.shown and (done % 16 == 0 or done == self.total):
            filled = 40 * done // self.total
            print(f"\r[{'#' * filled}{'.' * (40 - filled)}] {done}/{self.total} states, {failed} failed ",
                  end="\n" if done == self.total else "", file=sys.stderr, flush=True)


def plan_cuts(recording, states, rng):
    """Each point with each kind before any comes twice, in the order of the points."""
    cuts = []
    while len(cuts) < states:
        turn = [(point, kind) for point in range(len(recording.operations)) for kind in KINDS]
        rng.shuffle(turn)
        cuts += [Cut(point, kind, rng.getrandbits(48)) for point, kind in turn[:states - len(cuts)]]
    return sorted(cuts)


def keep_state(options, name, state, known, wrong, cut, operation, said):
    folder = os.path.join(options.kept, f"state-{name}-{cut.point}-{cut.kind}")
    os.makedirs(folder)
    if state is not None:
        write_state(os.path.join(folder, "store"), state)
    with open(os.path.join(folder, "known.json"), "w") as f:
        json.dump(known.to_json(), f)
    with open(os.path.join(folder, "why.txt"), "w") as f:
        f.write(f"power cut during operation {cut.point} ({operation}), kind {cut.kind}, seed {cut.seed}\n")
        f.writelines(f"{kind}: {text}\n" for kind, text in wrong)
        f.write(f"\n{said}")
    return folder


def judge_state(checker, state, known):
    found = checker.check(state)
    if "died" in found:
        return [("died", found["died"])], found
    return judge(known, found), found


def check_cuts(options, name, recording, truth, cuts, reports):
    """In a process of its own: walks along the recording and checks the states of its cuts."""
    checker = StateChecker(os.path.join(options.bin, "crash_state_check"))
    disk, known = Disk(recording.store), Known(truth)
    disk.has_folder = disk.is_folder_durable = recording.initially
    at, failed, kept = 0, 0, 0
    try:
        for cut in cuts:
            while at < cut.point:
                disk.begin(recording.operations[at])
                disk.finish(recording.operations[at])
                at += 1
            operation = recording.operations[cut.point]
            disk.begin(operation)
            known.advance(operation.ended)
            state = disk.state(cut.kind, random.Random(cut.seed))
            wrong, found = judge_state(checker, state, known)
            folder = None
            if wrong and kept < MAX_KEPT:
                folder = keep_state(options, f"{name}-{kept}", state, known, wrong, cut, operation, checker.said())
                kept += 1
            reports.put((cut.kind, wrong, folder, {key: found.get(key, 0) for key in ("fresh", "snapshot", "replayed")}))
            failed += (DIED_COUNTS_AS if "died" in found else 1) if wrong else 0
            if failed >= MAX_FAILED:
                break
    finally:
        checker.close()
        reports.put(None)


def check_all(options, number, recording, truth, cuts, tally):
    reports = multiprocessing.Queue()
    workers = [multiprocessing.Process(target=check_cuts, args=(options, f"{number}-{i}", recording, truth, cuts[i::options.jobs], reports))
               for i in range(options.jobs)]
    for worker in workers:
        worker.start()
    running = len(workers)
    while running:
        report = reports.get()
        if report is None:
            running -= 1
            continue
        tally.add(*report)
    for worker in workers:
        worker.join()
        if worker.exitcode != 0:
            tally.broken = True


class Tally:
    def __init__(self, options):
        self.options, self.progress = options, Progress(options.states)
        self.states, self.failed, self.fresh, self.replayed, self.broken = 0, 0, 0, 0, False
        self.kinds, self.failed_kinds, self.wrong = collections.Counter(), collections.Counter(), collections.Counter()
        self.snapshots = set()

    def add(self, kind, wrong, kept, found):
        self.states += 1
        self.kinds[kind] += 1
        self.fresh += bool(found["fresh"])
        self.replayed += found["replayed"]
        self.snapshots.add(found["snapshot"])
        if wrong:
            self.failed += 1
            self.failed_kinds[kind] += 1
            self.wrong.update({kind for kind, _ in wrong})
            if kept and self.failed <= 5:
                print(f"\nFAILED, {kind}: {'; '.join(f'{what}: {text}' for what, text in wrong)[:400]}\n  show it: "
                      f"{sys.argv[0]} --bin {self.options.bin} --show {kept}", flush=True)
        self.progress.show(self.states, self.failed)

    def summary(self, seconds):
        kinds = ", ".join(f"{kind} {count} ({self.failed_kinds[kind]} failed)" for kind, count in sorted(self.kinds.items()))
        wrong = ", ".join(f"{self.wrong[kind]} {kind}" for kind in
                          ("not opened", "died", "lost", "damaged", "differences", "windows", "twice"))
        early = "" if self.states == self.options.states else f"given up before all {self.options.states}; "
        return (f"{early}{self.states} states in {seconds:.0f} s: {self.states - self.failed} good ({self.fresh} of a store that had just "
                f"begun), {self.replayed} blocks replayed behind {len(self.snapshots)} snapshots; {wrong}; by kind: {kinds}")


def show(options):
    with open(os.path.join(options.show, "known.json")) as f:
        known = Known.from_json(json.load(f))
    store, state = os.path.join(options.show, "store"), None
    if os.path.isdir(store):
        state = {}
        for name in os.listdir(store):
            with open(os.path.join(store, name), "rb") as f:
                state[name] = f.read()
    checker = StateChecker(os.path.join(options.bin, "crash_state_check"))
    wrong, found = judge_state(checker, state, known)
    for key, value in found.items():
        print(f"{key}: {str(value)[:300]}")
    print(checker.said())
    checker.close()
    for kind, text in wrong:
        print(f"{kind}: {text}")
    return 1 if wrong else 0


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bin", required=True, help="the build's folder of programs")
    parser.add_argument("--states", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    parser.add_argument("--life", type=float, default=1.2, help="seconds of load in each life of the daemon")
    parser.add_argument("--keep", action="store_true", help="keep the folder, with the daemon's log, in any case")
    parser.add_argument("--show", metavar="FOLDER", help="check one state that was kept")
    options = parser.parse_args()
    options.bin = os.path.abspath(options.bin)
    if options.show:
        return show(options)
    started, tally = time.monotonic(), Tally(options)
    folder = tempfile.mkdtemp(prefix="sluice-power-cut-")
    options.kept = os.path.join(folder, "failing")
    counts, acked = collections.Counter(), 0
    recordings = -(-options.states // STATES_A_RECORDING)
    for i in range(recordings):
        rng = random.Random(f"{options.seed}/{i}")
        run = tempfile.mkdtemp(prefix="run-", dir=folder)
        try:
            recording, truth = record(os.path.join(options.bin, "sluice"), os.path.join(options.bin, "record_io.so"), run,
                                      rng.getrandbits(48), options.life)
        except AssertionError as wrong:
            print(f"FAILED, the daemon under load: {wrong}")
            tally.failed += 1
            continue
        counts += recording.counts()
        acked += sum(map(len, truth.acked.values()))
        states = options.states // recordings + (i < options.states % recordings)
        check_all(options, i, recording, truth, plan_cuts(recording, states, rng), tally)
    print(f"seed {options.seed}: {acked} events acknowledged, {sum(counts.values())} operations recorded: "
          f"{counts['w']} writes, {counts['wd']} commits, {counts['s']} syncs")
    print(tally.summary(time.monotonic() - started))
    if tally.failed or tally.broken or options.keep:
        print(f"kept: {folder}")
    else:
        shutil.rmtree(folder)
    if counts["wd"] < 200:
        print("too few commits: the test did not test much")
    return 1 if tally.failed or tally.broken or counts["wd"] < 200 or tally.states != options.states else 0


if __name__ == "__main__":
    sys.exit(main())
