"""A gateway on a store that fails: the daemon with devices and an upstream, switches for the faults, and
the account at the end.

    with Box(options) as box:
        box.run_up()
        box.faults.set("data", every=3, error=errno.EIO)
        ...
        box.faults.clear()
        box.finish()          goes on by itself, survives a kill, and everything acknowledged is upstream
"""
import ctypes
import errno
import mmap
import os
import resource
import shutil
import socket
import struct
import tempfile
import time

from lib.gateway import Gateway, free_port, wait_until
from lib.upstream import Upstream
from power_load import CONFIG, Truth, make_devices
from state_checker import StateChecker
from state_judge import Known, judge

PATIENCE_S = 30
KINDS = ("data", "meta", "sync")    # as in fail_io.c


class Faults:
    """What fail_io.so is told, and what it has counted."""

    def __init__(self, path):
        self.path = path
        with open(path, "wb") as f:
            f.write(bytes(4 * 4 * len(KINDS)))
        with open(path, "r+b") as f:
            self.map = mmap.mmap(f.fileno(), 0)

    def _put(self, field, kind, value):
        struct.pack_into("=i", self.map, 4 * (field * len(KINDS) + KINDS.index(kind)), value)

    def _get(self, field, kind):
        return struct.unpack_from("=I", self.map, 4 * (field * len(KINDS) + KINDS.index(kind)))[0]

    def set(self, kind, every, error):
        """Every nth call fails; error 0: it writes only a part; -errno: it does all, and says that it failed."""
        self._put(1, kind, error)
        self._put(0, kind, every)

    def clear(self):
        for kind in KINDS:
            self._put(0, kind, 0)

    def made(self, kind):
        return self._get(3, kind)


