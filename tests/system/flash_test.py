#!/usr/bin/env python3
"""sluice-flash with images of bmaptool, signatures of minisign, FAT partitions of mtools, and disks with faults.

  flash_test.py --bin DIR [NAME...]     runs all tests, or those named; 77: a tool is missing
"""
import argparse
import os
import pty
import random
import re
import resource
import select
import shutil
import signal
import subprocess
import sys
import tempfile
import time

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
sys.path.insert(0, os.path.join(ROOT, "tests"))
from lib.gateway import wait_until
from lib.scenarios import Skipped, run_scenarios, tests_of

SKIPPED = 77
TOOLS = ["bmaptool", "minisign", "mcopy", "mkfs.fat", "sfdisk", "zstd"]
MIB = 1 << 20
IMAGE_BYTES = 64 * MIB
FAT_AT = MIB
HOLE = 20 * MIB  # an unmapped place
DATA = [(24 * MIB, 8 * MIB), (60 * MIB, 4 * MIB)]  # random bytes, as compressed data looks
GOOD_CONFIG = """[sources.hall]
type = "mqtt"
listen = ["mqtt://127.0.0.1:1883"]
[pipelines.all]
from = ["hall"]
to = ["file"]
[sinks.file]
type = "file"
path = "/var/lib/sluice/events.ndjson"
"""


class Images:
    """One signed image, made once; each test has a copy of its folder's small files and the image by links."""

    def __init__(self, folder):
        self.folder = folder
        self.make_image(os.path.join(folder, "sluice-amd64.img"))
        subprocess.run(["minisign", "-G", "-W", "-f", "-p", "sluice.pub", "-s", "key"], cwd=folder, check=True,
                       input=b"\n\n", capture_output=True)
        subprocess.run(["bmaptool", "create", "-o", "sluice-amd64.img.zst.bmap", "sluice-amd64.img"], cwd=folder,
                       check=True, capture_output=True)
        subprocess.run(["zstd", "-q", "--rm", "sluice-amd64.img"], cwd=folder, check=True)
        self.sign(folder)

    def make_image(self, path):
        with open(path, "wb") as f:
            f.truncate(IMAGE_BYTES)
        subprocess.run(["sfdisk", "-q", "--no-tell-kernel", path], check=True, text=True,
                       input="label: gpt\nstart=2048, size=16384, type=U\nstart=24576, type=L\n")
        fat = path + ".fat"
        with open(fat, "wb") as f:
            f.truncate(8 * MIB)
        subprocess.run(["mkfs.fat", fat], check=True, capture_output=True)
        with open(path, "r+b") as f, open(fat, "rb") as source:
            f.seek(FAT_AT)
            f.write(source.read())
            for offset, size in DATA:
                f.seek(offset)
                f.write(random.Random(offset).randbytes(size))
        os.remove(fat)

    def sign(self, folder):
        subprocess.run(["minisign", "-S", "-s", os.path.join(self.folder, "key"), "-m", "sluice-amd64.img.zst.bmap",
                        "-t", "sluice test image"], cwd=folder, check=True, input=b"\n", capture_output=True)


