#!/usr/bin/env python3
"""Files that a configuration names, and views, with the real daemon: tables that change while it runs and while it
is killed, and rows that people and programs ask for.

  tables_test.py --sluice BIN [NAME...]     runs all tests, or those named
"""
import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from lib.gateway import Gateway, can_connect, free_port, wait_until
from lib.scenarios import run_scenarios, tests_of
from lib.upstream import Upstream

# The site's name decides into which window an event goes: a replay with another table gives other windows.
CONFIGURATION = """
[gateway]
name = "tables"
[storage]
path = "@DIR@/store"
snapshot = {{ max_replay = "10m" }}
[admin]
socket = "@DIR@/admin.sock"
listen = "127.0.0.1:{admin}"
[sources.floor]
type = "mqtt"
listen = ["mqtt://127.0.0.1:{mqtt}"]
decode = "json"
event = {{ subject = "data.device", time = "timestamp(data.ts)" }}
[pipelines.raw]
from = ["floor"]
to = ["cloud"]
[[pipelines.raw.steps]]
validate = {{ schema = "reading.json" }}
[[pipelines.raw.steps]]
enrich = {{ table = "devices.csv", key = "subject", missing = "drop" }}
[[pipelines.raw.steps]]
view = {{ name = "latest", key = "subject", columns = {{ v = "data.v", site = "data.site" }} }}
[[pipelines.raw.steps]]
window = {{ tumbling = "10s", key = "data.site" }}
emit = {{ n = "count()", total = "sum(data.v)" }}
[sinks.cloud]
type = "http"
url = "http://127.0.0.1:{upstream}/ingest"
batch = {{ max_events = 100, max_age = "20ms" }}
"""
SCHEMA = '{"required": ["v"], "properties": {"v": {"type": "number"}}}'


class World:
    """A folder with configuration, table and schema; the daemon; and its upstream."""

    def __init__(self, binary):
        self.folder = tempfile.mkdtemp(prefix="sluice-tables-")
        self.upstream = Upstream()
        self.mqtt, self.admin = free_port(), free_port()
        text = CONFIGURATION.format(mqtt=self.mqtt, admin=self.admin, upstream=self.upstream.port)
        self.gateway = Gateway(binary, self.folder, text)
        self.write("devices.csv", "id,site\nd1,north\nd2,south\n")
        self.write("reading.json", SCHEMA)
        self.gateway.start(self.mqtt)

    def write(self, name, text):
        """As an editor does: the new file takes the old one's place."""
        with open(os.path.join(self.folder, name + ".new"), "w") as f:
            f.write(text)
        os.rename(os.path.join(self.folder, name + ".new"), os.path.join(self.folder, name))

    def publish(self, device, second, v):
        body = json.dumps({"device": device, "ts": f"2026-11-23T08:{second // 60:02d}:{second % 60:02d}Z", "v": v})
        subprocess.run(["mosquitto_pub", "-h", "127.0.0.1", "-p", str(self.mqtt), "-t", "t", "-q", "1", "-m", body],
                       check=True, timeout=20)

    def windows(self, count):
        """The first windows that came, as {(site, start): total}."""
        wait_until(lambda: len(self.upstream.events) >= count, 15,
                   f"{count} windows upstream, {len(self.upstream.events)} are there; log:\n{self.gateway.tail()}")
        return {e["subject"]: (e["data"]["n"], e["data"]["total"]) for e in self.upstream.snapshot()[:count]}

    def status(self):
        return json.loads(self.gateway.run_tool("status", "--json", "--socket", self.gateway.socket).stdout)

    def view(self, *arguments):
        return self.gateway.run_tool("view", *arguments, "--socket", self.gateway.socket)

    def http_text(self, path):
        """Status and body, whatever the status."""
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.admin}{path}", timeout=30) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode()

    def http(self, path):
        return json.loads(urllib.request.urlopen(f"http://127.0.0.1:{self.admin}{path}", timeout=5).read())

    def end(self):
        if self.gateway.process and self.gateway.process.poll() is None:
            self.gateway.kill()
        shutil.rmtree(self.folder, ignore_errors=True)


# --- the tests ---

def test_a_replay_after_a_kill_sees_the_table_that_the_events_saw(world):
    world.publish("d1", 1, 10)
    world.publish("d2", 2, 100)
    world.gateway.kill()
    world.write("devices.csv", "id,site\nd1,south\nd2,north\n")
    world.write("reading.json", '{"properties": {"v": {"maximum": 50}}}')
    world.gateway.start(world.mqtt)
    status = world.status()
    assert status["replay_differences"] == 0, status
    world.publish("d1", 3, 1)  # south by now
    world.publish("d1", 20, 0)
    assert world.windows(2) == {"north": (1, 10), "south": (2, 101)}, world.upstream.snapshot()


def test_a_table_that_changes_is_in_force_without_a_person_and_open_windows_go_on(world):
    world.publish("d1", 1, 10)
    world.publish("d3", 1, 1000)  # not in the table: dropped
    world.write("devices.csv", "id,site\nd1,north\nd2,south\nd3,north\n")
    wait_until(lambda: "has changed and is in force" in world.gateway.tail(), 15, "the table is read again")
    wait_until(lambda: can_connect(world.mqtt), 10, "devices can connect again")
    world.publish("d3", 2, 1)
    world.publish("d3", 20, 0)
    assert world.windows(1) == {"north": (2, 11)}, world.upstream.snapshot()
    assert not world.status()["red"]


