"""A CoAP device: CON POSTs one after the other with RFC 7252 retransmission, over a raw UDP socket.
It takes the 2.04 piggybacked in the ACK, or as a separate response (which it acknowledges)."""
import random
import socket
import struct
import threading
import time

ACK_TIMEOUT_S = 0.25   # shorter than the RFC's 2 s, so that a test meets more retransmissions
MAX_RETRANSMIT = 12


def post_packet(message_id, token, path, payload, content_format=50):
    header = struct.pack(">BBH", 0x40 | len(token), 0x02, message_id) + token
    options, last = b"", 0
    for number, value in [(11, p.encode()) for p in path] + [(12, bytes([content_format]))]:
        delta = number - last
        length = len(value)
        assert delta < 13
        options += bytes([delta << 4 | (length if length < 13 else 13)]) + (bytes([length - 13]) if length >= 13 else b"") + value
        last = number
    return header + options + b"\xff" + payload


class CoapDevice(threading.Thread):
    """Posts make_payload(seq) for seq = 1, 2, ...; `acked` holds the seqs that were answered 2.04."""

    def __init__(self, port, path, make_payload, rate=100, seed=0):
        super().__init__(daemon=True)
        self.address, self.path, self.make_payload, self.rate = ("127.0.0.1", port), path, make_payload, rate
        self.acked, self.sent = set(), 0
        self.stopping, self.given_up = threading.Event(), threading.Event()
        self.message_id = random.Random(seed).randrange(65536)

    def run(self):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
            s.bind(("127.0.0.1", 0))
            while not self.stopping.is_set():
                self.sent += 1
                self._post(s, self.sent)
                time.sleep(1 / self.rate)

    def _post(self, s, seq):
        payload = self.make_payload(seq)
        while not self.given_up.is_set():  # a new message id when all retransmissions were in vain
            self.message_id = (self.message_id + 1) % 65536
            token = struct.pack(">I", seq)
            packet = post_packet(self.message_id, token, self.path, payload)
            timeout = ACK_TIMEOUT_S
            for _ in range(MAX_RETRANSMIT):
                try:
                    s.sendto(packet, self.address)
                    if self._answered(s, token, timeout):
                        self.acked.add(seq)
                        return
                except OSError:   # nobody listens while the gateway is down
                    time.sleep(0.02)
                if self.given_up.is_set():
                    return
                timeout = min(timeout * 1.5, 2)

    def _answered(self, s, token, timeout):
        end = time.monotonic() + timeout
        while (left := end - time.monotonic()) > 0:
            s.settimeout(left)
            try:
                data = s.recv(2048)
            except (TimeoutError, ConnectionError):
                time.sleep(0.01)
                return False
            kind, code, message_id = data[0] >> 4 & 3, data[1], struct.unpack(">H", data[2:4])[0]
            if kind == 2 and code == 0 and message_id == self.message_id:
                end = time.monotonic() + 5   # empty ACK: a separate response will follow
                continue
            if data[4:4 + (data[0] & 15)] != token:
                continue
            if kind == 0:
                s.sendto(struct.pack(">BBH", 0x60, 0, message_id), self.address)
            if code == 0x44:
                return True
            if code >> 5 == 5:
                time.sleep(0.1)
                return False
        return False