class Desk:
    """A folder with an image, its signature, and a file as the disk."""

    def __init__(self, images, binaries):
        self.images, self.binaries = images, binaries
        self.folder = tempfile.mkdtemp(prefix="sluice-flash-")
        for name in os.listdir(images.folder):
            if name != "key":
                shutil.copy(os.path.join(images.folder, name), self.folder)
        self.image, self.bmap = self.path("sluice-amd64.img.zst"), self.path("sluice-amd64.img.zst.bmap")
        self.disk = self.path("disk")
        with open(self.disk, "wb") as f:
            f.write(b"o" * (IMAGE_BYTES + MIB))
        self.put("sluice.toml", GOOD_CONFIG)

    def end(self):
        shutil.rmtree(self.folder)

    def path(self, name):
        return os.path.join(self.folder, name)

    def put(self, name, text):
        with open(self.path(name), "w") as f:
            f.write(text)

    def environment(self, **more):
        return {**os.environ, "PATH": f"{self.binaries}:{os.environ['PATH']}", **more}

    def start(self, *arguments, preload=None, limit=None, **more):
        """sluice-flash, without a terminal; `preload`: the environment of a disk with faults."""
        environment = self.environment(**(preload or {}))
        if preload:
            environment["LD_PRELOAD"] = os.path.join(self.binaries, "bad_block.so")

        def prepare():
            if limit:
                signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
                resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
        return subprocess.Popen([os.path.join(self.binaries, "sluice-flash"), *arguments], cwd=self.folder, text=True,
                                stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                env=environment, preexec_fn=prepare)

    def flash(self, *arguments, code=0, disk=None, **more):
        """Runs it to its end and gives what it said."""
        process = self.start(self.image, disk or self.disk, "--key", "sluice.pub", "--yes", *arguments, **more)
        output, errors = process.communicate(timeout=60)
        assert process.returncode == code, f"exit code {process.returncode}, not {code}\n{output}{errors}"
        return output + errors

    def refuses(self, words, *arguments, **more):
        said = self.flash(*arguments, code=1, **more)
        assert words in said and "Nothing was written." in said, said
        assert self.is_untouched(), "something was written"

    def is_untouched(self):
        with open(self.disk, "rb") as f:
            return f.read().strip(b"o") == b""

    def read(self, offset, size, disk=None):
        with open(disk or self.disk, "rb") as f:
            f.seek(offset)
            return f.read(size)

    def check_contents(self, disk=None):
        for offset, size in DATA:
            assert self.read(offset, size, disk) == random.Random(offset).randbytes(size), f"at {offset}"
        assert self.read(512, 8, disk) == b"EFI PART"

    def fat_file(self, name, disk=None):
        return subprocess.run(["mcopy", "-n", "-i", f"{disk or self.disk}@@{FAT_AT}", f"::/{name}", "-"], check=True,
                              capture_output=True, text=True).stdout

    def at_terminal(self, command, answers):
        """Runs a shell command at a terminal and types the answers when their questions come."""
        leader, follower = pty.openpty()
        process = subprocess.Popen(["sh", "-c", command], cwd=self.folder, env=self.environment(), stdin=follower,
                                   stdout=follower, stderr=follower, start_new_session=True)
        os.close(follower)
        said, waiting, end = "", dict(answers), time.monotonic() + 60
        while time.monotonic() < end:
            if select.select([leader], [], [], 1)[0]:
                try:
                    said += os.read(leader, 65536).decode(errors="replace")
                except OSError:  # the terminal's other end is closed
                    break
            for question in [q for q in waiting if q in said]:
                os.write(leader, (waiting.pop(question) + "\n").encode())
        os.close(leader)
        return process.wait(timeout=10), said


def test_an_image_arrives_with_its_configuration(desk):
    desk.put("broker.pw", "s3cret\n")
    said = desk.flash("--config", "sluice.toml", "--id", "hall-3", "--secret", "broker=broker.pw")
    for words in ["signature   good: key", "sluice test image", "read back", "the same", "MB/s", "ready"]:
        assert words in said, said
    desk.check_contents()
    assert desk.read(HOLE, 4096) == b"o" * 4096, "a block that holds no data was written"
    assert desk.read(IMAGE_BYTES, MIB) == b"o" * MIB, "something was written behind the image"
    assert desk.fat_file("sluice.toml") == GOOD_CONFIG
    provisioning = desk.fat_file("provisioning.toml")
    assert 'id = "hall-3"' in provisioning and '"broker" = "s3cret"' in provisioning, provisioning


def test_a_plain_image_and_one_without_bmap(desk):
    subprocess.run(["zstd", "-q", "-d", desk.image], check=True)
    desk.image = desk.image.removesuffix(".zst")
    os.rename(desk.bmap, desk.image + ".bmap")
    os.rename(desk.bmap + ".minisig", desk.image + ".bmap.minisig")
    desk.flash()
    desk.check_contents()
    os.remove(desk.image + ".bmap")
    said = desk.flash("--insecure-no-signature")
    assert "NOT CHECKED" in said, said
    desk.check_contents()
    assert desk.read(HOLE, 4096) == bytes(4096), "without a bmap all of the image is written"


