#!/usr/bin/env python3
"""Hours of events in and out of one small store: windows and their snapshots, a journal with a retention,
an upstream that goes away every other minute. File and memory must not grow, and the account must balance.

  soak.py [--bin DIR] [--hours 2] [--rate EVENTS_PER_SECOND] [--samples FILE] [--keep]

Takes a sample every 10 s, prints one every 5 minutes, and at the end holds the largest figures of the
second half against those of the first one. Exit code 1 when one grew, or when an event was lost.
"""
import argparse
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, os.path.join(ROOT, "tests"))
from lib.account import verify  # noqa: E402
from lib.gateway import Gateway, free_port, wait_until  # noqa: E402

GATEWAY = """
[gateway]
name = "soak"
[storage]
path = "@DIR@/store"
max_size = "64MiB"
journal = {{ retain = "2m" }}
snapshot = {{ max_replay = "1s" }}
[admin]
socket = "@DIR@/admin.sock"
listen = ""
[sources.floor]
type = "mqtt"
listen = ["mqtt://127.0.0.1:{mqtt}"]
decode = "json"
event = {{ id = "data.device + '/' + string(data.boot) + '/' + string(data.seq)", subject = "data.device", time = "timestamp(data.ts)" }}
[pipelines.readings]
from = ["floor"]
to = ["cloud"]
[pipelines.windows]
from = ["floor"]
to = ["files"]
[[pipelines.windows.steps]]
window = {{ hopping = "60s", every = "10s", key = "subject", lateness = "10s" }}
emit = {{ n = "count()", mean = "avg(data.temperature)", p99 = "percentile(data.temperature, 99)" }}
[sinks.cloud]
type = "http"
url = "http://127.0.0.1:{upstream}/ingest"
batch = {{ max_events = 1000, max_bytes = "256KiB", max_age = "200ms" }}
compression = "zstd"
[sinks.files]
type = "file"
path = "@DIR@/windows.ndjson"
rotate_size = "4MiB"
keep_files = 2
"""
FLEET = """
seed = 1
duration = "{seconds}s"
drain = "120s"
[kinds.machine]
count = 200
protocol = "mqtt"
topic = "plant/{{device}}/telemetry"
rate = {rate}
ring = 1024
[kinds.machine.signals]
temperature = {{ unit = "Cel", base = 21.0, spread = 5.0, walk = {{ step = 0.1, bound = 3.0 }} }}
humidity = {{ unit = "%RH", base = 45.0, noise = 2.0 }}
"""
SAMPLE_EVERY_S, PRINT_EVERY_S = 10, 300
GROWTH_ALLOWED = 1.2     # of the second half's largest figure over that of the first half
FIGURES = ("file_bytes", "used_bytes", "rss_bytes", "private_bytes", "descriptors", "threads")


def memory_bytes(pid, field):
    with open(f"/proc/{pid}/smaps_rollup") as f:
        return next(int(line.split()[1]) * 1024 for line in f if line.startswith(field + ":"))


def sample(gateway, began):
    pid = gateway.process.pid
    done = gateway.run_tool("status", "--json", "--socket", gateway.socket)
    status = json.loads(done.stdout)
    return {
        "seconds": round(time.monotonic() - began),
        "file_bytes": os.stat(os.path.join(gateway.folder, "store", "store.mdb")).st_blocks * 512,
        "used_bytes": status["store_used_bytes"],
        "rss_bytes": memory_bytes(pid, "Rss"),
        "private_bytes": memory_bytes(pid, "Private_Dirty"),
        "descriptors": len(os.listdir(f"/proc/{pid}/fd")),
        "threads": len(os.listdir(f"/proc/{pid}/task")),
        "messages": sum(source["messages"] for source in status["sources"]),
    }


def control(port, **command):
    request = urllib.request.Request(f"http://127.0.0.1:{port}/control", json.dumps(command).encode(), method="POST")
    urllib.request.urlopen(request, timeout=10).read()


def line(s):
    mib = {name: s[name] / 2**20 for name in FIGURES[:4]}
    return (f"{s['seconds'] / 3600:6.2f} h  {s['messages']:>10} events  file {mib['file_bytes']:6.2f} MiB  "
            f"used {mib['used_bytes']:6.2f}  RSS {mib['rss_bytes']:6.2f}  private {mib['private_bytes']:6.2f}  "
            f"{s['descriptors']} descriptors  {s['threads']} threads")


