"""Somebody else answers: a portal, a proxy, a busy city; or nobody does for a long time."""

from __future__ import annotations

import time

import pytest

from sync import road
from tests.conftest import CityServer
from tests.faults.day import Laptop, look
from tests.faults.line import Asked, Fate, Line, message
from tests.faults.matrix import Cell

HTML = "Content-Type: text/html"
JSON = "Content-Type: application/json"
BUSY = b'{"error":"busy"}'
PAGE = "<html><title>ご利用の前に</title><form>同意する</form></html>".encode()
OTHERS = {
    "a portal's page": message("200 OK", PAGE, HTML),
    "a portal sends elsewhere": message(
        "302 Found", PAGE, HTML, "Location: http://portal.invalid/"
    ),
    "a portal sends elsewhere, for good": message("301 Moved Permanently", b"", "Location: /"),
    "a portal that says so": message("511 Network Authentication Required", PAGE, HTML),
    "a portal that speaks JSON": message("200 OK", b'{"ok":true,"login":"/"}', JSON),
    "JSON that is no object": message("200 OK", b'["receipt"]', JSON),
    "an empty object": message("200 OK", b"{}", JSON),
    "nothing": message("200 OK", b"", HTML),
    "no content": b"HTTP/1.1 204 No Content\r\n\r\n",
    "a proxy wants a name": message("407 Proxy Authentication Required", PAGE, HTML),
    "a proxy forbids it": message("403 Forbidden", PAGE, HTML),
    "a proxy finds nobody": message("502 Bad Gateway", PAGE, HTML),
    "a proxy waited": message("504 Gateway Timeout", PAGE, HTML),
    "a proxy's request timeout": message("408 Request Timeout", PAGE, HTML),
    "the city is busy": message("429 Too Many Requests", BUSY, JSON, "Retry-After: 9"),
    "the city is away": message("503 Service Unavailable", b'{"error":"busy"}', JSON),
    "the city has an error": message("500 Internal Server Error", b'{"error":"internal"}', JSON),
    "an error with a receipt in it": message("500 Oops", b'{"receipt":{},"photos":[]}', JSON),
    "another protocol": b"SSH-2.0-OpenSSH_9.6\r\n",
    "TLS where there should be none": b"\x15\x03\x03\x00\x02\x02\x46",
    "headers without end": b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 3000,
    "one very long line": b"HTTP/1.1 200 " + b"x" * 200_000,
    "a length that is none": b"HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\n{}",
    "pieces that are none": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n{}",
    "very deep JSON": message("200 OK", b'{"a":' + b"[" * 100_000, JSON),
}
KINDS = ("batch", "part")


def meet(cell: Cell, city: CityServer, laptop: Laptop, line: Line, name: str, fate: Fate) -> str:
    """Once from the first request on, once from the first photo on; then the line is well."""
    said = []
    for kind in KINDS:
        laptop.capture(pictures=2, saves=1, size=5_000)
        met: list[Asked] = []

        def plan(asked: Asked, kind: str = kind, met: list[Asked] = met) -> Fate | None:
            met += [asked] if met or asked.what == kind else []
            return fate if met else None

        line.plan = plan
        said.append(laptop.sync())
        assert met and said[-1], (name, kind)
        now = look(laptop.vault, city.store, laptop.truth)
        cell.saw(now, name)
        assert now.waiting == {"batch": 3, "part": 2}[kind], (name, kind, now)
        line.heal()
        assert laptop.go_on() == "", name
        cell.ended(look(laptop.vault, city.store, laptop.truth), name)
    return " ".join(said)


@pytest.mark.cell("101", "captive portal, proxy page, 429, 503, garbage", "every request")
def test_somebody_else_answers(cell: Cell, city: CityServer, laptop: Laptop, line: Line) -> None:
    for name, answer in OTHERS.items():
        said = meet(cell, city, laptop, line, name, Fate(instead=answer))
        assert "city_" not in said or "JSON" in name or "object" in name, (name, said)
    cell.saw(look(laptop.vault, city.store, laptop.truth, deep=True))
    said = cell.quotes(laptop.heard, "no_server", "bad_receipt", "city_")
    cell.write(f"{said}, and waits; then nothing waits")


@pytest.mark.cell("102", "slow line, timeouts", "the city answers too late, in drops, or never")
def test_a_line_that_stands_still(
    cell: Cell, city: CityServer, laptop: Laptop, line: Line, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(road, "TIMEOUT", 0.25)
    monkeypatch.setattr("sync.pace.TRIES", 2)
    late = Fate(before=lambda: time.sleep(0.4))
    never = Fate(before=lambda: time.sleep(0.4), instead=b"")
    after = Fate(answer=lambda answer: time.sleep(0.4) or answer)  # type: ignore[func-returns-value]
    for name, fate in {"late": late, "never": never, "taken, but late": after}.items():
        for kind in KINDS:
            laptop.capture(pictures=2, saves=1, size=5_000)
            met = line.once(lambda a, k=kind: a.what == k, lambda _, f=fate: f, then_dead=True)
            assert laptop.sync() == "no_server" and met, name
            now = look(laptop.vault, city.store, laptop.truth)
            cell.saw(now, name)
            assert now.waiting >= {"batch": 3, "part": 1}[kind], (name, kind, now)
            line.heal()
            time.sleep(0.5)  # what was late arrives at the city now
            assert laptop.go_on() == "", name
            cell.ended(look(laptop.vault, city.store, laptop.truth), name)
    line.plan = lambda asked: Fate(drip=0.002)
    laptop.capture(pictures=3, saves=2, size=40_000)
    assert laptop.sync() == "", "slow is not dead"
    cell.ended(look(laptop.vault, city.store, laptop.truth, deep=True), "in drops")
    said = cell.quotes(laptop.heard, "no_server")
    cell.write(f"{said}, and waits; a slow answer is an answer")
