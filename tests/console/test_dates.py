"""What the city's console and the recovery sheets call a moment: wareki, in Japan's time."""

from __future__ import annotations

import pytest

from sync.server import console_html, dates


@pytest.mark.parametrize(
    "at, says",
    [
        ("2026-07-01T00:42:00+00:00", "令和8年7月1日 09:42"),
        ("2026-06-30T15:00:00+00:00", "令和8年7月1日 00:00"),
        ("2019-04-30T15:00:00+00:00", "令和元年5月1日 00:00"),
        ("2019-04-30T14:59:00+00:00", "2019年4月30日 23:59"),
        ("1970-01-01T00:00:00+00:00", "1970年1月1日 09:00"),
    ],
)
def test_a_moment(at: str, says: str) -> None:
    assert dates.moment(at) == console_html.when(at) == says
    assert dates.day(at) == says.rpartition(" ")[0]


def test_none_yet() -> None:
    assert console_html.when(None) == "まだ" and console_html.when("") == "まだ"
