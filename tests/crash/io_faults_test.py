#!/usr/bin/env python3
"""Disks that fail, fill up and come back, under the real daemon with load. In all of it no acknowledged
event is lost (a kill included), the daemon goes on by itself once the fault is over, and its log says
what is wrong.

  io_faults_test.py --bin BUILD/bin [--only WORD] [--jobs N] [--keep]
"""
import argparse
import ctypes
import errno
import multiprocessing
import os
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import traceback

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from fault_box import Box, Skipped, mount_tmpfs, private_mounts

FIRST_MAP_BYTES = 16 << 20    # it looks for dead readers when this is full
SMALL_BYTES = 3 << 20    # what waits, and two snapshots
LONG = 40    # no commit takes so many calls: between two faults some succeed
NOT_WRITTEN = "The store cannot be written"
CONNECT = "import socket, sys; s = socket.create_connection(('127.0.0.1', int(sys.argv[1]))); sys.stdin.read()"
TESTS = []


def scenario(test):
    """Runs in a process of its own; its name is what must hold."""
    TESTS.append(test)
    return test


def fails_now_and_then(options, kind, every, error, *log):
    """Every nth call of a kind fails while devices send; each commit is tried again until it is whole."""
    with Box(options) as box:
        box.run_up()
        box.faults.set(kind, every, error)
        box.wait(lambda: box.faults.made(kind) >= 10, "the fault is met")
        if every >= LONG:
            box.wait_for_progress("between the faults", events=50)
        box.faults.clear()
        box.log_says(NOT_WRITTEN, *log)
        box.finish()


def fails_for_a_while(options, kind, error, *log):
    """Nothing can be committed: nothing is acknowledged. Killed meanwhile, it also loses nothing."""
    with Box(options) as box:
        box.run_up()
        box.faults.set(kind, 1, error)
        box.acknowledges_nothing(lambda: box.faults.made(kind) >= 2, "all writes fail")
        box.log_says(NOT_WRITTEN, *log)
        box.faults.clear()
        box.wait_for_progress("the disk works again")
        made = box.faults.made(kind)
        box.faults.set(kind, 1, error)
        box.acknowledges_nothing(lambda: box.faults.made(kind) >= made + 2, "all writes fail again")
        box.gateway.kill()
        box.faults.clear()
        box.start()
        box.finish()


@scenario
def every_second_write_fails_with_EIO(options):
    fails_now_and_then(options, "data", 2, errno.EIO, "Input/output error")


@scenario
def every_seventh_write_fails_with_EIO(options):
    fails_now_and_then(options, "data", 7, errno.EIO, "Input/output error")


@scenario
def every_fortieth_write_fails_with_EIO(options):
    fails_now_and_then(options, "data", 40, errno.EIO, "Input/output error")


@scenario
def every_third_write_finds_the_disk_full(options):
    fails_now_and_then(options, "data", 3, errno.ENOSPC, "the disk that holds the store is full")


@scenario
def every_fifth_write_is_short(options):
    fails_now_and_then(options, "data", 5, 0, "Input/output error")


@scenario
def every_third_sync_fails(options):
    fails_now_and_then(options, "sync", 3, errno.EIO, "Input/output error")


@scenario
def every_fourth_sync_works_and_says_that_it_failed(options):
    fails_now_and_then(options, "sync", 4, -errno.EIO, "Input/output error")


@scenario
def all_writes_fail_for_a_while(options):
    fails_for_a_while(options, "data", errno.EIO, "Input/output error")


@scenario
def all_syncs_fail_for_a_while(options):
    fails_for_a_while(options, "sync", errno.EIO, "Input/output error")


@scenario
def the_disk_is_full_for_a_while(options):
    fails_for_a_while(options, "data", errno.ENOSPC, "the disk that holds the store is full")


@scenario
def the_file_system_is_read_only_for_a_while(options):
    fails_for_a_while(options, "data", errno.EROFS, "Read-only file system")


def meta_write_fails(options, every, error):
    """LMDB answers MDB_PANIC for ever once the write that makes a commit has failed."""
    with Box(options) as box:
        box.run_up()
        box.faults.set("meta", every, error)
        box.wait(lambda: box.faults.made("meta") >= 1, "the fault is met")
        if every == 1:
            box.acknowledges_nothing(lambda: NOT_WRITTEN in box.gateway.tail(1000), "no commit can be made")
        box.faults.clear()
        box.finish()
        box.log_says(NOT_WRITTEN)


