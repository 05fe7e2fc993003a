#!/usr/bin/env python3
"""The packaged service with systemd as PID 1: starts offline, works inside its sandbox, is restarted by the
watchdog and after SIGKILL, gets its credentials, and loses nothing that it acknowledged.

  service_test.py        skipped (77) without root, mmdebstrap, systemd-nspawn, or packages in build/packages
"""
import re

from root import Root, packages

# What a hijacked gateway must not be able to do; each line says so when it can.
SANDBOX_PROBE = """#!/bin/sh
exec >/var/lib/sluice/sandbox 2>/dev/null
touch /etc/x && echo 'can write to /etc'
touch /usr/x && echo 'can write to /usr'
cat /etc/sluice/credentials/store-key && echo 'can read the secrets where they lie'
cat /etc/shadow && echo 'can read /etc/shadow'
unshare -U true && echo 'can make a user namespace'
mount -t tmpfs none /mnt && echo 'can mount'
ls /root && echo 'can look into /root'
cat /proc/1/cmdline | grep -q . && echo 'can see other processes'
dmesg && echo 'can read the kernel log'
chmod u+s /var/lib/sluice/sandbox && echo 'can make a file set-uid'
touch /var/lib/sluice/x || echo 'cannot write to its own directory'
exit 0
"""
KEY = "00112233445566778899aabbccddeeff" * 2
CONFIG = """
[gateway]
name = "box"
[storage]
encryption = { key = { credential = "store-key" } }
[sources.devices]
type = "mqtt"
listen = ["mqtt://127.0.0.1:1883"]
decode = "json"
[sources.meters]
type = "coap"
listen = ["coap://127.0.0.1:5683"]
decode = "json"
[pipelines.all]
from = ["devices", "meters"]
to = ["archive"]
[sinks.archive]
type = "file"
path = "/var/lib/sluice/archive"
"""
IDLE_CONFIG = """
[gateway]
name = "idle"
[storage]
path = "/var/lib/sluice/idle"
[admin]
socket = "/tmp/idle.sock"
[sources.devices]
type = "mqtt"
listen = ["mqtt://127.0.0.1:1884"]
[pipelines.all]
from = ["devices"]
to = ["files"]
[sinks.files]
type = "file"
path = "/var/lib/sluice/idle-events"
"""
MOST_RESIDENT_KB, MOST_PRIVATE_KB = 8192, 4096
# Sends one by one, and notes what was acknowledged; the gateway is killed in between.
SCRIPT = """
wait_healthy() { sluice healthcheck --wait 20s >/dev/null || { sluice healthcheck; journalctl -u sluice -n 30; exit 1; }; }
main_pid() { systemctl show -p MainPID --value sluice; }
wait_healthy
echo "started: $(systemctl show -p ActiveEnterTimestampMonotonic -p ExecMainStartTimestampMonotonic --value sluice | tr '\\n' ' ')"
sluice healthcheck
cat /var/lib/sluice/sandbox | sed 's/^/sandbox: /'
n=0
for kill in 1 2 3; do
  (sleep 0.7; kill -9 $(main_pid)) &
  end=$((n + 60))
  while [ $n -lt $end ]; do
    n=$((n + 1))
    for try in $(seq 200); do mosquitto_pub -h 127.0.0.1 -q 1 -t t -m "{\\"n\\":$n}" 2>/dev/null && { echo "acked: $n"; break; }; sleep 0.1; done
  done
  wait
done
echo "restarts after SIGKILL: $(systemctl show -p NRestarts --value sluice)"
wait_healthy
kill -STOP $(main_pid)
for try in $(seq 100); do sleep 0.2; journalctl -u sluice | grep -q 'Watchdog timeout' && break; done
journalctl -u sluice | grep -o 'Watchdog timeout' | head -n 1
wait_healthy
systemctl reload sluice && echo 'reloads'
echo nonsense >>/etc/sluice/sluice.toml
systemctl reload sluice 2>/dev/null || echo 'a bad file is refused'
systemctl is-active sluice
for try in $(seq 100); do sluice status --json | grep -q '"backlog_events":0' && break; sleep 0.2; done
sluice status
systemctl stop sluice
# What a box pays that does nothing: an MQTT listener and a file sink.
runuser -u sluice -- sluice run --config /probe/idle.toml 2>/dev/null & idle=$!
for try in $(seq 100); do sluice status --socket /tmp/idle.sock >/dev/null && break; sleep 0.1; done
sluice healthcheck --socket /tmp/idle.sock >/dev/null
sleep 2
sed "s/^/idle /" /proc/$(pgrep -n -x sluice)/smaps_rollup
kill $idle
echo "sealed: $(grep -c '"n":1' /var/lib/sluice/store.mdb)"
ls /var/lib/sluice/archive
for file in /var/lib/sluice/archive/*; do zstd -dcq <$file | sed 's/^/arrived: /'; done
systemctl is-failed sluice
exit 0
"""


def main():
    packages()
    with Root() as root:
        root.run("apt-get -q update && apt-get -q install -y --no-install-recommends zstd /packages/sluice_*.deb")
        root.write("/etc/sluice/sluice.toml", CONFIG, 0o640)
        root.write("/etc/sluice/credentials/store-key", KEY + "\n", 0o600)
        root.write("/probe/idle.toml", IDLE_CONFIG, 0o644)
        root.write("/probe/sandbox", SANDBOX_PROBE, 0o755)
        root.write("/etc/systemd/system/sluice.service.d/test.conf",
                   "[Service]\nWatchdogSec=3\nRestartSec=200ms\nExecStartPre=/probe/sandbox\n")
        root.run("chgrp sluice /etc/sluice/sluice.toml")
        output = root.boot(SCRIPT)
    check(output)
    print("the service starts offline, works in its sandbox, comes back from SIGKILL and the watchdog, and lost nothing")


def check(output):
    lines = output.splitlines()
    begins = [int(word) for word in re.search(r"started: (.*)", output).group(1).split()]
    print(f"ready {abs(begins[0] - begins[1]) / 1000:.0f} ms after its start")
    assert not [line for line in lines if line.startswith("FAILED")], output
    leaks = [line for line in lines if line.startswith("sandbox: ")]
    assert not leaks, "\n".join(leaks)
    acked = {int(n) for n in re.findall(r"^acked: (\d+)$", output, re.M)}
    arrived = {int(n) for n in re.findall(r'^arrived: .*"n":(\d+)', output, re.M)}
    restarts = int(re.search(r"restarts after SIGKILL: (\d+)", output).group(1))
    print(f"{len(acked)} acknowledged, {len(arrived)} arrived, {restarts} restarts after SIGKILL")
    assert len(acked) == 180 and restarts >= 3, output[-3000:]
    assert acked <= arrived, f"lost: {sorted(acked - arrived)}\n{output[-2500:]}"
    idle = {name: int(kb) for name, kb in re.findall(r"^idle (Rss|Private_Dirty):\s+(\d+)", output, re.M)}
    print(f"idle: {idle['Rss']} kB resident, {idle['Private_Dirty']} kB private")
    assert idle["Rss"] <= MOST_RESIDENT_KB and idle["Private_Dirty"] <= MOST_PRIVATE_KB, idle
    for text in ("Watchdog timeout", "reloads", "a bad file is refused", "active", "sealed: 0"):
        assert text in lines, f"no '{text}' in:\n{output[-3000:]}"


if __name__ == "__main__":
    main()
