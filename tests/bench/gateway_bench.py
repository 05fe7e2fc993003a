#!/usr/bin/env python3
"""Sluice beside its peers, as whole processes on the same work: the gateway-bench harness with Sluice
in a peer's place.

  gateway_bench.py --sluice BIN [--harness DIR] PEER SCENARIO [options of the harness]

PEER: sluice, mosquitto-null, mosquitto-bridge. SCENARIO: pass filter window offline kill killon outage
idle. The harness (default: ../shared/tools/gateway-bench beside the project) is used where it is; its
programs are built into a temporary folder.
"""
import os
import subprocess
import sys
import tempfile

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
CONFIG = """
[gateway]
name = "bench"
[storage]
path = "{data}/store"
max_size = "4GiB"
[admin]
socket = "{data}/admin.sock"
listen = ""
[sources.load]
type = "mqtt"
listen = ["mqtt://127.0.0.1:{inp}"]
decode = "json"
{event}
[pipelines.bench]
from = ["load"]
to = ["up"]
{steps}
[sinks.up]
type = "http"
url = "http://127.0.0.1:{outp}/ingest"
batch = {{ max_events = 2000, max_bytes = "1MiB", max_age = "200ms" }}
"""
STEPS = {
    "filter": '[[pipelines.bench.steps]]\nfilter = "data.temperature > 22.0"',
    "window": '[[pipelines.bench.steps]]\nwindow = {{ tumbling = "10s", key = "topic[2]", lateness = "0s" }}\n'
              'emit = {{ mean = "avg(data.temperature)", n = "count()" }}',
}


def take(option, otherwise):
    if option in sys.argv:
        at = sys.argv.index(option)
        value = sys.argv[at + 1]
        del sys.argv[at:at + 2]
        return value
    return otherwise


def overlay(harness):
    """The harness under another folder, so that what it builds does not lie in it."""
    folder = tempfile.mkdtemp(prefix="gateway-bench-")
    for name in ("bench.py", "peers.py", "report.py", "conf", "src", "Makefile"):
        os.symlink(os.path.join(harness, name), os.path.join(folder, name))
    subprocess.run(["make", "-s", "-C", folder], check=True, stdout=subprocess.DEVNULL)
    return folder


def main():
    if len(sys.argv) < 3 or "--help" in sys.argv:
        print(__doc__)
        sys.exit(2)
    sluice = os.path.abspath(take("--sluice", os.path.join(ROOT, "build/release/bin/sluice")))
    folder = overlay(os.path.abspath(take("--harness", os.path.join(ROOT, "..", "shared", "tools", "gateway-bench"))))
    sys.path.insert(0, folder)
    # Peers are started in folders of their own: their paths must not be relative.
    os.environ.setdefault("BENCH_OUT", os.path.abspath("results.jsonl"))
    import peers

    class Sluice(peers.Peer):
        name = "sluice"

        def start(self, scenario, data, inp, outp, options):
            steps = STEPS.get(scenario, "").replace("{{", "{").replace("}}", "}")
            # In the window scenario event time must move past the last window: the sum of counts is compared.
            event = 'event = { time = "timestamp_from_ms(int(data.ts))" }' if scenario == "window" and options.get("time") == "event" else ""
            text = CONFIG.format(data=data, inp=inp, outp=outp, steps=steps, event=event)
            return [sluice, "run", "--config", peers.write(data + "/sluice.toml", text)], {}

    peers.PEERS["sluice"] = Sluice()
    import bench  # noqa: F401  runs the harness with the arguments that are left


main()
