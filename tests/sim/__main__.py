"""`python -m tests.sim --schedules 1000000` for the night; `--seed N --trace` for one schedule."""

from __future__ import annotations

import argparse
import sys
import time

from tests.sim.run import happened, many, run, simulated


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.sim", description=__doc__)
    parser.add_argument("--seed", type=int, default=None, help="one schedule, or the first of many")
    parser.add_argument("--schedules", type=int, default=None)
    parser.add_argument("--trace", action="store_true", help="show the schedule, step by step")
    told = parser.parse_args()
    if told.seed is not None and told.schedules is None:
        with simulated():
            found = run(told.seed, told.trace)
        print("\n".join(found.trace) if found else "everything held")
        print("\n".join(found.words) if found else "")
        return 1 if found and found.words else 0
    begun, count = time.perf_counter(), told.schedules or 20_000
    wrong = many(told.seed or 1, count)
    took = time.perf_counter() - begun
    for one in wrong:
        print(one, end="\n\n")
    print(f"{count} schedules, {len(wrong)} wrong, {took:.1f} s, {count / took:.0f}/s")
    print(", ".join(f"{kind}: {times}" for kind, times in sorted(happened.items())))
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
