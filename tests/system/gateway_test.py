#!/usr/bin/env python3
"""The real daemon with real peers: mosquitto_pub and coap-client as devices, Mosquitto as the broker to
subscribe at, an HTTP server that refuses, cuts and restarts as the upstream, and a person at the tools.

  gateway_test.py --sluice BIN [NAME...]     runs all tests, or those named
"""
import argparse
import datetime
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from lib.gateway import Gateway, can_connect, free_port, wait_until
from lib.mqtt_device import MqttDevice
from lib.scenarios import run_scenarios, tests_of
from lib.upstream import Upstream

HEAD = """
[gateway]
name = "system"
[storage]
path = "@DIR@/store"
[admin]
socket = "@DIR@/admin.sock"
listen = "127.0.0.1:{admin}"
"""
LISTENER = """
[sources.floor]
type = "mqtt"
listen = ["mqtt://127.0.0.1:{mqtt}"]
decode = "json"
event = {{ subject = "data.device", time = "timestamp(data.ts)" }}
"""
COAP = """
[sources.meters]
type = "coap"
listen = ["coap://127.0.0.1:{coap}"]
decode = "json"
"""
TO_HTTP = """
[pipelines.raw]
from = {sources}
to = ["cloud"]
[sinks.cloud]
type = "http"
url = "http://127.0.0.1:{upstream}/ingest"
batch = {{ max_events = 100, max_age = "20ms" }}
"""


