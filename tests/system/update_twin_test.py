#!/usr/bin/env python3
"""The update of a box without kernel and boot loader: the image's root under systemd-nspawn, with two loop devices as root
slots and small bundles. The units, RAUC's service, its signatures and the bundle's hook are the real ones.

  update_twin_test.py --build DIR [--deb FILE]     77: a tool, root or the network is missing
"""
import argparse
import os
import re
import subprocess
import sys
import tempfile

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
sys.path.insert(0, os.path.join(ROOT, "tests"))
from lib.image import MIB, SKIPPED, package, run, why_not

PARTS = os.path.join(ROOT, "packaging", "image", "parts")
OTA = os.path.join(ROOT, "packaging", "ota")
TOOLS = ["mmdebstrap", "mke2fs", "debugfs", "sfdisk", "rauc", "mksquashfs", "openssl", "systemd-nspawn", "losetup", "grub-editenv"]
EPOCH = "1780000000"
# Asks as the service's user, who may write requests and nothing else of it.
DRIVER = """#!/bin/sh
exec >/dev/console 2>&1
cd /twin
ask() {
  what=$1
  shift
  rm -f /var/lib/sluice/update/result.txt
  runuser -u sluice -- "$@" >/dev/null
  for tenth in $(seq 300); do
    [ ! -s /var/lib/sluice/update/result.txt ] || break
    sleep 0.1
  done
  echo "TWIN $what: $(head -n 1 /var/lib/sluice/update/result.txt)"
}
ask tampered sluice-update tampered.raucb
ask future sluice-update future.raucb
ask others sluice-update others.raucb --share 1
ask staged @STAGED@
/twin/server &
sleep 1
runuser -u sluice -- sluice-update http://127.0.0.1:8080/none.raucb 2>&1 | sed 's/^/TWIN nothing there: /'
ask address sluice-update http://127.0.0.1:8080/future.raucb
ask good @GOOD@
echo "TWIN grubenv: $(grub-editenv /boot/efi/grubenv list | tr '\\n' ' ')"
mount -o ro @SLOT_B@ /mnt
cmp /etc/machine-id /mnt/etc/machine-id && echo "TWIN machine-id: kept"
umount /mnt
echo "TWIN restart: $(cat /run/restart-asked 2>/dev/null)"
echo TWIN end
systemctl poweroff
"""

# A web server of what a minimal Debian has.
SERVER = """#!/usr/bin/perl
use IO::Socket::INET;
$server = IO::Socket::INET->new(LocalAddr => "127.0.0.1:8080", Listen => 4, ReuseAddr => 1) or die $!;
while ($client = $server->accept) {
  my ($name) = <$client> =~ m{^GET /([a-z.-]+) };
  while (<$client>) { last if /^\\r?$/ }
  local $/;
  my $there = open(my $file, "<", "/twin/$name");
  my $text = $there ? <$file> : "";
  print $client "HTTP/1.0 " . ($there ? "200 OK" : "404 Not Found") . "\\r\\nContent-Length: " . length($text) . "\\r\\n\\r\\n$text";
  close $client;
}
"""


