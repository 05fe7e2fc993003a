#!/usr/bin/env python3
"""`sluice replay` on a day of real data: a household's meters are recorded through the real gateway, and what the
command says of changed configurations is what an independent calculation from the table says.

  time_machine_test.py --sluice BIN [--data DIR] [NAME...]     runs all tests, or those named

DIR has the folder iot-household-power; without it the test is skipped.
"""
import argparse
import csv
import datetime
import gzip
import json
import math
import os
import shutil
import sys
import tempfile

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, os.path.join(ROOT, "tests"))
from lib.gateway import Gateway, free_port, wait_until
from lib.mqtt_device import MqttDevice
from lib.scenarios import run_scenarios, tests_of
from lib.upstream import Upstream

DAY = "17/12/2006"
METERS = {"house": "Global_active_power", "kitchen": "Sub_metering_1", "laundry": "Sub_metering_2",
          "climate": "Sub_metering_3"}
UTC = datetime.timezone.utc
NOON = datetime.datetime(2006, 12, 17, 12, tzinfo=UTC)

CONFIGURATION = """
[gateway]
name = "house"
[storage]
path = "@DIR@/store"
commit_interval = "50ms"
journal = {{ retain = "24h" }}
[admin]
socket = "@DIR@/admin.sock"
listen = ""
[sources.meters]
type = "mqtt"
listen = ["mqtt://127.0.0.1:{mqtt}"]
decode = "json"
event = {{ subject = "data.meter", time = "timestamp(data.t)" }}
[pipelines.power]
from = ["meters"]
to = ["cloud"]
[[pipelines.power.steps]]
window = {{ tumbling = "15m", key = "subject" }}
emit = {{ n = "count()", power = "avg(data.w)" }}
[pipelines.peaks]
from = ["meters"]
to = ["cloud"]
[[pipelines.peaks.steps]]
filter = "data.w >= 30.0"
[pipelines.watts]
from = ["meters"]
to = ["cloud"]
[[pipelines.watts.steps]]
filter = "data.meter == 'house'"
[[pipelines.watts.steps]]
map = {{ set = {{ "data.w" = "data.w * 1000.0" }} }}
[sinks.cloud]
type = "http"
url = "http://127.0.0.1:{upstream}/ingest"
batch = {{ max_events = 500, max_age = "20ms" }}
"""


# --- the independent calculation ---

def read_day(folder):
    """[(time, meter, value)] of the day, in the order of the table."""
    readings = []
    with gzip.open(os.path.join(folder, "handed-out", "household_power.csv.gz"), "rt") as f:
        for row in csv.DictReader(f):
            if row["Datetime"].startswith(DAY):
                at = datetime.datetime.strptime(row["Datetime"], "%d/%m/%Y %H:%M:%S").replace(tzinfo=UTC)
                readings += [(at, meter, float(row[column])) for meter, column in METERS.items()]
    assert len(readings) == 1440 * len(METERS), len(readings)
    return readings


def mean(values):
    return math.fsum(values) / len(values)


def windows(readings, minutes, aggregate):
    """{meter: {end of window: aggregate}}; the last reading of the recording closes them all."""
    spans = {}
    for at, meter, value in readings:
        end = at + datetime.timedelta(minutes=minutes - at.minute % minutes)
        spans.setdefault(meter, {}).setdefault(end, []).append(value)
    return {meter: {end: aggregate(values) for end, values in of.items()} for meter, of in spans.items()}


def expected_key(old, new):
    """What the command should say of one meter."""
    both = old.keys() & new.keys()
    differences = [abs(old[end] - new[end]) for end in both if not is_close(old[end], new[end])]
    return {"only_old": len(old.keys() - both), "only_new": len(new.keys() - both), "differing": len(differences),
            "mean_difference": mean(differences) if differences else 0,
            "largest_difference": max(differences, default=0),
            "old_mean": mean(old.values()), "new_mean": mean(new.values()),
            "old_count": len(old), "new_count": len(new)}


def is_close(a, b):
    return math.isclose(a, b, rel_tol=1e-9, abs_tol=1e-9)


