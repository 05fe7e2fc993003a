"""What must hold of a store that was found after a power cut.

  known = Known(truth); known.advance(instant)    what devices and upstream knew at the cut
  judge(known, found) -> [(kind, text)]           found: an object of crash_state_check
"""
import calendar
import collections
import time

from power_load import BASE_S, EVENTS_A_WINDOW, value_of

SOURCES_WITH_WINDOWS = ("m", "c")    # by the first letter of a device


class Known:
    """Moves on with the instant of the cut, which only grows."""

    def __init__(self, truth=None):
        self.acked, self.answered = collections.defaultdict(set), collections.defaultdict(set)
        self.windows = {}    # (device, number of the window) -> (revision, [n, total, last])
        if truth:
            self._acks = sorted((at, name, seq) for name, acks in truth.acked.items() for seq, at in acks.items())
            self._answers, self._next_ack, self._next_answer = truth.answered, 0, 0

    def advance(self, instant):
        while self._next_ack < len(self._acks) and self._acks[self._next_ack][0] < instant:
            _, name, seq = self._acks[self._next_ack]
            self.acked[name].add(seq)
            self._next_ack += 1
        while self._next_answer < len(self._answers) and self._answers[self._next_answer][0] < instant:
            event = self._answers[self._next_answer][1]
            if event["type"] == "sluice.window":
                note_window(self.windows, event)
            else:
                self.answered[event["data"]["device"]].add(event["data"]["seq"])
            self._next_answer += 1

    def to_json(self):
        return {"acked": {name: sorted(seqs) for name, seqs in self.acked.items()},
                "answered": {name: sorted(seqs) for name, seqs in self.answered.items()},
                "windows": [[key, window] for key, window in self.windows.items()]}

    @staticmethod
    def from_json(saved):
        known = Known()
        for name, seqs in saved["acked"].items():
            known.acked[name] = set(seqs)
        for name, seqs in saved["answered"].items():
            known.answered[name] = set(seqs)
        known.windows = {tuple(key): (revision, cells) for key, (revision, cells) in saved["windows"]}
        return known


def note_window(windows, event):
    whole = event["windowstart"].rstrip("Z").partition(".")[0]
    start = calendar.timegm(time.strptime(whole, "%Y-%m-%dT%H:%M:%S")) - BASE_S
    key = (event["subject"], start)
    if key not in windows or event["revision"] > windows[key][0]:
        data = event["data"]
        windows[key] = (event["revision"], [data["n"], data["total"], data["last"]])


def expand(intervals):
    """-> (set of seqs, whether one was there twice)"""
    seqs, count = set(), 0
    for first, last in intervals:
        seqs.update(range(first, last + 1))
        count += last - first + 1
    return seqs, count != len(seqs)


def expected_windows(stored):
    windows = {}
    for device, seqs in stored.items():
        if device[0] not in SOURCES_WITH_WINDOWS or device.endswith("-end"):
            continue
        for seq in seqs:
            cell = windows.setdefault((device, seq // EVENTS_A_WINDOW), [0, 0, 0])
            cell[0] += 1
            cell[1] += value_of(seq)
            cell[2] = max(cell[2], seq)
    return windows


def some(things):
    things = sorted(things)
    return ", ".join(map(str, things[:4])) + (f" ... {len(things)} in all" if len(things) > 4 else "")


def judge(known, found):
    wrong = []
    if found["error"]:
        wrong.append(("not opened", found["error"]))
    if found["moved_aside"]:
        wrong.append(("not opened", "the store was moved aside"))
    if found["damaged"]:
        wrong.append(("damaged", f"{found['damaged']} damaged records"))
    if found["differences"]:
        wrong.append(("differences", f"{found['differences']} blocks replayed otherwise than they were committed"))
    present = collections.defaultdict(set)
    stored = collections.defaultdict(set)    # what the pipelines have seen
    for device, seqs in known.answered.items():
        stored[device] |= seqs
    for place in ("pending", "rejected", "undecodable"):
        for device, intervals in found[place].items():
            seqs, is_twice = expand(intervals)
            if is_twice:
                wrong.append(("twice", f"{device}: an event is there twice, {place}"))
            present[device] |= seqs
            if place != "undecodable":
                stored[device] |= seqs
    lost = [(device, seq) for device, seqs in known.acked.items()
            for seq in seqs - present[device] - known.answered[device]]
    if lost:
        wrong.append(("lost", f"acknowledged, and neither here nor upstream: {some(lost)}"))
    if found["fresh"] or found["error"]:
        return wrong
    windows = dict(known.windows)
    for event in found["windows"] + found["closing"]:
        if event["type"] == "sluice.window":
            note_window(windows, event)
    got = {key: cells for key, (_, cells) in windows.items() if not key[0].endswith("-end")}
    expected = expected_windows(stored)
    for key in sorted(set(expected) | set(got)):
        if expected.get(key) != got.get(key):
            wrong.append(("windows", f"{key}: {expected.get(key)} by the events, {got.get(key)} by the pipelines"))
            break
    return wrong
