#!/usr/bin/env python3
"""Updates over the air in an emulated machine: a good one, a tampered one, and one with a broken gateway, which is rolled
back; the events that wait for an unreachable upstream are all there throughout.

  ota_test.py --bin DIR --build DIR [--deb FILE]     77: a tool, root or the network is missing. Takes ten minutes.
"""
import argparse
import os
import re
import socket
import subprocess
import sys
import tempfile
import threading
import time

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
sys.path.insert(0, os.path.join(ROOT, "tests"))
from lib.gateway import free_port
from lib.image import FIRMWARE, MIB, ROOT_AT, SKIPPED, package, run, set_kernel_arguments, start_machine, why_not
from lib.mqtt_device import connect_packet, publish_packet

TOOLS = ["mmdebstrap", "mke2fs", "debugfs", "mcopy", "sfdisk", "grub-mkimage", "zstd", "minisign", "rauc", "mksquashfs",
         "openssl", "qemu-system-x86_64"]
EVENTS = 200
CONFIG = """[gateway]
name = "hall-3"
[sources.hall]
type = "mqtt"
listen = ["mqtt://0.0.0.0:1883"]
anonymous = true
[pipelines.all]
from = ["hall"]
to = ["cloud"]
[sinks.cloud]
type = "http"
url = "http://127.0.0.1:9/nobody-listens"
"""


class Sender(threading.Thread):
    """Sends events to the box as soon as it takes them, until all are acknowledged."""

    def __init__(self, port):
        super().__init__(daemon=True)
        self.port, self.acknowledged, self.stopped = port, 0, False

    def run(self):
        while not self.stopped and self.acknowledged < EVENTS:
            try:
                self.send()
            except OSError:
                time.sleep(0.5)  # the box is not up yet: asked again

    def send(self):
        with socket.create_connection(("127.0.0.1", self.port), timeout=20) as connection:
            connection.sendall(connect_packet("ota-test"))
            if connection.recv(4)[:1] != b"\x20":
                raise OSError("no answer yet")
            while self.acknowledged < EVENTS:
                number = self.acknowledged + 1
                connection.sendall(publish_packet("hall/1", b'{"n": %d}' % number, number))
                if connection.recv(4)[:1] != b"\x40":
                    raise OSError("not acknowledged")
                self.acknowledged = number


