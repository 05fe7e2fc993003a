#!/usr/bin/env python3
"""SIGKILL of the real daemon at random instants while policies give up events and keys are rotated, under
MQTT load, with an upstream that comes and goes. Then the books must balance:

  stored = delivered + told in gap events          (a summary stands for the events of its gap)

  policy_kill_test.py --sluice BIN [--kills 12] [--seed 1] [--only NAME] [--keep]

Also checked: no gap, summary or event ever arrives with two contents; summaries hold the very events that
are missing; windows are exact; no payload of an encrypted store can be read in its file, at rest under the
last key alone, and a wrong key changes nothing; nothing is damaged, and replay gives what was given before.
"""
import argparse
import base64
import collections
import dataclasses
import hashlib
import json
import os
import random
import shutil
import socket
import subprocess
import sys
import tempfile
import time

import zstandard

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
import crash_test
from lib.gateway import Gateway, free_port, wait_until
from lib.mqtt_device import MqttDevice
from lib.upstream import Upstream

DEVICES, RATE, NOISE_BYTES = 4, 500, 900
LARGE_EVERY, LARGE_BYTES = 97, 40_000     # so that a beat may find less room than it needs
MARK = b"READABLE-PAYLOAD"
BAD_CONFIGURATION = 78
PATIENCE_S = 40
SCENARIOS_AT_ONCE = 3     # they wait more than they work

CONFIG = """
[gateway]
name = "policies"

[storage]
path = "@DIR@/store"
{storage}
snapshot = {{ max_replay = "20ms" }}
{encryption}
[admin]
socket = "@DIR@/admin.sock"
listen = ""

[sources.mqtt]
type = "mqtt"
listen = ["mqtt://127.0.0.1:{mqtt}"]
decode = "json"
event = {{ subject = "data.device", time = "timestamp(data.ts)" }}

[pipelines.raw]
from = ["mqtt"]
to = ["cloud"]
{windows}
[sinks.cloud]
type = "http"
url = "http://127.0.0.1:{upstream}/ingest"
batch = {{ max_events = 50, max_bytes = "32KiB", max_age = "20ms" }}
{sink}
"""
WINDOWS = """
[pipelines.windows]
from = ["mqtt"]
to = ["cloud"]

[[pipelines.windows.steps]]
window = { tumbling = "1s", key = "subject", lateness = "1h" }
emit = { n = "count()", total = "sum(data.value)", last = "max(data.seq)" }
"""
LEVELS = """
summarise = [{ window = "1s" }, { window = "10s", older_than = "1s" }]
"""


@dataclasses.dataclass(frozen=True)
class Scenario:
    sink: str = ""
    storage: str = 'max_size = "32MiB"'
    away_s: tuple = (2, 4)
    up_s: tuple = (0.3, 1)
    reasons: tuple = ()        # how gaps' reasons may begin; the first one must be seen
    is_encrypted: bool = False
    begins_plain: bool = False  # free pages may show payloads of before the encryption until they are used again
    has_windows: bool = False
    is_compacted: bool = False  # the kills come while the file is compacted, live and dead
    most_used_bytes: int = 0   # after three times as much the store comes down to this, under load; 0: not looked at


SMALL = 'max_size = "4MiB"'
SCENARIOS = {
    "drop_oldest": Scenario('when_full = "drop_oldest"', SMALL, reasons=("drop_oldest",)),
    "summarise": Scenario('when_full = "summarise"' + LEVELS, SMALL, reasons=("summarised", "drop_oldest")),
    "max_age": Scenario('max_age = "2s"', away_s=(3, 5), reasons=("max_age",)),
    "journal": Scenario(storage='max_size = "64MiB"\njournal = { retain = "2s" }', away_s=(0.3, 1), up_s=(1, 2),
                        has_windows=True, most_used_bytes=9 << 20),
    "compaction": Scenario(has_windows=True, is_compacted=True),
    "encryption": Scenario(is_encrypted=True, has_windows=True),
    "encrypted_policies": Scenario('when_full = "summarise"\nmax_age = "4s"' + LEVELS, SMALL, away_s=(2, 5),
                                   reasons=("summarised", "drop_oldest", "max_age"), is_encrypted=True, begins_plain=True),
}