@scenario
def after_a_failed_meta_write_the_daemon_goes_on(options):
    meta_write_fails(options, 5, errno.EIO)


@scenario
def after_a_time_without_meta_writes_the_daemon_goes_on(options):
    meta_write_fails(options, 1, errno.EIO)


@scenario
def after_a_meta_write_that_found_the_disk_full_the_daemon_goes_on(options):
    meta_write_fails(options, 1, errno.ENOSPC)


@scenario
def after_a_short_meta_write_the_daemon_goes_on(options):
    meta_write_fails(options, 4, 0)


@scenario
def after_a_meta_write_that_failed_and_landed_the_daemon_goes_on(options):
    """The disk has the commit, and the gateway is told that it has not."""
    meta_write_fails(options, 1, -errno.EIO)


@scenario
def a_small_file_system_fills_up_and_gets_room_again(options):
    private_mounts()
    folder = tempfile.mkdtemp(prefix="small-", dir=options.folder)
    mount_tmpfs(folder, "size=4m")
    with Box(options, store=os.path.join(folder, "store")) as box:
        box.run_up()
        with open(os.path.join(folder, "filler"), "wb", buffering=0) as f:
            try:
                while True:
                    f.write(bytes(4096))
            except OSError as full:
                assert full.errno == errno.ENOSPC
        box.upstream.mode = "refuse"    # so that nothing is given back
        box.acknowledges_nothing(lambda: NOT_WRITTEN in box.gateway.tail(1000), "the file system is full")
        box.upstream.mode = "accept"
        os.unlink(os.path.join(folder, "filler"))
        box.finish()


@scenario
def a_store_that_is_read_only_at_the_start_is_refused_in_words(options):
    private_mounts()
    folder = tempfile.mkdtemp(prefix="read-only-", dir=options.folder)
    mount_tmpfs(folder, "size=64m")
    with Box(options, store=os.path.join(folder, "store")) as box:
        box.run_up()
        box.gateway.kill()
        mount_tmpfs(folder, "ro", is_remount=True)
        tried = box.gateway.run_tool("run", "--config", box.gateway.config)
        assert tried.returncode > 0, f"exit code {tried.returncode}"
        assert "Read-only file system" in tried.stderr and box.store in tried.stderr, tried.stderr
        mount_tmpfs(folder, "size=64m", is_remount=True)
        box.start()
        box.finish()


@scenario
def a_file_may_not_grow_for_a_while(options):
    """RLIMIT_FSIZE: SIGXFSZ does not kill; the write at the limit is short, then EFBIG is reported."""
    with Box(options) as box:
        box.run_up()
        box.upstream.mode = "refuse"    # the store must grow
        before = box.limit(resource.RLIMIT_FSIZE, 64 * 1024)    # well within it: every commit is met
        box.acknowledges_nothing(lambda: NOT_WRITTEN in box.gateway.tail(1000), "the file may not grow")
        log = box.gateway.tail(1000)
        assert "File too large" in log or "disk full, or failing" in log, log
        box.limit(resource.RLIMIT_FSIZE, before)
        box.upstream.mode = "accept"
        box.finish()


@scenario
def there_are_no_descriptors_for_a_while(options):
    """RLIMIT_NOFILE: connections that are there go on, new ones wait, and no thread spins."""
    with Box(options) as box:
        box.run_up()
        process = f"/proc/{box.gateway.process.pid}/fd"
        before = box.limit(resource.RLIMIT_NOFILE, 1 + max(map(int, os.listdir(process))))
        newcomers = []
        for _ in range(20):
            newcomers.append(subprocess.Popen([sys.executable, "-c", CONNECT, str(box.ports["mqtt"])],
                                              stdin=subprocess.PIPE))
        box.wait_for_progress("there are no descriptors", events=400)
        used, at = box.cpu_s(), time.monotonic()
        box.wait_for_progress("there are no descriptors", events=800)
        share = (box.cpu_s() - used) / (time.monotonic() - at)
        assert share < 0.6, f"the gateway takes {share:.0%} of a processor while it has no descriptors"
        for newcomer in newcomers:
            newcomer.stdin.close()
            newcomer.wait()
        box.limit(resource.RLIMIT_NOFILE, before)
        box.finish()


