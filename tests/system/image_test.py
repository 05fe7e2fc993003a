#!/usr/bin/env python3
"""The disk image: built, flashed onto a used disk, started in an emulated machine, and looked at by its parts.

  image_test.py --bin DIR --build DIR [--deb FILE] [NAME...]     77: a tool, root or the network is missing

The first build fetches Debian packages; its root is kept in $SLUICE_CACHE.
"""
import argparse
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
import traceback

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
sys.path.insert(0, os.path.join(ROOT, "tests"))
from lib.image import (DATA_AT, ESP_AT, FIRMWARE, MIB, ROOT_AT, SKIPPED, cut, package, run, set_kernel_arguments, start_machine,
                       why_not)

BUILD = os.path.join(ROOT, "packaging", "image", "build")
TOOLS = ["mmdebstrap", "mke2fs", "dumpe2fs", "e2fsck", "debugfs", "mkfs.fat", "fsck.fat", "mcopy", "sfdisk", "grub-mkimage",
         "zstd", "minisign", "bmaptool", "qemu-system-x86_64"]
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
        self.binaries, self.folder, self.package = os.path.abspath(arguments.bin), folder, package(arguments)
        self.environment = {**os.environ, "PATH": f"{self.binaries}:{os.environ['PATH']}"}
        self.environment.setdefault("SLUICE_CACHE", os.path.join(os.path.abspath(arguments.build), "cache"))
        # As the build does it, but once: somebody may commit between two builds.
        self.environment["SOURCE_DATE_EPOCH"] = run("git", "log", "-1", "--format=%ct", cwd=ROOT).strip()
        with open(os.path.join(ROOT, "packaging", "image", "README.md")) as f:
            self.commands = re.search(r"```sh\n(.*?)```", f.read(), re.S).group(1).splitlines()
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
        return os.path.join(self.first, name)

    def disk(self):
        """A disk that was used before: other bytes where the image has data, and nothing elsewhere."""
        path = os.path.join(self.folder, "disk")
        with open(path, "wb") as f:
            f.truncate(3072 * MIB)
            for start, size in [(0, 200 * MIB), (ROOT_AT + 400 * MIB, 200 * MIB), (DATA_AT, 65 * MIB)]:
                f.seek(start)
                for _ in range(size // MIB):
                    f.write(b"\xA5" * MIB)
        return path

    def flash(self, disk):
        return run("sluice-flash", self.file("sluice-amd64.img.zst"), disk, "--yes", "--key", self.file("test.pub"),
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
    set_kernel_arguments(disk, "sluice.selfcheck console=ttyS0")
    said, seconds = start_machine(disk)
    lines = re.findall(r"SELFCHECK (.*)", said)
    print("        " + "\n        ".join(lines) + f"\n        {seconds:.0f} s from power on to power off", flush=True)
    for line in ["failed=[]", "sluice=active user=sluice", "hostname=hall-3 id=hall-3", "credentials=broker ", "healthcheck=ok", "end"]:
        assert line in lines, f"'{line}' is missing\n{said[-6000:]}"
    assert any(line.startswith("slot=A ") for line in lines)
    tries = next(line for line in lines if line.startswith("tries="))
    assert "A_OK=1" in tries and "A_TRY=0" in tries, tries
    grown = int(next(line for line in lines if line.startswith("data_kib=")).split("=")[1])
    assert grown > 800 * 1024, f"the data partition has {grown} KiB of the 960 MiB there are"
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
    run("bmaptool", "copy", "--bmap", images.file("sluice-amd64.img.zst.bmap"), images.file("sluice-amd64.img"), copy)
    os.remove(copy)


def test_the_checksums_and_the_bill_of_materials_are_whole(images):
    run("sha256sum", "--check", "sluice-amd64.sha256", cwd=images.first)
    with open(images.file("sluice-amd64.img.spdx.json")) as f:
        bill = json.load(f)
    assert bill["spdxVersion"] == "SPDX-2.3" and bill["dataLicense"] == "CC0-1.0"
    root = cut(images.file("sluice-amd64.img"), ROOT_AT, 1024 * MIB, os.path.join(images.folder, "root"))
    status = run("debugfs", "-R", "cat /var/lib/dpkg/status", root)
    os.remove(root)
    installed = {re.search(r"^Package: (.*)", stanza, re.M).group(1) for stanza in status.split("\n\n")
                 if "\nStatus: install ok installed\n" in stanza}
    assert {entry["name"] for entry in bill["packages"]} == installed
    assert {"sluice", "systemd", "rauc"} <= installed
    identifiers = {entry["SPDXID"] for entry in bill["packages"]}
    assert len(identifiers) == len(installed)
    for relationship in bill["relationships"]:
        assert relationship["relatedSpdxElement"] in identifiers, relationship


def test_another_kind_of_machine_is_refused(images):
    done = subprocess.run([BUILD, "sparc"], capture_output=True, text=True)
    assert done.returncode == 2 and "build [amd64|arm64]" in done.stderr, done.stderr


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--bin", required=True)
    parser.add_argument("--build", required=True)
    parser.add_argument("--deb")
    parser.add_argument("tests", nargs="*")
    arguments = parser.parse_args()
    if why := why_not(TOOLS, arguments, [FIRMWARE]):
        print(f"skipped: {why}")
        return SKIPPED
    os.makedirs(arguments.build, exist_ok=True)
    failed = 0
    tests = {name[5:]: test for name, test in globals().items() if name.startswith("test_")}
    with tempfile.TemporaryDirectory(prefix="sluice-image-", dir=arguments.build) as folder:
        images = Images(arguments, os.path.abspath(folder))
        for name in arguments.tests or tests:
            started = time.monotonic()
            try:
                tests[name](images)
                print(f"ok      {name} ({time.monotonic() - started:.1f} s)", flush=True)
            except Exception:
                failed += 1
                print(f"FAILED  {name}\n{traceback.format_exc()}", flush=True)
    return 1 if failed else 0


sys.exit(main())