def test_a_loop_device(desk):
    if os.geteuid() != 0 or not os.path.exists("/dev/loop-control"):
        raise Skipped("a loop device needs root and /dev/loop-control")
    taken = subprocess.run(["losetup", "--find", "--show", desk.disk], capture_output=True, text=True)
    if taken.returncode != 0:
        raise Skipped("no loop device: " + taken.stderr.strip())
    loop = taken.stdout.strip()
    try:
        desk.flash("--config", "sluice.toml", disk=loop)
        desk.check_contents(disk=loop)
        assert desk.fat_file("sluice.toml", disk=loop) == GOOD_CONFIG
    finally:
        subprocess.run(["losetup", "--detach", loop], check=True)
    desk.check_contents()


def test_what_was_tampered_with_is_refused(desk):
    with open(desk.bmap) as f:
        bmap = f.read()
    desk.put("sluice-amd64.img.zst.bmap", bmap.replace("<Range", "<Range ", 1))
    desk.refuses("it is not of this file")
    desk.put("sluice-amd64.img.zst.bmap", bmap)
    with open(desk.bmap + ".minisig") as f:
        signature = f.read()
    desk.put("sluice-amd64.img.zst.bmap.minisig", signature.replace("sluice test image", "sluice test imagE"))
    desk.refuses("its trusted comment was changed")
    os.remove(desk.bmap + ".minisig")
    desk.refuses("the image is not signed")
    desk.put("sluice-amd64.img.zst.bmap.minisig", signature)
    subprocess.run(["minisign", "-G", "-W", "-f", "-p", "sluice.pub", "-s", "other"], cwd=desk.folder, check=True,
                   input=b"\n\n", capture_output=True)
    desk.refuses("made with key")
    os.remove(desk.bmap)
    desk.refuses("there is no " + desk.image + ".bmap")


def test_another_image_under_a_good_signature_is_refused(desk):
    subprocess.run(["zstd", "-q", "-d", desk.image], check=True)
    with open(desk.path("sluice-amd64.img"), "r+b") as f:
        f.seek(DATA[1][0] + 5)
        f.write(b"evil")
    subprocess.run(["zstd", "-q", "-f", "sluice-amd64.img"], cwd=desk.folder, check=True)
    desk.refuses("the image is not the one that was signed")


def test_an_image_that_was_cut_short_is_refused(desk):
    os.truncate(desk.image, os.path.getsize(desk.image) - 1000)
    desk.refuses("cut short")


def test_a_disk_that_is_too_small_is_refused(desk):
    os.truncate(desk.disk, IMAGE_BYTES - 1)
    desk.refuses("is too small")
    desk.refuses("is too small", "--insecure-no-signature")
    os.remove(desk.bmap)  # the size is known only at the end of the image
    desk.refuses("is too small", "--insecure-no-signature")


def test_faults_in_configuration_and_provisioning_are_found_before_writing(desk):
    desk.put("sluice.toml", GOOD_CONFIG.replace('"mqtt"', '"mqqt"'))
    desk.refuses("sluice.toml:2:8", "--config", "sluice.toml")
    desk.put("provisioning.toml", "[network.wifi]\nssid = \"Plant 2\"\npsk = \"short77\"\n")
    desk.refuses("provisioning.toml:3:7: network.wifi.psk", "--provision", "provisioning.toml")
    assert "short77" not in desk.flash("--provision", "provisioning.toml", code=1)
    desk.refuses("hall 3", "--id", "hall 3")
    desk.refuses("no-such-file", "--secret", "broker=no-such-file")


def test_without_mcopy_the_command_that_helps_is_shown(desk):
    tools = desk.path("tools")
    os.mkdir(tools)
    os.symlink(os.path.join(desk.binaries, "sluice"), os.path.join(tools, "sluice"))
    process = subprocess.run([os.path.join(desk.binaries, "sluice-flash"), desk.image, desk.disk, "--yes", "--key",
                              "sluice.pub", "--config", "sluice.toml"], cwd=desk.folder, env={"PATH": tools},
                             capture_output=True, text=True)
    assert process.returncode == 1 and "apt-get install mtools" in process.stderr, process.stderr
    assert desk.is_untouched()


def test_a_bad_block_is_found_when_it_is_read_back(desk):
    said = desk.flash(code=1, preload={"SLUICE_BAD_BYTE": str(DATA[1][0] + 12345)})
    assert "reads back differently" in said and "is incomplete" in said, said


