#!/usr/bin/env python3
"""SIGKILL of the real daemon at random instants, while MQTT and CoAP devices send and the upstream
comes and goes. Then every acknowledged event is accounted for upstream.

  crash_test.py --sluice BIN [--kills 50] [--seed 1] [--keep]

Checked: each acknowledged event arrived; no event arrived under two ids; the last revision of each
window equals what an oracle computes from the events that arrived.
"""
import argparse
import collections
import json
import os
import random
import shutil
import socket
import sys
import tempfile
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from lib.coap_device import CoapDevice
from lib.gateway import Gateway, free_port, wait_until
from lib.mqtt_device import MqttDevice
from lib.upstream import Upstream

CONFIG = """
[gateway]
name = "crash"

[storage]
path = "@DIR@/store"
snapshot = {{ max_replay = "20ms" }}

[admin]
socket = "@DIR@/admin.sock"
listen = ""

[sources.mqtt]
type = "mqtt"
listen = ["mqtt://127.0.0.1:{mqtt}"]
decode = "json"
event = {{ subject = "data.device", time = "timestamp(data.ts)" }}

[sources.coap]
type = "coap"
listen = ["coap://127.0.0.1:{coap}"]
decode = "json"
event = {{ subject = "data.device", time = "timestamp(data.ts)" }}

[pipelines.raw]
from = ["mqtt", "coap"]
to = ["cloud"]

[pipelines.windows]
from = ["mqtt", "coap"]
to = ["cloud"]

[[pipelines.windows.steps]]
window = {{ tumbling = "1s", key = "subject", lateness = "1h" }}
emit = {{ n = "count()", total = "sum(data.value)", last = "max(data.seq)" }}

[sinks.cloud]
type = "http"
url = "http://127.0.0.1:{upstream}/ingest"
batch = {{ max_events = 300, max_age = "50ms" }}
"""

BASE_S = 1_790_000_000          # event time of seq 0
STEP_MS = 20                    # event time between two events of a device
WINDOW_MS = 1_000


def event_ms(seq):
    return BASE_S * 1000 + seq * STEP_MS


