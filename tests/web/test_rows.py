"""The rows of the localhost threat table (fieldkit/THREATS.md) that need no browser.

Rows that have their test elsewhere are named in that table.
"""

from __future__ import annotations

import errno
import http.client
import json
import re
import socket
import struct
import sys
import tempfile
import zlib
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from fieldkit import demo
from fieldkit.__main__ import main
from fieldkit.app import BODY_LIMIT
from fieldkit.city import enrol_device
from fieldkit.errors import KitError
from fieldkit.store import opening
from sync.ids import new_id
from sync.road import Answer, HttpRoad
from sync.wire import (
    b64,
    canonical,
    fingerprint,
    new_sealing_key,
    new_signing_key,
    sign,
    signing_private,
)
from tests.web.conftest import CAST, DAY, WORDS, Browser, Office, portrait, says
from tests.web.test_guard import path_of, rules_of
from tests.web.test_launch import served

TOO_LARGE = "大きすぎます"
LINUX = pytest.mark.skipif(
    not sys.platform.startswith("linux"), reason="!! NOT TESTED: addresses and /proc of Linux"
)


# -- row 1: only this machine ------------------------------------------------------------------
@LINUX
def test_it_listens_on_the_loopback_address_only(office: Office) -> None:
    with served(office) as (port, _host):
        rows = [line.split() for name in ("tcp", "tcp6")
                for line in Path(f"/proc/net/{name}").read_text().splitlines()[1:]]  # fmt: skip
        bound = {row[1] for row in rows if row[3] == "0A" and row[1].endswith(f":{port:04X}")}
        assert bound == {f"0100007F:{port:04X}"}, "127.0.0.1, as the system writes it"
        for family, address in ((socket.AF_INET6, "::1"), (socket.AF_INET, "127.0.0.2")):
            with socket.socket(family) as line:
                assert line.connect_ex((address, port)) == errno.ECONNREFUSED


# -- row 5: sessions ----------------------------------------------------------------------------
def test_a_draft_outlives_the_idle_lock_encrypted(boss: Browser, office: Office) -> None:
    """What was typed and not saved is in the store when the kit locks itself, and nowhere clear."""
    base = office.visit()
    words = "鷽鳥谷の下書き"
    boss.get(f"{base}/form/2")
    told = boss.post(f"{base}/form/draft", {"address": words})
    assert told.status_code == 200, says(told)
    session = next(iter(office.kit.sessions.values()))
    assert office.kit.lock_if_idle(session.seen + office.settings.idle_seconds + 61)
    assert office.kit.vault is None and office.kit.sessions == {}
    kept = b"".join(p.read_bytes() for p in office.settings.data_dir.rglob("*") if p.is_file())
    assert words.encode() not in kept and words.encode("utf-16-le") not in kept
    assert boss.get(f"{base}/form/2").status_code == 302
    boss.log_in("suzuki")
    pages = [boss.text(boss.get(f"{base}/form/{n}")) for n in (1, 2, 3)]
    assert any(words in text for text in pages)


