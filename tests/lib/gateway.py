"""The real daemon as a process of a test: free ports, a temporary store, its log, kill and restart."""
import os
import signal
import socket
import subprocess
import time


def can_connect(port):
    try:
        socket.create_connection(("127.0.0.1", port), 0.2).close()
        return True
    except OSError:
        return False


def free_port(kind=socket.SOCK_STREAM):
    with socket.socket(socket.AF_INET, kind) as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def wait_until(condition, seconds, what):
    """Waits for a thing, with a bound."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        value = condition()
        if value:
            return value
        time.sleep(0.02)
    raise AssertionError(f"timed out after {seconds} s: {what}")


class Gateway:
    def __init__(self, binary, folder, config):
        self.binary, self.folder = binary, folder
        self.config = os.path.join(folder, "sluice.toml")
        self.log = os.path.join(folder, "gateway.log")
        self.socket = os.path.join(folder, "admin.sock")
        with open(self.config, "w") as f:
            f.write(config.replace("@DIR@", folder))
        self.process = None

    def start(self, port=None, environment=None):
        """Starts it; with `port`, waits until it accepts connections there and, a moment later, at its admin address."""
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen([self.binary, "run", "--config", self.config], stdout=log, stderr=log,
                                            stdin=subprocess.DEVNULL, env={**os.environ, **(environment or {})})
        if not port:
            return
        self._wait_for(lambda: can_connect(port), f"the gateway listens on {port}")
        with open(self.config) as f:
            if self.socket in f.read():
                self._wait_for(self._answers, "the gateway answers at its admin address")

    def _wait_for(self, condition, what):
        def holds():
            assert self.process.poll() is None, f"the gateway ended with {self.process.returncode}"
            return condition()
        try:
            wait_until(holds, 20, what)
        except AssertionError as fault:
            self.kill()
            raise AssertionError(f"{fault}; its log:\n{self.tail()}") from None

    def _answers(self):
        with socket.socket(socket.AF_UNIX) as s:
            return s.connect_ex(self.socket) == 0

    def kill(self):
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def stop(self, seconds=10):
        """A clean stop; gives the exit code."""
        self.process.send_signal(signal.SIGTERM)
        try:
            return self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            self.kill()
            raise AssertionError(f"the gateway did not stop within {seconds} s; its log:\n{self.tail()}")

    def run_tool(self, *arguments):
        return subprocess.run([self.binary, *arguments], capture_output=True, text=True, timeout=20)

    def tail(self, lines=20):
        try:
            with open(self.log) as f:
                return "".join(f.readlines()[-lines:])
        except OSError:
            return ""
