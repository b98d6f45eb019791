"""Where the time goes, thread by thread: `KIT_PROFILE=FILE` for the laptop and for the server.

    KIT_PROFILE=FILE python -m tests.bench.sync_profile serve DIR --port N
    python -m pstats FILE
"""

from __future__ import annotations

import cProfile
import os
import pstats
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType


@contextmanager
def profiled() -> Iterator[None]:
    """Profile this thread and all that begin meanwhile, where `KIT_PROFILE` names a file."""
    path = os.environ.get("KIT_PROFILE", "")
    if not path:
        yield
        return
    made: list[cProfile.Profile] = []
    plain_start = threading.Thread.start

    def start(thread: threading.Thread) -> None:
        own, plain_run = cProfile.Profile(), thread.run
        made.append(own)
        thread.run = lambda: own.runcall(plain_run)  # type: ignore[method-assign]
        plain_start(thread)

    threading.Thread.start = start  # type: ignore[method-assign]
    main = cProfile.Profile()
    made.append(main)
    main.enable()
    try:
        yield
    finally:
        main.disable()
        threading.Thread.start = plain_start  # type: ignore[method-assign]
        for one in made:
            one.create_stats()
        stats = pstats.Stats(made[0])
        for one in made[1:]:
            if one.stats:  # type: ignore[attr-defined]
                stats.add(one)
        stats.dump_stats(path)


def _stop(_signal: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


if __name__ == "__main__":
    from sync.server.__main__ import main

    signal.signal(signal.SIGTERM, _stop)
    with profiled():
        main(sys.argv[1:])