# -- row 12: bodies -----------------------------------------------------------------------------
def test_no_route_puts_an_upload_on_the_disk(
    boss: Browser, office: Office, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """5 MB as a form's file to every address that takes a post; no temporary file can be made."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "no such folder"))
    before = {p for p in tmp_path.rglob("*") if b"kit" in bytes(p)}
    part = '--x\r\nContent-Disposition: form-data; name="{}"{}\r\n\r\n'
    body = (part.format("csrf", "") + "TOKEN\r\n" + part.format("a", '; filename="a.jpg"')
            + "x" * 5_000_000 + "\r\n--x--\r\n").encode()  # fmt: skip
    kind, seen = "multipart/form-data; boundary=x", 0
    for method, rule in rules_of(office.app):
        if method != "POST" or rule.endpoint in ("login.hide", "login.enter", "launch.enter"):
            continue
        sent = body.replace(b"TOKEN", boss.csrf.encode())
        answer = boss.open("POST", path_of(rule), data=sent, content_type=kind)
        seen += 1
        assert answer.status_code < 500, (rule.rule, answer.status_code)
        assert "Traceback" not in boss.text(answer)
    assert seen > 20
    names = {p.name for p in tmp_path.rglob("*") if p not in before}
    assert not any("tmp" in name or name.endswith(".jpg") for name in names), names
    assert not list((tmp_path / "kit").rglob("*tmp*"))


def test_too_large_too_many_pixels_and_no_picture_are_sentences(
    boss: Browser, office: Office
) -> None:
    def png(wide: int, high: int) -> bytes:
        def chunk(kind: bytes, data: bytes) -> bytes:
            check = struct.pack(">I", zlib.crc32(kind + data))
            return struct.pack(">I", len(data)) + kind + data + check

        head = struct.pack(">IIBBBBB", wide, high, 8, 2, 0, 0, 0)
        rows = zlib.compress(bytes(1000))
        return (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", rows)
                + chunk(b"IEND", b""))  # fmt: skip

    base = office.visit()
    for data in (b"x" * (BODY_LIMIT + 1), png(60_000, 60_000), png(200_000, 10), portrait()[:900]):
        for route in ("shoot", "guide"):
            answer = boss.send(f"{base}/photo/{route}", data)
            told = answer.get_json()
            assert answer.status_code in (200, 400, 413), (route, answer.status_code)
            assert re.search(r"[ぁ-ん].*。$", told["says"]), told
            if len(data) > BODY_LIMIT:
                assert answer.status_code == 413 and TOO_LARGE in told["says"]
    assert office.kit.open_vault().book.one("SELECT count(*) AS n FROM photo")["n"] == 0


def test_a_body_that_comes_too_slowly_gets_a_sentence(office: Office) -> None:
    with served(office, whole_request=1.0) as (port, host):
        mine = office.kit.gate.admit("window", "0" * 64)
        head = (f"POST /login HTTP/1.1\r\nHost: {host}\r\nOrigin: http://{host}\r\n"
                f"Cookie: __Host-kit-launch={mine}\r\nAccept: application/json\r\n"
                "Content-Type: application/x-www-form-urlencoded\r\n"
                "Content-Length: 200\r\n\r\n")  # fmt: skip
        with socket.create_connection(("127.0.0.1", port), timeout=20) as line:
            line.sendall(head.encode() + b"user=suzuki")
            told = b""
            while part := line.recv(65536):
                told += part
    assert told.split(b" ")[1] == b"408", told[:200]
    assert "時間がかかりすぎた" in json.loads(told.split(b"\r\n\r\n")[1])["says"]


def test_a_body_that_is_too_large_is_told_over_the_line(office: Office) -> None:
    """A browser that is still sending sees the answer only if what it sends is taken in."""
    with served(office) as (port, host):
        mine = office.kit.gate.admit("window", "0" * 64)
        line = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
        line.request(
            "POST",
            "/login",
            body=b"user=" + b"x" * (BODY_LIMIT + 5_000_000),
            headers={"Host": host, "Origin": f"http://{host}", "Accept": "application/json",
                     "Cookie": f"__Host-kit-launch={mine}",
                     "Content-Type": "application/x-www-form-urlencoded"},
        )  # fmt: skip
        answer = line.getresponse()
        assert answer.status == 413 and TOO_LARGE in json.loads(answer.read())["says"]
        line.close()


# -- row 15: ports that browsers refuse ----------------------------------------------------------
@pytest.mark.parametrize("port", [2049, 4190, 5060, 5061, 6000, 6666, 6697, 10080])
def test_a_port_that_browsers_refuse_is_refused(port: int) -> None:
    with pytest.raises(KitError) as told:
        demo.checked_port(port)
    assert told.value.code == "unsafe_port"
    named = re.search(r"(\d+) など", told.value.sentence)
    assert named and demo.checked_port(int(named.group(1))) and int(named.group(1)) != port


def test_the_port_it_takes_is_none_that_browsers_refuse(monkeypatch: pytest.MonkeyPatch) -> None:
    assert all(demo.free_port() not in demo.UNSAFE for _ in range(200))
    real, given = socket.socket.getsockname, [5060, 80, 10080]

    def took(sock: socket.socket) -> tuple[str, int]:
        return ("127.0.0.1", given.pop(0)) if given else real(sock)

    monkeypatch.setattr(demo.socket, "socket", type("Odd", (socket.socket,), {"getsockname": took}))
    assert demo.free_port() not in {5060, 80, 10080} and given == []


@pytest.mark.parametrize("command", ["serve", "demo"])
def test_the_commands_refuse_such_a_port(
    command: str, tmp_path: Path, office: Office, capsys: pytest.CaptureFixture[str]
) -> None:
    data = office.settings.data_dir if command == "serve" else tmp_path / "demo"
    assert main([command, "--data", str(data), "--port", "6000", "--no-browser"]) == 1
    assert "6000 はブラウザーが開きません" in capsys.readouterr().err


# -- row 17: keys of somebody else ---------------------------------------------------------------
MINE, MINE_PUBLIC = new_signing_key()
SEAL_PUBLIC = new_sealing_key()[1]


def swapped(told: dict[str, Any], how: str) -> dict[str, Any]:
    """The city's answer with another trip key in it, and a signature that fits more or less."""
    body = json.loads(told["trip"])
    body["public"] = b64(SEAL_PUBLIC)
    if how == "other device":
        body["device"] = new_id()
    text = canonical(body)
    signature = told["signature"] if how == "old signature" else sign(
        signing_private(MINE), "trip", text)  # fmt: skip
    return {**told, "trip": text.decode(), "signature": signature}


@pytest.mark.parametrize("how", ["old signature", "own signature", "other device"])
def test_a_trip_key_that_the_city_did_not_sign_is_refused(
    boss: Browser, office: Office, monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    """Somebody between laptop and city puts their own key into the answer: no trip is made, so
    nothing is ever sealed to it."""
    office.book()
    seen, real = [], HttpRoad.send

    def between(self: HttpRoad, method: str, path: str, *more: Any) -> Answer:
        answer = real(self, method, path, *more)
        if "trip" in answer.value and "signature" in answer.value:
            seen.append(path)
            return Answer(answer.status, swapped(answer.value, how))
        return answer

    monkeypatch.setattr(HttpRoad, "send", between)
    told = boss.post("/checkout", {"day": DAY})
    assert seen, "the control: a trip key was on the line"
    assert told.status_code == 400 and "監督者へ連絡" in boss.text(told)
    book = office.kit.open_vault().book
    assert book.all("SELECT id FROM trip WHERE kind = 'field'") == []
    monkeypatch.undo()
    answer = boss.post("/checkout", {"day": DAY})
    assert "trip=" in answer.headers["Location"], "and with the real answer it works"


def test_a_city_with_another_key_is_not_enrolled_with(office: Office, tmp_path: Path) -> None:
    """The fingerprint that the supervisor holds on paper decides, before anything is pinned."""
    settings = replace(office.settings, data_dir=tmp_path / "other")
    vault, _ = opening.create(settings, CAST["suzuki"], WORDS)
    with pytest.raises(KitError) as told:
        enrol_device(vault, office.city.url, office.city.code(), fingerprint(MINE_PUBLIC), "A")
    assert "別の" in told.value.sentence or "ではありません" in told.value.sentence
    assert vault.device is None
    vault.close()
