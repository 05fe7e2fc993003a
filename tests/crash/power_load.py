"""The load of the power-cut test: the real daemon under the recorder, devices that note when each
acknowledgement came, and an upstream that notes when it answered for each event.

  record(...) -> Recording and Truth of a few lives on one store: it is made by the first; lives end by
  SIGKILL and by a power cut; the last one has another configuration and ends cleanly
"""
import json
import os
import random
import socket
import time

from lib.coap_device import CoapDevice
from lib.gateway import Gateway, free_port
from lib.mqtt_device import MqttDevice
from lib.upstream import Upstream
from recording import KINDS, Recording

MAX_BYTES = 8 << 20    # small: what upstream has taken is trimmed soon
CONFIG = """
[gateway]
name = "power"

[storage]
path = "@DIR@/box/store"
max_size = "8MiB"
commit_interval = "4ms"
eager_commits = 100
snapshot = {{ max_replay = "1ms" }}

[admin]
socket = "@DIR@/admin.sock"
listen = ""

[sources.mqtt]
type = "mqtt"
listen = ["mqtt://127.0.0.1:{mqtt}"]
event = {{ subject = "data.device", time = "timestamp(data.ts)" }}

[sources.coap]
type = "coap"
listen = ["coap://127.0.0.1:{coap}"]
event = {{ subject = "data.device", time = "timestamp(data.ts)" }}

[sources.plain]
type = "mqtt"
listen = ["mqtt://127.0.0.1:{plain}"]
event = {{ subject = "data.device", time = "timestamp(data.ts)" }}

[pipelines.raw]
from = ["mqtt", "coap"]
to = ["cloud"]

[pipelines.owned]
from = ["plain"]
to = ["cloud"]
priority = 5

[pipelines.windows]
from = ["mqtt", "coap"]
to = ["cloud"]
priority = 1

[[pipelines.windows.steps]]
window = {{ tumbling = "1s", key = "subject", lateness = "1h" }}
emit = {{ n = "count()", total = "sum(data.value)", last = "max(data.seq)", most = "percentile(data.value, 90)" }}

[sinks.cloud]
type = "http"
url = "http://127.0.0.1:{upstream}/ingest"
batch = {{ max_events = 100, max_age = "20ms" }}
"""

BASE_S = 1_600_000_000     # event time of seq 0
EVENTS_A_WINDOW = 20       # of one device: so many windows that a snapshot takes more than one beat
STEP_MS = 1000 // EVENTS_A_WINDOW
SYNC_US = 1_500            # what a sync costs at least: an acknowledgement that does not wait is seen
CLOSING_TIME = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(BASE_S + 30 * 3600))
LARGE_EVERY, LARGE_BYTES = 97, 20_000    # now and then an event that takes pages of its own
UNDECODABLE_EVERY = 31


def stamp(seq):
    ms = BASE_S * 1000 + seq * STEP_MS
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(ms // 1000)) + f".{ms % 1000:03d}Z"


def value_of(seq):
    return seq * 7 % 1000


def payload(device, seq):
    event = {"device": device, "seq": seq, "ts": stamp(seq), "value": value_of(seq)}
    if seq % LARGE_EVERY == LARGE_EVERY - 1 and device[0] != "c":   # a datagram is small
        event["noise"] = random.Random(f"{device}/{seq}").randbytes(LARGE_BYTES // 2).hex()
    return json.dumps(event).encode()


def broken_payload(device, seq):
    whole = payload(device, seq)
    return whole[:-1] if seq % UNDECODABLE_EVERY == 0 else whole


class TimedAcks(dict):
    """seq -> CLOCK_MONOTONIC when its acknowledgement was read; a device adds to it as to a set."""

    def add(self, seq):
        self.setdefault(seq, time.monotonic())


class Truth:
    """What the world outside of the gateway knows, with times."""

    def __init__(self, devices, upstream):
        self.acked = {name: dict(device.acked) for name, device in devices.items()}
        with upstream.lock:
            self.answered = sorted(((at, upstream.events[key]) for key, at in upstream.answered_at.items()),
                                   key=lambda answer: answer[0])


def make_devices(ports, is_broken=True):
    devices = {}
    for name, source, make in [("m0", "mqtt", payload), ("m1", "mqtt", broken_payload if is_broken else payload), ("m2", "mqtt", payload),
                               ("p0", "plain", payload), ("p1", "plain", payload)]:
        devices[name] = MqttDevice(ports[source], name, f"plant/a/{name}", lambda seq, n=name, m=make: m(n, seq),
                                   rate=200)
    for i in range(2):
        name = f"c{i}"
        devices[name] = CoapDevice(ports["coap"], ["telemetry", name], lambda seq, n=name: payload(n, seq), rate=80, seed=i)
    for device in devices.values():
        device.acked = TimedAcks()
    return devices


def disturb(upstream, devices, rng):
    """The upstream comes and goes, and devices send more or less."""
    for device in devices.values():
        device.rate = rng.choice((5, 40, 200, 1000))
    if upstream.mode == "away":
        upstream.open()
    upstream.mode = rng.choices(["accept", "away", "refuse", "cut_before", "cut_after", "reject"], [60, 8, 8, 8, 8, 2])[0]
    if upstream.mode == "away":
        upstream.close()


def record(sluice, recorder, folder, seed, life_seconds, lives=4):
    rng = random.Random(seed)
    ports = {"mqtt": free_port(), "plain": free_port(), "coap": free_port(socket.SOCK_DGRAM)}
    upstream = Upstream()
    os.makedirs(os.path.join(folder, "box"))
    store = os.path.join(folder, "box", "store")
    gateway = Gateway(sluice, folder, CONFIG.format(**ports, upstream=upstream.port))
    recording = Recording(store)
    devices = make_devices(ports)
    try:
        for life in range(lives):
            if life == lives - 1:
                with open(gateway.config, "a") as f:
                    f.write("# another epoch begins\n")
            log = os.path.join(folder, f"life-{life}.log")
            gateway.start(ports["mqtt"], {"LD_PRELOAD": recorder, "SLUICE_RECORD_LOG": log,
                                          "SLUICE_RECORD_DIRECTORY": store, "SLUICE_RECORD_SYNC_US": str(SYNC_US)})
            if life == 0:
                for device in devices.values():
                    device.start()
            end = time.monotonic() + life_seconds
            while time.monotonic() < end:
                disturb(upstream, devices, rng)
                time.sleep(rng.uniform(0.02, 0.15))
            if life < lives - 1:
                gateway.kill()
            else:
                _finish(gateway, devices, upstream)
            recording.add_life(log, life)
            os.unlink(log)
            if life % 2 == 1 and life < lives - 1:
                recording.cut_power(rng.choice(KINDS), rng)
    finally:
        for device in devices.values():
            device.stopping.set()
            device.given_up.set()
        if gateway.process and gateway.process.poll() is None:
            gateway.kill()
    return recording, Truth(devices, upstream)


def _finish(gateway, devices, upstream):
    """The end of the last life: everything goes upstream, and the daemon stops cleanly."""
    for device in devices.values():
        device.stopping.set()
    if upstream.mode == "away":
        upstream.open()
    upstream.mode = "accept"
    for name, device in devices.items():
        device.join(30)
        assert not device.is_alive(), f"{name} waits for an acknowledgement; the log:\n{gateway.tail()}"
    code = gateway.stop()
    assert code == 0, f"the clean stop gave exit code {code}; the log:\n{gateway.tail()}"
    upstream.close()
