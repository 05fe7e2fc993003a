#!/usr/bin/env python3
"""Fails on an include that goes uphill. The table is ARCHITECTURE.md's, as data."""
import os
import re
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
# A folder may include itself and these. A folder inside another has rules of its own.
MAY = {
    "core": [],
    "config": ["core"],
    "pipelines": ["core", "config"],
    "storage": ["core", "config"],
    "drivers": ["core", "config"],
    "gateway": ["core", "config", "pipelines", "storage", "drivers"],
    "packaging": ["core", "config"],
    "firmware-sim": ["core", "config", "drivers/codecs"],
    "firmware-sim/node": [],
    "firmware-sim/unity": [],
    "firmware-sim/cortex-m": ["firmware-sim/node", "firmware-sim/unity"],
}
# Of the standard library these folders may see no more: no heap, no input or output, no floating point.
STANDARD = {
    "firmware-sim/node": {"stdbool.h", "stddef.h", "stdint.h", "string.h"},
    "firmware-sim/cortex-m": {"stdbool.h", "stddef.h", "stdint.h", "string.h"},
}
# Libraries that only one place may see.
ONLY = {
    "lmdb.h": "storage/lmdb_",
    "curl/curl.h": "drivers/http/http_sink.cc",
    "mqtt/async_client.h": ("drivers/mqtt/sink/", "firmware-sim/", "tests/"),
    "toml++/toml.h": "config/",
    "openssl/evp.h": ("storage/encryption_module.cc", "packaging/"),
    "zstd.h": ("storage/frame.cc", "firmware-sim/upstream/", "drivers/codecs/", "packaging/flash/"),
    "zlib.h": ("firmware-sim/fleet/recording.cc",),
    "simdjson.h": ("drivers/codecs/", "firmware-sim/"),
}
INCLUDE = re.compile(r'^\s*#\s*include\s*(["<])([^">]+)[">]')


def allowed(folder, target):
    if target.startswith(folder + "/"):
        return True
    return any(target.startswith(other + "/") for other in MAY[folder])


def check(path):
    wrong = []
    folder = max((name for name in MAY if path.startswith(name + "/")), key=len)
    with open(os.path.join(ROOT, path), encoding="utf-8") as f:
        for number, line in enumerate(f, 1):
            found = INCLUDE.match(line)
            if not found:
                continue
            quote, target = found.groups()
            if quote == '"' and target.split("/")[0] in MAY and not allowed(folder, target):
                wrong.append(f"{path}:{number}: {folder}/ may not include {target}")
            if quote == '"' and "/" not in target:
                wrong.append(f"{path}:{number}: includes are written from the root: {target}")
            if quote == "<" and target not in STANDARD.get(folder, {target}):
                wrong.append(f"{path}:{number}: {folder}/ may not see <{target}>")
            places = ONLY.get(target, "")
            if places and not path.startswith(places):
                wrong.append(f"{path}:{number}: only {places} may see <{target}>")
    return wrong


def main():
    wrong, files = [], 0
    for folder in (name for name in MAY if "/" not in name):
        for base, _, names in os.walk(os.path.join(ROOT, folder)):
            for name in sorted(names):
                if name.endswith((".h", ".cc", ".c")):
                    files += 1
                    wrong += check(os.path.relpath(os.path.join(base, name), ROOT))
    print("\n".join(wrong) if wrong else f"{files} files, no include goes uphill")
    sys.exit(1 if wrong or files == 0 else 0)


main()
