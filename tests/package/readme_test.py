#!/usr/bin/env python3
"""README.md's commands, from its text: installing, configuring, simulating, looking inside and uninstalling are run as
they stand there, in their order, on a Debian that has systemd as PID 1 and the packages of packaging/deb/build.
Flashing and updating need disks and machines: their commands are those of the folders' READMEs, which the tests of
images, flashing and updates run.

  readme_test.py        skipped (77) without root, mmdebstrap, systemd-nspawn, or packages in build/packages
  readme_test.py --text only compares the texts
"""
import os
import re
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from lib.readme import commands, fenced_commands
from root import PROJECT, Root, packages

README = os.path.join(PROJECT, "README.md")
CHAPTERS = ["Install", "Configure", "Simulate", "Look inside", "Uninstall"]
BUILT_ALREADY = "packaging/deb/build"
# Commands of README.md that tests of other READMEs run: chapter -> their folders.
ELSEWHERE = {"Flash": ["image", "flash"], "Update": ["ota"]}
# What a person does between two commands, by the text there.
AFTER = {
    "sluice init": r"sed -i 's/^\[gateway\]/[storage]\njournal = { retain = \"24h\" }\n&/' /etc/sluice/sluice.toml",
    "sluice-receiver": "sleep 1",
    "sluice-sim run": "for try in $(seq 100); do sluice status --json | grep -q '\"backlog_events\":0' && break; sleep 0.1; done",
}
LARGEST = 2000     # characters of an output that are shown when a command fails


def compare_texts():
    for title, folders in ELSEWHERE.items():
        tested = {command for folder in folders for command in fenced_commands(f"{PROJECT}/packaging/{folder}/README.md")}
        for command in commands(README, title):
            assert command in tested, f"README.md, {title}: no test runs `{command}`; those of packaging/ are:\n" + "\n".join(sorted(tested))
    for title in CHAPTERS:
        assert commands(README, title), f"README.md has no commands in its chapter {title}"
    assert commands(README, "Install")[0] == BUILT_ALREADY


def script():
    """Each command with its exit code, told on lines of their own."""
    text = "cd /project\nexport DEBIAN_FRONTEND=noninteractive\nexec 2>&1\n"
    for title in CHAPTERS:
        for command in commands(README, title):
            if command == BUILT_ALREADY:
                continue
            if command.startswith("apt-get"):
                command = command.replace("apt-get", "apt-get -q -y", 1)
            text += f"echo 'RUN {command.replace(chr(39), chr(34))}'\n{command}\necho \"CODE $?\"\n"
            text += "".join(more + "\n" for begin, more in AFTER.items() if command.startswith(begin))
    return text + "exit 0\n"


def run_all():
    folder = packages()
    with Root() as root:
        root.run("apt-get -q update")
        for name in ("sluice", "sluice-sim"):
            root.run(f"apt-get -q install -y --no-install-recommends $(dpkg-deb -f /packages/{name}_*.deb Depends | "
                     r"sed 's/([^)]*)//g; s/|[^,]*//g; s/,/ /g')")
        root.run("mkdir -p /project/build && ln -s /packages /project/build/packages && rm /usr/sbin/policy-rc.d")
        output = root.boot(script())
    results = re.findall(r"^RUN (.*?)\n(.*?)^CODE (\d+)$", output, re.M | re.S)
    expected = sum(len(commands(README, title)) for title in CHAPTERS) - 1
    failed = [f"`{command}` ended with {code}:\n{said[-LARGEST:]}" for command, said, code in results if code != "0"]
    assert not failed, "\n".join(failed)
    assert len(results) == expected, f"{len(results)} of {expected} commands were run:\n{output[-LARGEST:]}"
    for text in ("balanced: every acknowledged event is accounted for", "Next:", "is good"):
        assert text in output, f"no '{text}' in:\n{output}"
    print(f"{len(results)} commands of README.md work as they stand there; packages of {folder}")


def main():
    compare_texts()
    if "--text" not in sys.argv:
        run_all()


if __name__ == "__main__":
    main()
