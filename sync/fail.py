"""Named places where a test may kill the process, to prove that a kill there loses nothing.

`KIT_FAIL=name` ends the process with code 137 the first time it passes `point("name")`;
`KIT_FAIL=name:3` the third time. The end is `os._exit`: no `finally`, no rollback, no flush by
Python runs, as with `kill -9`. The operating system lives on, so what was written without fsync
still survives here; this shows the order of the steps, not what a lost power supply does to a disk.

The variable is read once, at import. Without it a point is one comparison of two strings. Whoever
can set it on a laptop can also stop the kit in any other way: it opens nothing and erases nothing.
tests/flow/test_kill.py kills at every name that stands in the source.
"""

from __future__ import annotations

import os

EXIT_CODE = 137
_name, _, _passage = os.environ.get("KIT_FAIL", "").partition(":")
_left = int(_passage) if _passage.isdigit() else 1


def point(name: str) -> None:
    """Die here if the environment asked for it; otherwise nothing happens."""
    global _left
    if name != _name:
        return
    _left -= 1
    if _left == 0:
        os._exit(EXIT_CODE)
