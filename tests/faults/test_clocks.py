"""Clocks that are years off, on either side: no decision rests on one."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

import pytest

from fieldkit import outbox
from fieldkit.clock import JST
from fieldkit.sending import clock_offset
from tests.conftest import CityServer
from tests.faults.day import Laptop, look
from tests.faults.line import Line
from tests.faults.matrix import Cell
from tests.faults.procs import serving


@pytest.mark.cell("081", "clock years off", "the laptop (1999 to 2099, going back while it syncs)")
def test_the_laptops(cell: Cell, city: CityServer, laptop: Laptop, line: Line) -> None:
    """Logging in with such a clock is another thing (tests/flow/test_faults.py): here it jumps."""
    real = laptop.vault.settings
    for year in (1999, 2099, 2020, 2038, 2026):
        wrong = datetime(year, 2, 28, 23, 59, 59, tzinfo=JST)
        laptop.vault.settings = replace(real, clock=lambda wrong=wrong: wrong)
        laptop.capture(pictures=2, saves=2, size=5_000)
        seen = outbox.sync(laptop.vault)
        assert "時計は、市サーバより" in seen.warning and "送信に問題はありません" in seen.warning
        cell.ended(look(laptop.vault, city.store, laptop.truth, deep=True), year)
    cell.write("「時計は、市サーバより…います。送信に問題はありません」, nothing waits")


@pytest.mark.cell("082", "clock years off", "the city (30 years back, 30 ahead, then right again)")
def test_the_citys(cell: Cell, laptop: Laptop, city: CityServer, line: Line) -> None:
    """The same store, served by one process after the other; the laptop notices and works on."""
    for years in ("-30", "30", "0"):
        with serving(city.folder, years) as (url, _):
            line.behind = int(url.rpartition(":")[2])
            laptop.capture(pictures=2, saves=2, size=5_000)
            seen = outbox.sync(laptop.vault)
            ahead = clock_offset(laptop.vault)
            assert ahead is not None and "時計は、市サーバより" in seen.warning
            wanted = -float(years) * 365 * 86400
            assert abs(ahead - wanted) < 2 * 365 * 86400, (years, ahead)
            cell.ended(look(laptop.vault, city.store, laptop.truth, deep=True), years)
    cell.write("「時計は、市サーバより…います。送信に問題はありません」, nothing waits")
