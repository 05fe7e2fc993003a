"""A throw-away Debian root to install packages into and to boot, for the package tests.

    with Root(folder) as root:
        root.run("apt-get install -y /packages/sluice_*.deb")
        print(root.boot("systemctl is-active sluice"))

The bare root is made once by mmdebstrap and kept as a tar file in the user's cache.
"""
import glob
import hashlib
import os
import shutil
import subprocess
import sys
import tempfile

PROJECT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
# The service's libraries come with its package; these are what tests need.
INCLUDE = "systemd,systemd-sysv,dbus,procps,mosquitto-clients,apt-utils"
BOOT_SECONDS = 400
SKIPPED = 77


def skip(why):
    print(f"SKIPPED: {why}")
    sys.exit(SKIPPED)


def packages():
    """The newest packages of packaging/deb/build."""
    found = glob.glob(os.path.join(PROJECT, "build/packages/sluice_*.deb"))
    if not found:
        skip("there are no packages: packaging/deb/build makes them")
    return os.path.dirname(found[0])


def need_tools():
    if os.geteuid() != 0:
        skip("needs root, for a root directory of its own")
    for tool in ("mmdebstrap", "systemd-nspawn"):
        if shutil.which(tool) is None:
            skip(f"{tool} is not installed (apt-get install mmdebstrap systemd-container)")


def bare_root():
    """The tar file of a Debian 12 with INCLUDE."""
    name = "debian-" + hashlib.sha256(INCLUDE.encode()).hexdigest()[:12] + ".tar"
    cache = os.path.join(os.environ.get("XDG_CACHE_HOME", os.path.expanduser("~/.cache")), "sluice")
    path = os.path.join(cache, name)
    if not os.path.exists(path):
        os.makedirs(cache, exist_ok=True)
        made = subprocess.run(["mmdebstrap", "--variant=minbase", f"--include={INCLUDE}", "bookworm", path + ".new.tar",
                               *sources()], capture_output=True, text=True)
        if made.returncode != 0:
            skip("mmdebstrap cannot make a root: " + made.stderr.strip().splitlines()[-1])
        os.rename(path + ".new.tar", path)
    return path


def sources():
    """Where this machine gets its packages: its own apt sources."""
    return [path for path in ["/etc/apt/sources.list", *glob.glob("/etc/apt/sources.list.d/*")]
            if os.path.isfile(path) and os.path.getsize(path) > 0]


class Root:
    def __init__(self):
        need_tools()
        tar = bare_root()
        self.folder = tempfile.mkdtemp(prefix="sluice-root-")
        self.path = os.path.join(self.folder, "root")
        os.mkdir(self.path)
        subprocess.run(["tar", "-C", self.path, "--numeric-owner", "-xf", tar], check=True)
        self.write("/etc/fstab", "")
        # No service starts while packages are installed: that is what boot() is for.
        self.write("/usr/sbin/policy-rc.d", "#!/bin/sh\nexit 101\n", 0o755)
        shutil.copytree(packages(), self.path + "/packages")

    def __enter__(self):
        return self

    def __exit__(self, kind, value, trace):
        shutil.rmtree(self.folder, ignore_errors=True)

    def write(self, path, text, mode=0o644):
        whole = self.path + path
        os.makedirs(os.path.dirname(whole), exist_ok=True)
        with open(whole, "w", encoding="utf-8") as f:
            f.write(text)
        os.chmod(whole, mode)

    def read(self, path):
        with open(self.path + path, encoding="utf-8", errors="replace") as f:
            return f.read()

    def exists(self, path):
        return os.path.lexists(self.path + path)  # links lead into the root

    def _nspawn(self, *options, seconds=600):
        return subprocess.run(["systemd-nspawn", "-q", "-D", self.path, "--register=no", "--keep-unit", *options],
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                              text=True, errors="replace", timeout=seconds)

    def run(self, command, is_good=True):
        """A shell command in the root, without booting it. Gives what it prints."""
        done = self._nspawn("--pipe", "--setenv=DEBIAN_FRONTEND=noninteractive", "/bin/sh", "-c", "exec 2>&1\n" + command)
        assert not is_good or done.returncode == 0, f"{command}: exit code {done.returncode}\n{done.stdout}{done.stderr}"
        return done.stdout

    def boot(self, script):
        """Boots it with systemd as PID 1, runs the shell script there, powers off. Gives what it prints."""
        self.write("/probe/script", script, 0o755)
        self.write("/etc/systemd/system/probe.service",
                   "[Unit]\nAfter=multi-user.target\n[Service]\nType=oneshot\n"
                   "ExecStart=/bin/sh -c '/bin/sh -x /probe/script >/probe/output 2>/probe/trace; echo $? >/probe/code'\n"
                   "ExecStopPost=/bin/systemctl --no-block poweroff\n"
                   "[Install]\nWantedBy=default.target\n")
        for name in ("output", "trace", "code"):
            if self.exists("/probe/" + name):
                os.remove(self.path + "/probe/" + name)
        self.run("ln -sf ../probe.service /etc/systemd/system/default.target.wants/probe.service"
                 if self.exists("/etc/systemd/system/default.target.wants") else
                 "mkdir -p /etc/systemd/system/multi-user.target.wants && "
                 "ln -sf ../probe.service /etc/systemd/system/multi-user.target.wants/probe.service")
        try:
            done = self._nspawn("--boot", "--private-network", "--console=read-only", seconds=BOOT_SECONDS)
        except subprocess.TimeoutExpired:
            raise AssertionError("it does not come to its end:\n" + self.read("/probe/trace")[-3000:]) from None
        console = done.stdout + done.stderr
        if not self.exists("/probe/code"):
            if "Welcome to" not in console:
                skip("systemd-nspawn cannot boot here: " + (console.strip().splitlines() or ["it says nothing"])[-1])
            raise AssertionError("it did not boot to the end:\n" + console[-4000:])
        output = self.read("/probe/output")
        assert self.read("/probe/code").strip() == "0", \
            f"the script ended with {self.read('/probe/code')}:\n{output}\n{self.read('/probe/trace')[-3000:]}"
        return output
