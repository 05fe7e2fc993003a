#!/usr/bin/env python3
"""Ten thousand devices against the real gateway over loopback: half over MQTT, half over CoAP.

  fleet_bench.py [--bin DIR] [--devices N] [--rate EVENTS_PER_SECOND] [--seconds S] [--json]

Says whether all is acknowledged and the account balances (else the exit code is 1), and what it costs:
events a second, CPU of simulator and gateway for an event, latency from the first sending of a reading
to its acknowledgement.
"""
import argparse
import json
import os
import signal
import subprocess
import sys
import tempfile
import time

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, os.path.join(ROOT, "tests"))
from lib.account import verify  # noqa: E402
from lib.gateway import Gateway, free_port, wait_until  # noqa: E402
import socket  # noqa: E402

GATEWAY = """
[gateway]
name = "bench"
[storage]
path = "@DIR@/store"
max_size = "2GiB"
[admin]
socket = "@DIR@/admin.sock"
listen = ""
[sources.floor]
type = "mqtt"
listen = ["mqtt://127.0.0.1:{mqtt}"]
decode = "json"
event = {{ id = "data.device + '/' + string(data.boot) + '/' + string(data.seq)", subject = "data.device", time = "timestamp(data.ts)" }}
[sources.meters]
type = "coap"
listen = ["coap://127.0.0.1:{coap}"]
resources = ["telemetry/+"]
decode = "json"
event = {{ id = "data.device + '/' + string(data.boot) + '/' + string(data.seq)", subject = "data.device", time = "timestamp(data.ts)" }}
[pipelines.readings]
from = ["floor", "meters"]
to = ["cloud"]
[sinks.cloud]
type = "http"
url = "http://127.0.0.1:{upstream}/ingest"
batch = {{ max_events = 2000, max_bytes = "1MiB", max_age = "200ms" }}
compression = "zstd"
"""
FLEET = """
seed = 1
duration = "{seconds}s"
drain = "120s"
[kinds.machine]
count = {half}
protocol = "mqtt"
topic = "plant/{{device}}/telemetry"
rate = {rate}
ring = 256
[kinds.machine.signals]
temperature = {{ unit = "Cel", base = 21.0, spread = 5.0, walk = {{ step = 0.1, bound = 3.0 }} }}
humidity = {{ unit = "%RH", base = 45.0, noise = 2.0 }}
[kinds.meter]
count = {half}
protocol = "coap"
topic = "telemetry/{{device}}"
rate = {rate}
ring = 256
[kinds.meter.signals]
temperature = {{ unit = "Cel", base = 21.0, spread = 5.0, walk = {{ step = 0.1, bound = 3.0 }} }}
humidity = {{ unit = "%RH", base = 45.0, noise = 2.0 }}
"""


def cpu_seconds(pid):
    with open(f"/proc/{pid}/stat") as f:
        fields = f.read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def resident_mib(pid):
    with open(f"/proc/{pid}/status") as f:
        return next(int(line.split()[1]) / 1024 for line in f if line.startswith("VmHWM"))


def run(options, folder):
    def tool(name):
        return os.path.join(options.bin, name)

    ports = {"mqtt": free_port(), "coap": free_port(socket.SOCK_DGRAM), "upstream": free_port()}
    with open(f"{folder}/fleet.toml", "w") as f:
        f.write(FLEET.format(half=options.devices // 2, rate=options.rate / 2, seconds=options.seconds))
    receiver = subprocess.Popen([tool("sluice-receiver"), "--quiet", "--listen", f"127.0.0.1:{ports['upstream']}",
                                 "--ledger", f"{folder}/received"], stdout=subprocess.DEVNULL)
    gateway = Gateway(tool("sluice"), folder, GATEWAY.format(**ports))
    gateway.start(ports["mqtt"])
    try:
        before = cpu_seconds(gateway.process.pid)
        done = subprocess.run([tool("sluice-sim"), "run", f"{folder}/fleet.toml", "--json", "--quiet",
                               "--mqtt", f"mqtt://127.0.0.1:{ports['mqtt']}", "--coap", f"coap://127.0.0.1:{ports['coap']}",
                               "--ledger", f"{folder}/sent"], capture_output=True, text=True)
        if done.returncode != 0:
            raise SystemExit(done.stderr)
        summary = json.loads(done.stdout)
        gateway_cpu = cpu_seconds(gateway.process.pid) - before
        end = time.monotonic() + 60
        while not (account := verify(options.bin, folder))["balanced"] and time.monotonic() < end:
            time.sleep(0.5)
        return {"devices": options.devices, **summary, "gateway_cpu_seconds": round(gateway_cpu, 2),
                "gateway_mib": round(resident_mib(gateway.process.pid)),
                "sim_us_per_event": round(summary["cpu_seconds"] / summary["acknowledged"] * 1e6, 1),
                "gateway_us_per_event": round(gateway_cpu / summary["acknowledged"] * 1e6, 1), "account": account}
    finally:
        gateway.stop(60)
        receiver.send_signal(signal.SIGTERM)
        receiver.wait()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bin", default=os.path.join(ROOT, "build/release/bin"))
    parser.add_argument("--devices", type=int, default=10_000)
    parser.add_argument("--rate", type=float, default=5_000)
    parser.add_argument("--seconds", type=int, default=30)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="sluice-fleet-") as folder:
        result = run(options, folder)
    account = result["account"]
    is_good = account["balanced"] and result["acknowledged"] == result["measured"] == account["delivered"]
    if options.json:
        print(json.dumps(result))
    else:
        print(f"{result['devices']} devices, {result['measured']} readings, {result['acknowledged']} acknowledged, "
              f"{account['delivered']} delivered, {account['lost']} lost, {account['duplicated']} duplicated: "
              f"{'balanced' if is_good else 'NOT BALANCED'}")
        print(f"{result['events_per_second']:.0f} events/s over {result['seconds']:.1f} s; latency p50 {result['p50_ms']:.0f} ms, "
              f"p95 {result['p95_ms']:.0f} ms, p99 {result['p99_ms']:.0f} ms; {result['resent']} messages sent again")
        print(f"CPU for an event: simulator {result['sim_us_per_event']} us, gateway {result['gateway_us_per_event']} us; "
              f"gateway at most {result['gateway_mib']} MiB")
    sys.exit(0 if is_good else 1)


main()
