"""What stops a command of the city, as a sentence for the person who started it; and what is
written down of a fault of the program."""

from __future__ import annotations

import sys
from pathlib import Path

FAULTS = (ArithmeticError, AttributeError, LookupError, RuntimeError, TypeError, ValueError)
"""What only a fault of the program raises; a full disk or a lost database is none."""

class Trouble(Exception):
    """The text is Japanese and holds no secret, no address of a database and no personal data."""


def fault(error: Exception) -> None:
    """Write which kind of error and where; never its text, which may hold what somebody sent."""
    trace, where = error.__traceback__, ""
    while trace is not None:
        where = f"{Path(trace.tb_frame.f_code.co_filename).name}:{trace.tb_lineno}"
        trace = trace.tb_next
    sys.stderr.write(f"error {type(error).__name__} at {where}\n")