def test_a_disk_that_does_not_take_everything(desk):
    said = desk.flash(code=1, limit=DATA[1][0] + MIB)
    assert "cannot be written at byte" in said and "is incomplete" in said, said
    assert desk.read(0, MIB) == bytes(MIB), "it would boot half an image"


def test_an_interruption_says_that_the_device_is_incomplete(desk):
    process = desk.start(desk.image, desk.disk, "--key", "sluice.pub", "--yes", preload={"SLUICE_SLOW_WRITES": "200"})
    wait_until(lambda: desk.read(DATA[0][0], 1) != b"o", 30, "the first data are written")
    process.send_signal(signal.SIGINT)
    output, errors = process.communicate(timeout=30)
    assert process.returncode == 1 and "interrupted" in errors and "is incomplete" in errors, output + errors
    assert desk.read(0, MIB) == bytes(MIB), "it would boot half an image"


def test_a_terminal_shows_progress_and_asks(desk):
    code, said = desk.at_terminal(f"SLUICE_SLOW_WRITES=250 LD_PRELOAD={desk.binaries}/bad_block.so sluice-flash "
                                  f"{desk.image} disk --key sluice.pub", {"[y/N]": "y"})
    assert code == 0, said
    assert re.search(r"writing \[#*\.*\] \d+ %, \d+ s left  [\d.]+ MB/s", said), said
    desk.check_contents()


def test_no_is_an_answer(desk):
    code, said = desk.at_terminal(f"sluice-flash {desk.image} disk --key sluice.pub", {"[y/N]": ""})
    assert code == 1 and "not confirmed" in said and desk.is_untouched(), said


def test_usage_errors_have_exit_code_2(desk):
    process = desk.start("--no-such-option")
    process.communicate(timeout=10)
    assert process.returncode == 2
    process = desk.start(desk.image, desk.disk, "--key", "sluice.pub")  # neither a terminal nor --yes
    _, errors = process.communicate(timeout=10)
    assert process.returncode == 1 and "give --yes" in errors, errors


def test_completions_are_shell_code_and_name_the_options(desk):
    for shell, check in (("bash", ["bash", "-n"]), ("zsh", ["bash", "-n"]), ("fish", ["cat"])):
        process = desk.start("--completion", shell)
        script, errors = process.communicate(timeout=10)
        assert process.returncode == 0 and "wifi-psk-file" in script and "man-page" not in script, script + errors
        subprocess.run(check, input=script, text=True, check=True, stdout=subprocess.DEVNULL)


def test_the_commands_of_the_readme(desk):
    with open(os.path.join(ROOT, "packaging", "flash", "README.md")) as f:
        commands = [line.split("  #")[0].strip() for line in re.search(r"```sh\n(.*?)```", f.read(), re.S).group(1).splitlines()]
    assert len(commands) == 5
    desk.put("provisioning.toml", "[device]\nid = \"hall-3\"\n")
    desk.put("broker.pw", "s3cret")
    for command in commands:
        # The disk is a file, and the key that of the test.
        here = command.replace("/dev/sdX", "disk")
        if "img.zst" in here:
            here += " --key sluice.pub"
        code, said = desk.at_terminal(here, {"[y/N]": "y", "Passphrase of Wi-Fi Plant 2": "correct horse"})
        assert code == 0, f"{command}\n{said}"
        assert "correct horse" not in said, "a passphrase is not shown"
    assert 'psk = "correct horse"' in desk.fat_file("provisioning.toml")
    desk.check_contents(desk.path("box.img"))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bin", required=True)
    parser.add_argument("names", nargs="*")
    options = parser.parse_args()
    os.environ["PATH"] += ":/usr/sbin:/sbin"
    missing = [tool for tool in TOOLS if not shutil.which(tool)]
    if missing:
        print(f"skipped: not installed: {', '.join(missing)}")
        sys.exit(SKIPPED)
    with tempfile.TemporaryDirectory(prefix="sluice-images-") as folder:
        images = Images(folder)
        run_scenarios(tests_of(globals()), options.names, world=lambda: Desk(images, os.path.abspath(options.bin)))


main()
