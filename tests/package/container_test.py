#!/usr/bin/env python3
"""The container's root, entered as its Containerfile says: as another user, with a root that is read-only,
nothing writable but the volume. It takes events in, tells its health, ends on SIGTERM, and comes back from
SIGKILL with all that it acknowledged.

  container_test.py        skipped (77) without root, mmdebstrap, systemd-nspawn, or packages in build/packages
"""
import fcntl
import glob
import json
import os
import re
import shutil
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from lib.gateway import wait_until
from lib.mqtt_device import MqttDevice
from root import PROJECT, need_tools, packages

INSIDE = "--inside"     # of a network of its own
SIOCGIFFLAGS, SIOCSIFFLAGS, IFF_UP = 0x8913, 0x8914, 1
EVENTS = 300


def raise_loopback():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        name = b"lo"
        flags = struct.unpack("16sH", fcntl.ioctl(s, SIOCGIFFLAGS, struct.pack("16sH14x", name, 0))[:18])[1]
        fcntl.ioctl(s, SIOCSIFFLAGS, struct.pack("16sH14x", name, flags | IFF_UP))


class Containerfile:
    """The last of each instruction; what is a JSON list comes as one."""

    def __init__(self, path):
        with open(path, encoding="utf-8") as f:
            text = f.read().replace("\\\n", " ")
        self.last = dict(re.findall(r"^([A-Z]+) (.*)$", text, re.M))

    def words(self, name):
        return json.loads(self.last[name][self.last[name].index("["):])


class Container:
    def __init__(self, folder):
        self.folder = folder
        self.file = Containerfile(f"{folder}/Containerfile")
        self.root, self.volume = f"{folder}/root", f"{folder}/volume"
        os.mkdir(self.root)
        os.mkdir(self.volume)
        subprocess.run(["tar", "-C", self.root, "--numeric-owner", "-xf", f"{folder}/root.tar"], check=True)
        with open(f"{self.root}/etc/passwd", encoding="utf-8") as f:
            entry = next(line.split(":") for line in f if line.startswith(self.file.last["USER"] + ":"))
        self.uid, self.gid = int(entry[2]), int(entry[3])
        os.chown(self.volume, self.uid, self.gid)
        self.nspawn = None

    def start(self):
        command = self.file.words("ENTRYPOINT") + self.file.words("CMD")
        self.nspawn = subprocess.Popen(
            ["systemd-nspawn", "-q", "-D", self.root, "--read-only", "--register=no", "--keep-unit", "--console=pipe",
             f"--user={self.file.last['USER']}", f"--chdir={self.file.last['WORKDIR']}",
             f"--bind={self.volume}:{self.file.last['VOLUME']}", *command],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=open(f"{self.folder}/log", "ab"))
        wait_until(lambda: self.pid() and self.health().returncode == 0, 30, f"it is healthy:\n{self.log()}")

    def pid(self):
        """Of the gateway, as this side counts."""
        for path in glob.glob("/proc/[0-9]*/exe"):
            try:
                if os.readlink(path) == "/usr/bin/sluice" and os.stat(os.path.dirname(path)).st_uid == self.uid:
                    return int(path.split("/")[2])
            except OSError:
                pass
        return None

    def enter(self, *command, uid=None):
        uid, gid = (self.uid, self.gid) if uid is None else (uid, uid)
        return subprocess.run(["nsenter", "-t", str(self.pid()), "-m", "-p", f"--setuid={uid}", f"--setgid={gid}", *command],
                              capture_output=True, text=True, timeout=60)

    def health(self):
        return self.enter(*self.file.words("HEALTHCHECK"))

    def end(self, number):
        os.kill(self.pid(), number)
        return self.nspawn.wait(20)

    def log(self):
        with open(f"{self.folder}/log", encoding="utf-8") as f:
            return f.read()[-3000:]


def publish(name):
    """EVENTS from a device of that name, each acknowledged."""
    device = MqttDevice(1883, name, f"t/{name}", lambda seq: json.dumps({"device": name, "n": seq}).encode(), rate=1000)
    device.start()
    wait_until(lambda: len(device.acked) >= EVENTS, 30, "the events are acknowledged")
    device.stopping.set()
    device.join(10)


def archived(container, name):
    """The numbers of the device's events in the file sink's files."""
    text = b""
    for path in sorted(glob.glob(f"{container.volume}/archive/*")):
        text += subprocess.run(["zstd", "-dcq", path], capture_output=True).stdout
    return {int(n) for n in re.findall(rb'"device":"' + name.encode() + rb'","n":(\d+)', text.replace(b" ", b""))}


def test(container):
    container.start()
    status = open(f"/proc/{container.pid()}/status", encoding="utf-8").read()
    assert container.uid != 0 and f"Uid:\t{container.uid}" in status, status
    for path in ("/etc/x", "/usr/x", "/x"):
        assert "Read-only file system" in container.enter("/bin/touch", path, uid=0).stderr, path
    publish("before")
    container.end(signal.SIGKILL)
    container.start()
    publish("after")
    wait_until(lambda: '"backlog_events":0' in container.enter("/usr/bin/sluice", "status", "--json").stdout, 20, "all is archived")
    code = container.end(signal.SIGTERM)
    assert code == 0 and "Sluice has stopped" in container.log(), f"{code}\n{container.log()}"
    for name in ("before", "after"):
        missing = set(range(1, EVENTS + 1)) - archived(container, name)
        assert not missing, f"{name}: {sorted(missing)[:10]} of {len(missing)}"
    print(f"user {container.uid}, read-only root: {2 * EVENTS} events acknowledged and archived over a SIGKILL")


def make_root(folder):
    package = glob.glob(os.path.join(packages(), "sluice_*.deb"))[0]
    made = subprocess.run([os.path.join(PROJECT, "packaging/container/build"), "--root-only", "--deb", package, "--output", folder],
                          stdin=subprocess.DEVNULL, capture_output=True, text=True)
    assert made.returncode == 0, made.stdout + made.stderr


def main():
    need_tools()
    if INSIDE in sys.argv:
        raise_loopback()
        container = Container(sys.argv[-1])
        try:
            test(container)
        finally:
            if container.nspawn and container.nspawn.poll() is None:
                container.nspawn.terminate()
                container.nspawn.wait()
        return
    folder = tempfile.mkdtemp(prefix="sluice-container-")
    try:
        make_root(folder)
        sys.exit(subprocess.run(["unshare", "-n", sys.executable, os.path.abspath(__file__), INSIDE, folder]).returncode)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