class Box:
    """A flashed disk, a second one with bundles, and what each start said."""

    def __init__(self, arguments, folder):
        self.folder, self.binaries = folder, os.path.abspath(arguments.bin)
        self.environment = {**os.environ, "PATH": f"{self.binaries}:{os.environ['PATH']}"}
        self.environment.setdefault("SLUICE_CACHE", os.path.join(os.path.abspath(arguments.build), "cache"))
        self.disk, self.bundles = self.path("disk"), self.path("bundles")
        run(os.path.join(ROOT, "packaging", "image", "build"), "amd64", "--kernel", "cloud", "--output", folder, "--deb", package(arguments),
            env=self.environment)
        self.make_bundles()
        with open(self.disk, "wb") as f:
            f.truncate(3072 * MIB)
        with open(self.path("sluice.toml"), "w") as f:
            f.write(CONFIG)
        run("sluice-flash", self.path("sluice-amd64.img.zst"), self.disk, "--yes", "--key", self.path("test.pub"),
            "--config", self.path("sluice.toml"), env=self.environment)

    def path(self, name):
        return os.path.join(self.folder, name)

    def bundle(self, image, name):
        """By the command of packaging/ota/README.md."""
        with open(os.path.join(ROOT, "packaging", "ota", "README.md")) as f:
            command = re.search(r"```sh\n(.*?)\n", f.read()).group(1).split()
        assert command[0] == "packaging/ota/bundle" and len(command) == 3, command
        run(os.path.join(ROOT, command[0]), image, self.path(f"bundles.d/{name}.raucb"))

    def make_bundles(self):
        os.mkdir(self.path("bundles.d"))
        image = self.path("sluice-amd64.img")
        self.bundle(image, "good")
        with open(self.path("bundles.d/good.raucb"), "rb") as f:
            good = bytearray(f.read())
        good[-1000] ^= 1  # in the signature
        with open(self.path("bundles.d/tampered.raucb"), "wb") as f:
            f.write(good)
        broken = self.path("broken.img")
        run("cp", "--sparse=always", image, broken)
        with open(self.path("no-gateway"), "w") as f:
            f.write("#!/bin/sh\nexit 1\n")
        inside = f"rm /usr/bin/sluice\nwrite {self.path('no-gateway')} /usr/bin/sluice\nset_inode_field /usr/bin/sluice mode 0100755\n"
        run("debugfs", "-w", "-f", "-", f"{broken}?offset={ROOT_AT}", input=inside)
        for file in ("test-ca.pem", "test-signer.pem", "test-signer.key"):
            assert os.path.exists(self.path(file))
        self.bundle(broken, "broken")
        os.remove(broken)
        size = sum(os.path.getsize(self.path(f"bundles.d/{name}")) for name in os.listdir(self.path("bundles.d")))
        run("mke2fs", "-q", "-t", "ext4", "-L", "sluice-update", "-d", self.path("bundles.d"), self.bundles,
            f"{size // MIB * 5 // 4 + 64}M")

    def start(self, update=None, port=None):
        arguments = "sluice.selfcheck console=ttyS0" + (f" sluice.selfcheck.update={update}.raucb" if update else "")
        set_kernel_arguments(self.disk, arguments)
        network = f"user,model=virtio-net-pci,restrict=on,hostfwd=tcp:127.0.0.1:{port}-:1883" if port else "none"
        said, seconds = start_machine(self.disk, 500, ["-nic", network, "-drive",
                                                       f"file={self.bundles},format=raw,if=virtio,readonly=on"])
        lines = re.findall(r"SELFCHECK (.*)", said)
        slot = re.search(r"Sluice: slot ([AB]), try (\d)", said)
        assert slot, f"GRUB chose no slot:\n{said[-3000:]}"
        results = re.findall(r"sluice-update\[\d+\]: (.*)", said)  # the service's own line on the console
        result = results[-1] if results else ""
        waiting = re.search(r'"name":"cloud","events":(\d+)', next((line for line in lines if line.startswith("waiting=")), ""))
        print(f"        slot {slot[1]}, try {slot[2]}: {'healthy' if 'healthcheck=ok' in lines else 'not healthy'}, "
              f"{waiting[1] if waiting else 'no answer about'} events wait; {result} ({seconds:.0f} s)", flush=True)
        return slot[1], int(slot[2]), "healthcheck=ok" in lines, int(waiting[1]) if waiting else None, result, said


def scenario(box):
    port = free_port()
    sender = Sender(port)
    sender.start()
    slot, _, healthy, _, update, said = box.start("good", port)
    sender.stopped = True
    assert (slot, healthy) == ("A", True), said[-4000:]
    assert "installed good.raucb" in update, said[-4000:]
    assert sender.acknowledged == EVENTS, f"only {sender.acknowledged} events were acknowledged"

    slot, _, healthy, backlog, update, said = box.start("tampered")
    assert (slot, healthy) == ("B", True), said[-4000:]
    # What was sent again because its acknowledgement did not come in time may be there twice.
    assert backlog >= EVENTS, said[-4000:]
    assert "refuses tampered.raucb: signature" in update, said[-4000:]

    slot, _, healthy, waiting, update, said = box.start("broken")
    assert (slot, healthy, waiting) == ("B", True, backlog), said[-4000:]
    assert "installed broken.raucb" in update, said[-4000:]

    for attempt in (1, 2, 3):
        slot, number, healthy, _, _, said = box.start()
        assert (slot, number, healthy) == ("A", attempt, False), said[-4000:]
    slot, _, healthy, waiting, _, said = box.start()
    assert (slot, healthy, waiting) == ("B", True, backlog), said[-4000:]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--bin", required=True)
    parser.add_argument("--build", required=True)
    parser.add_argument("--deb")
    arguments = parser.parse_args()
    if why := why_not(TOOLS, arguments, [FIRMWARE]):
        print(f"skipped: {why}")
        return SKIPPED
    os.makedirs(arguments.build, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="sluice-ota-", dir=arguments.build) as folder:
        scenario(Box(arguments, os.path.abspath(folder)))
    print("ok      updated, refused, rolled back; no event was lost")
    return 0


sys.exit(main())
