#!/usr/bin/env python3
"""The sensor's firmware on an emulated board (firmware-sim/cortex-m) against the real daemon: killed, reset,
told what to do, over a network that loses datagrams.

  board_test.py --sluice BIN [NAME...]     runs all tests, or those named; 77: a tool is missing
"""
import argparse
import ctypes
import os
import random
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
sys.path.insert(0, os.path.join(ROOT, "tests"))
from lib.gateway import Gateway, free_port, wait_until
from lib.scenarios import run_scenarios, tests_of
from lib.upstream import Upstream

BOARD = os.path.join(ROOT, "firmware-sim", "cortex-m")
SKIPPED = 77
CONFIG = """
[gateway]
name = "system"
[storage]
path = "@DIR@/store"
commit_interval = "10ms"
[admin]
socket = "@DIR@/admin.sock"
listen = "127.0.0.1:{admin}"
[sources.meters]
type = "coap"
listen = ["coap://127.0.0.1:{coap}"]
decode = "{decode}"
[pipelines.raw]
from = ["meters"]
to = ["cloud"]
[sinks.cloud]
type = "http"
url = "http://127.0.0.1:{upstream}/ingest"
batch = {{ max_events = 100, max_age = "20ms" }}
"""


class Network(threading.Thread):
    """Between the board and the gateway: loses datagrams, and lets a test speak as the gateway."""

    def __init__(self, gateway_port, loss=0.0, seed=1):
        super().__init__(daemon=True)
        self.gateway = ("127.0.0.1", gateway_port)
        self.loss, self.random = loss, random.Random(seed)
        self.front = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.front.bind(("127.0.0.1", 0))
        self.front.settimeout(0.05)
        self.port = self.front.getsockname()[1]
        self.backs = {}                # the board's address -> a socket towards the gateway
        self.board = None              # where it was heard last
        self.lost = 0
        self.answers = {}              # message id of an injected request -> code
        self.asked = set()
        self.has_ended = threading.Event()

    def run(self):
        while not self.has_ended.is_set():
            try:
                data, self.board = self.front.recvfrom(2048)
            except TimeoutError:
                continue
            message_id = int.from_bytes(data[2:4], "big")
            if data[0] >> 4 & 3 == 2 and message_id in self.asked:
                self.answers[message_id] = data[1]
            elif not self._is_lost():
                self._back(self.board).sendto(data, self.gateway)

    def _is_lost(self):
        is_lost = self.random.random() < self.loss
        self.lost += is_lost
        return is_lost

    def _back(self, board):
        if board not in self.backs:
            back = self.backs[board] = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            back.bind(("127.0.0.1", 0))
            back.settimeout(0.05)
            threading.Thread(target=self._bring_back, args=(board, back), daemon=True).start()
        return self.backs[board]

    def _bring_back(self, board, back):
        while not self.has_ended.is_set():
            try:
                data = back.recv(2048)
            except (TimeoutError, ConnectionError):
                continue
            if not self._is_lost():
                self.front.sendto(data, board)

    def put(self, path, payload, message_id):
        """A command as from the gateway, sent again until the board answers; gives the code of the answer."""
        packet = bytes([0x41, 3]) + message_id.to_bytes(2, "big") + b"\x77" + bytes([0xB0 | len(path)]) + path.encode()
        packet += b"\xff" + payload.encode() if payload else b""
        self.asked.add(message_id)
        for _ in range(50):
            self.front.sendto(packet, self.board)
            try:
                wait_until(lambda: message_id in self.answers, 0.3, "an answer")
                return self.answers[message_id]
            except AssertionError:
                pass
        raise AssertionError(f"the board does not answer PUT {path}")


def end_with_parent():
    """An emulator does not stay behind when this script is killed."""
    pr_set_pdeathsig = 1
    ctypes.CDLL(None).prctl(pr_set_pdeathsig, signal.SIGKILL)


class Board:
    """One run of the emulator; `acknowledged` is what the board has said, as (boot, sequence)."""

    def __init__(self, firmware, *options):
        self.process = subprocess.Popen([os.path.join(BOARD, "run"), "--elf", firmware, *map(str, options)],
                                        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                                        preexec_fn=end_with_parent)
        self.lines, self.acknowledged, self.boots = [], [], []
        self.reader = threading.Thread(target=self._read, daemon=True)
        self.reader.start()

    def _read(self):
        for line in self.process.stdout:
            self.lines.append(line.rstrip())
            if found := re.fullmatch(r"acknowledged (\d+) (\d+)\n", line):
                self.acknowledged.append((int(found[1]), int(found[2])))
            if found := re.fullmatch(r"boot (\d+) kept (\d+)\n", line):
                self.boots.append((int(found[1]), int(found[2])))

    def wait_for(self, count, seconds=60):
        wait_until(lambda: len(self.acknowledged) >= count or self.process.poll() is not None, seconds,
                   f"{count} acknowledgements; the board said {self.lines[-5:]}")

    def kill(self):
        """Cuts the power."""
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()
        self.reader.join()

    def end(self, seconds=60):
        code = self.process.wait(seconds)
        self.reader.join()
        return code


