"""A real HTTP upstream: takes zstd NDJSON batches of CloudEvents, remembers every event, and can
refuse, cut the connection before or after it has kept the batch, delay, or be away."""
import http.server
import json
import random
import socket
import threading
import time

import zstandard


class Upstream:
    def __init__(self, port=0):
        self.lock = threading.Lock()
        self.events = {}            # (source, id) -> event
        self.answered_at = {}       # (source, id) -> CLOCK_MONOTONIC just before its first 2xx
        self.repeats = 0            # arrivals of a (source, id) beyond the first
        self.changed = []           # of these, the ones that say something else: (first, repeat)
        self.batches = 0
        self.keys = []              # Idempotency-Key of each kept batch, in order
        self.mode = "accept"        # accept | refuse | cut_before | cut_after | reject
        self.delay_s = 0
        self.random = random.Random(1)
        self.port = port
        self.server = None
        self.open()

    def open(self):
        """Starts to listen, on the same port as before."""
        upstream = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def setup(self):
                super().setup()
                self.connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                upstream._post(self, body)

            def log_message(self, *args):
                pass

        class Server(http.server.ThreadingHTTPServer):
            daemon_threads = True
            allow_reuse_address = True

            def handle_error(self, request, client_address):
                pass

        self.server = Server(("127.0.0.1", self.port), Handler)
        self.port = self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()

    def close(self):
        """Is away: connections are refused."""
        self.server.shutdown()
        self.server.server_close()

    def _post(self, handler, body):
        mode = self.mode
        if self.delay_s:
            time.sleep(self.delay_s)
        if mode == "cut_before":
            handler.close_connection = True
            handler.connection.close()
            return
        if mode in ("refuse", "reject"):
            self._answer(handler, 503 if mode == "refuse" else 422)
            return
        if handler.headers.get("Content-Encoding") == "zstd":
            body = zstandard.ZstdDecompressor().decompressobj().decompress(body)
        lines = json.loads(body) if body[:1] == b"[" else [json.loads(line) for line in body.splitlines() if line]
        with self.lock:
            self.batches += 1
            self.keys.append(handler.headers.get("Idempotency-Key"))
            for event in lines:
                key = (event["source"], event["id"])
                if key in self.events:
                    self.repeats += 1
                    if event != self.events[key]:
                        self.changed.append((self.events[key], event))
                else:
                    self.events[key] = event
        if mode == "cut_after":
            handler.close_connection = True
            handler.connection.close()
            return
        now = time.monotonic()
        with self.lock:
            for event in lines:
                self.answered_at.setdefault((event["source"], event["id"]), now)
        self._answer(handler, 200)

    @staticmethod
    def _answer(handler, status):
        handler.send_response(status)
        handler.send_header("Content-Length", "0")
        handler.end_headers()

    def snapshot(self):
        with self.lock:
            return list(self.events.values())
