#!/usr/bin/env python3
"""The disk image: built, flashed onto a used disk, started in an emulated machine, and looked at by its parts.

  image_test.py --bin DIR --build DIR [--board BOARD] [--deb FILE] [NAME...]     77: a tool, root or the network is missing

BOARD: amd64 (default), arm64, rpi. The first build fetches Debian packages, and emulates arm64 for a quarter of an hour; its
root is kept in $SLUICE_CACHE.
"""
import argparse
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
sys.path.insert(0, os.path.join(ROOT, "tests"))
from lib.image import (ARM_FIRMWARE, DATA_AT, ESP_AT, FIRMWARE, MIB, ROOT_AT, SKIPPED, cut, package, run, set_kernel_arguments,
                       start_machine, why_not)
from lib.scenarios import run_scenarios, tests_of

BUILD = os.path.join(ROOT, "packaging", "image", "build")
TOOLS = ["mmdebstrap", "mke2fs", "dumpe2fs", "e2fsck", "debugfs", "mkfs.fat", "fsck.fat", "mcopy", "sfdisk", "grub-mkimage",
         "zstd", "minisign", "bmaptool"]
# What each board needs more, its serial console, and how long it may take from power on to power off.
BOARDS = {"amd64": (["qemu-system-x86_64"], [FIRMWARE], "ttyS0", 400),
          "arm64": (["qemu-system-aarch64"], [ARM_FIRMWARE], "ttyAMA0", 600),
          # QEMU's has no VideoCore to speak with, and its watchdog starts the machine again as soon as it is set.
          "rpi": (["qemu-system-aarch64"], [], "ttyS1,115200 modprobe.blacklist=vchiq systemd.watchdog_sec=0", 900)}