def check_power(report, old, new):
    """The report's numbers of the pipeline `power` against those of the windows."""
    [pipeline] = [p for p in report["pipelines"] if p["pipeline"] == "power"]
    assert pipeline["sink"] == "cloud", pipeline
    assert {key["key"] for key in pipeline["keys"]} == set(METERS), pipeline
    for key in pipeline["keys"]:
        wanted = expected_key(old[key["key"]], new[key["key"]])
        got = {**key, **key["members"]["power"]}
        for name, value in wanted.items():
            assert is_close(got[name], value), (key["key"], name, got[name], value)
    for name in ("only_old", "only_new", "equal", "different"):
        assert pipeline[name] == sum(key[name] for key in pipeline["keys"]), (name, pipeline)
    sizes = [max(member["largest_difference"] for member in key["members"].values()) for key in pipeline["keys"]]
    assert sizes == sorted(sizes, reverse=True), sizes
    return pipeline


# --- the recording ---

def change(text, changes):
    for old, new in changes:
        assert text.count(old) == 1, old
        text = text.replace(old, new)
    return text


class World:
    """The recorded day: its gateway goes on while the command reads the store."""

    def __init__(self, binary, readings, changes=()):
        self.folder = tempfile.mkdtemp(prefix="sluice-replay-")
        self.upstream = Upstream()
        self.readings = readings
        mqtt = free_port()
        text = CONFIGURATION.format(mqtt=mqtt, upstream=self.upstream.port).replace("@DIR@", self.folder)
        self.text = change(text, changes)
        self.gateway = Gateway(binary, self.folder, self.text)
        self.gateway.start(mqtt)
        self.mqtt = mqtt
        self.publish([r for r in self.readings if r[0] < NOON])
        self.noon = datetime.datetime.now(UTC)
        # Ends all windows of the day, and is in none that ends.
        after = self.readings[-1][0] + datetime.timedelta(hours=1)
        self.publish([r for r in self.readings if r[0] >= NOON] + [(after, "end", 0.0)])
        self.sent = sum(len(of) for of in windows(self.readings, 15, mean).values()) + self.peaks()
        self.sent += sum(meter == "house" for _, meter, _ in self.readings)  # watts
        wait_until(lambda: len(self.upstream.events) >= self.sent, 30,
                   f"{self.sent} events upstream; log:\n{self.gateway.tail()}")

    def peaks(self):
        return sum(value >= 30 for _, _, value in self.readings)

    def publish(self, readings):
        def payload(seq):
            if seq == len(readings):
                device.stopping.set()
            at, meter, value = readings[seq - 1]
            return json.dumps({"meter": meter, "t": at.strftime("%Y-%m-%dT%H:%M:%SZ"), "w": value}).encode()

        device = MqttDevice(self.mqtt, "meters", "meters", payload, rate=20000, window=500)
        device.start()
        device.join(60)
        assert len(device.acked) == len(readings), (len(device.acked), len(readings))

    def replay(self, *changes, options=("--diff", "--json")):
        """Runs the command with the configuration changed; gives the process."""
        path = os.path.join(self.folder, "new.toml")
        with open(path, "w") as f:
            f.write(change(self.text, changes))
        return self.gateway.run_tool("replay", "--config", path, *options)

    def difference(self, *changes, options=()):
        done = self.replay(*changes, options=("--diff", "--json", "--since", "1h", *options))
        report = json.loads(done.stdout)
        assert done.returncode == (0 if report["is_equal"] else 1), done
        return report

    def end(self):
        if self.gateway.process and self.gateway.process.poll() is None:
            self.gateway.kill()
        self.upstream.close()
        shutil.rmtree(self.folder, ignore_errors=True)


# --- the tests ---

def test_the_same_configuration_gives_what_was_sent(world):
    report = world.difference()
    assert report["is_equal"] and report["notes"] == [], report
    assert report["range"]["events"] == len(world.readings) + 1, report["range"]
    old = report["old"]
    assert old["blocks_compared_with_sent"] == report["range"]["blocks"] and old["blocks_not_as_sent"] == 0, old
    assert report["totals"] == {"only_old": 0, "only_new": 0, "equal": world.sent, "different": 0}, report["totals"]
    check_power(report, windows(world.readings, 15, mean), windows(world.readings, 15, mean))
    got = {(e["subject"], e["time"]): e["data"]["power"] for e in world.upstream.snapshot() if "power" in e["data"]}
    assert len(got) == 96 * len(METERS), len(got)