def payload(device, seq, ms=None):
    ms = event_ms(seq) if ms is None else ms
    ts = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(ms // 1000)) + f".{ms % 1000:03d}Z"
    return json.dumps({"device": device, "seq": seq, "ts": ts, "value": seq * 7 % 1000}).encode()


def make_devices(mqtt, coap):
    devices = {}
    for i in range(4):
        name = f"m{i}"
        devices[name] = MqttDevice(mqtt, name, f"plant/a/{name}", lambda seq, n=name: payload(n, seq), rate=400)
    for i in range(2):
        name = f"c{i}"
        devices[name] = CoapDevice(coap, ["telemetry", name], lambda seq, n=name: payload(n, seq), rate=100, seed=i)
    return devices


def disturb(upstream, rng):
    """The upstream comes and goes between kills."""
    what = rng.random()
    if what < 0.15 and upstream.mode != "away":
        upstream.close()
        upstream.mode = "away"
        return
    if upstream.mode == "away":
        upstream.mode = "accept"
        upstream.open()
    upstream.mode = rng.choices(["accept", "refuse", "cut_before", "cut_after"], [7, 1, 1, 1])[0]


def close_windows(devices, gateway_ports):
    """One event of each kind of source an hour later moves the watermark past all windows."""
    late_ms = event_ms(max(d.sent for d in devices.values())) + 2 * 3600 * 1000
    closers = {}
    mqtt = MqttDevice(gateway_ports[0], "m-end", "plant/a/m-end", lambda seq: payload("m-end", seq, late_ms))
    coap = CoapDevice(gateway_ports[1], ["telemetry", "c-end"], lambda seq: payload("c-end", seq, late_ms), seed=99)
    for name, device in (("m-end", mqtt), ("c-end", coap)):
        device.start()
        wait_until(lambda d=device: d.acked, 20, f"{name} is acknowledged")
        device.stopping.set()
        device.join(10)
        closers[name] = device
    return closers


def account(devices, events):
    """-> list of complaints."""
    wrong = []
    arrived = collections.defaultdict(list)   # (device, seq) -> ids
    windows = {}                              # (key, start) -> (revision, data)
    for event in events:
        if event["type"] == "sluice.window":
            key = (event["subject"], event["windowstart"])
            if key not in windows or event["revision"] > windows[key][0]:
                windows[key] = (event["revision"], event["data"])
        elif event["type"] == "sluice.event":
            arrived[(event["data"]["device"], event["data"]["seq"])].append(event["id"])
        else:
            wrong.append(f"unexpected event {event}")
    lost = [(n, s) for n, d in devices.items() for s in sorted(d.acked) if (n, s) not in arrived]
    twice = {k: v for k, v in arrived.items() if len(v) > 1}
    if lost:
        wrong.append(f"LOST {len(lost)} acknowledged events, for example {lost[:5]}")
    if twice:
        wrong.append(f"TWICE under different ids: {len(twice)}, for example {list(twice.items())[:3]}")
    expected = collections.defaultdict(lambda: [0, 0, 0])
    for (device, seq) in arrived:
        if device.endswith("-end"):
            continue
        start = event_ms(seq) // WINDOW_MS * WINDOW_MS
        cell = expected[(device, start)]
        cell[0] += 1
        cell[1] += seq * 7 % 1000
        cell[2] = max(cell[2], seq)
    got = {}
    for (device, start), (_, data) in windows.items():
        if device.endswith("-end"):
            continue
        whole, _, fraction = start.rstrip("Z").partition(".")
        ms = int(__import__("calendar").timegm(time.strptime(whole, "%Y-%m-%dT%H:%M:%S"))) * 1000 + int((fraction + "000")[:3])
        got[(device, ms)] = [data["n"], data["total"], data["last"]]
    for key in sorted(set(expected) | set(got)):
        if expected.get(key) != got.get(key):
            wrong.append(f"WINDOW {key}: expected {expected.get(key)}, got {got.get(key)}")
    return wrong, len(arrived), len(got)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sluice", required=True)
    parser.add_argument("--kills", type=int, default=50)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--keep", action="store_true", help="keep the folder with store and log")
    options = parser.parse_args()
    rng = random.Random(options.seed)
    folder = tempfile.mkdtemp(prefix="sluice-crash-")
    mqtt, coap = free_port(), free_port(socket.SOCK_DGRAM)
    upstream = Upstream()
    gateway = Gateway(options.sluice, folder, CONFIG.format(mqtt=mqtt, coap=coap, upstream=upstream.port))
    gateway.start(mqtt)
    devices = make_devices(mqtt, coap)
    for device in devices.values():
        device.start()
    for kill in range(options.kills):
        time.sleep(rng.uniform(0.02, 0.5))
        gateway.kill()
        disturb(upstream, rng)
        gateway.start(mqtt)
    if upstream.mode == "away":
        upstream.open()
    upstream.mode = "accept"
    for device in devices.values():
        device.stopping.set()
    for device in devices.values():
        device.join(30)
        if device.is_alive():
            device.given_up.set()
    devices.update(close_windows(devices, (mqtt, coap)))

    def quiet():
        arrived = {(e["data"]["device"], e["data"]["seq"]) for e in upstream.snapshot() if e["type"] == "sluice.event"}
        return all((n, s) in arrived for n, d in devices.items() for s in d.acked)
    try:
        wait_until(quiet, 30, "all acknowledged events are upstream")
        time.sleep(0.5)  # repeats and last windows that are still under way would be seen now
    except AssertionError as late:
        print(late)
    code = gateway.stop()
    wrong, arrived, windows = account(devices, upstream.snapshot())
    if code != 0:
        wrong.append(f"the clean stop gave exit code {code}; log:\n{gateway.tail()}")
    acked = sum(len(d.acked) for d in devices.values())
    sent = sum(d.sent for d in devices.values())
    print(f"seed {options.seed}: {options.kills} kills, {sent} sent, {acked} acknowledged, {arrived} arrived, "
          f"{upstream.repeats} repeats dropped by id, {windows} windows")
    if acked < options.kills * 20:
        wrong.append(f"only {acked} events were acknowledged: the test did not test much")
    for line in wrong[:20]:
        print(line)
    if wrong:
        print(f"kept for inspection: {folder}\nlog:\n{gateway.tail(40)}")
    elif not options.keep:
        shutil.rmtree(folder)
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()
