#!/usr/bin/env python3
"""The package's life in a throw-away Debian: install, an edited configuration, upgrade, downgrade, remove, purge.

  lifecycle_test.py        skipped (77) without root, mmdebstrap, systemd-nspawn, or packages in build/packages
"""
import os
import re
import stat

from root import Root, packages

INSTALL = "apt-get -q -o Dpkg::Options::=--force-confold install -y --allow-downgrades --no-install-recommends "
EVENTS = 25
# A gateway whose upstream is not there: events wait.
WAITING = """
[sources.devices]
type = "mqtt"
listen = ["mqtt://127.0.0.1:18830"]
decode = "json"
[pipelines.all]
from = ["devices"]
to = ["cloud"]
[sinks.cloud]
type = "http"
url = "http://127.0.0.1:9/"
"""
SEND = f"""
setpriv --reuid=sluice --regid=sluice --clear-groups sluice run >/tmp/log 2>&1 &
for try in 1 2 3 4 5 6 7 8 9 10; do sleep 0.3; mosquitto_pub -h 127.0.0.1 -p 18830 -q 1 -t t -m '{{"n":0}}' && break; done
for n in $(seq 2 {EVENTS}); do mosquitto_pub -h 127.0.0.1 -p 18830 -q 1 -t t -m "{{\\"n\\":$n}}" || exit 1; done
kill $!; wait $!
"""


def snapshot(root):
    """Every path with its kind, mode and owner, but for what installing anything changes."""
    out = root.run(r"find / \( -path /proc -o -path /sys -o -path /dev -o -path /tmp -o -path /run -o -path /packages "
                   r"-o -path /var/lib/dpkg -o -path /var/lib/apt -o -path /var/cache -o -path /var/log \) -prune "
                   r"-o -printf '%p %y %m %u:%g\n'")
    return set(out.splitlines())


def next_version(root):
    """A package of the next version, whose configuration file has changed."""
    old = [name for name in os.listdir(root.path + "/packages") if re.match(r"sluice_.*\.deb$", name)][0]
    root.run(f"cd /packages && rm -rf next && dpkg-deb -R {old} next && "
             "sed -i 's/^Version: .*/Version: 99.0/' next/DEBIAN/control && echo '# of version 99' >>next/etc/sluice/sluice.toml && "
             "sed -i '/etc.sluice/d' next/DEBIAN/md5sums && dpkg-deb --root-owner-group -b next next.deb && rm -rf next")
    return "/packages/" + old, "/packages/next.deb"


def mode_and_owner(root, path):
    info = os.stat(root.path + path)
    return stat.S_IMODE(info.st_mode), root.run(f"stat -c %U:%G {path}").strip()


def check_installed(root):
    assert "sluice:x:" in root.read("/etc/passwd"), "there is no user sluice"
    assert mode_and_owner(root, "/etc/sluice/sluice.toml") == (0o640, "root:sluice"), root.run("ls -la /etc/sluice")
    assert mode_and_owner(root, "/etc/sluice/credentials") == (0o700, "root:root")
    assert "is good" in root.run("sluice check"), "the configuration as installed"
    assert root.exists("/etc/systemd/system/multi-user.target.wants/sluice.service"), "the service is not enabled"
    for path in ("man/man8/sluice.8.gz", "man/man5/sluice.toml.5.gz", "bash-completion/completions/sluice",
                 "zsh/vendor-completions/_sluice", "fish/vendor_completions.d/sluice.fish",
                 "doc/sluice/examples/minimal.toml"):
        assert root.exists("/usr/share/" + path) or root.exists("/usr/share/" + path + ".gz"), path
    examples = root.run("for f in /usr/share/doc/sluice/examples/*_test.toml; do sluice test $f >/dev/null || echo $f; done")
    assert examples.strip() == "", "examples fail: " + examples


def main():
    packages()
    with Root() as root:
        root.run("apt-get -q update")
        root.run("apt-get -q install -y --no-install-recommends --download-only /packages/sluice_*.deb")
        # Its libraries stay; what must go without a trace is the package.
        root.run("apt-get -q install -y --no-install-recommends $(dpkg-deb -f /packages/sluice_*.deb Depends | "
                 r"sed 's/([^)]*)//g; s/|[^,]*//g; s/,/ /g')")
        before = snapshot(root)
        this, following = next_version(root)

        root.run(INSTALL + this)
        check_installed(root)
        root.run("cp -a /etc/sluice/sluice.toml /var/tmp/kept && umask 077 && "
                 "sluice init --force --devices both --upstream https://cloud.example/v1 && sluice check")
        assert mode_and_owner(root, "/etc/sluice/sluice.toml") == (0o640, "root:sluice"), "init: the service cannot read it"
        root.run("cmp /var/tmp/kept /etc/sluice/sluice.toml.old && mv /var/tmp/kept /etc/sluice/sluice.toml && rm /etc/sluice/sluice.toml.old")
        print("installed: user, modes, service, manual, completions, examples")

        root.write("/etc/sluice/sluice.toml", root.read("/etc/sluice/sluice.toml") + "# an edit of ours\n", 0o640)
        said = root.run(INSTALL + following)
        assert "an edit of ours" in root.read("/etc/sluice/sluice.toml"), said
        assert root.exists("/etc/sluice/sluice.toml.dpkg-dist"), said
        print("upgraded: the edited configuration stays, the new one lies beside it")

        root.write("/etc/sluice/sluice.toml", WAITING, 0o640)
        root.run("install -d -o sluice -g sluice -m 750 /var/lib/sluice && chgrp sluice /etc/sluice/sluice.toml")
        root.run(SEND)
        root.run(INSTALL + this)
        assert root.exists("/var/lib/sluice/store.mdb")
        print("downgraded: the store stays")

        said = root.run("dpkg -r sluice")
        assert f"{EVENTS} events wait" in said, said
        assert root.exists("/var/lib/sluice/store.mdb") and root.exists("/etc/sluice/sluice.toml")
        print("removed: " + [line for line in said.splitlines() if "events wait" in line][0])

        said = root.run("dpkg -P sluice")
        kept = [name for name in os.listdir(root.path + "/var/backups") if name.startswith("sluice-")]
        assert f"{EVENTS} events were never delivered" in said and len(kept) == 1, said
        assert root.exists(f"/var/backups/{kept[0]}/store.mdb") and not root.exists("/var/lib/sluice")
        print("purged: " + [line for line in said.splitlines() if "never delivered" in line][0])
        root.run(INSTALL + this)
        count = root.run(f"sluice buffer stat --json --store /var/backups/{kept[0]}")
        assert f'"events":{EVENTS}' in count, count

        root.run(f"mkdir -p /var/lib/sluice && cp /var/backups/{kept[0]}/store.mdb /var/lib/sluice/ && "
                 "chown -R sluice:sluice /var/lib/sluice && rm -r /var/backups/sluice-*")
        root.write("/etc/sluice/sluice.toml", WAITING, 0o640)
        root.run("chgrp sluice /etc/sluice/sluice.toml")
        root.run("SLUICE_PURGE=1 dpkg -P sluice")
        left = sorted(line for line in snapshot(root) - before
                      if not re.match(r"/(etc/(passwd|shadow|group|gshadow)|var/lib/(systemd|pam|ucf))", line))
        assert not left, "left behind: " + ", ".join(left)
        print("purged with SLUICE_PURGE=1: nothing is left but the user")


if __name__ == "__main__":
    main()
