"""Disk images for tests: what they need, their places, GRUB's environment, and an emulated machine that starts from one."""
import glob
import os
import re
import shutil
import subprocess
import tempfile
import time

PROJECT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
SKIPPED = 77
FIRMWARE = "/usr/share/OVMF/OVMF_CODE.fd"
ARM_FIRMWARE = "/usr/share/qemu-efi-aarch64/QEMU_EFI.fd"
MIB = 1 << 20
ESP_AT, ROOT_AT, DATA_AT = MIB, 65 * MIB, (65 + 2048) * MIB


def package(arguments, architecture="amd64"):
    """The sluice package: --deb, else the one that packaging/deb/build made."""
    folder = "build/packages" if architecture == "amd64" else f"build/packages-{architecture}"
    found = [arguments.deb] if arguments.deb else glob.glob(os.path.join(PROJECT, f"{folder}/sluice_*_{architecture}.deb"))
    return os.path.abspath(found[0]) if found else None


def why_not(tools, arguments, files=(), architecture="amd64"):
    """Why a test cannot run here; empty: it can."""
    os.environ["PATH"] += ":/usr/sbin:/sbin"
    missing = [tool for tool in tools if not shutil.which(tool)] + [file for file in files if not os.path.exists(file)]
    if missing:
        return "missing: " + ", ".join(missing)
    if os.geteuid() != 0:
        return "needs root"
    return "" if package(arguments, architecture) else f"there is no package: packaging/deb/build {architecture} makes it, or give --deb"


def run(*command, **options):
    done = subprocess.run(command, capture_output=True, text=True, **options)
    assert done.returncode == 0, f"{command[0]}: {done.stdout}{done.stderr}"
    return done.stdout


def cut(source, offset, size, into):
    """A partition as a file, without the zeros it does not need."""
    run("dd", f"if={source}", f"of={into}", "bs=1M", f"skip={offset // MIB}", f"count={size // MIB}", "conv=sparse")
    return into


def set_kernel_arguments(disk, arguments):
    """In GRUB's environment on the boot partition."""
    with tempfile.TemporaryDirectory() as folder:
        file = os.path.join(folder, "grubenv")
        run("mcopy", "-n", "-i", f"{disk}@@{ESP_AT}", "::/grubenv", file)
        run("grub-editenv", file, "set", f"kernel_args={arguments}")
        run("mcopy", "-o", "-i", f"{disk}@@{ESP_AT}", file, "::/grubenv")


def machine(board, disk, folder):
    """The command of an emulated machine without network. The Raspberry Pi begins with U-Boot: what comes before it is in the
    chip that QEMU does not have."""
    arm = ["qemu-system-aarch64", "-accel", "tcg,thread=multi"]
    drive = f"file={disk},format=raw"
    if board == "amd64":
        return ["qemu-system-x86_64", "-M", "q35", "-accel", "tcg,thread=multi", "-cpu", "max", "-smp", "2", "-m", "1024", "-nographic",
                "-drive", f"if=pflash,format=raw,readonly=on,file={FIRMWARE}", "-drive", f"{drive},if=virtio", "-device", "virtio-rng-pci"]
    if board == "arm64":
        return [*arm, "-M", "virt", "-cpu", "cortex-a72", "-smp", "2", "-m", "1024", "-nographic", "-bios", ARM_FIRMWARE,
                "-drive", f"{drive},if=virtio", "-device", "virtio-rng-pci"]
    for name in ("u-boot.bin", "bcm2837-rpi-3-b.dtb"):
        run("mcopy", "-n", "-o", "-i", f"{disk}@@{ESP_AT}", f"::/{name}", os.path.join(folder, name))
    return [*arm, "-M", "raspi3b", "-display", "none", "-kernel", f"{folder}/u-boot.bin", "-dtb", f"{folder}/bcm2837-rpi-3-b.dtb",
            "-drive", f"{drive},if=sd", "-serial", "null", "-serial", "stdio"]


def start_machine(disk, seconds=400, more=(), board="amd64"):
    """Until it switches itself off or starts again. What it said, and how long it took."""
    with tempfile.TemporaryDirectory() as folder:
        command = [*machine(board, disk, folder), "-no-reboot", *(more or ["-nic", "none"])]
        started = time.monotonic()
        try:
            done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, timeout=seconds)
            said = done.stdout.decode(errors="replace")
        except subprocess.TimeoutExpired as late:
            said = (late.stdout or b"").decode(errors="replace")
            raise AssertionError(f"did not switch itself off within {seconds} s; its last words:\n{said[-3000:]}") from None
    return re.sub(r"\x1b\[[0-9;?=]*[a-zA-Z]|\r", "", said), time.monotonic() - started
