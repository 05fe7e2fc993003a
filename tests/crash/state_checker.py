"""The checker as a process that is asked about one state after the other, and made anew when it dies."""
import json
import os
import select
import shutil
import subprocess
import tempfile

from power_load import CLOSING_TIME, MAX_BYTES
from recording import write_state

PATIENCE_S = 10    # a state takes some milliseconds


class StateChecker:
    def __init__(self, binary):
        self.binary, self.process = binary, None
        self.folder = tempfile.mkdtemp(prefix="sluice-power-", dir="/dev/shm" if os.path.isdir("/dev/shm") else None)
        self.log = open(os.path.join(self.folder, "checker.log"), "w+b")

    def close(self):
        self._end()
        self.log.close()
        shutil.rmtree(self.folder, ignore_errors=True)

    def command(self):
        return [self.binary, CLOSING_TIME, str(MAX_BYTES)]

    def check(self, state):
        """state: {name: bytes}, or None when not even the folder is there. -> what was found"""
        store = os.path.join(self.folder, "store")
        if state is None:
            shutil.rmtree(store, ignore_errors=True)
        else:
            write_state(store, state)
        self.log.seek(0)
        self.log.truncate()
        if self.process is None:
            self.process = subprocess.Popen(self.command(), stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self.log)
        try:
            self.process.stdin.write(store.encode() + b"\n")
            self.process.stdin.flush()
            line = self._line()
        except BrokenPipeError:
            line = b""
        if line.endswith(b"\n"):
            return json.loads(line)
        end = "did not answer" if self.process.poll() is None else f"ended with {self.process.wait()}"
        self._end()
        return {"died": f"the process that recovers the store {end}"}

    def said(self):
        """What it has logged about the last state."""
        self.log.seek(0)
        return self.log.read().decode(errors="replace")

    def _line(self):
        line = b""
        while not line.endswith(b"\n"):
            if not select.select([self.process.stdout], [], [], PATIENCE_S)[0]:
                break
            piece = os.read(self.process.stdout.fileno(), 1 << 20)
            if not piece:
                self.process.wait()
                break
            line += piece
        return line

    def _end(self):
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            self.process.stdin.close()
            self.process.stdout.close()
            self.process = None