def payload(device, seq):
    event = json.loads(crash_test.payload(device, seq))
    noise = random.Random(f"{device}/{seq}").randbytes(LARGE_BYTES if seq % LARGE_EVERY == 0 else NOISE_BYTES)
    event["text"] = MARK.decode() + base64.b64encode(noise).decode()
    return json.dumps(event).encode()


class Keys:
    """The keys of an encrypted store. While there is none it is not encrypted."""

    def __init__(self, folder):
        self.folder = folder
        self.made = 0
        self.current = None
        self.previous = []

    def make(self):
        self.made += 1
        path = os.path.join(self.folder, f"key-{self.made}")
        with open(path, "w") as f:
            f.write(os.urandom(32).hex())
        return path

    def rotate(self, is_over):
        """Another key becomes current. Of before, what is still needed is listed."""
        if self.current:
            self.previous = [self.current] if is_over else [self.current, *self.previous]
        self.current = self.make()

    @staticmethod
    def section(current, previous):
        if not current:
            return ""
        listed = ", ".join(f'{{ file = "{path}" }}' for path in previous)
        return f'encryption = {{ key = {{ file = "{current}" }}, previous = [{listed}] }}\n'


class Run:
    def __init__(self, options, name):
        self.scenario = SCENARIOS[name]
        self.options = options
        self.random = random.Random(f"{options.seed}/{name}")
        self.folder = tempfile.mkdtemp(prefix=f"sluice-{name}-")
        self.upstream = Upstream()
        self.mqtt = free_port()
        self.keys = Keys(self.folder)
        if self.scenario.is_encrypted and not self.scenario.begins_plain:
            self.keys.rotate(is_over=True)
        self.gateway = Gateway(options.sluice, self.folder, self.config())
        self.devices = {f"m{i}": MqttDevice(self.mqtt, f"m{i}", f"plant/a/m{i}", lambda seq, n=f"m{i}": payload(n, seq),
                                            rate=RATE) for i in range(DEVICES)}
        self.switch_at = 0.0       # the upstream goes or comes
        self.given_up = 0          # as status had it before each kill and at the end
        self.most_used_bytes = 0
        self.kills = self.rotations = 0
        self.wrong = []

    def config(self, keys=None):
        current, previous = keys or (self.keys.current, self.keys.previous)
        text = CONFIG.format(storage=self.scenario.storage, encryption=Keys.section(current, previous), mqtt=self.mqtt,
                             upstream=self.upstream.port, sink=self.scenario.sink,
                             windows=WINDOWS if self.scenario.has_windows else "")
        return text.replace("@DIR@", self.folder)

    def write_config(self, keys=None):
        with open(self.gateway.config, "w") as f:
            f.write(self.config(keys))

    def status(self):
        """The status, or None."""
        done = self.gateway.run_tool("status", "--json", "--socket", self.gateway.socket)
        return json.loads(done.stdout) if done.stdout.startswith("{") else None

    def complain(self, text):
        self.wrong.append(text)

    def take_status(self):
        """What must hold in each life, and figures that end with it."""
        status = self.status()
        if not status:
            self.complain("status gives no answer")
            return
        for field in ("damaged_records", "quarantined_records", "replay_differences", "dead_letters"):
            if status[field] != 0:
                self.complain(f"{field} {status[field]} in the status")
        self.given_up += status["sinks"][0]["given_up_events"]
        self.most_used_bytes = max(self.most_used_bytes, status["store_used_bytes"])
        return status

    def disturb(self):
        upstream, now = self.upstream, time.monotonic()
        if now >= self.switch_at:
            is_away = upstream.mode == "away"
            self.switch_at = now + self.random.uniform(*(self.scenario.up_s if is_away else self.scenario.away_s))
            if is_away:
                upstream.mode = "accept"
                upstream.open()
            else:
                upstream.close()
                upstream.mode = "away"
        if upstream.mode != "away":
            upstream.mode = self.random.choices(["accept", "refuse", "cut_before", "cut_after"], [7, 1, 1, 1])[0]

    def restart(self):
        """Now and then the next kill comes while it starts."""
        while self.kills < self.options.kills and self.random.random() < 0.15:
            self.gateway.start()
            time.sleep(self.random.uniform(0, 0.15))
            self.kill()
        self.gateway.start(self.mqtt)

    def kill(self):
        self.gateway.kill()
        self.kills += 1

    def compact(self):
        """Begins to, and gives the tool's process some time later."""
        tool = subprocess.Popen([self.options.sluice, "buffer", "compact", "--config", self.gateway.config],
                                stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        time.sleep(self.random.uniform(0, 0.15))
        return tool

    def rotate(self, status):
        self.keys.rotate(status is not None and status["encryption"] == "on")
        self.write_config()
        self.rotations += 1

    def check_wrong_keys(self):
        """Each is refused with a message that helps, and the store stays as it is."""
        before = self.store_digest()
        for keys, words in (((self.keys.make(), []), "the store is encrypted with key"), ((None, []), "encrypted")):
            self.write_config(keys)
            done = self.gateway.run_tool("run", "--config", self.gateway.config)
            said = done.stdout + done.stderr
            if done.returncode != BAD_CONFIGURATION or words not in said:
                self.complain(f"with a wrong key: exit code {done.returncode}, '{said.strip()}'")
        if self.store_digest() != before:
            self.complain("a start with a wrong key changed the store")
        self.write_config()

    def store_file(self):
        with open(os.path.join(self.folder, "store", "store.mdb"), "rb") as f:
            return f.read()

    def store_digest(self):
        return hashlib.sha256(self.store_file()).hexdigest()

    def run(self):
        self.gateway.start(self.mqtt)
        for device in self.devices.values():
            device.start()
        while self.kills < self.options.kills:
            time.sleep(self.random.uniform(0.05, 0.9))
            status = self.take_status()
            time.sleep(self.random.uniform(0, 0.02))
            tool = self.compact() if self.scenario.is_compacted else None
            self.kill()
            if tool:
                tool.wait(30)
                for _ in range(self.random.randint(0, 2)):
                    tool = self.compact()
                    tool.kill()
                    tool.wait(30)
            self.disturb()
            if self.scenario.is_encrypted:
                if status and status["encryption"] == "on":
                    self.check_file()
                self.rotate(status)
                if self.kills == self.options.kills // 2:
                    self.check_wrong_keys()
            self.restart()
        if self.scenario.most_used_bytes:
            self.check_bound()
        self.finish()

    def check_bound(self):
        if self.upstream.mode == "away":
            self.upstream.open()
        self.upstream.mode = "accept"
        bound = self.scenario.most_used_bytes

        def is_within():
            status = self.status()
            if not status:
                return False
            used = status["store_used_bytes"]
            self.most_used_bytes = max(self.most_used_bytes, used)
            return used <= bound and NOISE_BYTES * sum(len(d.acked) for d in self.devices.values()) >= 3 * bound
        try:
            wait_until(is_within, 3 * PATIENCE_S, f"the store comes down to {bound} bytes, under load")
        except AssertionError as late:
            self.complain(f"{late}: it has {(self.status() or {}).get('store_used_bytes')}")

    def finish(self):
        if self.upstream.mode == "away":
            self.upstream.open()
        self.upstream.mode = "accept"
        for device in self.devices.values():
            device.stopping.set()
        for name, device in self.devices.items():
            device.join(PATIENCE_S)
            if device.is_alive():
                self.complain(f"{name} waits for {len(device.pending)} acknowledgements")
                device.given_up.set()
        if self.scenario.has_windows:
            self.close_windows()

        def is_quiet():
            status = self.status()
            return status and status["sinks"][0]["backlog_events"] == 0 and status["encryption"] != "under way"
        try:
            wait_until(is_quiet, PATIENCE_S, "all is upstream, and the rotation over")
            time.sleep(0.3)  # repeats that are still under way would be seen now
        except AssertionError as late:
            self.complain(f"{late}: {self.status()}")
        status = self.take_status()
        if self.scenario.is_encrypted and status and status["encryption"] != "on":
            self.complain(f"encryption is {status['encryption']}")
        code = self.gateway.stop()
        if code != 0:
            self.complain(f"the clean stop gave exit code {code}")
        self.check_file()
        self.figures = self.account()

    def close_windows(self):
        """An event an hour later moves the watermark past all windows."""
        late = crash_test.event_ms(max(d.sent for d in self.devices.values())) + 2 * 3600 * 1000
        device = MqttDevice(self.mqtt, "m-end", "plant/a/m-end", lambda seq: crash_test.payload("m-end", seq, late))
        device.start()
        wait_until(lambda: device.acked, 20, "m-end is acknowledged")
        device.stopping.set()
        device.join(10)
        self.devices["m-end"] = device

    def check_file(self):
        if self.scenario.begins_plain:
            return
        found = readable(self.store_file())
        if self.scenario.is_encrypted and found:
            self.complain(f"{found} payloads can be read in the encrypted store's file")
        if not self.scenario.is_encrypted and not found:
            self.complain("no payload can be read in a store that is not encrypted: the search is blind")

    def account(self):
        scenario = self.scenario
        events = self.upstream.snapshot()
        for before, after in self.upstream.changed[:3]:
            self.complain(f"TWO CONTENTS under one id: {json.dumps(before)[:300]} and {json.dumps(after)[:300]}")
        gaps = [e for e in events if e["type"] == "sluice.gap"]
        summaries = [e for e in events if e["type"] == "sluice.summary"]
        arrived = collections.defaultdict(list)      # (device, seq) -> ids
        for event in events:
            if event["type"] == "sluice.event":
                arrived[(event["data"]["device"], event["data"]["seq"])].append(event["id"])
        twice = {key: ids for key, ids in arrived.items() if len(ids) > 1}
        if twice:
            self.complain(f"TWICE under different ids: {len(twice)}, for example {list(twice.items())[:3]}")
        told = collections.Counter()
        for gap in gaps:
            told[gap["data"]["reason"].partition(":")[0]] += gap["data"]["events"]
        acked = {(n, s) for n, d in self.devices.items() for s in d.acked}
        sent = sum(d.sent for d in self.devices.values())
        lost = sorted(acked - set(arrived))
        given_up, accounted = sum(told.values()), len(arrived) + sum(told.values())
        if len(lost) > given_up:
            self.complain(f"LOST {len(lost)} acknowledged events, and gaps tell of {given_up}; for example {lost[:5]}")
        if not len(acked) <= accounted <= sent:
            self.complain(f"BOOKS: {len(acked)} acknowledged, {sent} sent, but {len(arrived)} arrived + {given_up} in gaps = "
                          f"{accounted}")
        strange = set(told) - set(scenario.reasons)
        if strange:
            self.complain(f"GAPS for other reasons: {strange}")
        if scenario.reasons and told[scenario.reasons[0]] == 0:
            self.complain(f"nothing was given up because of {scenario.reasons[0]}: the test did not test much")
        if bool(given_up) != bool(self.given_up):
            self.complain(f"status told of {self.given_up} events that were given up, gaps of {given_up}")
        summarised = sum(e["data"]["events"] for e in summaries)
        if told["drop_oldest"] + told["max_age"] == 0 or "summarised" not in scenario.reasons:
            if summarised != told["summarised"]:
                self.complain(f"SUMMARIES hold {summarised} events, their gaps tell of {told['summarised']}")
            if summaries:
                self.check_summaries(summaries, arrived)
        if scenario.has_windows:
            self.wrong += [line for line in crash_test.account(self.devices, events)[0] if line.startswith("WINDOW")]
        if len(acked) < self.options.kills * 20:
            self.complain(f"only {len(acked)} events were acknowledged: the test did not test much")
        return (f"{sent} sent, {len(acked)} acknowledged, {len(arrived)} arrived, {self.upstream.repeats} repeats, "
                f"{len(gaps)} gaps {dict(told)}, {len(summaries)} summaries, {self.given_up} given up by status, "
                f"at most {self.most_used_bytes >> 10} KiB used")

    def check_summaries(self, summaries, arrived):
        """What is not there is in the summaries: by device, the numbers of its events add up."""
        for name, device in self.devices.items():
            parts = [e["data"] for e in summaries if e["subject"] == name]
            count = sum(part["events"] for part in parts) + sum(1 for n, _ in arrived if n == name)
            empty = [part for part in parts if "seq" not in part["fields"]]
            if empty:
                self.complain(f"SUMMARIES of {name}: {len(empty)} of {len(parts)} know nothing of their events: {empty[:2]}")
                continue
            total = sum(part["fields"]["seq"]["sum"] for part in parts) + sum(s for n, s in arrived if n == name)
            if count == device.sent == len(device.acked) and total != count * (count + 1) // 2:
                self.complain(f"SUMMARIES of {name} hold other events than are missing: the numbers add up to {total}, "
                              f"not {count * (count + 1) // 2}")


def readable(content):
    """How many places of the file give a payload, as they are or decompressed."""
    found = content.count(MARK)
    magic, at = b"\x28\xb5\x2f\xfd", content.find(b"\x28\xb5\x2f\xfd")
    while at >= 0:
        try:
            found += MARK in zstandard.ZstdDecompressor().decompressobj().decompress(content[at:at + (1 << 20)])
        except zstandard.ZstdError:
            pass
        at = content.find(magic, at + 1)
    return found


def run_one(options, name):
    began = time.monotonic()
    run = Run(options, name)
    try:
        run.run()
    except AssertionError as failed:
        run.complain(str(failed))
    finally:
        for device in run.devices.values():
            device.given_up.set()
        if run.gateway.process.poll() is None:
            run.gateway.kill()
    keys = f", {run.rotations} rotations" if run.rotations else ""
    print(f"{name}, seed {options.seed}: {run.kills} kills{keys}, {getattr(run, 'figures', 'no account')}, "
          f"{time.monotonic() - began:.0f} s")
    for line in run.wrong[:20]:
        print(f"  {line}")
    if run.wrong:
        print(f"  kept for inspection: {run.folder}\n  log:\n{run.gateway.tail(30)}")
    elif not options.keep:
        shutil.rmtree(run.folder)
    return not run.wrong


def run_all(options):
    """Each in a process of its own, a few at once."""
    waiting, running, is_well = list(SCENARIOS), [], True
    while waiting or running:
        while waiting and len(running) < SCENARIOS_AT_ONCE:
            running.append(subprocess.Popen([sys.executable, os.path.abspath(__file__), *sys.argv[1:], "--only", waiting.pop(0)],
                                            stdout=subprocess.PIPE, text=True))
        done = [process for process in running if process.poll() is not None]
        for process in done:
            print(process.stdout.read(), end="", flush=True)
            is_well &= process.returncode == 0
            running.remove(process)
        time.sleep(0.05)
    return is_well


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sluice", required=True)
    parser.add_argument("--kills", type=int, default=12)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", choices=SCENARIOS)
    parser.add_argument("--keep", action="store_true", help="keep the folders with store and log")
    options = parser.parse_args()
    is_well = run_one(options, options.only) if options.only else run_all(options)
    sys.exit(0 if is_well else 1)


if __name__ == "__main__":
    main()