class World:
    """Ports, an upstream, a folder, and what must be ended afterwards."""

    def __init__(self, binary):
        self.binary = binary
        self.folder = tempfile.mkdtemp(prefix="sluice-system-")
        self.upstream = Upstream()
        self.ports = {"mqtt": free_port(), "coap": free_port(socket.SOCK_DGRAM), "admin": free_port(),
                      "broker": free_port(), "upstream": self.upstream.port}
        self.processes = []
        self.gateway = None

    def start(self, text, port="mqtt", **more):
        self.gateway = Gateway(self.binary, self.folder, text.format(**self.ports, **more))
        self.gateway.start(self.ports[port] if port else None)
        return self.gateway

    def spawn(self, *arguments):
        process = subprocess.Popen(arguments, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.processes.append(process)
        return process

    def start_broker(self):
        config = os.path.join(self.folder, "mosquitto.conf")
        with open(config, "w") as f:
            f.write(f"listener {self.ports['broker']} 127.0.0.1\nallow_anonymous true\nmax_queued_messages 0\n"
                    f"persistence true\npersistence_location {self.folder}/\nuser root\n")
        process = self.spawn(shutil.which("mosquitto", path="/usr/sbin:/usr/bin:/sbin"), "-c", config)
        wait_until(lambda: can_connect(self.ports["broker"]), 10, "the broker listens")
        return process

    def publish(self, port, topic, payload, *options):
        subprocess.run(["mosquitto_pub", "-h", "127.0.0.1", "-p", str(port), "-t", topic, "-m", payload, *options], check=True, timeout=20)

    def status(self):
        return json.loads(self.gateway.run_tool("status", "--json", "--socket", self.gateway.socket).stdout)

    def seconds_up(self):
        status = self.status()
        now, started = (datetime.datetime.fromisoformat(status[key][:19]) for key in ("now", "started"))
        return (now - started).total_seconds()

    def metric(self, cell):
        text = urllib.request.urlopen(f"http://127.0.0.1:{self.ports['admin']}/metrics", timeout=5).read().decode()
        return next((float(line.rpartition(" ")[2]) for line in text.splitlines() if line.startswith(cell + " ")), None)

    def arrived(self, count, seconds=15):
        wait_until(lambda: len(self.upstream.events) >= count, seconds,
                   f"{count} events upstream, {len(self.upstream.events)} are there; log:\n{self.gateway.tail()}")
        return self.upstream.snapshot()

    def end(self):
        if self.gateway and self.gateway.process and self.gateway.process.poll() is None:
            self.gateway.kill()
        for process in self.processes:
            process.kill()
            process.wait()
        shutil.rmtree(self.folder, ignore_errors=True)


def payload(device, seq):
    return json.dumps({"device": device, "seq": seq, "ts": f"2026-11-23T08:{seq // 60 % 60:02d}:{seq % 60:02d}Z", "value": seq})


# --- the tests ---

def test_a_message_of_mosquitto_pub_arrives_as_a_cloudevent_byte_for_byte(world):
    world.start(HEAD + LISTENER + TO_HTTP, sources='["floor"]')
    odd = '{ "device":"d1",  "ts":"2026-11-23T08:00:00.5Z","value": 1.50 }'
    for version in ("mqttv311", "mqttv5"):
        for qos in "012":
            world.publish(world.ports["mqtt"], "plant/a/d1", odd, "-q", qos, "-V", version, "-i", f"dev-{version}-{qos}")
    events = world.arrived(6)
    assert {e["subject"] for e in events} == {"d1"}, events
    assert {e["time"] for e in events} == {"2026-11-23T08:00:00.5Z"}, events
    assert all(e["specversion"] == "1.0" and e["data"]["value"] == 1.5 for e in events), events
    assert {e["source"].split("/")[-1] for e in events} == {f"dev-{v}-{q}" for v in ("mqttv311", "mqttv5") for q in "012"}
    assert len({e["id"] for e in events}) == 6


def test_coap_client_is_answered_after_the_commit_and_told_what_is_wrong(world):
    world.start(HEAD + LISTENER + COAP + TO_HTTP, sources='["floor", "meters"]')
    client = shutil.which("coap-client-notls") or shutil.which("coap-client")
    url = f"coap://127.0.0.1:{world.ports['coap']}"
    done = subprocess.run([client, "-m", "post", "-t", "50", "-e", payload("c1", 1), f"{url}/telemetry/c1"], capture_output=True, text=True, timeout=20)
    assert done.returncode == 0 and "4." not in done.stdout, done
    assert world.arrived(1)[0]["data"]["device"] == "c1"
    for _ in range(3):
        refused = subprocess.run([client, "-m", "get", f"{url}/telemetry/c1"], capture_output=True, text=True, timeout=20)
        assert "4.05" in refused.stdout + refused.stderr, refused
    assert world.metric('sluice_source_refused_total{reason="method",source="meters"}') == 3 \
        or world.metric('sluice_source_refused_total{source="meters",reason="method"}') == 3
    assert world.gateway.tail().count("A CoAP request is refused") == 1, world.gateway.tail()
    found = subprocess.run([client, "-m", "get", f"{url}/.well-known/core"], capture_output=True, text=True, timeout=20)
    assert "<" in found.stdout, found


def test_events_wait_for_an_upstream_that_is_away_and_then_arrive_once(world):
    gateway = world.start(HEAD + LISTENER + TO_HTTP, sources='["floor"]')
    world.upstream.close()
    device = MqttDevice(world.ports["mqtt"], "d1", "plant/a/d1", lambda seq: payload("d1", seq).encode(), rate=2000)
    device.start()
    wait_until(lambda: len(device.acked) >= 500, 20, "500 acknowledged while the upstream is away")
    wait_until(lambda: world.status()["sinks"][0]["failing"], 10, "the sink is shown as failing")
    shown = gateway.run_tool("status", "--socket", gateway.socket)
    assert shown.returncode == 1 and "connect" in shown.stdout, shown
    assert max(len(line) for line in shown.stdout.splitlines()) <= 100 and shown.stdout.count("\n") <= 24, shown.stdout
    world.upstream.open()
    device.stopping.set()
    device.join(20)
    events = world.arrived(len(device.acked), 40)
    assert sorted(e["data"]["seq"] for e in events) == list(range(1, device.sent + 1))
    wait_until(lambda: gateway.run_tool("status", "--socket", gateway.socket).returncode == 0, 10, "status is green again")


def test_a_full_store_stops_only_the_sources_of_the_sink_that_is_away_and_loses_nothing(world):
    yard = free_port()
    more = f'''
[sources.yard]
type = "mqtt"
listen = ["mqtt://127.0.0.1:{yard}"]
decode = "json"
[pipelines.local]
from = ["yard"]
to = ["disk"]
[sinks.disk]
type = "file"
path = "@DIR@/archive"
'''
    head = HEAD.replace("[storage]", '[storage]\nmax_size = "8MiB"')
    gateway = world.start(head + LISTENER + TO_HTTP + more, sources='["floor"]')
    world.upstream.close()
    device = MqttDevice(world.ports["mqtt"], "d1", "plant/a/d1", rate=5000, make_payload=lambda seq: json.dumps(
        {"device": "d1", "seq": seq, "ts": "2026-11-23T08:00:00Z", "noise": os.urandom(5000).hex()}).encode())
    device.start()
    wait_until(lambda: world.status()["blocked"], 40, "the store is full")
    world.publish(yard, "yard/y1", payload("y1", 1), "-q", "1", "-i", "y1")     # returns once it is acknowledged
    assert "sources=floor" in gateway.tail() or 'sources="floor"' in gateway.tail(), gateway.tail()
    world.upstream.open()
    device.stopping.set()
    device.join(60)
    events = world.arrived(device.sent, 60)
    assert sorted(e["data"]["seq"] for e in events) == list(range(1, device.sent + 1))
    assert device.acked == set(range(1, device.sent + 1))
    wait_until(lambda: not world.status()["blocked"], 10, "the store has room again")


def test_the_backlog_is_shown_in_events_bytes_and_age_also_after_a_kill(world):
    gateway = world.start(HEAD + LISTENER + TO_HTTP, sources='["floor"]')
    world.upstream.close()
    for seq in range(1, 6):
        world.publish(world.ports["mqtt"], "t", payload("d1", seq), "-q", "1")
    wait_until(lambda: world.status()["sinks"][0]["oldest_waiting_seconds"] > 0.3, 10, "the oldest event gets older")
    before = world.status()["sinks"][0]
    assert before["backlog_events"] == 5 and before["backlog_bytes"] > 5 * 40, before
    assert before["oldest_waiting_seconds"] < 60, before
    gateway.kill()
    gateway.start(world.ports["mqtt"])
    after = world.status()["sinks"][0]
    assert (after["backlog_events"], after["backlog_bytes"]) == (before["backlog_events"], before["backlog_bytes"]), after
    assert after["oldest_waiting_seconds"] >= before["oldest_waiting_seconds"], (before, after)
    assert world.metric('sluice_sink_backlog_bytes{sink="cloud"}') == after["backlog_bytes"]
    assert world.metric('sluice_sink_oldest_waiting_seconds{sink="cloud"}') >= after["oldest_waiting_seconds"]
    world.upstream.open()
    world.arrived(5, 40)
    wait_until(lambda: world.status()["sinks"][0]["backlog_events"] == 0, 10, "nothing waits any more")
    done = world.status()["sinks"][0]
    assert done["backlog_bytes"] == 0 and done["oldest_waiting_seconds"] is None, done


def test_a_source_tells_its_rate_and_when_it_heard_something_last(world):
    world.start(HEAD + LISTENER + COAP + TO_HTTP, sources='["floor", "meters"]')
    assert world.status()["sources"][0]["last_message"] is None
    for seq in range(1, 4):
        world.publish(world.ports["mqtt"], "t", payload("d1", seq), "-q", "1")
    # The rate comes with the next sample, though nobody asked for one.
    source = wait_until(lambda: next((s for s in world.status()["sources"] if s["messages_per_second"] > 0), None), 20, "a rate")
    assert source["name"] == "floor" and source["messages_per_second"] <= 3, source
    assert source["last_message"] is not None
    assert abs(world.metric('sluice_source_last_message_timestamp_seconds{source="floor"}') - time.time()) < 60
    assert world.metric('sluice_source_last_message_timestamp_seconds{source="meters"}') == 0


def test_a_source_whose_broker_is_not_there_yet_is_red_and_the_other_goes_on(world):
    text = HEAD + LISTENER + """
[sources.broker]
type = "mqtt"
url = "mqtt://127.0.0.1:{broker}"
topics = ["plant/#"]
decode = "json"
""" + TO_HTTP
    gateway = world.start(text, sources='["broker", "floor"]')
    broker, floor = world.status()["sources"]
    assert (broker["name"], broker["running"]) == ("broker", False) and floor["running"], (broker, floor)
    world.publish(world.ports["mqtt"], "t", payload("d1", 1), "-q", "1")
    world.arrived(1)
    shown = gateway.run_tool("status", "--socket", gateway.socket)
    assert shown.returncode == 1 and "BAD broker" in shown.stdout and "ok  floor" in shown.stdout, shown
    wait_until(lambda: "Connection refused" in world.status()["sources"][0]["last_error"], 20, "the source says what is wrong")
    wait_until(lambda: world.seconds_up() > 3, 20, "the gateway itself has noticed")
    world.start_broker()
    wait_until(lambda: world.status()["sources"][0]["running"], 60, "the broker is there and the source subscribed")
    wait_until(lambda: "takes them now" in gateway.tail(), 20, "the log says that it works")
    world.publish(world.ports["broker"], "plant/a", payload("d2", 2), "-q", "1")
    world.arrived(2)


def test_status_says_what_to_do_when_no_gateway_runs(world):
    gateway = world.start(HEAD + LISTENER + TO_HTTP, sources='["floor"]')
    assert gateway.stop() == 0
    told = gateway.run_tool("status", "--config", gateway.config)
    assert told.returncode == 1 and told.stdout == "", told
    assert gateway.socket in told.stderr and "does not run (systemctl status sluice)" in told.stderr, told
    gateway.start(world.ports["mqtt"])
    wait_until(lambda: gateway.run_tool("status", "--socket", gateway.socket).returncode == 0, 10, "it answers")
    gateway.kill()
    told = gateway.run_tool("status", "--socket", gateway.socket)
    assert told.returncode == 1 and gateway.socket in told.stderr and "has ended" in told.stderr, told


def test_a_batch_that_upstream_will_never_take_becomes_dead_letters(world):
    world.start(HEAD + LISTENER + TO_HTTP, sources='["floor"]')
    world.upstream.mode = "reject"
    world.publish(world.ports["mqtt"], "t", payload("d1", 1), "-q", "1")
    wait_until(lambda: world.status()["dead_letters"] == 1, 10, "one dead letter")
    world.upstream.mode = "accept"
    world.publish(world.ports["mqtt"], "t", payload("d1", 2), "-q", "1")
    assert world.arrived(1)[0]["data"]["seq"] == 2
    assert world.status()["sinks"][0]["rejected_events"] == 1


def test_what_cannot_be_decoded_is_acknowledged_counted_and_kept(world):
    world.start(HEAD + LISTENER + TO_HTTP, sources='["floor"]')
    world.publish(world.ports["mqtt"], "t", "{not json", "-q", "1")
    world.publish(world.ports["mqtt"], "t", '{"device":"d","ts":"yesterday"}', "-q", "1")
    wait_until(lambda: world.status()["sources"][0]["undecodable"] == 2, 10, "two undecodable messages")
    assert world.status()["dead_letters"] == 2


def test_the_gateway_subscribes_at_mosquitto_and_misses_nothing_while_it_is_down(world):
    world.start_broker()
    text = HEAD + """
[sources.broker]
type = "mqtt"
url = "mqtt://127.0.0.1:{broker}"
topics = ["plant/#"]
decode = "json"
""" + TO_HTTP
    gateway = world.start(text, port="admin", sources='["broker"]')
    wait_until(lambda: world.status()["sources"][0]["running"], 15, "subscribed")
    for seq in range(1, 6):
        world.publish(world.ports["broker"], "plant/a", payload("d", seq), "-q", "1")
    world.arrived(5)
    gateway.kill()
    for seq in range(6, 11):
        world.publish(world.ports["broker"], "plant/a", payload("d", seq), "-q", "1")
    gateway.start(world.ports["admin"])
    events = world.arrived(10)
    assert {e["data"]["seq"] for e in events} == set(range(1, 11)), events


def test_a_bad_configuration_is_refused_with_every_error_and_its_place(world):
    text = HEAD.format(**world.ports) + """
[sources.floor]
type = "mqtt"
lisen = ["mqtt://127.0.0.1:1883"]
[pipelines.raw]
from = ["flor"]
to = ["cloud"]
[[pipelines.raw.steps]]
filter = "data.temperature >"
[sinks.cloud]
type = "htp"
"""
    gateway = Gateway(world.binary, world.folder, text)
    checked = gateway.run_tool("check", gateway.config)
    said = checked.stdout + checked.stderr
    assert checked.returncode == 78, checked
    for wanted in ("sluice.toml:12:1", "did you mean 'listen'", "did you mean 'floor'", "did you mean 'http'", "sluice.toml:17:"):
        assert wanted in said, f"{wanted!r} is not in:\n{said}"
    assert gateway.run_tool("run", "--config", gateway.config).returncode == 78


def test_a_box_that_has_run_before_starts_with_the_last_configuration_that_worked(world):
    gateway = world.start(HEAD + LISTENER + TO_HTTP, sources='["floor"]')
    assert gateway.stop() == 0
    with open(gateway.config, "a") as f:
        f.write("\nrubbish here\n")
    gateway.start(world.ports["mqtt"], {"STATE_DIRECTORY": os.path.join(world.folder, "store")})
    status = world.status()
    assert status["red"] and "sluice.toml" in status["refused"], status
    try:
        urllib.request.urlopen(f"http://127.0.0.1:{world.ports['admin']}/readyz", timeout=5)
        raise AssertionError("readyz says ready")
    except urllib.error.HTTPError as answer:
        assert answer.code == 503 and b"refused" in answer.read()


def test_reload_changes_nothing_when_the_file_is_bad_and_switches_when_it_is_good(world):
    gateway = world.start(HEAD + LISTENER + TO_HTTP, sources='["floor"]')
    with open(gateway.config) as f:
        good = f.read()
    with open(gateway.config, "w") as f:
        f.write(good + "\n[sinks.cloud.batchh]\n")
    bad = gateway.run_tool("reload", "--socket", gateway.socket)
    assert bad.returncode == 78 and "nothing has changed" in bad.stderr, bad
    shown = gateway.run_tool("status", "--socket", gateway.socket)
    assert shown.returncode == 1 and "the file on disk is refused" in shown.stdout, shown
    world.publish(world.ports["mqtt"], "t", payload("d", 1), "-q", "1")
    world.arrived(1)
    with open(gateway.config, "w") as f:
        f.write(good + '\n[[pipelines.raw.steps]]\nfilter = "data.seq != 2"\n')
    done = gateway.run_tool("reload", "--socket", gateway.socket)
    assert done.returncode == 0, done
    assert world.status()["refused"] == ""
    for seq in (2, 3):
        world.publish(world.ports["mqtt"], "t", payload("d", seq), "-q", "1")
    assert {e["data"]["seq"] for e in world.arrived(2)} == {1, 3}


def test_sigterm_drains_saves_and_ends_within_five_seconds(world):
    gateway = world.start(HEAD + LISTENER + TO_HTTP, sources='["floor"]')
    device = MqttDevice(world.ports["mqtt"], "d1", "t", lambda seq: payload("d1", seq).encode(), rate=3000, window=500)
    device.start()
    wait_until(lambda: len(device.acked) > 300, 20, "events flow")
    began = time.monotonic()
    assert gateway.stop() == 0
    assert time.monotonic() - began < 5
    gateway.start(world.ports["mqtt"])
    device.stopping.set()
    device.join(20)
    events = world.arrived(len(device.acked))
    assert sorted(e["data"]["seq"] for e in events) == list(range(1, device.sent + 1))


def test_metrics_health_and_version_are_there(world):
    gateway = world.start(HEAD + LISTENER + TO_HTTP, sources='["floor"]')
    base = f"http://127.0.0.1:{world.ports['admin']}"
    wait_until(lambda: can_connect(world.ports["admin"]), 5, "the admin address answers")
    text = urllib.request.urlopen(base + "/metrics", timeout=5).read().decode()
    assert 'sluice_source_running{source="floor"} 1' in text, text
    assert urllib.request.urlopen(base + "/healthz", timeout=5).read() == b"alive\n"
    try:
        urllib.request.urlopen(urllib.request.Request(base + "/reload", method="POST", data=b""), timeout=5)
        raise AssertionError("the TCP address takes a POST")
    except urllib.error.HTTPError as answer:
        assert answer.code == 405
    assert gateway.run_tool("--version").stdout.startswith("sluice 0.")
    assert gateway.run_tool("nonsense").returncode == 2


def test_a_port_that_is_taken_does_not_stop_the_other_source(world):
    taken = socket.socket()
    taken.bind(("127.0.0.1", world.ports["mqtt"]))
    taken.listen()
    world.start(HEAD + LISTENER + COAP + TO_HTTP, port="admin", sources='["floor", "meters"]')
    status = wait_until(lambda: next((s for s in [world.status()] if s["sources"][1]["running"]), None), 10, "coap runs")
    assert not status["sources"][0]["running"] and status["red"], status
    taken.close()
    wait_until(lambda: world.status()["sources"][0]["running"], 30, "the port is free and the source listens")


def test_a_part_that_is_not_installed_stops_only_what_needs_it(world):
    installed = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(world.binary))), "lib/sluice")
    parts = os.path.join(world.folder, "lib/sluice")
    os.makedirs(os.path.join(world.folder, "bin"))
    os.makedirs(parts)
    world.binary = shutil.copy(world.binary, os.path.join(world.folder, "bin/sluice"))
    gateway = world.start(HEAD + LISTENER + COAP + TO_HTTP, sources='["floor", "meters"]')
    checked = gateway.run_tool("check", gateway.config)
    assert checked.returncode == 0, checked
    for part in ("coap", "http"):
        assert f"there is no {parts}/{part}.so, which this needs: install Sluice again" in checked.stdout + checked.stderr, checked
    sealed = os.path.join(world.folder, "sealed.toml")
    with open(gateway.config) as given, open(sealed, "w") as f:
        f.write(given.read() + f'\n[storage.encryption]\nkey = "{"5a" * 32}"\n')
    assert f"there is no {parts}/encryption.so" in gateway.run_tool("check", sealed).stderr
    world.publish(world.ports["mqtt"], "t", payload("d1", 1), "-q", "1")

    def sink_error():
        return world.status()["sinks"][0]["last_error"]

    wait_until(lambda: f"{parts}/http.so: cannot open shared object file" in sink_error(), 10, "the sink says what it misses")
    assert f"{parts}/coap.so" in world.status()["sources"][1]["last_error"], world.status()
    with open(os.path.join(installed, "http.so"), "rb") as f:
        other = f.read().replace(b"0.1.0\0", b"9.9.9\0")
    with open(os.path.join(parts, "new"), "wb") as f:
        f.write(other)
    os.rename(os.path.join(parts, "new"), os.path.join(parts, "http.so"))
    wait_until(lambda: "is of version 9.9.9" in sink_error(), 20, "the sink says what is wrong")
    gateway.kill()     # a part that was loaded stays
    for part in ("http.so", "coap.so"):
        shutil.copy(os.path.join(installed, part), parts)
    gateway.start(world.ports["mqtt"])
    assert world.arrived(1)[0]["data"]["seq"] == 1
    wait_until(lambda: world.status()["sources"][1]["running"], 10, "CoAP is listened on")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sluice", required=True)
    parser.add_argument("names", nargs="*")
    options = parser.parse_args()
    run_scenarios(tests_of(globals()), options.names, world=lambda: World(options.sluice))


main()
