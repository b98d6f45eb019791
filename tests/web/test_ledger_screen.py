"""The ledger on the screen: the head to copy onto paper, what the city has, and its refusal."""

from __future__ import annotations

import re
import time

import sqlalchemy as sa

from fieldkit import anchor
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
