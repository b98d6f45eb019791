"""The laptop of the sync benches, a process of its own: unlocks its vault, then sends all it has.

    python -m tests.bench.sync_kit DIR [URL] [--times N] [--connections N]

Answers with the wall and processor time of `fieldkit.outbox.sync` alone. With `KIT_PROFILE=FILE`
every thread is profiled into that file (times are then no figures). `--times` tries again after a
line that was cut, as often as it takes, up to N.
"""

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path

from fieldkit import outbox
from fieldkit.errors import KitError
from fieldkit.settings import Settings
from fieldkit.store import opening
from sync import pace
from tests.bench.sync_profile import profiled
from tests.bench.sync_work import ready_and_wait
from tests.conftest import FAST, PASSPHRASE, SATO


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("dir", type=Path)
    parser.add_argument("url", nargs="?", default="")
    parser.add_argument("--times", type=int, default=1)
    parser.add_argument("--connections", type=int, default=0, help="0: as the sender decides")
    given = parser.parse_args()
    if given.connections:
        pace.FEW = pace.MANY = given.connections
    settings = Settings(data_dir=given.dir, server_url=given.url, argon2=FAST)
    vault = opening.unlock(settings, SATO.id, PASSPHRASE)
    ready_and_wait()
    begin, cpu = time.perf_counter(), time.process_time()
    tries = 0
    with profiled():
        while True:
            tries += 1
            try:
                outbox.sync(vault)
                break
            except KitError as error:
                if error.code != "no_server" or tries >= given.times:
                    raise
    told = {"wall": time.perf_counter() - begin, "cpu": time.process_time() - cpu, "tries": tries}
    print(json.dumps({**told, **outbox.waiting(vault)}), flush=True)
    vault.close()


if __name__ == "__main__":
    main()
