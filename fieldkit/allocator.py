"""Run the kit with an allocator that overwrites every block of memory when it is freed.

Why: Python and its libraries copy what they work on (a request, a key on its way, a picture) and
free the copies without clearing them; a program cannot reach those. glibc can fill what is freed,
if it is told before the process starts. So `serve` and `demo` start once more, in the same process,
with those settings. Measured by tests/web/test_rows_memory.py: after a lock neither keys nor
passphrase, names or photos were found, with the ordinary allocator hundreds of copies.
"""

from __future__ import annotations

import ctypes
import os
import sys

SETTINGS = {
    "PYTHONMALLOC": "malloc",  # one allocator for all objects: Python's own keeps small ones as is
    "MALLOC_PERTURB_": "165",  # what is freed is filled with this byte
    "GLIBC_TUNABLES": "glibc.malloc.tcache_count=0",  # the cache of small blocks is never filled
}
MARK = "FIELDKIT_ALLOCATOR"
COMMANDS = frozenset({"serve", "demo"})


def is_offered() -> bool:
    """Only glibc on Linux has it. (Windows and macOS: what was freed stays until it is reused.)"""
    return sys.platform.startswith("linux") and hasattr(ctypes.CDLL(None), "gnu_get_libc_version")


def use(command: str) -> None:
    """Start again with it where this command holds secrets for long; returns where that is done
    already, or cannot be. Called before anything secret is in memory."""
    if os.environ.pop(MARK, "") == "1":
        for name in SETTINGS:  # they have worked; the browser shall not inherit them
            os.environ.pop(name, None)
    elif command in COMMANDS and is_offered():
        env = {**os.environ, **SETTINGS, MARK: "1"}
        os.execve(sys.executable, [sys.executable, *sys.orig_argv[1:]], env)
