#!/usr/bin/env python3
"""Stores that earlier versions wrote are read by this one: what waited arrives, windows go on where they were, dead
letters are there. `stores/` keeps one store of each format version, as it lay on the disk after SIGKILL.

  store_versions_test.py --sluice BIN               reads all of them
  store_versions_test.py --sluice BIN --make NAME   has BIN write stores/NAME.mdb.zst and NAME.json: once for a version
"""
import argparse
import json
import os
import shutil
import socket
import sys
import tempfile

import zstandard

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, ".."))
from lib.gateway import Gateway, free_port, wait_until
from lib.mqtt_device import MqttDevice, connect_packet, publish_packet
from lib.upstream import Upstream

STORES = os.path.join(HERE, "stores")
# Options that every version knows.
CONFIG = """
[gateway]
name = "versions"
[storage]
path = "@DIR@/store"
snapshot = {{ max_replay = "1ms" }}
[admin]
socket = "@DIR@/admin.sock"
listen = ""
[sources.floor]
type = "mqtt"
listen = ["mqtt://127.0.0.1:{mqtt}"]
decode = "json"
event = {{ subject = "data.device", time = "timestamp(data.ts)" }}
[pipelines.raw]
from = ["floor"]
to = ["cloud"]
[pipelines.windows]
from = ["floor"]
to = ["cloud"]
[[pipelines.windows.steps]]
window = {{ tumbling = "1h", key = "subject" }}
emit = {{ n = "count()", total = "sum(data.value)" }}
[sinks.cloud]
type = "http"
url = "http://127.0.0.1:{upstream}/ingest"
batch = {{ max_events = 10, max_age = "20ms" }}
"""
DEVICES, EVENTS = 4, 50


def payload(device, seq, hour=8):
    return json.dumps({"device": device, "seq": seq, "value": seq, "ts": f"2026-11-23T{hour:02d}:00:{seq % 60:02d}Z"}).encode()


def names():
    return [f"d{i}" for i in range(DEVICES)]


class Box:
    def __init__(self, sluice):
        self.folder = tempfile.mkdtemp(prefix="sluice-versions-")
        self.upstream = Upstream()
        self.mqtt = free_port()
        self.gateway = Gateway(sluice, self.folder, CONFIG.format(mqtt=self.mqtt, upstream=self.upstream.port))
        self.store = os.path.join(self.folder, "store")

    def start(self):
        self.gateway.start(self.mqtt)

    def send(self, device, count, hour=8):
        sender = MqttDevice(self.mqtt, device, f"t/{device}", lambda seq: payload(device, seq, hour), window=10)
        sender.start()
        wait_until(lambda: len(sender.acked) >= count, 20, f"{count} events of {device} are acknowledged")
        sender.stopping.set()     # what it has begun is acknowledged
        sender.join()
        assert len(sender.acked) == sender.sent, (len(sender.acked), sender.sent)
        return sender.sent

    def send_rubbish(self):
        with socket.create_connection(("127.0.0.1", self.mqtt), 5) as s:
            s.sendall(connect_packet("rubbish") + publish_packet("t/rubbish", b"{not json", 1))
            s.settimeout(10)
            said = b""
            while len(said) < 8:
                said += s.recv(64)

    def status(self):
        return json.loads(self.gateway.run_tool("status", "--json", "--socket", self.gateway.socket).stdout)

    def readings(self):
        """(device, seq) of what arrived unchanged."""
        return {(event["data"]["device"], event["data"]["seq"]) for event in self.upstream.snapshot() if "seq" in event["data"]}

    def windows(self):
        return {event["subject"]: event["data"] for event in self.upstream.snapshot() if "total" in event["data"]}

    def end(self):
        if self.gateway.process and self.gateway.process.poll() is None:
            self.gateway.kill()
        shutil.rmtree(self.folder)


def make(sluice, name):
    box = Box(sluice)
    try:
        box.start()
        first, rest = names()[:2], names()[2:]
        sent = {device: box.send(device, EVENTS) for device in first}
        wait_until(lambda: len(box.readings()) == sum(sent.values()), 20, "they have arrived")
        box.upstream.mode = "refuse"
        sent |= {device: box.send(device, EVENTS) for device in rest}
        box.send_rubbish()
        box.gateway.kill()
        with open(os.path.join(box.store, "store.mdb"), "rb") as f:
            store = f.read()
        version = box.gateway.run_tool("--version").stdout.strip()
        manifest = {"written_by": version, "sent": sent, "arrived": sorted(box.readings()), "dead_letters": 1}
    finally:
        box.end()
    with open(os.path.join(STORES, name + ".mdb.zst"), "wb") as f:
        f.write(zstandard.ZstdCompressor(19).compress(store))
    with open(os.path.join(STORES, name + ".json"), "w", encoding="utf-8") as f:
        json.dump(manifest, f, indent=1)


def read(sluice, name):
    with open(os.path.join(STORES, name + ".json"), encoding="utf-8") as f:
        manifest = json.load(f)
    box = Box(sluice)
    try:
        os.mkdir(box.store)
        with open(os.path.join(STORES, name + ".mdb.zst"), "rb") as f:
            store = zstandard.ZstdDecompressor().decompress(f.read(), max_output_size=64 << 20)
        with open(os.path.join(box.store, "store.mdb"), "wb") as f:
            f.write(store)
        box.start()
        everything = {(device, seq) for device, count in manifest["sent"].items() for seq in range(1, count + 1)}
        arrived = {tuple(reading) for reading in manifest["arrived"]}
        wait_until(lambda: everything - arrived <= box.readings(), 20, "what waited arrives")
        for device in names():
            box.send(device, 1, hour=11)
        wait_until(lambda: len(box.windows()) == DEVICES, 20, "the windows of before end")
        for device, count in manifest["sent"].items():
            window = box.windows()[device]
            assert (window["n"], window["total"]) == (count, count * (count + 1) / 2), f"{device}: {window}, {count} were sent"
        status = box.status()
        assert status["dead_letters"] == manifest["dead_letters"], status["dead_letters"]
        assert status["damaged_records"] == status["replay_differences"] == 0, status
        assert not [file for file in os.listdir(box.store) if "damaged" in file], os.listdir(box.store)
        return f"{len(everything - arrived)} waiting events, {DEVICES} windows, 1 dead letter, written by {manifest['written_by']}"
    except AssertionError:
        print(box.gateway.tail())
        raise
    finally:
        box.end()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sluice", required=True)
    parser.add_argument("--make", metavar="NAME")
    options = parser.parse_args()
    if options.make:
        make(options.sluice, options.make)
        return
    samples = sorted(file[:-5] for file in os.listdir(STORES) if file.endswith(".json"))
    assert samples, "there are no samples"
    for name in samples:
        print(f"ok      {name}: {read(options.sluice, name)}")


if __name__ == "__main__":
    main()
