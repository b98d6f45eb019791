"""How fast the kit brings its work to the city, each against a floor of the same run.

    python -m tests.bench.sync                     facility and season on a free line, bytes, cuts
    python -m tests.bench.sync facility season     only those
    python -m tests.bench.sync bytes cuts          what crosses the line, and what crosses it again
    python -m tests.bench.sync server processes    saves a second, SQLCipher and PostgreSQL
    python -m tests.bench.sync growth laptops      a million stored saves, a thousand laptops
    KIT_PEERS=DIR python -m tests.bench.sync peers  tus and CouchDB's replication, beside the kit
    KIT_SYNCBENCH=DIR python -m tests.bench.sync given [--work season]  a floor from elsewhere
    python -m tests.bench.sync bad [--work 10x2]    1 Mbit/s, 300 ms, 5 % loss (root; minutes)

`--work facility` is 20 applications with 40 photos, `season` 276 with 276, `5x2` 5 with 2 photos
each. Never an assertion: what is slow on one machine is a number to look at.
"""

from __future__ import annotations

import argparse

from tests.bench.sync_free import free
from tests.bench.sync_given import given
from tests.bench.sync_growth import growth, laptops
from tests.bench.sync_line import bad
from tests.bench.sync_peers import peers
from tests.bench.sync_server import operations, two_processes
from tests.bench.sync_wire import SLOW, cuts, wire


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("what", nargs="*", default=["facility", "season", "bytes", "cuts"])
    parser.add_argument("--work", default="", help="the work of bytes, cuts and bad")
    parser.add_argument("--rounds", type=int, default=5)
    asked = parser.parse_args()
    for word in asked.what:
        if word in ("facility", "season"):
            free(word, asked.rounds)
        elif word == "bytes":
            wire(asked.work or "facility")
        elif word == "cuts":
            cuts(asked.work or "facility")
            cuts(asked.work or "8x1", SLOW)
        elif word == "server":
            operations(asked.rounds, with_postgres=False)
            operations(asked.rounds, with_postgres=True)
        elif word == "processes":
            two_processes(asked.rounds)
        elif word == "growth":
            growth()
        elif word == "laptops":
            laptops()
        elif word == "peers":
            peers(asked.work or "season", asked.rounds)
        elif word == "given":
            given(asked.work or "season", asked.rounds)
        elif word == "bad":
            bad(asked.work or "10x2", min(asked.rounds, 3))
        else:
            parser.error(f"unknown: {word}")


if __name__ == "__main__":
    main()