class Twin:
    def __init__(self, arguments, folder):
        self.folder, self.loops = folder, []
        self.cache = os.environ.get("SLUICE_CACHE", os.path.join(os.path.abspath(arguments.build), "cache"))
        os.makedirs(self.cache, exist_ok=True)
        self.package = package(arguments)
        self.root = os.path.join(folder, "root")
        run(os.path.join(OTA, "make-test-ca"), folder)
        self.make_root()
        os.mkdir(os.path.join(self.root, "twin"))
        for name, store_format, damage in [("sluice-amd64", "1", 0), ("others", "1", 0), ("future", "999", 0), ("tampered", "1", 1)]:
            self.make_bundle(name, store_format, damage)

    def make_root(self):
        name = run(os.path.join(PARTS, "debian-root"), "--name", "amd64", "cloud", self.package).strip()
        tar = os.path.join(self.cache, name)
        if not os.path.exists(tar):
            run(os.path.join(PARTS, "debian-root"), "amd64", "cloud", self.package, tar)
        run(os.path.join(PARTS, "system-root"), "amd64", tar, self.package, os.path.join(self.folder, "test-ca.pem"),
            self.folder, env={**os.environ, "SOURCE_DATE_EPOCH": EPOCH})

    def put(self, name, text, mode=0o644):
        path = os.path.join(self.root, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w") as f:
            f.write(text)
        os.chmod(path, mode)

    def get(self, name):
        with open(os.path.join(self.root, name)) as f:
            return f.read()

    def make_bundle(self, name, store_format, damage):
        """Of a small image, by packaging/ota/bundle; plain, because this kernel may have no dm-verity."""
        tree, image = os.path.join(self.folder, "tree"), os.path.join(self.folder, "small.img")
        for path, text in {"etc/rauc/system.conf": "compatible=sluice-amd64\n", "etc/machine-id": "",
                           "var/lib/dpkg/status": "Package: sluice\nVersion: 9\n\n",
                           "usr/share/sluice/store-format": store_format + "\n"}.items():
            os.makedirs(os.path.dirname(os.path.join(tree, path)), exist_ok=True)
            with open(os.path.join(tree, path), "w") as f:
                f.write(text)
        with open(image, "wb") as f:
            f.truncate(36 * MIB)
        run("sfdisk", "--quiet", "--no-tell-kernel", image, input="label: gpt\nstart=1MiB, size=1MiB\nstart=2MiB, size=32MiB\n")
        run("mke2fs", "-q", "-t", "ext4", "-d", tree, "-E", f"offset={2 * MIB}", image, "32M")
        bundle = os.path.join(self.root, "twin", name + ".raucb")
        run(os.path.join(OTA, "bundle"), image, bundle, "--format", "plain")
        os.chmod(bundle, 0o644)
        if damage:
            with open(bundle, "r+b") as f:
                f.seek(2000)
                f.write(b"XX")

    def take_loops(self):
        for name in ("slot-a", "slot-b"):
            path = os.path.join(self.folder, name)
            with open(path, "wb") as f:
                f.truncate(64 * MIB)
            self.loops.append(run("losetup", "--find", "--show", path).strip())

    def set_up(self):
        """What is different from a box: the slots, the boot partition, and that nothing is started again."""
        conf = self.get("etc/rauc/system.conf").replace("bundle-formats=-plain", "bundle-formats=plain verity")
        for slot, loop in zip("AB", self.loops):
            conf = conf.replace(f"/dev/disk/by-partlabel/root{slot}", loop)
        self.put("etc/rauc/system.conf", conf)
        self.put("etc/fstab", "")
        self.put("etc/sluice/device-id", "hall-3\n")
        run("grub-editenv", os.path.join(self.root, "boot/efi/grubenv"), "create")
        run("grub-editenv", os.path.join(self.root, "boot/efi/grubenv"), "set", "ORDER=A B", "A_OK=1", "A_TRY=0", "B_OK=0", "B_TRY=0")
        self.put("etc/systemd/system/rauc.service.d/twin.conf",
                 "[Service]\nExecStart=\nExecStart=/usr/bin/rauc --override-boot-slot=A service\n")
        self.put("etc/systemd/system/sluice-update.service.d/twin.conf",
                 "[Unit]\nStartLimitIntervalSec=0\n[Service]\nEnvironment=PATH=/twin/bin:/usr/sbin:/usr/bin\nReadWritePaths=/run\n")
        self.put("twin/bin/systemctl", "#!/bin/sh\necho \"$@\" >/run/restart-asked\n", 0o755)
        self.put("twin/driver", self.driver(), 0o755)
        self.put("twin/server", SERVER, 0o755)
        self.put("etc/systemd/system/twin.service",
                 "[Unit]\nAfter=dbus.service sluice-update.path\n[Service]\nType=idle\nExecStart=/twin/driver\n")
        # A login prompt hangs up the console, and with it what the driver has open there.
        os.symlink("/dev/null", os.path.join(self.root, "etc/systemd/system/console-getty.service"))
        wants = os.path.join(self.root, "etc/systemd/system/multi-user.target.wants")
        os.symlink("../twin.service", os.path.join(wants, "twin.service"))

    def driver(self):
        """With the commands of the README."""
        with open(os.path.join(OTA, "README.md")) as f:
            commands = [line.split("  #")[0].strip() for line in re.search(r"```sh\n(.*?)```", f.read(), re.S).group(1).splitlines()]
        _, good, staged = commands
        assert good.startswith("sluice update ") and "--window" in staged, commands
        return DRIVER.replace("@SLOT_B@", self.loops[1]).replace("@GOOD@", good).replace("@STAGED@", staged)

    def start(self):
        binds = [f"--bind={device}" for device in ("/dev/loop-control", *self.loops)]
        done = subprocess.run(["timeout", "400", "systemd-nspawn", "-q", "-D", self.root, f"--machine=sluice-twin-{os.getpid()}", "--boot", "--register=no", "--keep-unit",
                               "--private-network", "--console=read-only", "--property=DeviceAllow=block-loop rwm", *binds,
                               *[f"--bind=/dev/loop{n}" for n in range(8) if f"/dev/loop{n}" not in self.loops and os.path.exists(f"/dev/loop{n}")]],
                              stdin=subprocess.DEVNULL, capture_output=True)
        said = re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]|\r", "", (done.stdout + done.stderr).decode(errors="replace"))
        return dict(re.findall(r"TWIN ([a-z -]+):? ?(.*)", said)), said

    def end(self):
        for loop in self.loops:
            subprocess.run(["losetup", "--detach", loop], check=True)


def check(results, said):
    print("\n".join(f"        {name}: {result}" for name, result in results.items()))
    wanted = {"tampered": "refused: .*signature", "future": "refused: .*could not be rolled back to",
              "others": "this box is not among the 1 %", "staged": "waits for|this box is not among",
              "nothing there": "404", "address": "refused: .*could not be rolled back to",
              "good": "installed sluice-amd64.raucb", "grubenv": "ORDER=B A .*B_OK=1 B_TRY=0",
              "machine-id": "kept", "restart": "reboot", "end": ""}
    for name, pattern in wanted.items():
        assert re.search(pattern, results.get(name, "missing")), f"{name}: {results.get(name)}\n{said[-5000:]}"


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--build", required=True)
    parser.add_argument("--deb")
    arguments = parser.parse_args()
    if why := why_not(TOOLS, arguments, ["/dev/loop-control"]):
        print(f"skipped: {why}")
        return SKIPPED
    os.makedirs(arguments.build, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="sluice-twin-", dir=arguments.build) as folder:
        twin = Twin(arguments, os.path.abspath(folder))
        try:
            twin.take_loops()
            twin.set_up()
            check(*twin.start())
        finally:
            twin.end()
    print("ok      refused, not chosen, installed")
    return 0


sys.exit(main())
