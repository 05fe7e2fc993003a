"""Runs the tests of a system test, one after the other, and says of each how it went."""
import sys
import time
import traceback


class Skipped(Exception):
    """The test cannot run here, with the reason."""


def tests_of(module):
    """Of globals(): what is named as a test, in the order of the file."""
    return [function for name, function in module.items() if name.startswith("test_")]


def run_scenarios(scenarios, names, *arguments, world=None):
    """Those that have one of `names` in their own, or all. Each gets `arguments` or, with `world`, what that makes,
    and ends it: end(). The log of its gateway is shown with a failure. Ends the process: 1 when one failed."""
    chosen = [s for s in scenarios if not names or any(name in s.__name__ for name in names)]
    if not chosen:
        sys.exit(f"no test has {' or '.join(names)} in its name")
    sys.exit(0 if all([is_well(scenario, arguments, world) for scenario in chosen]) else 1)


def is_well(scenario, arguments, world):
    name, began, place = scenario.__name__.removeprefix("test_"), time.monotonic(), None
    try:
        if world:
            place = world()
            arguments = (place,)
        scenario(*arguments)
        print(f"ok      {name} ({time.monotonic() - began:.1f} s)", flush=True)
    except Skipped as reason:
        print(f"skipped {name}: {reason}", flush=True)
    except Exception:
        print(f"FAILED  {name}\n{traceback.format_exc()}", flush=True)
        if gateway := getattr(arguments[0], "gateway", None):
            print(f"its log:\n{gateway.tail()}", flush=True)
        return False
    finally:
        if place:
            place.end()
    return True