def test_a_bad_table_is_refused_with_its_line_and_the_last_good_one_goes_on(world):
    world.write("devices.csv", "id,site\nd1,north\nd2\n")
    wait_until(lambda: world.status()["refused"], 15, "status shows the fault")
    assert "devices.csv:3: the row has 1 cells" in world.status()["refused"], world.status()
    assert world.gateway.run_tool("status", "--socket", world.gateway.socket).returncode == 1
    assert "devices.csv:3:" in world.gateway.tail()
    world.publish("d2", 1, 5)
    world.publish("d2", 20, 0)
    assert world.windows(1) == {"south": (1, 5)}, world.upstream.snapshot()
    # It is told once, not every second.
    time.sleep(3)
    assert world.gateway.tail(200).count("devices.csv:3:") == 1, world.gateway.tail(200)
    world.write("devices.csv", "id,site\nd1,north\nd2,south\n")
    wait_until(lambda: not world.status()["refused"], 15, "the old table is back, and all is well")
    assert "again what is in force" in world.gateway.tail()


def test_a_box_starts_with_the_stored_files_when_those_on_the_disk_are_bad(world):
    world.gateway.kill()
    os.remove(os.path.join(world.folder, "devices.csv"))
    # Its own file says where the store and the socket are, also when it is not in force.
    nowhere = os.path.join(world.folder, "nowhere")
    world.gateway.start(world.mqtt, {"STATE_DIRECTORY": nowhere, "RUNTIME_DIRECTORY": nowhere})
    shown = world.gateway.run_tool("status", "--json", "--config", world.gateway.config)
    status = json.loads(shown.stdout)
    assert status["red"] and "there is no file" in status["refused"], shown
    assert world.http_text("/readyz")[0] == 503
    world.publish("d2", 1, 5)
    world.publish("d2", 20, 0)
    assert world.windows(1) == {"south": (1, 5)}, world.upstream.snapshot()
    assert not os.path.exists(nowhere)


def test_a_start_that_was_refused_for_a_file_is_ready_once_the_file_is_mended(world):
    for mended in ("id,site\nd1,north\nd2,south\n", "id,site\nd1,east\nd2,west\n"):  # the old one, and another
        world.gateway.kill()
        world.write("devices.csv", "id,site\nd1\n")
        world.gateway.start(world.mqtt)
        wait_until(lambda: "the old one goes on" in world.gateway.tail(200), 15, "the fault is seen on the disk")
        assert world.http_text("/readyz")[0] == 503
        world.write("devices.csv", mended)
        wait_until(lambda: world.http_text("/readyz")[0] == 200, 15, "it is ready again")
        assert not world.status()["red"], world.status()
        os.remove(world.gateway.log)


def test_a_reload_that_was_refused_for_its_text_is_not_forgotten_when_a_file_changes(world):
    with open(world.gateway.config) as f:
        good = f.read()
    world.write("sluice.toml", good.replace("[sinks.cloud]", "[sinks.clouds]"))
    assert world.gateway.run_tool("reload", "--socket", world.gateway.socket).returncode != 0
    world.write("devices.csv", "id,site\nd1,east\nd2,west\n")
    wait_until(lambda: "has changed and is in force" in world.gateway.tail(), 15, "the table is read again")
    wait_until(lambda: "cloud" in world.http_text("/readyz")[1], 15, "it is still told")
    assert world.http_text("/readyz")[0] == 503


def test_rows_of_a_view_are_there_for_people_and_programs_also_after_a_kill(world):
    world.publish("d1", 5, 21.5)
    world.publish("d1", 4, 99)  # older: changes nothing
    world.publish("d2", 6, 7)
    rows = [{"key": "d1", "time": "2026-11-23T08:00:05Z", "columns": {"v": 21.5, "site": "north"}},
            {"key": "d2", "time": "2026-11-23T08:00:06Z", "columns": {"v": 7, "site": "south"}}]
    for columns in rows:  # in the order of their names, as a table of TOML is
        columns["columns"] = dict(sorted(columns["columns"].items()))
    for is_after_kill in (False, True):
        if is_after_kill:
            world.gateway.kill()
            world.gateway.start(world.mqtt)
        assert world.http("/v1/views") == {"views": [{"name": "latest", "rows": 2}]}
        assert world.http("/v1/views/latest") == {"view": "latest", "complete": True, "rows": rows}
        assert world.http("/v1/views/latest/d2") == rows[1]
    shown = world.view("latest")
    assert shown.returncode == 0 and shown.stdout.splitlines() == [
        "KEY  TIME                  SITE   V", "d1   2026-11-23T08:00:05Z  north  21.5",
        "d2   2026-11-23T08:00:06Z  south  7"], shown
    assert json.loads(world.view("latest", "d1", "--json").stdout) == rows[0]
    assert world.view().stdout.splitlines()[1].split() == ["latest", "2"]
    none = world.view("latest", "d/9 %")
    assert none.returncode == 1 and "has no row of the key 'd/9 %'" in none.stderr, none
    assert "there is no view 'lates'" in world.view("lates").stderr


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sluice", required=True)
    parser.add_argument("names", nargs="*")
    options = parser.parse_args()
    run_scenarios(tests_of(globals()), options.names, world=lambda: World(options.sluice))


main()