CONFIG = """[sources.hall]
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
    """The image under test, built once."""

    def __init__(self, arguments, folder):
        self.board, self.binaries, self.folder = arguments.board, os.path.abspath(arguments.bin), folder
        self.package = package(arguments, architecture(self.board))
        self.environment = {**os.environ, "PATH": f"{self.binaries}:{os.environ['PATH']}"}
        self.environment.setdefault("SLUICE_CACHE", os.path.join(os.path.abspath(arguments.build), "cache"))
        # As the build does it, but once: somebody may commit between two builds.
        self.environment["SOURCE_DATE_EPOCH"] = run("git", "log", "-1", "--format=%ct", cwd=ROOT).strip()
        with open(os.path.join(ROOT, "packaging", "image", "README.md")) as f:
            commands = re.search(r"```sh\n(.*?)```", f.read(), re.S).group(1).splitlines()
        self.commands = [command for command in commands if command.split()[1] == self.board]
        self.put("sluice.toml", CONFIG)
        self.put("broker.pw", "s3cret")
        self.first = self.build("first", self.commands[0])

    def put(self, name, text):
        with open(os.path.join(self.folder, name), "w") as f:
            f.write(text)

    def build(self, name, command):
        """By a command of the README, into a folder of its own."""
        output = os.path.join(self.folder, name)
        os.makedirs(output, exist_ok=True)
        run(*command.replace("packaging/image/build", BUILD).split(), "--output", output, "--deb", self.package, env=self.environment,
            cwd=self.folder)
        return output

    def file(self, name):
        """img, img.zst ...: a file of the image; others as they are called."""
        return os.path.join(self.first, f"sluice-{self.board}.{name}" if name.startswith(("img", "sha256")) else name)

    def disk(self):
        """A disk that was used before: other bytes where the image has data, and nothing elsewhere."""
        path = os.path.join(self.folder, "disk")
        with open(path, "wb") as f:
            f.truncate(4096 * MIB)  # the size of a card is a power of two
            for start, size in [(0, 200 * MIB), (ROOT_AT + 400 * MIB, 200 * MIB), (DATA_AT, 65 * MIB)]:
                f.seek(start)
                for _ in range(size // MIB):
                    f.write(b"\xA5" * MIB)
        return path

    def flash(self, disk):
        return run("sluice-flash", self.file("img.zst"), disk, "--yes", "--key", self.file("test.pub"),
                   "--config", "sluice.toml", "--id", "hall-3", "--secret", "broker=broker.pw",
                   env=self.environment, cwd=self.folder)


def test_it_starts_from_a_used_disk_and_sets_itself_up(images):
    disk = images.disk()
    print("        " + images.flash(disk).replace("\n", "\n        ").rstrip())
    for name, offset, size in [("root", ROOT_AT, 1024 * MIB), ("data", DATA_AT, 64 * MIB)]:
        part = cut(disk, offset, size, os.path.join(images.folder, name))
        run("e2fsck", "-fn", part)
        os.remove(part)
    esp = cut(disk, ESP_AT, 64 * MIB, os.path.join(images.folder, "esp"))
    run("fsck.fat", "-n", esp)
    os.remove(esp)
    *_, console, seconds = BOARDS[images.board]
    set_kernel_arguments(disk, f"sluice.selfcheck console={console}")
    said, seconds = start_machine(disk, seconds, board=images.board)
    lines = re.findall(r"SELFCHECK (.*)", said)
    print("        " + "\n        ".join(lines) + f"\n        {seconds:.0f} s from power on to power off", flush=True)
    for line in ["failed=[]", "sluice=active user=sluice", "hostname=hall-3 id=hall-3", "credentials=broker ", "healthcheck=ok", "end"]:
        assert line in lines, f"'{line}' is missing\n{said[-6000:]}"
    assert any(line.startswith("slot=A ") for line in lines)
    tries = next(line for line in lines if line.startswith("tries="))
    assert "A_OK=1" in tries and "A_TRY=0" in tries, tries
    memory = re.search(r"memory=Rss: (\d+) KiB Private_Dirty: (\d+) KiB", said)
    assert memory and int(memory[1]) < 8 * 1024 and int(memory[2]) < 4 * 1024, f"an idle gateway takes {memory and memory[0]}"
    grown = int(next(line for line in lines if line.startswith("data_kib=")).split("=")[1])
    assert grown > 1700 * 1024, f"the data partition has {grown} KiB of the 1983 MiB there are"
    files = run("mdir", "-b", "-i", f"{disk}@@{ESP_AT}", "::/")
    assert "sluice-status.txt" in files and "device.csr" in files, files
    assert "provisioning.toml" not in files and "sluice.toml" not in files, files
    assert b"s3cret" not in open(cut(disk, ESP_AT, 64 * MIB, os.path.join(images.folder, "esp")), "rb").read()
    os.remove(disk)


def test_two_builds_are_the_same_bytes(images):
    second = os.path.join(images.folder, "second")
    os.mkdir(second)
    # The same keys, so that signatures can be compared.
    for key in ("test.key", "test.pub", "test-ca.pem", "test-signer.pem", "test-signer.key"):
        shutil.copy(images.file(key), second)
    images.build("second", images.commands[0])
    names = sorted(name for name in os.listdir(images.first) if name.startswith("sluice-"))
    for name in names:
        one, other = (run("sha256sum", os.path.join(folder, name)).split()[0] for folder in (images.first, second))
        assert one == other, f"{name} differs"
    print(f"        {', '.join(names)}")
    shutil.rmtree(second)


def test_the_other_command_of_the_readme(images):
    command, = images.commands[1:]
    run("minisign", "-G", "-W", "-p", "sluice.pub", "-s", "sluice.key", cwd=images.folder, input="\n\n")
    output = images.build("signed", command)
    run("minisign", "-V", "-p", os.path.join(images.folder, "sluice.pub"), "-m", "sluice-amd64.img.zst.bmap", cwd=output)
    assert "test.key" not in os.listdir(output)
    text = run("mcopy", "-n", "-i", f"{output}/sluice-amd64.img@@{ESP_AT}", "::/sluice.toml", "-")
    assert text == CONFIG, text
    shutil.rmtree(output)


def test_bmaptool_agrees_with_the_block_map(images):
    copy = os.path.join(images.folder, "copy")
    run("bmaptool", "copy", "--bmap", images.file("img.zst.bmap"), images.file("img"), copy)
    os.remove(copy)


def test_the_checksums_and_the_bill_of_materials_are_whole(images):
    run("sha256sum", "--check", images.file("sha256"), cwd=images.first)
    with open(images.file("img.spdx.json")) as f:
        bill = json.load(f)
    assert bill["spdxVersion"] == "SPDX-2.3" and bill["dataLicense"] == "CC0-1.0"
    root = cut(images.file("img"), ROOT_AT, 1024 * MIB, os.path.join(images.folder, "root"))
    status = run("debugfs", "-R", "cat /var/lib/dpkg/status", root)
    os.remove(root)
    installed = {re.search(r"^Package: (.*)", stanza, re.M).group(1) for stanza in status.split("\n\n")
                 if "\nStatus: install ok installed\n" in stanza}
    at_start = {"amd64": {"grub-efi-amd64-bin"}, "arm64": {"grub-efi-arm64-bin"},
                "rpi": {"grub-efi-arm64-bin", "raspi-firmware", "u-boot-rpi"}}[images.board]
    assert {entry["name"] for entry in bill["packages"]} == installed | at_start
    assert not installed & at_start, "what is only on the boot partition takes room in the slot"
    assert {"sluice", "systemd", "rauc"} <= installed
    identifiers = {entry["SPDXID"] for entry in bill["packages"]}
    assert len(identifiers) == len(bill["packages"])
    for relationship in bill["relationships"]:
        assert relationship["relatedSpdxElement"] in identifiers, relationship


def test_another_kind_of_machine_is_refused(images):
    done = subprocess.run([BUILD, "sparc"], capture_output=True, text=True)
    assert done.returncode == 2 and "build [amd64|arm64|rpi]" in done.stderr, done.stderr
    done = subprocess.run([BUILD, "rpi", "--kernel", "cloud"], capture_output=True, text=True)
    assert done.returncode == 2, "the cloud kernel has no driver for a Raspberry Pi"


def test_a_raspberry_pi_finds_what_it_reads(images):
    """By the documentation of its firmware: a FAT partition in an MBR, and on it what config.txt names."""
    table = json.loads(run("sfdisk", "--json", images.file("img")))["partitiontable"]
    assert table["label"] == "dos" and table["id"] == "0x5b0a5d53", table
    first = table["partitions"][0]
    assert (first["type"], first["bootable"], first["start"] * 512) == ("c", True, ESP_AT), first
    assert [partition["type"] for partition in table["partitions"][1:]] == ["83"] * 3, table
    fat = f"{images.file('img')}@@{ESP_AT}"
    files = {name.removeprefix("::/"): name for name in run("mdir", "-/", "-b", "-i", fat, "::/").split()}
    for name in ("bootcode.bin", "start.elf", "fixup.dat", "start4.elf", "fixup4.dat", "LICENCE.firmware", "grubenv",
                 "bcm2837-rpi-3-b.dtb", "bcm2837-rpi-3-b-plus.dtb", "bcm2711-rpi-4-b.dtb", "bcm2711-rpi-cm4-io.dtb",
                 "EFI/BOOT/BOOTAA64.EFI", "EFI/BOOT/grub.cfg"):
        assert name in files, f"{name} is missing: {sorted(files)}"
    config = dict(line.split("=") for line in run("mcopy", "-n", "-i", fat, "::/config.txt", "-").splitlines() if not line.startswith("#"))
    assert config == {"arm_64bit": "1", "kernel": "u-boot.bin", "upstream_kernel": "1", "enable_uart": "1"}, config
    assert config["kernel"] in files
    assert "console=tty0" in run("mcopy", "-n", "-i", fat, "::/grubenv", "-")
    root = cut(images.file("img"), ROOT_AT, 1024 * MIB, os.path.join(images.folder, "root"))
    conf = run("debugfs", "-R", "cat /etc/rauc/system.conf", root)
    wireless = run("debugfs", "-R", "ls /usr/lib/firmware/brcm", root)
    os.remove(root)
    assert "compatible=sluice-rpi" in conf and "by-partuuid/5b0a5d53-02" in conf and "by-partuuid/5b0a5d53-03" in conf, conf
    assert "brcmfmac43455-sdio.bin" in wireless, "the Wi-Fi has no firmware"


# What holds for one board only.
ONLY = {test_the_other_command_of_the_readme: "amd64", test_another_kind_of_machine_is_refused: "amd64",
        test_a_raspberry_pi_finds_what_it_reads: "rpi"}


def architecture(board):
    return "arm64" if board == "rpi" else board


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--bin", required=True)
    parser.add_argument("--build", required=True)
    parser.add_argument("--board", choices=BOARDS, default="amd64")
    parser.add_argument("--deb")
    parser.add_argument("names", nargs="*")
    options = parser.parse_args()
    tools, files, *_ = BOARDS[options.board]
    if why := why_not(TOOLS + tools, options, files, architecture(options.board)):
        print(f"skipped: {why}")
        sys.exit(SKIPPED)
    os.makedirs(options.build, exist_ok=True)
    tests = [test for test in tests_of(globals()) if ONLY.get(test, options.board) == options.board]
    with tempfile.TemporaryDirectory(prefix="sluice-image-", dir=options.build) as folder:
        run_scenarios(tests, options.names, Images(options, os.path.abspath(folder)))


main()
