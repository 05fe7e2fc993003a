#!/usr/bin/env python3
"""A fleet (sluice-sim), the real gateway and the real receiver, over loopback: whatever goes wrong, the
account of the two ledgers balances.

  fleet_test.py --bin DIR [NAME...]     runs all tests, or those named
"""
import argparse
import contextlib
import json
import os
import resource
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from lib.gateway import Gateway, free_port, wait_until
from lib.scenarios import run_scenarios

ID = "data.device + '/' + string(data.boot) + '/' + string(data.seq)"
GATEWAY = f"""
[gateway]
name = "system"
[storage]
path = "@DIR@/store"
commit_interval = "10ms"
[admin]
socket = "@DIR@/admin.sock"
listen = ""
[sources.floor]
type = "mqtt"
listen = ["mqtt://127.0.0.1:{{mqtt}}"]
decode = {{decode}}
{{event}}
[sources.meters]
type = "coap"
listen = ["coap://127.0.0.1:{{coap}}"]
decode = {{decode}}
{{event}}
[pipelines.raw]
from = ["floor", "meters"]
to = ["cloud"]
{{steps}}
[sinks.cloud]
type = "http"
url = "http://127.0.0.1:{{upstream}}/ingest"
batch = {{{{ max_events = 200, max_age = "20ms" }}}}
"""
EVENT = f'event = {{ id = "{ID}", subject = "data.device", time = "timestamp(data.ts)" }}'
FILTER = '[[pipelines.raw.steps]]\nfilter = "data.temperature < 85.0"'

MACHINES = """
[kinds.machine]
count = 30
protocol = "mqtt"
topic = "plant/line-{group}/{device}"
interval = "250ms"
[kinds.machine.signals]
temperature = { base = 21.0, spread = 5.0, walk = { step = 0.1, bound = 3.0 }, filtered_above = 85.0 }
"""
MACHINE_FAULTS = """
[kinds.machine.faults]
cut = 0.02
malformed = 0.02
duplicates = 0.03
brown_out = { every = "3s", lasts = "300ms", keeps_ring = 0.7 }
stuck = { every = "3s", lasts = "500ms", at = [99.9] }
"""
METERS = """
[kinds.meter]
count = 30
protocol = "coap"
topic = "telemetry/{device}"
interval = "250ms"
[kinds.meter.signals]
temperature = { base = 21.0, noise = 2.0, filtered_above = 85.0 }
"""
METER_FAULTS = """
[kinds.meter.faults]
loss = 0.01
malformed = 0.02
duplicates = 0.03
reorder = 0.02
reorder_by = "100ms"
clock_skew = "2s"
offline = { every = "3s", lasts = "500ms" }
flood = { every = "5s", lasts = "300ms", factor = 5 }
"""
SOUND = MACHINES + METERS
FAULTY = MACHINES + MACHINE_FAULTS + METERS + METER_FAULTS
PHASES = """
seed = 11
drain = "60s"
[[phases]]
name = "ramp up"
lasts = "1s"
ramp = true
[[phases]]
name = "storm"
lasts = "1s"
rate = 4
[[phases]]
name = "outage"
lasts = "1s"
offline = 1.0
[[phases]]
name = "calm"
lasts = "1s"
"""