def test_other_windows(world):
    report = world.difference(('tumbling = "15m"', 'tumbling = "10m"'))
    power = check_power(report, windows(world.readings, 15, mean), windows(world.readings, 10, mean))
    assert power["only_old"] == 48 * len(METERS) and power["only_new"] == 96 * len(METERS), power
    assert power["different"] == 48 * len(METERS), power  # if only in the count of their readings
    [peaks] = [p for p in report["pipelines"] if p["pipeline"] == "peaks"]
    assert peaks["equal"] == world.peaks() and peaks["different"] == 0, peaks


def test_another_aggregate(world):
    report = world.difference(("avg(data.w)", "max(data.w)"))
    power = check_power(report, windows(world.readings, 15, mean), windows(world.readings, 15, max))
    assert power["only_old"] == 0 and power["only_new"] == 0, power
    example = power["keys"][0]["example"]
    assert is_close(abs(example["data"]["power"]["old"] - example["data"]["power"]["new"]),
                    power["keys"][0]["members"]["power"]["largest_difference"]), example
    assert "n" not in example["data"], example  # it does not differ


def test_another_filter_and_one_pipeline(world):
    report = world.difference(("data.w >= 30.0", "data.w >= 36.0"), options=("--pipeline", "peaks"))
    [peaks] = report["pipelines"]
    high = sum(value >= 36 for _, _, value in world.readings)
    assert 0 < high < world.peaks()
    assert (peaks["equal"], peaks["only_old"], peaks["only_new"]) == (high, world.peaks() - high, 0), peaks


def test_a_range_begins_anew(world):
    since = world.noon.isoformat().replace("+00:00", "Z")
    afternoon = [r for r in world.readings if r[0] >= NOON]
    done = world.replay(("avg(data.w)", "min(data.w)"), options=("--diff", "--json", "--since", since))
    report = json.loads(done.stdout)
    assert report["range"]["events"] == len(afternoon) + 1, report["range"]
    check_power(report, windows(afternoon, 15, mean), windows(afternoon, 15, min))
    # The window before noon was open when the range began: its end was sent, and is not made here.
    assert report["old"]["blocks_not_as_sent"] > 0 and any("begin anew" in note for note in report["notes"]), report
    morning = json.loads(world.replay(options=("--diff", "--json", "--until", since)).stdout)
    assert morning["range"]["events"] == len(world.readings) - len(afternoon), morning["range"]


def test_outputs_as_lines(world):
    done = world.replay(('tumbling = "15m"', 'tumbling = "30m"'), options=("--since", "1h", "--pipeline", "power"))
    assert done.returncode == 0, done
    events = [json.loads(line) for line in done.stdout.splitlines()]
    expected = windows(world.readings, 30, mean)
    assert len(events) == sum(len(of) for of in expected.values()), len(events)
    for event in events:
        assert event["specversion"] == "1.0" and event["source"] == "//house/power", event
        end = datetime.datetime.fromisoformat(event["windowend"].replace("Z", "+00:00"))
        assert is_close(event["data"]["power"], expected[event["subject"]][end]), event
    assert len({event["id"] for event in events}) == len(events)


def test_a_summary_for_people(world):
    done = world.replay(("avg(data.w)", "max(data.w)"), options=("--diff", "--since", "1h", "--limit", "2"))
    lines = done.stdout.splitlines()
    assert done.returncode == 1, done
    assert lines[0].startswith("replay of ") and f"{len(world.readings) + 1:,} events" in lines[0], lines[0]
    assert any(line.startswith("power -> cloud") for line in lines), done.stdout
    assert any("for example 2006-12-17T" in line and " -> " in line for line in lines), done.stdout
    assert any("with a difference (--limit 0 shows all)" in line for line in lines), done.stdout
    assert lines[-1].startswith("different: "), lines[-1]


