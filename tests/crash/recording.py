"""What record_io.c has seen, and the disk that a power cut leaves.

  Recording   the operations of one or more lives of the daemon, in order
  Disk        the model: what is durable for certain, and what may be or not

    disk = Disk(store)
    disk.begin(operation)      it is under way: a cut now may have caught any part of it
    disk.state(kind, rng)      -> {name: bytes}: what is found after a cut now; None: not even the folder
    disk.finish(operation)     it has returned

The model is that of POSIX, not of a certain file system: a write is durable once a sync of its file
has returned (or itself, with O_DSYNC), each sector of it for itself until then; a name is durable
once its directory was synced.
"""
import collections
import os
import struct
import time

ENTRY = struct.Struct("<BBBBiqqQIIQ")
SECTOR = 512
KINDS = ("all", "none", "subset", "torn", "newest", "oldest")


class Operation:
    """One call; kind "x" is ours: the power was cut between two lives, and `data` is the state that was found."""

    __slots__ = ("kind", "flags", "fd", "offset", "result", "began", "ended", "path", "path2", "data", "life")

    def __repr__(self):
        return f"{self.kind} fd={self.fd} offset={self.offset} bytes={len(self.data)} {self.path} {self.path2}"


def read_log(path, life):
    """-> operations; the last one has result None when the process was killed in it."""
    with open(path, "rb") as f:
        log = f.read()
    operations, at = [], 0
    while at + ENTRY.size <= len(log):
        phase, kind, flags, _, fd, offset, result, time_ns, path_bytes, path2_bytes, data_bytes = ENTRY.unpack_from(log, at)
        at += ENTRY.size
        if phase == ord("B"):
            if at + path_bytes + path2_bytes + data_bytes > len(log):
                break   # killed before the call was made
            op = Operation()
            op.kind, op.flags, op.fd, op.offset, op.life = chr(kind), flags, fd, offset, life
            op.began, op.ended, op.result = time_ns / 1e9, None, None
            op.path = log[at:at + path_bytes].decode()
            op.path2 = log[at + path_bytes:at + path_bytes + path2_bytes].decode()
            op.data = log[at + path_bytes + path2_bytes:at + path_bytes + path2_bytes + data_bytes]
            at += path_bytes + path2_bytes + data_bytes
            operations.append(op)
        else:
            op = operations[-1]
            assert op.result is None and op.kind == chr(kind), f"the log is out of step at {at}"
            op.result, op.ended, op.fd = result, time_ns / 1e9, fd
    return operations


class File:
    """One inode. `pending` holds, in order, (offset, bytes), or (size, None) for a change of size."""

    def __init__(self):
        self.durable, self.pending = bytearray(), []


def put(image, offset, data):
    if offset > len(image):
        image.extend(bytes(offset - len(image)))
    image[offset:offset + len(data)] = data


def resize(image, size):
    if size < len(image):
        del image[size:]
    else:
        image.extend(bytes(size - len(image)))


def apply_change(image, offset, data):
    if data is None:
        resize(image, offset)
    else:
        put(image, offset, data)


def without(pending, first, end):
    """What is pending outside of [first, end): that range has been overtaken."""
    left = []
    for offset, data in pending:
        if data is None or offset >= end or offset + len(data) <= first:
            left.append((offset, data))
            continue
        if offset < first:
            left.append((offset, data[:first - offset]))
        if offset + len(data) > end:
            left.append((end, data[end - offset:]))
    return left