@scenario
def a_second_gateway_on_the_same_store_is_refused(options):
    with Box(options) as box:
        box.run_up()
        second = box.gateway.run_tool("run", "--config", box.gateway.config)
        assert second.returncode > 0, f"exit code {second.returncode}"
        assert f"another gateway (process {box.gateway.process.pid}) owns the store" in second.stderr, second.stderr
        box.finish()


def hold_a_reader(path):
    """In a process of its own: opens the store as a tool would, begins to read, and never ends."""
    lmdb = ctypes.CDLL("liblmdb.so.0")
    environment, transaction = ctypes.c_void_p(), ctypes.c_void_p()
    no_subdirectory, read_only = 0x4000, 0x20000
    assert lmdb.mdb_env_create(ctypes.byref(environment)) == 0
    assert lmdb.mdb_env_open(environment, path.encode(), no_subdirectory | read_only, 0) == 0
    assert lmdb.mdb_txn_begin(environment, None, read_only, ctypes.byref(transaction)) == 0
    print("reads", flush=True)
    signal.pause()


@scenario
def a_reader_that_was_killed_does_not_make_the_store_grow(options):
    """Its slot in LMDB's table would keep all pages that were in use when it began."""
    try:
        ctypes.CDLL("liblmdb.so.0")
    except OSError as missing:
        raise Skipped(str(missing)) from missing
    with Box(options) as box:
        box.run_up()
        reader = subprocess.Popen([sys.executable, os.path.abspath(__file__), "--hold",
                                   os.path.join(box.store, "store.mdb")], stdout=subprocess.PIPE)
        assert reader.stdout.readline() == b"reads\n"
        reader.kill()
        reader.wait()
        for device in box.devices.values():
            device.rate = 1000
        through = box.acked() + 50_000    # with the slot, all that LMDB's map may hold is full before that
        box.wait(lambda: box.acked() >= through, "the store is written over and over", 120)
        assert box.file_bytes() <= FIRST_MAP_BYTES, f"the store has grown to {box.file_bytes()} bytes"
        for device in box.devices.values():
            device.rate = 100
        box.finish()


@scenario
def saved_windows_do_not_pile_up(options):
    """However soon the next snapshot is due, the old ones go."""
    with Box(options) as box:
        box.run_up()
        for device in box.devices.values():
            device.rate = 2000
        through = box.acked() + 120_000
        box.wait(lambda: box.acked() >= through, "snapshots are due all the time", 120)
        assert box.file_bytes() <= SMALL_BYTES, f"the store has grown to {box.file_bytes()} bytes"
        for device in box.devices.values():
            device.rate = 20
        box.finish()


def run(job):
    """In a process of its own. -> (name, outcome, text, seconds)"""
    test, options = job
    started = time.monotonic()
    try:
        test(options)
        outcome = ("passed", "")
    except Skipped as why:
        outcome = ("skipped", str(why))
    except Exception:  # pylint: disable=broad-except
        outcome = ("FAILED", traceback.format_exc())
    return test.__name__.replace("_", " "), *outcome, time.monotonic() - started


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bin", help="the build's folder of programs")
    parser.add_argument("--only", default="", help="tests whose name holds this")
    parser.add_argument("--jobs", type=int, default=2 * os.cpu_count())
    parser.add_argument("--keep", action="store_true", help="keep the folder with stores and logs")
    parser.add_argument("--hold", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.hold:
        return hold_a_reader(options.hold)
    options.bin = os.path.abspath(options.bin)
    options.folder = tempfile.mkdtemp(prefix="sluice-io-faults-")
    jobs = [(test, options) for test in TESTS if options.only.replace("_", " ") in test.__name__.replace("_", " ")]
    failed = 0
    with multiprocessing.Pool(options.jobs, maxtasksperchild=1) as pool:
        for name, outcome, text, seconds in pool.imap(run, jobs, chunksize=1):
            print(f"{outcome}: {name} ({seconds:.1f} s){': ' + text if text else ''}", flush=True)
            failed += outcome == "FAILED"
    if failed or options.keep:
        print(f"kept: {options.folder}")
    else:
        shutil.rmtree(options.folder, ignore_errors=True)
    return 1 if failed or not jobs else 0


if __name__ == "__main__":
    sys.exit(main())
