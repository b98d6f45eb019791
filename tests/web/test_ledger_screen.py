"""The ledger on the screen: the head to copy onto paper, what the city has, and its refusal."""

from __future__ import annotations

import re
import time

import pytest
import sqlalchemy as sa

from fieldkit import anchor
from fieldkit.web.ledger_words import say_result
from sync.server import store
from sync.verify_ledger import entry_hash
from tests.web.conftest import Browser, Office


def shown(browser: Browser) -> list[str]:
    """The heads above the table: of the day's end, and of the city's last word."""
    found = re.findall(r'class="code">([0-9a-f]{16})<', Browser.text(browser.get("/ledger")))
    return found[:2]


def sync_by_hand(office: Office, browser: Browser) -> str:
    """Press 送信 and wait for its end; what the page then says."""
    browser.get("/outbox")
    browser.post("/sync")
    for _ in range(200):
        if not office.kit.progress.running:
            break
        time.sleep(0.05)
    return Browser.text(browser.get("/outbox"))


def test_it_shows_the_head_and_what_the_city_countersigned(office: Office, boss: Browser) -> None:
    page = Browser.text(boss.get("/ledger"))
    assert "日締めの控え" in page and "まだありません（送信すると確かめます）" in page
    sync_by_hand(office, boss)
    status = anchor.status(office.kit.open_vault())
    assert status["told_seq"] > 1 and shown(boss) == [status["head"], status["told_head"]]
    assert f"{status['told_seq']}行目まで" in Browser.text(boss.get("/ledger"))


def test_a_refused_ledger_is_told_in_a_sentence(office: Office, boss: Browser) -> None:
    sync_by_hand(office, boss)
    vault = office.kit.open_vault()
    with office.city.engine.begin() as conn:  # type: ignore[attr-defined]
        row = store.ledger_row
        mine = row.c.device == vault.device_id
        last = conn.execute(sa.select(sa.func.max(row.c.seq)).where(mine)).scalar_one()
        other = {"seq": last + 1, "body": "x", "hash": entry_hash("x")}
        conn.execute(row.insert().values(device=vault.device_id, **other))
    assert "取扱記録簿が、市サーバの控えと食い違っています" in sync_by_hand(office, boss)


@pytest.mark.parametrize(("act", "result", "says"), [
    ("photo_printed", "l:4", "L判4枚"),
    ("photo_printed", "contact:1", "写真一覧1枚"),
    ("card_out", "unseen", "中は見ていない"),
    ("card_read", "5 files", "ファイル5件"),
    ("card_shot_aside", "declined", "申請を取りやめた方・後日にした方の写真"),
    ("set_aside", "declined", "取りやめ"),
    ("erase_intended", "card=5 imported=4 aside=1", "カード5枚・取り込み4枚・対象外1枚"),
    ("card_emptied", "listed folder", "ファイルがないことを確認"),
    ("card_lost", "missing", "見あたらない"),
    ("photo_file_gone", "lost", "USBメモリの紛失を記録済み"),
    ("sent", "19", "19"),
])  # fmt: skip
def test_it_says_a_result_in_japanese(act: str, result: str, says: str) -> None:
    assert say_result(act, result) == says