class Box:
    def __init__(self, options, store=None):
        self.folder = tempfile.mkdtemp(prefix="sluice-faults-", dir=options.folder)
        self.options = options
        self.ports = {"mqtt": free_port(), "plain": free_port(), "coap": free_port(socket.SOCK_DGRAM)}
        self.upstream = Upstream()
        self.store = store or os.path.join(self.folder, "box", "store")
        os.makedirs(os.path.dirname(self.store), exist_ok=True)
        text = CONFIG.format(**self.ports, upstream=self.upstream.port).replace("@DIR@/box/store", self.store)
        self.gateway = Gateway(os.path.join(options.bin, "sluice"), self.folder, text)
        self.faults = Faults(os.path.join(self.folder, "faults"))
        self.devices = make_devices(self.ports, is_broken=False)
        self.is_started = False

    def __enter__(self):
        return self

    def __exit__(self, kind, value, trace):
        for device in self.devices.values():
            device.stopping.set()
            device.given_up.set()
        if self.gateway.process and self.gateway.process.poll() is None:
            self.gateway.kill()
        if kind is None and not self.options.keep:
            shutil.rmtree(self.folder, ignore_errors=True)

    def start(self):
        self.gateway.start(self.ports["mqtt"], {
            "LD_PRELOAD": os.path.join(self.options.bin, "fail_io.so"), "SLUICE_FAIL_CONTROL": self.faults.path,
            "SLUICE_FAIL_DIRECTORY": self.store})

    def restart(self):
        self.gateway.kill()
        self.start()

    def run_up(self):
        self.start()
        for device in self.devices.values():
            device.start()
        self.wait_for_progress("under way")

    def acked(self):
        return sum(len(device.acked) for device in self.devices.values())

    def wait_for_progress(self, what, events=200):
        """Devices of every kind get acknowledgements."""
        before = {name: len(device.acked) for name, device in self.devices.items()}
        total = self.acked()
        self.wait(lambda: self.acked() >= total + events and
                  all(len(d.acked) > before[name] for name, d in self.devices.items()), f"acknowledgements come: {what}")

    def wait(self, condition, what, seconds=PATIENCE_S):
        def checked():
            assert self.is_alive(), f"the gateway ended with {self.gateway.process.returncode}; its log:\n{self.gateway.tail()}"
            return condition()
        return wait_until(checked, seconds, what + f"; the log:\n{self.gateway.tail(8)}")

    def is_alive(self):
        return self.gateway.process.poll() is None

    def acknowledges_nothing(self, is_over, what):
        """While the fault is there, until is_over(): what is under way may still come, then nothing does."""
        self.wait(is_over, what)
        seen = self.acked()
        end = time.monotonic() + 1
        self.wait(lambda: time.monotonic() > end, "a second passes")
        assert self.acked() == seen, f"{self.acked() - seen} events were acknowledged while {what}"

    def log_says(self, *texts):
        with open(self.gateway.log, errors="replace") as f:
            log = f.read()
        for text in texts:
            assert text in log, f"the log does not say '{text}'; its end:\n{self.gateway.tail()}"

    def limit(self, what, soft):
        """-> the limit before"""
        before = resource.prlimit(self.gateway.process.pid, what)
        resource.prlimit(self.gateway.process.pid, what, (soft, before[1]))
        return before[0]

    def cpu_s(self):
        with open(f"/proc/{self.gateway.process.pid}/stat") as f:
            fields = f.read().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def file_bytes(self):
        return os.stat(os.path.join(self.store, "store.mdb")).st_size

    def finish(self):
        """The fault is over."""
        self.wait_for_progress("the fault is over, and the gateway goes on by itself")
        self.restart()
        self.wait_for_progress("after a kill")
        for device in self.devices.values():
            device.stopping.set()
        for name, device in self.devices.items():
            device.join(PATIENCE_S)
            assert not device.is_alive(), f"{name} waits for an acknowledgement; the log:\n{self.gateway.tail()}"

        def missing():
            known = self.known()
            return {name: sorted(seqs - known.answered[name])[:5] for name, seqs in known.acked.items()
                    if seqs - known.answered[name]}
        try:
            self.wait(lambda: not missing(), "all acknowledged events are upstream")
        except AssertionError as late:
            raise AssertionError(f"LOST, for example {missing()}: {late}") from late
        code = self.gateway.stop()
        assert code == 0, f"the clean stop gave exit code {code}; the log:\n{self.gateway.tail()}"
        self.judge_store()

    def known(self):
        known = Known(Truth(self.devices, self.upstream))
        known.advance(float("inf"))
        return known

    def judge_store(self):
        """Recovery finds nothing damaged, and the windows hold each event once."""
        state = {}
        for name in os.listdir(self.store):
            with open(os.path.join(self.store, name), "rb") as f:
                state[name] = f.read()
        checker = StateChecker(os.path.join(self.options.bin, "crash_state_check"))
        found = checker.check(state)
        checker.close()
        assert "died" not in found, found["died"]
        wrong = judge(self.known(), found)
        assert not wrong, f"{wrong[:5]}; the log:\n{self.gateway.tail()}"


class Skipped(Exception):
    """This machine does not permit what the test needs."""


def private_mounts():
    """From here on this process sees mounts of its own, which end with it. Before any thread begins."""
    libc = ctypes.CDLL(None, use_errno=True)
    new_mounts, new_user, private_rec = 0x00020000, 0x10000000, 1 << 18 | 1 << 14
    uid, gid = os.getuid(), os.getgid()
    if libc.unshare(new_mounts if uid == 0 else new_mounts | new_user) != 0:
        raise Skipped(f"mounting is not possible here: {os.strerror(ctypes.get_errno())}")
    if uid != 0:
        for name, text in (("setgroups", "deny"), ("uid_map", f"0 {uid} 1"), ("gid_map", f"0 {gid} 1")):
            with open(f"/proc/self/{name}", "w") as f:
                f.write(text)
    if libc.mount(b"none", b"/", None, private_rec, None) != 0:
        raise Skipped(f"mounting is not possible here: {os.strerror(ctypes.get_errno())}")


def mount_tmpfs(folder, options, is_remount=False):
    libc = ctypes.CDLL(None, use_errno=True)
    flags = (32 if is_remount else 0) | (1 if "ro" in options.split(",") else 0)
    data = ",".join(o for o in options.split(",") if o != "ro").encode()
    if libc.mount(b"tmpfs", folder.encode(), b"tmpfs", flags, data) != 0:
        error = ctypes.get_errno()
        if error == errno.EBUSY:
            raise OSError(error, "a file is open for writing")
        raise Skipped(f"mounting is not possible here: {os.strerror(error)}")
