#!/usr/bin/env python3
"""`sluice buffer` as a person uses it: on a store that a gateway owns, on one that none owns, and on a damaged
one.

  buffer_test.py --sluice BIN [NAME...]     runs all tests, or those named
"""
import argparse
import contextlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time

import zstandard

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from lib.gateway import Gateway, free_port, wait_until
from lib.upstream import Upstream
from lib.scenarios import run_scenarios

CONFIGURATION = """
[gateway]
name = "box"
[storage]
path = "@DIR@/store"
journal = {{ retain = "1h" }}
{storage}
[admin]
socket = "@DIR@/admin.sock"
listen = ""
[sources.floor]
type = "mqtt"
listen = ["mqtt://127.0.0.1:{mqtt}"]
decode = "json"
event = {{ subject = "topic[1]" }}
[pipelines.raw]
from = ["floor"]
to = ["cloud"]
[sinks.cloud]
type = "http"
url = "http://127.0.0.1:{upstream}/ingest"
batch = {{ max_events = 100, max_age = "20ms" }}
"""


class World:
    """A folder with a gateway whose upstream is away at first."""

    def __init__(self, binary, storage=""):
        self.folder = tempfile.mkdtemp(prefix="sluice-buffer-")
        self.mqtt = free_port()
        self.upstream = Upstream()
        self.upstream.close()
        self.gateway = Gateway(binary, self.folder, CONFIGURATION.format(
            mqtt=self.mqtt, upstream=self.upstream.port, storage=storage))
        self.gateway.start(self.mqtt)

    def send(self, payloads, topic="plant/dev1"):
        subprocess.run(["mosquitto_pub", "-h", "127.0.0.1", "-p", str(self.mqtt), "-q", "1", "-t", topic, "-l"],
                       input="\n".join(payloads) + "\n", text=True, check=True, timeout=20)

    def run(self, *arguments, code=0):
        done = self.gateway.run_tool("buffer", *arguments, "--config", self.gateway.config)
        assert done.returncode == code, f"{arguments}: exit code {done.returncode}, not {code}\n{done.stdout}{done.stderr}"
        return done.stdout if code == 0 else done.stdout + done.stderr

    def events(self, *arguments):
        return [json.loads(line) for line in self.run("peek", *arguments).splitlines()]

    def waiting(self):
        return json.loads(self.run("stat", "--json"))["sinks"][0]["events"]

    def drain(self, count):
        self.upstream.open()
        wait_until(lambda: len(self.upstream.events) >= count, 20, f"{count} events upstream")

    def close(self):
        if self.gateway.process and self.gateway.process.poll() is None:
            self.gateway.stop()
        with contextlib.suppress(Exception):
            self.upstream.close()
        shutil.rmtree(self.folder)


@contextlib.contextmanager
def world(binary, storage=""):
    made = World(binary, storage)
    try:
        yield made
    finally:
        made.close()


def numbers(first, end):
    return [json.dumps({"v": v, "even": v % 2 == 0}) for v in range(first, end)]


def what_waits_is_counted_searched_and_exported_live_and_dead(binary):
    with world(binary) as w:
        w.send(numbers(0, 500))
        for _ in ("live", "dead"):
            assert w.waiting() == 500
            assert "cloud" in w.run("stat")
            found = w.events("--sink", "cloud", "--filter", "data.v >= 490 && data.even")
            assert [e["data"]["v"] for e in found] == [490, 492, 494, 496, 498], found
            assert len(w.events("-n", "7")) == 7
            assert len(w.events("--journal")) == 500
            assert w.events("--since", "2020-01-01T00:00:00Z", "--until", "2021-01-01T00:00:00Z") == []
            for name in ("all.ndjson", "all.ndjson.zst"):
                file = os.path.join(w.folder, name)
                w.run("export", file)
                with open(file, "rb") as f:
                    raw = f.read()
                if name.endswith(".zst"):
                    raw = zstandard.ZstdDecompressor().stream_reader(raw, read_across_frames=True).read()
                assert [json.loads(line)["data"]["v"] for line in raw.splitlines()] == list(range(500))
                assert "File exists" in w.run("export", file, code=2), "a file is never written over"
                os.unlink(file)
            assert "everything is whole" in w.run("verify")
            if w.gateway.process.poll() is None:
                w.gateway.stop()


def following_shows_what_comes(binary):
    with world(binary) as w:
        w.send(numbers(0, 3))
        follow = subprocess.Popen([binary, "buffer", "peek", "--follow", "--config", w.gateway.config],
                                  stdout=subprocess.PIPE, text=True)
        try:
            lines = [follow.stdout.readline() for _ in range(3)]
            w.send(numbers(3, 5))
            lines += [follow.stdout.readline() for _ in range(2)]
        finally:
            follow.kill()
            follow.wait()
            follow.stdout.close()
        assert [json.loads(line)["data"]["v"] for line in lines] == [0, 1, 2, 3, 4]


def the_journal_goes_to_a_sink_again_at_its_own_pace(binary):
    with world(binary) as w:
        w.send(numbers(0, 300))
        w.drain(300)
        wait_until(lambda: w.waiting() == 0, 10, "nothing waits")
        assert "300 events would go" in w.run("replay", "--sink", "cloud", "--dry-run")
        before = w.upstream.repeats
        began = time.monotonic()
        assert "100 events wait" in w.run("replay", "--sink", "cloud", "--filter", "data.v < 100", "--rate", "200")
        assert time.monotonic() - began >= 0.4, "at 200 a second"
        wait_until(lambda: w.upstream.repeats >= before + 100, 10, "the same ids arrive again")
        assert len(w.upstream.events) == 300, "no new id"
        assert "no sink 'nosuch'" in w.run("replay", "--sink", "nosuch", code=2)
        w.gateway.stop()
        assert "300 events wait" in w.run("replay", "--sink", "cloud")
        assert w.waiting() == 300
        w.gateway.start(w.mqtt)
        wait_until(lambda: w.upstream.repeats >= before + 400, 10, "and what was put in without a gateway")


