"""An MQTT 3.1.1 device with store-and-forward: sends QoS 1, keeps what is not acknowledged, and sends
it again with DUP after a reconnect, under the same packet id. A raw socket, so that a test sees every
acknowledgement at the instant it arrives."""
import select
import socket
import struct
import threading
import time


def _length(n):
    out = bytearray()
    while True:
        n, low = divmod(n, 128)
        out.append(low | (128 if n else 0))
        if not n:
            return bytes(out)


def _text(s):
    b = s.encode()
    return struct.pack(">H", len(b)) + b


def connect_packet(client_id, clean=False, keep_alive=60):
    body = _text("MQTT") + bytes([4, 2 if clean else 0]) + struct.pack(">H", keep_alive) + _text(client_id)
    return b"\x10" + _length(len(body)) + body


def publish_packet(topic, payload, packet_id, qos=1, dup=False):
    body = _text(topic) + (struct.pack(">H", packet_id) if qos else b"") + payload
    return bytes([0x30 | (8 if dup else 0) | qos << 1]) + _length(len(body)) + body


def split_packets(buffer):
    """Takes whole packets off the front of a bytearray: [(first byte, body)]."""
    packets = []
    while True:
        length, shift, at = 0, 0, 1
        while True:
            if at >= len(buffer):
                return packets
            byte = buffer[at]
            length |= (byte & 127) << shift
            shift += 7
            at += 1
            if not byte & 128:
                break
        if len(buffer) < at + length:
            return packets
        packets.append((buffer[0], bytes(buffer[at:at + length])))
        del buffer[:at + length]


class MqttDevice(threading.Thread):
    """Publishes make_payload(seq) for seq = 1, 2, ... until told to stop, at `rate` a second, with at
    most `window` unacknowledged. `acked` holds the seqs whose PUBACK arrived, `sent` the highest seq."""

    def __init__(self, port, name, topic, make_payload, rate=500, window=50):
        super().__init__(daemon=True)
        self.port, self.name_, self.topic, self.make_payload = port, name, topic, make_payload
        self.rate, self.window = rate, window
        self.acked, self.sent = set(), 0
        self.pending = {}          # packet id -> (seq, payload)
        self.stopping = threading.Event()   # send nothing new, finish what is pending
        self.given_up = threading.Event()

    def run(self):
        while not self.given_up.is_set():
            if self.stopping.is_set() and not self.pending:
                return
            try:
                with socket.create_connection(("127.0.0.1", self.port), 1) as s:
                    s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                    self._serve(s)
            except OSError:
                time.sleep(0.02)

    def _serve(self, s):
        s.sendall(connect_packet(self.name_))
        buffer, connected, next_at = bytearray(), False, time.monotonic()
        while not self.given_up.is_set():
            if connected:
                if self.stopping.is_set() and not self.pending:
                    s.sendall(b"\xe0\x00")
                    return
                while not self.stopping.is_set() and len(self.pending) < self.window and time.monotonic() >= next_at:
                    next_at += 1 / self.rate
                    self.sent += 1
                    packet_id = self._free_id()
                    payload = self.make_payload(self.sent)
                    self.pending[packet_id] = (self.sent, payload)
                    s.sendall(publish_packet(self.topic, payload, packet_id))
            if not select.select([s], [], [], 0.002)[0]:
                continue
            data = s.recv(65536)
            if not data:
                raise ConnectionError("closed")
            buffer += data
            for first, body in split_packets(buffer):
                if first >> 4 == 2:
                    if body[1] != 0:
                        raise ConnectionError("refused")
                    connected = True
                    for packet_id, (_, payload) in sorted(self.pending.items(), key=lambda item: item[1][0]):
                        s.sendall(publish_packet(self.topic, payload, packet_id, dup=True))
                elif first >> 4 == 4:
                    done = self.pending.pop(struct.unpack(">H", body[:2])[0], None)
                    if done:
                        self.acked.add(done[0])

    def _free_id(self):
        packet_id = (self.sent - 1) % 65535 + 1
        while packet_id in self.pending:
            packet_id = packet_id % 65535 + 1
        return packet_id