def test_a_changed_map(world):
    report = world.difference(("data.w * 1000.0", "data.w * 1000.0 + 0.5"))
    [watts] = [p for p in report["pipelines"] if p["pipeline"] == "watts"]
    assert watts["different"] == 1440 and watts["equal"] == 0, watts
    power = watts["keys"][0]["members"]["w"]
    assert is_close(power["mean_difference"], 0.5) and power["differing"] == 1440, power
    assert all(p["equal"] > 0 and p["different"] == 0 for p in report["pipelines"] if p is not watts), report


def test_a_source_that_has_another_name(world):
    readers = [(f'[pipelines.{name}]\nfrom = ["meters"]', f'[pipelines.{name}]\nfrom = ["gauges"]')
               for name in ("power", "peaks", "watts")]
    report = json.loads(world.replay(("[sources.meters]", "[sources.gauges]"), *readers).stdout)
    assert any("'gauges' is new" in note for note in report["notes"]), report["notes"]
    assert any("'meters' is gone" in note for note in report["notes"]), report["notes"]
    assert report["totals"]["only_old"] == world.sent and report["totals"]["only_new"] == 0, report["totals"]


def test_what_cannot_be_done_is_told(world):
    none = world.replay(options=("--diff", "--since", "1h", "--until", "59m"))
    assert none.returncode == 2 and "nothing is recorded since" in none.stderr and "retain" in none.stderr, none
    bad = world.replay(('tumbling = "15m"', 'tumbling = "15 parsecs"'))
    assert bad.returncode == 78 and "new.toml:" in bad.stderr, bad
    nobody = world.replay(options=("--diff", "--pipeline", "powers"))
    assert nobody.returncode == 2 and "there is no pipeline 'powers'" in nobody.stderr, nobody
    when = world.replay(options=("--diff", "--since", "yesterday"))
    assert when.returncode == 2 and "--since: 'yesterday'" in when.stderr, when
    nowhere = world.replay(options=("--diff", "--store", os.path.join(world.folder, "nowhere")))
    assert nowhere.returncode == 78 and "nowhere" in nowhere.stderr, nowhere


def test_an_encrypted_store_needs_its_key(world):
    keys = [f'[storage.encryption]\nkey = "{digits * 32}"\n[admin]' for digits in ("ab", "cd")]
    other = World(world.gateway.binary, world.readings[:400], [("[admin]", keys[0])])
    try:
        assert json.loads(other.replay().stdout)["is_equal"]
        for wrong in (keys[1], "[admin]"):
            done = other.replay((keys[0], wrong))
            assert done.returncode == 78 and "key" in done.stderr and not done.stdout, done
    finally:
        other.end()


def test_a_range_of_two_configurations_is_compared_with_the_newer(world):
    other = World(world.gateway.binary, world.readings[:400])
    try:
        other.text = change(other.text, [("avg(data.w)", "max(data.w)")])
        with open(other.gateway.config, "w") as f:
            f.write(other.text)
        done = other.gateway.run_tool("reload", "--socket", other.gateway.socket)
        assert done.returncode == 0, done
        other.publish([(NOON + datetime.timedelta(days=2), "end", 0.0)])
        report = json.loads(other.replay().stdout)
        assert report["is_equal"] and report["old"]["epoch"] == 2, report
        [note] = [note for note in report["notes"] if "epoch" in note]
        assert "2 configurations" in note and note.endswith("compared with epoch 2"), note
    finally:
        other.end()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sluice", required=True)
    parser.add_argument("--data", default=os.environ.get("SLUICE_TEST_DATA") or os.path.join(ROOT, "..", "shared", "data"))
    parser.add_argument("names", nargs="*")
    options = parser.parse_args()
    data = os.path.join(options.data, "iot-household-power")
    if not os.path.isdir(data):
        print(f"time machine: skipped: no data at {data} (set SLUICE_TEST_DATA)")
        sys.exit(77)
    world = World(options.sluice, read_day(data))
    try:
        run_scenarios(tests_of(globals()), options.names, world)
    finally:
        world.end()


main()