def watch(options, gateway, simulator, upstream):
    """Samples until the simulator ends; the upstream comes and goes meanwhile."""
    rng = random.Random(1)
    began = time.monotonic()
    next_outage, next_print = began + 60, began
    with open(options.samples, "w") if options.samples else open(os.devnull, "w") as out:
        samples = []
        while simulator.poll() is None:
            now = time.monotonic()
            if now >= next_outage:
                control(upstream, mode=rng.choice(["refuse", "down", "cut"]), for_ms=rng.randrange(5_000, 60_000))
                next_outage = now + 120
            samples.append(sample(gateway, began))
            print(json.dumps(samples[-1]), file=out, flush=True)
            if now >= next_print:
                print(line(samples[-1]), flush=True)
                next_print = now + PRINT_EVERY_S
            time.sleep(SAMPLE_EVERY_S)
    return samples


def most(samples, name):
    """The largest; of resident memory, which has the store's pages while they are trimmed, what 95 % do not exceed."""
    values = sorted(s[name] for s in samples)
    return values[len(values) * 95 // 100] if name == "rss_bytes" else values[-1]


def growth(samples):
    """Name -> most of the first half, of the second half."""
    half = len(samples) // 2
    return {name: (most(samples[:half], name), most(samples[half:], name)) for name in FIGURES}


def run(options, folder):
    def tool(name):
        return os.path.join(options.bin, name)

    mqtt, upstream = free_port(), free_port()
    with open(f"{folder}/fleet.toml", "w") as f:
        f.write(FLEET.format(rate=options.rate, seconds=round(options.hours * 3600)))
    receiver = subprocess.Popen([tool("sluice-receiver"), "--quiet", "--listen", f"127.0.0.1:{upstream}",
                                 "--ledger", f"{folder}/received"], stdout=subprocess.DEVNULL)
    gateway = Gateway(tool("sluice"), folder, GATEWAY.format(mqtt=mqtt, upstream=upstream))
    gateway.start(mqtt)
    try:
        simulator = subprocess.Popen([tool("sluice-sim"), "run", f"{folder}/fleet.toml", "--quiet", "--json",
                                      "--mqtt", f"mqtt://127.0.0.1:{mqtt}", "--ledger", f"{folder}/sent"])
        try:
            samples = watch(options, gateway, simulator, upstream)
        finally:
            simulator.kill()
            simulator.wait()
        control(upstream, mode="accept")

        def status():
            return json.loads(gateway.run_tool("status", "--json", "--socket", gateway.socket).stdout)

        wait_until(lambda: status()["sinks"][0]["backlog_events"] == 0, 300, "the outbox is empty")
        return samples, {**verify(options.bin, folder), "dead_letters": status()["dead_letters"]}
    finally:
        gateway.stop(60)
        receiver.send_signal(signal.SIGTERM)
        receiver.wait()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bin", default=os.path.join(ROOT, "build/release/bin"))
    parser.add_argument("--hours", type=float, default=2)
    parser.add_argument("--rate", type=float, default=500)
    parser.add_argument("--samples", help="file for all samples, a JSON object a line")
    parser.add_argument("--keep", action="store_true", help="keep the folder with store, ledgers and log")
    options = parser.parse_args()
    folder = tempfile.mkdtemp(prefix="sluice-soak-")
    print(f"in {folder}", flush=True)
    samples, account = run(options, folder)
    print(line(samples[-1]))
    has_grown = False
    for name, (first, second) in growth(samples).items():
        grew = second > first * GROWTH_ALLOWED
        has_grown = has_grown or grew
        print(f"{name:14} at most {first} in the first half, {second} in the second{': GREW' if grew else ''}")
    print(f"{account['sent']} sent, {account['delivered']} delivered, {account['lost']} lost, {account['duplicated']} duplicated, {account['dead_letters']} dead letters: "
          f"{'balanced' if account['balanced'] else 'NOT BALANCED'}")
    if not options.keep and account["balanced"] and not has_grown:
        shutil.rmtree(folder)
    sys.exit(0 if account["balanced"] and not has_grown else 1)


if __name__ == "__main__":
    main()
