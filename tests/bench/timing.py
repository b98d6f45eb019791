"""How a bench measures and says a time, and what typst alone needs for a paper."""

from __future__ import annotations

import re
import statistics
import time
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import typst

from fieldkit.paper.engine import EVICTS, press

Times = tuple[float, float]
"""Wall time and the processor's own time, in ms; other work on the machine disturbs the second
less."""


def took(act: Callable[[], object], rounds: int, warm: int = 1) -> Times:
    """Median times of `rounds` runs after `warm` ones that warm up."""
    for _ in range(warm):
        act()
    walls, own = [], []
    for _ in range(rounds):
        wall, cpu = time.perf_counter(), time.process_time()
        act()
        walls.append((time.perf_counter() - wall) * 1000)
        own.append((time.process_time() - cpu) * 1000)
    return statistics.median(walls), statistics.median(own)


def say(
    act: str, times: Times, least: Times | None = None, wanted: str = "", floor: str = "the floor"
) -> None:
    """One line: the act, its times, how often the floor of the same run goes into them."""
    line = f"{act:<46}{times[0]:9.1f} ms  (processor {times[1]:7.1f} ms)"
    if least:
        wall, own = times[0] / least[0], times[1] / least[1]
        line += f"   x{wall:5.2f} of {floor} (processor x{own:.2f})"
    print(line + (f"   wanted: {wanted}" if wanted else ""), flush=True)


def typst_alone(forms_dir: Path, inputs: dict[str, str], at: datetime) -> Callable[[], object]:
    """typst alone on what a print gave to it."""
    root, fonts = forms_dir / "print", press(forms_dir).fonts
    turn = iter(range(10_000))

    def act() -> object:
        # typst remembers what it set before: another input each time keeps the floor honest.
        fresh = re.sub('"title":"', f'"title":"{next(turn)} ', inputs["data"], count=1)
        for _ in range(EVICTS):
            typst.compile(b"", font_paths=fonts, format="svg")
        return typst.compile(
            str(root / "official.typ"), root=str(root), font_paths=fonts,
            sys_inputs={**inputs, "data": fresh}, format="pdf", pdf_standards=["a-2u"],
            timestamp=at,
        )  # fmt: skip

    return act
