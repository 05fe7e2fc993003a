#!/usr/bin/env python3
"""sluice-firstboot with folders as the FAT partition and the root, and grow-data on a loop device.

  firstboot_test.py --bin DIR [NAME...]     runs all tests, or those named
"""
import argparse
import os
import re
import shutil
import subprocess
import sys
import tempfile

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
sys.path.insert(0, os.path.join(ROOT, "tests"))
from lib.scenarios import Skipped, run_scenarios, tests_of

GROW = os.path.join(ROOT, "packaging", "firstboot", "grow-data")
MIB = 1 << 20
CONFIG = """# of the plant
[sources.hall]
type = "mqtt"
listen = ["mqtt://127.0.0.1:1883"]
[pipelines.all]
from = ["hall"]
to = ["file"]
[sinks.file]
type = "file"
path = "/var/lib/sluice/events.ndjson"
"""


class Box:
    def __init__(self, binaries):
        self.binaries = binaries
        self.folder = tempfile.mkdtemp(prefix="sluice-firstboot-")
        for name in ("card", "tree"):
            os.mkdir(self.path(name))

    def end(self):
        shutil.rmtree(self.folder)

    def path(self, name):
        return os.path.join(self.folder, name)

    def put(self, name, text):
        os.makedirs(os.path.dirname(self.path(name)), exist_ok=True)
        with open(self.path(name), "w") as f:
            f.write(text)

    def get(self, name):
        with open(self.path(name)) as f:
            return f.read()

    def start(self, code=0, command="sluice-firstboot --boot card --root tree"):
        environment = {**os.environ, "PATH": f"{self.binaries}:{os.environ['PATH']}"}
        run = subprocess.run(["sh", "-c", command], cwd=self.folder, env=environment, capture_output=True, text=True)
        assert run.returncode == code, f"exit code {run.returncode}, not {code}\n{run.stdout}{run.stderr}"
        return run.stdout + run.stderr


def test_a_configuration_is_checked_and_gets_the_id(box):
    box.put("card/sluice.toml", CONFIG)
    box.put("card/provisioning.toml", "[device]\nid = \"hall-3\"\n")
    said = box.start()
    assert "Sluice box hall-3" in said and "configuration taken" in said, said
    text = box.get("tree/etc/sluice/sluice.toml")
    assert text == CONFIG + "\n[gateway]\nname = \"hall-3\"\n", text
    assert os.listdir(box.path("tree/etc/sluice")).count("sluice.toml.candidate") == 0
    assert sorted(os.listdir(box.path("card"))) == ["device.csr", "sluice-status.txt"]


def test_a_later_configuration_alone_keeps_the_id_and_the_owner_of_the_file(box):
    box.put("card/provisioning.toml", "[device]\nid = \"hall-3\"\n")
    box.start()
    box.put("tree/etc/sluice/sluice.toml", "old")
    os.chmod(box.path("tree/etc/sluice/sluice.toml"), 0o640)
    if os.geteuid() == 0:
        os.chown(box.path("tree/etc/sluice/sluice.toml"), 0, 12345)
    box.put("card/sluice.toml", CONFIG)
    box.start()
    assert 'name = "hall-3"' in box.get("tree/etc/sluice/sluice.toml")
    status = os.stat(box.path("tree/etc/sluice/sluice.toml"))
    assert status.st_mode & 0o7777 == 0o640, oct(status.st_mode)
    assert os.geteuid() != 0 or status.st_gid == 12345


def test_a_bad_configuration_changes_nothing_and_is_explained_on_the_card(box):
    box.put("card/sluice.toml", CONFIG.replace('"mqtt"', '"mqqt"'))
    box.put("card/provisioning.toml", "[device]\nid = \"hall-3\"\n[secrets]\nb = \"s3cret\"\n")
    said = box.start(code=1)
    error = box.get("card/sluice-error.txt")
    for text in (said, error):
        assert "sluice.toml:3:8: sources.hall.type" in text, text
        assert "s3cret" not in text and "candidate" not in text, text
    left = [name for _, _, names in os.walk(box.path("tree")) for name in names]
    assert left == [], left
    box.put("card/sluice.toml", CONFIG)
    box.start()
    assert not os.path.exists(box.path("card/sluice-error.txt"))
    assert box.get("tree/etc/sluice/credentials/b") == "s3cret"


