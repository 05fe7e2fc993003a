"""What became of a fleet's events: the ledgers of sluice-sim and sluice-receiver held against each other."""
import json
import os
import subprocess


def verify(binaries, folder):
    """The account of `folder`'s ledgers `sent` and `received`, as sluice-sim tells it."""
    done = subprocess.run([os.path.join(binaries, "sluice-sim"), "verify", f"{folder}/sent", f"{folder}/received", "--json"],
                          capture_output=True, text=True)
    return json.loads(done.stdout)