def dead_letters_are_read_sent_again_and_dropped(binary):
    with world(binary) as w:
        w.send(["{bad", '{"v":1}', "[worse"])
        letters = [json.loads(line) for line in w.run("dead-letters", "list", "--json").splitlines()]
        assert [(letter["number"], letter["payload"]) for letter in letters] == [(1, "{bad"), (2, "[worse")], letters
        assert "plant/dev1" in w.run("dead-letters", "show", "2")
        # What cannot be decoded comes back as a letter of its own: it is never lost.
        assert "1 dead letter on the way again" in w.run("dead-letters", "retry", "1")
        letters = [json.loads(line) for line in w.run("dead-letters", "list", "--json").splitlines()]
        assert [letter["payload"] for letter in letters] == ["[worse", "{bad"], letters
        # What a sink refused goes to the sink again.
        w.upstream.mode = "reject"
        w.upstream.open()
        wait_until(lambda: "sink cloud" in w.run("dead-letters", "list"), 10, "upstream refuses the event for good")
        w.upstream.mode = "accept"
        refused = [json.loads(line) for line in w.run("dead-letters", "list", "--json").splitlines()][-1]
        w.run("dead-letters", "retry", str(refused["number"]))
        wait_until(lambda: len(w.upstream.events) == 1, 10, "it arrives")
        assert "2 dead letters dropped" in w.run("dead-letters", "drop", "all")
        assert "there are no dead letters" in w.run("dead-letters", "list")
        assert json.loads(w.run("stat", "--json"))["dead_letters"] == 0


def a_compact_file_has_everything_live_and_dead(binary):
    with world(binary) as w:
        w.send([json.dumps({"v": v, "pad": os.urandom(4_000).hex()}) for v in range(400)])
        w.drain(400)
        wait_until(lambda: w.waiting() == 0, 20, "nothing waits")
        w.upstream.mode = "refuse"
        w.send(numbers(1_000, 1_100))
        assert w.waiting() == 100
        w.run("compact")
        assert w.waiting() == 100, "what waited still waits"
        w.send(numbers(2_000, 2_001))
        wait_until(lambda: w.waiting() == 101, 10, "it goes on taking")
        w.gateway.stop()
        report = json.loads(w.run("compact", "--json"))
        assert report["bytes_after"] <= report["bytes_before"], report
        assert w.waiting() == 101
        assert "everything is whole" in w.run("verify")


def a_damaged_record_is_named_repaired_and_told_upstream(binary):
    with world(binary) as w:
        for start in range(0, 300, 100):
            w.send([json.dumps({"v": v, "pad": "x" * 40}) for v in range(start, start + 100)])
        w.gateway.stop()
        file = os.path.join(w.folder, "store", "store.mdb")
        with open(file, "rb") as f:
            raw = bytearray(f.read())
        # Some byte within a record: found by its effect.
        at = next(at for at in range(8192, len(raw), 131) if damages_a_record(w, file, raw, at))
        report = json.loads(w.run("verify", "--json", code=1).splitlines()[0])
        assert report["damaged"] and not report["fault"], (at, report)
        assert "in quarantine" in w.run("repair")
        assert "everything is whole" in w.run("verify")
        w.gateway.start(w.mqtt)
        status = json.loads(w.gateway.run_tool("status", "--json", "--config", w.gateway.config).stdout)
        assert status["quarantined_records"] == len(report["damaged"]), status
        w.drain(1)
        w.gateway.stop()
        assert "erased from the quarantine" in w.run("repair", "--drop-quarantine")
        assert "quarantine" not in w.run("verify")


def damages_a_record(w, file, raw, at):
    damaged = bytearray(raw)
    damaged[at] ^= 1
    with open(file, "wb") as f:
        f.write(damaged)
    done = w.gateway.run_tool("buffer", "verify", "--json", "--config", w.gateway.config)
    if done.returncode == 1 and done.stdout:
        report = json.loads(done.stdout)
        if report["damaged"] and not report["fault"]:
            return True
    with open(file, "wb") as f:
        f.write(raw)
    return False


def a_broken_file_is_set_aside_salvaged_and_its_file_can_be_read_again_later(binary):
    with world(binary) as w:
        w.send(numbers(0, 1_000))
        w.gateway.stop()
        file = os.path.join(w.folder, "store", "store.mdb")
        with open(file, "r+b") as f:
            f.write(b"\xff" * 8192)  # both headers
        w.gateway.start(w.mqtt)
        status = json.loads(w.gateway.run_tool("status", "--json", "--config", w.gateway.config).stdout)
        assert status["salvaged_records"] > 0 and os.path.exists(status["store_moved_aside"]), status
        w.drain(1_000)
        assert len(w.upstream.events) == 1_000
        w.gateway.stop()
        assert "0 damaged ones" in w.run("repair", "--from", status["store_moved_aside"])


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sluice", required=True)
    parser.add_argument("names", nargs="*")
    options = parser.parse_args()
    tests = [what_waits_is_counted_searched_and_exported_live_and_dead, following_shows_what_comes,
             the_journal_goes_to_a_sink_again_at_its_own_pace, dead_letters_are_read_sent_again_and_dropped,
             a_compact_file_has_everything_live_and_dead,
             a_damaged_record_is_named_repaired_and_told_upstream,
             a_broken_file_is_set_aside_salvaged_and_its_file_can_be_read_again_later]
    run_scenarios(tests, options.names, os.path.abspath(options.sluice))


if __name__ == "__main__":
    main()