class World:
    """A folder with a gateway, a receiver and a fleet."""

    def __init__(self, binaries, decode='"json"', event=EVENT, steps=FILTER):
        self.binaries = binaries
        self.folder = tempfile.mkdtemp(prefix="sluice-fleet-")
        self.ports = {"mqtt": free_port(), "coap": free_port(socket.SOCK_DGRAM), "upstream": free_port()}
        self.receiver = subprocess.Popen([self.tool("sluice-receiver"), "--quiet", "--ledger", self.path("received"),
                                          "--listen", f"127.0.0.1:{self.ports['upstream']}"], stdout=subprocess.DEVNULL)
        self.gateway = Gateway(self.tool("sluice"), self.folder,
                               GATEWAY.format(**self.ports, decode=decode, event=event, steps=steps))

    def __enter__(self):
        try:
            self.gateway.start(self.ports["mqtt"])
        except AssertionError:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        self.gateway.kill()
        self.receiver.kill()
        self.receiver.wait()
        shutil.rmtree(self.folder, ignore_errors=True)

    def tool(self, name):
        return os.path.join(self.binaries, name)

    def path(self, name):
        return os.path.join(self.folder, name)

    def start(self, fleet, ledger="sent", *options, **process):
        with open(self.path("fleet.toml"), "w") as f:
            f.write(fleet)
        return subprocess.Popen([self.tool("sluice-sim"), "run", self.path("fleet.toml"), "--json", "--ledger", self.path(ledger),
                                 "--mqtt", f"mqtt://127.0.0.1:{self.ports['mqtt']}",
                                 "--coap", f"coap://127.0.0.1:{self.ports['coap']}", *options],
                                stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **process)

    def run(self, fleet, ledger="sent", *options):
        return self.end(self.start(fleet, ledger, *options))

    @staticmethod
    def end(process):
        out, error = process.communicate(timeout=90)
        assert process.returncode == 0, error
        return json.loads(out)

    def account(self, ledger="sent"):
        """Of what has arrived by now."""
        done = subprocess.run([self.tool("sluice-sim"), "verify", "--json", self.path(ledger), self.path("received")],
                              capture_output=True, text=True, timeout=20)
        assert done.stdout, done.stderr
        account = json.loads(done.stdout)
        assert account["balanced"] == (done.returncode == 0)
        return account

    def balanced(self):
        """Waits until all has arrived; gives the account."""
        end = time.monotonic() + 15
        while True:
            account = self.account() if os.path.exists(self.path("received")) else {"balanced": False}
            if account["balanced"]:
                return account
            assert time.monotonic() < end, account
            time.sleep(0.1)

    def ledger(self, name="sent"):
        with open(self.path(name)) as f:
            return [json.loads(line) for line in f]


def whatever_goes_wrong_the_account_balances(binaries):
    with World(binaries) as world:
        summary = world.run(PHASES + FAULTY)
        account = world.balanced()
        for count in ("resent", "duplicates", "lost_packets", "late_packets", "cuts", "reconnects", "reboots", "malformed"):
            assert summary[count] > 0, f"no {count}: {summary}"
        for count in ("filtered", "rejected", "delivered"):
            assert account[count] > 0, f"no {count}: {account}"
        assert account["sent"] == summary["sent"] and account["acknowledged"] == summary["acknowledged"]
        # Only a wiped memory forgets what is under way.
        assert summary["sent"] - summary["acknowledged"] <= summary["reboots"], summary
        assert summary["measured"] == summary["sent"] + summary["skipped"] + summary["wiped"], summary
        return summary


def the_seed_gives_the_same_readings_again(binaries):
    # Without what makes a device wait for seconds: fleet_test.cc has all of it.
    faults = 'malformed = 0.02\nduplicates = 0.03\nstuck = { every = "1s", lasts = "500ms", at = [99.9] }\nflood = { every = "2s", lasts = "300ms" }\n'
    fleet = 'seed = 11\nduration = "2s"\n' + MACHINES + "[kinds.machine.faults]\n" + faults + METERS + "[kinds.meter.faults]\n" + faults
    with World(binaries) as world:
        runs = []
        for ledger in ("once", "again"):
            world.run(fleet, ledger)
            runs.append(sorted((line["device"], line["boot"], line["seq"], line["expect"]) for line in world.ledger(ledger)))
        assert runs[0] == runs[1] and len(runs[0]) > 500, [len(run) for run in runs]


def a_gateway_that_is_killed_loses_nothing_that_it_acknowledged(binaries):
    with World(binaries) as world:
        fleet = world.start('seed = 3\nduration = "4s"\ndrain = "60s"\n' + SOUND)
        time.sleep(1.5)  # in the midst of it, whatever that is: nothing to wait for
        world.gateway.kill()
        world.gateway.start(world.ports["mqtt"])
        summary = world.end(fleet)
        account = world.balanced()
        assert summary["reconnects"] >= 30, summary
        assert summary["acknowledged"] == summary["measured"] == account["delivered"], (summary, account)


def packs_of_senml_are_accounted_for_reading_by_reading(binaries):
    machines = MACHINES.replace('interval = "250ms"', 'interval = "50ms"\nbatch = 6\nformat = "senml-json"')
    meters = METERS.replace('interval = "250ms"', 'interval = "50ms"\nbatch = 6\nformat = "senml-cbor"\nfaults = { malformed = 0.05 }')
    with World(binaries, '{ type = "senml", events = "pack" }', "", "") as world:
        summary = world.run('duration = "2s"\n' + machines + meters)
        account = world.balanced()
        assert summary["acknowledged"] == summary["measured"] > 1500, summary
        assert account["rejected"] > 0 and account["rejected"] + account["delivered"] == summary["measured"], account