class World:
    def __init__(self, binary, firmware):
        self.binary, self.firmware = binary, firmware
        self.folder = tempfile.mkdtemp(prefix="sluice-board-")
        self.upstream = Upstream()
        self.ports = {"coap": free_port(socket.SOCK_DGRAM), "admin": free_port(), "upstream": self.upstream.port}
        self.boards, self.network, self.gateway = [], None, None

    def start(self, decode, loss=0.0):
        self.gateway = Gateway(self.binary, self.folder, CONFIG.format(**self.ports, decode=decode))
        self.gateway.start(self.ports["admin"])
        self.network = Network(self.ports["coap"], loss)
        self.network.start()

    def switch_on(self, *options):
        board = Board(self.firmware, "--port", self.network.port, "--store", os.path.join(self.folder, "flash"), *options)
        self.boards.append(board)
        return board

    def data(self):
        """What has arrived upstream, in the order of the gateway."""
        events = sorted(self.upstream.snapshot(), key=lambda event: int(event["id"].split("/")[1]))
        return [event["data"] for event in events]

    def readings(self):
        """(boot, sequence) -> set of values; more than one value is an identity given twice."""
        found = {}
        for data in self.data():
            found.setdefault((data["boot"], data["seq"]), set()).add((data["temperature"], data["humidity"]))
        return found

    def end(self):
        for board in self.boards:
            if board.process.poll() is None:
                board.kill()
        if self.network:
            self.network.has_ended.set()
        if self.gateway and self.gateway.process.poll() is None:
            self.gateway.kill()
        self.upstream.close()
        shutil.rmtree(self.folder, ignore_errors=True)


# --- the tests ---

def test_a_board_that_is_killed_in_mid_flow_loses_nothing_that_it_reported_as_acknowledged(world):
    world.start("json", loss=0.02)
    said = []
    for round_ in range(4):
        board = world.switch_on("--format", "json", "--interval", 20)
        board.wait_for(15 + 5 * round_)
        if round_ == 1:       # and the gateway dies too
            world.gateway.kill()
            time.sleep(0.1)
            world.gateway.start(world.ports["admin"])
            board.wait_for(len(board.acknowledged) + 10)
        board.kill()
        assert board.boots == [(round_ + 1, 0)], board.lines[:3]
        said += board.acknowledged
    assert len(said) == len(set(said)) >= 90, len(said)
    wait_until(lambda: set(said) <= set(world.readings()), 20, "all that was reported as acknowledged is upstream; missing: "
               f"{sorted(set(said) - set(world.readings()))[:10]}; log:\n{world.gateway.tail()}")
    twice = {identity: values for identity, values in world.readings().items() if len(values) > 1}
    assert not twice, twice
    assert world.network.lost > 0
    # The first reading of a boot says that the memory was lost, but for the very first.
    cold = [data["boot"] for data in world.data() if data.get("cold")]
    assert set(cold) == {2, 3, 4}, cold


def test_a_board_that_resets_itself_brings_every_reading_once_the_ring_is_kept(world):
    world.start("senml", loss=0.02)
    board = world.switch_on("--format", "senml-cbor", "--interval", 25, "--batch", 16, "--restart-every", 40)
    wait_until(lambda: board.acknowledged and board.acknowledged[-1][0] >= 5, 90,
               f"a reading of the fifth boot; the board said {board.lines[-5:]}")
    board.kill()
    sequences = [sequence for _, sequence in board.acknowledged]
    assert sequences == list(range(1, len(sequences) + 1)), "a gap in what was acknowledged"
    assert any(kept > 0 for _, kept in board.boots), board.boots

    def upstream():
        return {data["v"] for data in world.data() if data["n"] == "board-1/seq"}
    wait_until(lambda: set(sequences) <= upstream(), 20, f"all are upstream; missing {set(sequences) - upstream()}")
    boots = {data["v"] for data in world.data() if data["n"] == "board-1/boot"}
    assert boots >= {1, 2, 3, 4}, boots
    assert not [data for data in world.data() if data["n"] in ("board-1/cold", "board-1/dropped")]


def test_a_board_does_what_the_gateway_tells_it(world):
    world.start("json")
    board = world.switch_on("--format", "json", "--interval", 500)
    board.wait_for(2)  # it has spoken: its address is known
    assert world.network.put("interval", "20", 1) == 0x44
    assert world.network.put("interval", "soon", 2) == 0x80
    assert world.network.put("nothing", "", 3) == 0x84
    assert world.network.put("firmware", "2.0.0", 4) == 0x44
    started = time.monotonic()
    board.wait_for(len(board.acknowledged) + 50)
    assert time.monotonic() - started < 20, "50 readings at 20 ms"
    assert world.network.put("reboot", "", 5) == 0x44
    wait_until(lambda: len(board.boots) == 2, 20, f"the board boots again; it said {board.lines[-5:]}")
    board.wait_for(len(board.acknowledged) + 50)
    board.kill()
    wait_until(lambda: {"1.0.0", "2.0.0"} <= {data.get("firmware") for data in world.data()}, 20, "the new version is told")
    sequences = [sequence for _, sequence in board.acknowledged]
    assert sequences == list(range(1, len(sequences) + 1)), "a gap though the ring is kept"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sluice", required=True)
    parser.add_argument("names", nargs="*")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="sluice-board-") as folder:
        firmware = os.path.join(folder, "firmware.elf")
        built = subprocess.run([os.path.join(BOARD, "build"), firmware], capture_output=True, text=True)
        print(built.stdout.strip(), flush=True)
        if built.returncode != 0:
            print(built.stderr)
            sys.exit(SKIPPED if built.returncode == SKIPPED else 1)
        run_scenarios(tests_of(globals()), options.names, world=lambda: World(os.path.abspath(options.sluice), firmware))


main()