def test_the_commands_of_the_readme(box):
    with open(os.path.join(ROOT, "packaging", "firstboot", "README.md")) as f:
        lines = re.search(r"```sh\n(.*?)```", f.read(), re.S).group(1).splitlines()
    on_the_box, into_a_folder = [line.split("  #")[0].strip() for line in lines]
    assert on_the_box == "sluice-firstboot"  # changes this machine: only its help is tried
    assert "--boot" in box.start(command=on_the_box + " --help")
    box.start(command=into_a_folder)


class Loop:
    """A disk in a file: a small partition that is the last one, and room behind it."""

    def __init__(self, box, script):
        if os.geteuid() != 0 or not os.path.exists("/dev/loop-control"):
            raise Skipped("a loop device needs root and /dev/loop-control")
        for tool in ("sfdisk", "partx", "resize2fs", "mkfs.ext4"):
            if not shutil.which(tool):
                raise Skipped(f"{tool} is not installed")
        disk = box.path("disk")
        with open(disk, "wb") as f:
            f.truncate(128 * MIB)
        subprocess.run(["sfdisk", "-q", "--no-tell-kernel", disk], input=script, text=True, check=True)
        taken = subprocess.run(["losetup", "--find", "--show", disk], capture_output=True, text=True)
        if taken.returncode != 0:
            raise Skipped("no loop device: " + taken.stderr.strip())
        self.device = taken.stdout.strip()
        subprocess.run(["partx", "--add", self.device], capture_output=True)
        if not os.path.exists(self.device + "p1"):
            self.end()
            raise Skipped("the kernel does not make partitions of loop devices here")

    def end(self):
        subprocess.run(["partx", "--delete", self.device], capture_output=True)
        subprocess.run(["losetup", "--detach", self.device], check=True)

    def size(self, partition):
        with open(f"/sys/class/block/{os.path.basename(partition)}/size") as f:
            return int(f.read()) * 512


def test_the_data_partition_grows_to_the_end_of_the_disk(box):
    loop = Loop(box, "label: gpt\nstart=2048, size=2048\nstart=4096, size=32768\n")
    try:
        data = loop.device + "p2"
        subprocess.run(["mkfs.ext4", "-q", data], check=True)
        run = subprocess.run([GROW, data], capture_output=True, text=True)
        assert run.returncode == 0, run.stderr
        assert loop.size(data) > 120 * MIB, run.stdout + run.stderr
        blocks = subprocess.run(["dumpe2fs", "-h", data], capture_output=True, text=True).stdout
        assert int(re.search(r"Block count: +(\d+)", blocks).group(1)) * int(re.search(r"Block size: +(\d+)", blocks).group(1)) > 120 * MIB
        subprocess.run(["e2fsck", "-fn", data], check=True, capture_output=True)
        verify = subprocess.run(["sfdisk", "--verify", loop.device], capture_output=True, text=True)
        assert verify.returncode == 0 and "backup GPT" not in verify.stderr, verify.stderr
        again = subprocess.run([GROW, data], capture_output=True, text=True)
        assert again.returncode == 0, "a second start finds nothing to do"
        first = subprocess.run([GROW, loop.device + "p1"], capture_output=True, text=True)
        assert first.returncode == 0 and "not the last" in first.stdout, first.stdout
    finally:
        loop.end()


def test_what_is_no_partition_is_left_alone(box):
    run = subprocess.run([GROW, box.path("nothing")], capture_output=True, text=True)
    assert run.returncode == 0 and "nothing to grow" in run.stdout, run.stdout + run.stderr


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bin", required=True)
    parser.add_argument("names", nargs="*")
    options = parser.parse_args()
    os.environ["PATH"] += ":/usr/sbin:/sbin"
    run_scenarios(tests_of(globals()), options.names, world=lambda: Box(os.path.abspath(options.bin)))


main()