class Disk:
    def __init__(self, store):
        self.store = store
        self.has_folder = self.is_folder_durable = os.path.isdir(store)
        self.names = {}           # as the process sees them: path -> File
        self.durable_names = {}
        self.pending_names = []   # (kind, path, path2 or File) that no sync of the folder covers
        self.open = {}            # descriptor -> File, or path of a folder
        self.under_way = None
        self.life = None

    # --- operations ---

    def begin(self, op):
        if op.life != self.life:
            self.open, self.life = {}, op.life
        self.under_way = op

    def finish(self, op):
        self.under_way = None
        if op.result is None or op.result < 0:
            return
        if op.kind == "w":
            file = self.open[op.fd]
            data = op.data[:op.result]
            if op.flags:
                file.pending = without(file.pending, op.offset, op.offset + len(data))
                put(file.durable, op.offset, data)
            else:
                file.pending.append((op.offset, data))
        elif op.kind == "t":
            self.open[op.fd].pending.append((op.offset, None))
        elif op.kind == "a":
            file = self.open[op.fd]
            if self.content(file, True) < op.offset:
                file.pending.append((op.offset, None))
        elif op.kind == "s":
            self._sync(self.open[op.fd])
        elif op.kind == "o":
            self._opened(op)
        elif op.kind == "c":
            self.open.pop(op.fd, None)
        elif op.kind == "x":
            self._restart_from(op.data)
        else:
            self._change_names(op)

    def _sync(self, target):
        if isinstance(target, File):
            for change in target.pending:
                apply_change(target.durable, *change)
            target.pending = []
        elif target == self.store:
            for change in self.pending_names:
                self._rename(self.durable_names, *change)
            self.pending_names = []
        elif target == os.path.dirname(self.store):
            self.is_folder_durable = self.has_folder

    def _restart_from(self, state):
        self.names, self.pending_names, self.open = {}, [], {}
        for name, image in state.items():
            file = self.names[os.path.join(self.store, name)] = File()
            file.durable[:] = image
        self.durable_names = dict(self.names)

    def _opened(self, op):
        if op.path in (self.store, os.path.dirname(self.store)):
            self.open[op.fd] = op.path
            return
        if op.flags & 1:
            self.names[op.path] = File()
            self.pending_names.append(("o", op.path, self.names[op.path]))
        file = self.names[op.path]
        if op.flags & 2:
            file.pending.append((0, None))
        self.open[op.fd] = file

    def _change_names(self, op):
        if op.kind == "m":
            if op.path == self.store:
                self.has_folder = True
            return
        change = (op.kind, op.path, self.names.get(op.path) if op.kind == "r" else None)
        if op.kind == "r":
            change = ("r", op.path, (op.path2, self.names[op.path]))
        self._rename(self.names, *change)
        self.pending_names.append(change)

    @staticmethod
    def _rename(names, kind, path, what):
        if kind == "o":
            names[path] = what
        elif kind == "u":
            names.pop(path, None)
        else:
            names.pop(path, None)
            names[what[0]] = what[1]

    # --- what is there ---

    @staticmethod
    def content(file, size_only=False):
        image = bytearray(file.durable)
        for change in file.pending:
            apply_change(image, *change)
        return len(image) if size_only else image

    def state(self, kind, rng):
        op = self.under_way
        changes = list(self.pending_names)
        if op and op.kind == "o" and op.flags & 1:
            changes.append(("o", op.path, File()))
        elif op and op.kind == "u":
            changes.append(("u", op.path, None))
        elif op and op.kind == "r":
            changes.append(("r", op.path, (op.path2, self.names[op.path])))
        folder_pending = self.has_folder != self.is_folder_durable
        if (folder_pending or not self.has_folder) and (kind == "none" or rng.random() < 0.5 and kind != "all"):
            return None
        if not self.has_folder:
            return None
        names = dict(self.durable_names)
        for change in changes:
            if kind == "all" or kind != "none" and rng.random() < 0.5:
                self._rename(names, *change)
        images = {os.path.basename(path): self._image(file, kind, rng) for path, file in names.items()}
        for name, image in images.items():
            if name.endswith("-lock") and image and rng.random() < 0.5:
                image[:] = rng.randbytes(len(image))   # it is written through a mapping, never synced: anything
        return images

    def _image(self, file, kind, rng):
        pending = list(file.pending)
        op = self.under_way
        if op and op.kind in "wta" and self.open.get(op.fd) is file:
            pending.append((op.offset, op.data if op.kind == "w" else None))
        image = bytearray(file.durable)
        if kind == "none" or not pending:
            return image
        cut = rng.randrange(len(pending) + 1)
        if kind == "newest":
            pending = pending[cut:]
        elif kind == "oldest":
            pending = pending[:cut]
        chance = rng.choice((0.1, 0.5, 0.9))
        for offset, data in pending:
            if kind == "torn" and data is not None:
                self._put_torn(image, offset, data, chance, rng)
            elif kind != "subset" or rng.random() < chance:
                apply_change(image, offset, data)
        if kind == "torn" and rng.random() < 0.5:   # the size is kept apart from the content
            resize(image, max([len(image)] + [offset + len(data) for offset, data in pending if data is not None]))
        return image

    @staticmethod
    def _put_torn(image, offset, data, chance, rng):
        at = 0
        while at < len(data):
            size = min(SECTOR - (offset + at) % SECTOR, len(data) - at)
            if rng.random() < chance:
                put(image, offset + at, data[at:at + size])
            at += size


class Recording:
    """Lives of one daemon on one store. add_life() after each has ended, while its files are as it left them."""

    def __init__(self, store):
        self.store = store
        self.operations = []
        self.disk = Disk(store)   # at the end of the last life
        self.initially = os.path.isdir(store)

    def add_life(self, log, life):
        operations = read_log(log, life)
        for op in operations:
            self.disk.begin(op)
            if op.result is None:
                self._resolve(op)
            self.disk.finish(op)
        self.operations += operations
        self._compare()

    def cut_power(self, kind, rng):
        """Between two lives: the next one finds what a power cut leaves."""
        op = Operation()
        op.kind, op.flags, op.fd, op.offset, op.result, op.path, op.path2, op.life = "x", 0, -1, 0, 0, "", "", None
        op.data = self.disk.state(kind, rng)
        assert op.data is not None, "a power cut takes the store's folder away"
        write_state(self.store, op.data)
        op.began = op.ended = time.monotonic()
        self.disk.begin(op)
        self.disk.finish(op)
        self.operations.append(op)

    def _resolve(self, op):
        """The process was killed in this one: did the kernel make it? The file tells."""
        op.ended = op.began
        if op.kind == "w" and op.fd in self.disk.open:
            path = next((p for p, f in self.disk.names.items() if f is self.disk.open[op.fd]), None)
            with open(path, "rb") as f:
                f.seek(op.offset)
                found = f.read(len(op.data))
            op.result = len(op.data) if found == op.data else None
        elif op.kind in "st":
            op.result = None if op.kind == "s" else 0

    def _compare(self):
        """A call that the recorder does not know would show here."""
        for path, file in self.disk.names.items():
            if path.endswith("-lock"):
                continue   # LMDB's reader table is written through a mapping
            with open(path, "rb") as f:
                assert f.read() == self.disk.content(file), f"{path} is not what was recorded"
        real = {os.path.join(self.store, name) for name in os.listdir(self.store)}
        assert real == set(self.disk.names), f"names differ: {sorted(real)} and {sorted(self.disk.names)}"

    def counts(self):
        return collections.Counter(op.kind + ("d" if op.kind == "w" and op.flags else "") for op in self.operations)


def write_state(folder, state):
    """The files of a state, written as they are found after the cut."""
    os.makedirs(folder, exist_ok=True)
    for name in os.listdir(folder):
        if name not in state:
            os.unlink(os.path.join(folder, name))
    for name, image in state.items():
        with open(os.path.join(folder, name), "wb") as f:
            f.write(image)
