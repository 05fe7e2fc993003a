"""Runs the scenarios of a system test, one after the other, and says of each how it went."""
import sys
import time
import traceback


def run_scenarios(scenarios, names, *arguments):
    """Those that are named, or all. Ends the process: 1 when one failed."""
    failed = 0
    for scenario in scenarios:
        if names and scenario.__name__ not in names:
            continue
        began = time.monotonic()
        try:
            scenario(*arguments)
            print(f"ok      {scenario.__name__} ({time.monotonic() - began:.1f} s)", flush=True)
        except Exception:
            failed += 1
            print(f"FAILED  {scenario.__name__}\n{traceback.format_exc()}", flush=True)
    sys.exit(1 if failed else 0)
