"""A USB memory that takes longer than a second: the page says how far it is, and how it ended."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from fieldkit import outbox
from fieldkit.errors import KitError
from fieldkit.store import files
from fieldkit.web import carry_job
from sync import medium
from tests.web.conftest import Browser, Office


@pytest.fixture
def stick(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    place = tmp_path / "stick"
    place.mkdir()
    monkeypatch.setenv("KIT_MEDIA", str(place))
    return place


@pytest.fixture
def gate(monkeypatch: pytest.MonkeyPatch) -> threading.Event:
    """The stick is slow: reading back waits until the gate is opened."""
    opened, real = threading.Event(), medium.digest_of
    monkeypatch.setattr(carry_job, "AT_ONCE", 0.05)

    def slow(path: Path, *more: object) -> str:
        assert opened.wait(30)
        return real(path, *more)  # type: ignore[arg-type]

    monkeypatch.setattr(medium, "digest_of", slow)
    return opened


def page_of(client: Browser) -> str:
    return client.text(client.get("/carry"))


def ended(office: Office) -> None:
    for _ in range(600):
        if not office.kit.progress.running:
            return
        threading.Event().wait(0.05)
    raise AssertionError("the writing did not end")


def test_it_is_followed_to_its_end(
    office: Office, client: Browser, stick: Path, gate: threading.Event
) -> None:
    office.visit()
    assert client.post("/carry/write", {"medium": "USB-03"}).status_code == 302
    page = page_of(client)
    assert "終わるまで抜かないでください" in page and "書き込みと読み直し" in page
    assert "every 1s" in page and "受領証がそろいました" not in page
    assert "書き込みと読み直し" in client.text(client.get("/outbox"))
    again = client.post("/carry/write", {"medium": "USB-03"})
    assert again.status_code == 422 and "終わってから押してください" in client.text(again)
    now = office.kit.progress
    assert 0 < now.bytes_done <= now.bytes_total // 2 + 1  # written, not read back
    gate.set()
    ended(office)
    assert client.get("/outbox/progress").headers["HX-Refresh"] == "true"
    page = page_of(client)
    assert "1番として書き込みました" in page and "every 1s" not in page
    assert "1番として書き込みました" not in page_of(client)
    assert now.bytes_done == now.bytes_total


def test_a_late_failure_is_told_on_the_page(
    office: Office,
    client: Browser,
    stick: Path,
    gate: threading.Event,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    office.visit()
    assert client.post("/carry/write", {"medium": "USB-03"}).status_code == 302
    monkeypatch.setattr(medium.Path, "replace", _gone)
    gate.set()
    ended(office)
    page = page_of(client)
    assert "書き込めませんでした" in page and "USBメモリを読み書きできません" in page
    assert "要りません" in page and "空にするUSBメモリはありません" in page
    assert not list(stick.glob("*.kspb"))


def _gone(*_: object) -> None:
    raise OSError(5, "gone")


def test_the_log_has_names_and_wareki(office: Office, client: Browser, stick: Path) -> None:
    client.post("/carry/write", {"medium": "USB-03"})
    page = page_of(client)
    assert "送るものはありません。市の知らせを受け取るためのファイル" in page
    table = page[page.index("USBメモリの記録") :]
    assert "令和8年7月1日" in table and "鈴木 一郎" in table
    assert "2026-" not in table and "suzuki" not in table


def test_a_full_disk_speaks_of_the_send(
    office: Office, client: Browser, stick: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    office.visit()
    vault = office.kit.open_vault()

    def full(*_: object, **__: object) -> None:
        raise files.no_room()

    monkeypatch.setattr(vault, "note", full)
    with pytest.raises(KitError) as caught:
        outbox.sync(vault)
    assert caught.value.code == "disk_full"
    assert "市との受け渡しを止めました" in caught.value.sentence
    assert "画面に残って" not in caught.value.sentence
    answer = client.post("/carry/write", {"medium": "USB-03"})
    assert answer.status_code == 400 and "受け渡しを止めました" in client.text(answer)