def a_signal_ends_the_measuring_and_waits_for_the_last_answers(binaries):
    with World(binaries) as world:
        fleet = world.start('duration = "10m"\n' + FAULTY)
        wait_until(lambda: os.path.exists(world.path("received")) and os.path.getsize(world.path("received")) > 0, 10, "events arrive")
        fleet.send_signal(signal.SIGINT)
        summary = world.end(fleet)
        assert summary["sent"] > 0 and summary["unsent"] == 0, summary
        world.balanced()


def descriptors(soft, hard):
    return lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def programs_raise_their_descriptor_limit_and_say_when_it_is_too_low(binaries):
    kinds = SOUND.replace("count = 30", "count = 150")
    with World(binaries) as world:
        world.gateway.kill()
        before = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (100, before[1]))  # soft only: both inherit it
        world.gateway.start(world.ports["mqtt"])
        summary = world.end(world.start('duration = "2s"\n' + kinds))
        resource.setrlimit(resource.RLIMIT_NOFILE, before)
        assert summary["sent"] > 300 and summary["unsent"] == 0, summary
        fleet = world.start('duration = "1s"\n' + kinds, preexec_fn=descriptors(100, 200))
        assert "needs 364 file descriptors, and the limit is 200" in fleet.communicate(timeout=20)[1]
        assert fleet.returncode == 2
        world.gateway.kill()
        few = subprocess.Popen([world.tool("sluice"), "run", "--config", world.gateway.config], stdout=subprocess.DEVNULL,
                               stderr=open(world.path("few.log"), "w"), preexec_fn=descriptors(100, 500))
        said = "fewer file descriptors than MQTT connections"
        try:
            wait_until(lambda: said in open(world.path("few.log")).read(), 10, said)
        finally:
            few.kill()
            few.wait()


def post(message_id, body, block=None):
    """A confirmable POST to /telemetry/x; `block` is the byte of its Block1 option."""
    options = b"\xb9telemetry\x01x\x11\x32" + (b"\xd1\x02" + bytes([block]) if block is not None else b"")
    return b"\x44\x02" + message_id.to_bytes(2, "big") + message_id.to_bytes(4, "big") + options + b"\xff" + body


def answer_code(device):
    """Of the piggybacked answer, after the empty acknowledgement that there may be."""
    while True:
        answer = device.recv(2048)
        if answer[1] != 0:
            return answer[1]


def a_body_in_blocks_outlives_its_peers_session(binaries):
    peers, idle_sessions, continued, changed, incomplete = 300, 200, 0x5F, 0x44, 0x88
    body = b'{"device":"blocks","boot":1,"seq":1,"ts":"2026-11-23T08:00:00Z","temperature":20.25,"pad":"' + b"x" * 30 + b'"}'
    with World(binaries) as world, contextlib.ExitStack() as sockets:
        def device():
            one = sockets.enter_context(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
            one.connect(("127.0.0.1", world.ports["coap"]))
            one.settimeout(10)
            return one

        slow = device()
        slow.send(post(1, body[:64], 0 << 4 | 8 | 2))
        assert answer_code(slow) == continued
        assert peers > idle_sessions  # more than the gateway remembers
        others = [device() for _ in range(peers)]
        for number, other in enumerate(others):
            other.send(post(1, b'{"device":"other-%d","boot":1,"seq":1,"ts":"2026-11-23T08:00:00Z","temperature":20}' % number))
        assert {answer_code(other) for other in others} == {changed}
        slow.send(post(2, body[64:], 1 << 4 | 2))
        code = answer_code(slow)
        assert code in (changed, incomplete), hex(code)
        if code == changed:
            wait_until(lambda: os.path.exists(world.path("received")) and any(r["device"] == "blocks" for r in world.ledger("received")),
                       10, "the body arrives")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bin", required=True)
    parser.add_argument("names", nargs="*")
    options = parser.parse_args()
    tests = [whatever_goes_wrong_the_account_balances,
             the_seed_gives_the_same_readings_again,
             a_gateway_that_is_killed_loses_nothing_that_it_acknowledged,
             packs_of_senml_are_accounted_for_reading_by_reading,
             a_signal_ends_the_measuring_and_waits_for_the_last_answers,
             programs_raise_their_descriptor_limit_and_say_when_it_is_too_low,
             a_body_in_blocks_outlives_its_peers_session]
    run_scenarios(tests, options.names, os.path.abspath(options.bin))


if __name__ == "__main__":
    main()
