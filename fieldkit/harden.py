"""What a process can do for itself so that its memory does not end up in a file.

No core dump (Linux: RLIMIT_CORE and PR_SET_DUMPABLE, which also keeps other programs of the same
user from reading the memory; Windows: no error report of this program), and big freed blocks go
back to the system instead of waiting in the heap. Best effort: what could not be done is named,
the doctor says what the machine itself does. (003 4(2); THREATS.md)
"""

from __future__ import annotations

import ctypes
import sys
from collections.abc import Callable

PR_SET_DUMPABLE = 4
M_TRIM_THRESHOLD, M_MMAP_THRESHOLD = -1, -3
BIG = 128 * 1024  # a photo's buffers are larger: each gets its own mapping and gives it back
SEM_QUIET = 0x0001 | 0x0002 | 0x8000  # no boxes that leave a crashed program standing


def harden() -> list[str]:
    """Do all that this system offers; returns the names of what did not work."""
    acts: tuple[Callable[[], bool], ...]
    if sys.platform == "win32":
        acts = (quiet_errors, no_error_report)
    elif sys.platform.startswith("linux"):
        acts = (no_core, not_dumpable, return_memory)
    else:
        acts = (no_core,)
    return [act.__name__ for act in acts if not _done(act)]


def _done(act: Callable[[], bool]) -> bool:
    try:
        return act()
    except (OSError, AttributeError, ValueError, ImportError):
        return False


def no_core() -> bool:
    import resource

    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    return resource.getrlimit(resource.RLIMIT_CORE) == (0, 0)


def not_dumpable() -> bool:
    """Also stops a core that is piped to a program, where RLIMIT_CORE does not count."""
    return bool(ctypes.CDLL(None).prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) == 0)


def return_memory() -> bool:
    mallopt = ctypes.CDLL(None).mallopt  # glibc; musl has none
    return bool(mallopt(M_MMAP_THRESHOLD, BIG) and mallopt(M_TRIM_THRESHOLD, BIG))


def quiet_errors() -> bool:
    kernel = ctypes.WinDLL("kernel32")  # type: ignore[attr-defined]
    kernel.SetErrorMode(SEM_QUIET)
    return bool(kernel.GetErrorMode() & SEM_QUIET == SEM_QUIET)


def no_error_report() -> bool:
    """Windows Error Reporting leaves this program out, for this person (no right is needed)."""
    wer = ctypes.WinDLL("wer")  # type: ignore[attr-defined]
    return bool(wer.WerAddExcludedApplication(ctypes.c_wchar_p(sys.executable), False) == 0)
