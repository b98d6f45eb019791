"""The sent list: by day and by page, as files, and its receipts asked again."""

from __future__ import annotations

import csv
import io
import re
from datetime import date, timedelta

from openpyxl import load_workbook

from fieldkit import outbox, renew, reserve, sentlist, tripend, visit
from fieldkit.store import ledger, photos
from fieldkit.store.vault import Vault
from tests.flow.test_one_visit import make_visit, take_reservation
from tests.web.conftest import Browser, Office


def filled(office: Office) -> Vault:
    """Two days of receipts: a visit today, fifty more saves tomorrow."""
    vault = office.kit.open_vault()
    office.visit()
    outbox.sync(vault)
    office.watch.move(timedelta(days=1).total_seconds())
    trip = next(t for t in vault.trips.values() if t.kind == "field")
    person = visit.visits(vault)[0][1].applicants[0]
    for number in range(50):
        visit.save_application(vault, trip, person, {"answers": {"name": str(number)}})
    outbox.sync(vault)
    return vault


def test_the_list_by_day_page_and_file(office: Office, boss: Browser) -> None:
    vault = filled(office)
    total = sentlist.count(vault)
    assert total == outbox.sent_count(vault) and sentlist.count(vault, "2026-07-02") == 50
    page = Browser.text(boss.get("/outbox/sent"))
    assert f"{total}件" in page and "1 ／ 2ページ" in page and "令和8年7月2日（50件）" in page
    last = Browser.text(boss.get("/outbox/sent?page=2"))
    assert "受付番号1の受付票" in last and "令和8年7月1日" in last
    one = Browser.text(boss.get("/outbox/sent?day=2026-07-01"))
    assert f"{total - 50}件</p>" in one and "ページ</p>" not in one
    row = vault.book.one("SELECT * FROM outbox WHERE entity = 'reservation'")
    assert row
    seq = vault.book.one("SELECT seq FROM receipt WHERE digest = ?", row["receipt"])
    assert row and seq
    assert row["sha256"][:16] in one and f">{seq['seq']}</th>" in one
    rows = list(
        csv.reader(io.StringIO(boss.get("/outbox/sent.csv").get_data().decode("utf-8-sig")))
    )
    assert rows[0] == list(sentlist.HEAD) and len(rows) == total + 1
    assert rows[1][1] == "令和8年7月2日" and rows[1][3] == "受付番号1の申請"
    answer = boss.get("/outbox/sent.xlsx?day=2026-07-01")
    sheet = load_workbook(io.BytesIO(answer.get_data())).active
    assert sheet is not None and sheet.max_row == 3 + total - 50
    assert all("髙子" not in cell for line in rows for cell in line)
    for bad in ("/outbox/sent?day=x", "/outbox/sent.csv?day=2026-13-01"):
        assert boss.get(bad).status_code == 400
    for odd in ("0", "-1", "x", "99999999", "77"):
        assert boss.get(f"/outbox/sent?page={odd}").status_code == 200


def test_receipts_are_asked_again_and_a_forged_one_is_found(office: Office, boss: Browser) -> None:
    vault = filled(office)
    page = Browser.text(boss.post("/outbox/verify"))
    assert "すべて正しい受領証です" in page
    assert f"送った{sentlist.count(vault)}件の中身" in page
    with vault.book.write() as conn:
        row = conn.execute("SELECT op_id FROM outbox WHERE entity = 'reservation'").fetchone()
        conn.execute("UPDATE outbox SET sha256 = ? WHERE op_id = ?", ("0" * 64, row[0]))
    page = Browser.text(boss.post("/outbox/verify"))
    assert "確かめられないものが1件あります" in page and "この中身を示していません" in page
    with vault.book.write() as conn:
        conn.execute("UPDATE receipt SET body = replace(body, '\"taken\"', '\"already\"')")
    found = sentlist.check(vault)
    assert any("市の鍵で確かめられません" in fault for fault in found.faults)
    noted = [r["result"] for r in ledger.rows(vault.book, 10) if r["act"] == "receipts_checked"]
    assert re.fullmatch(r"\d+ [1-9]\d*", noted[0])


def test_it_outlives_the_data(office: Office, boss: Browser) -> None:
    vault = office.kit.open_vault()
    trip_id, _, photo_id = make_visit(vault)
    outbox.sync(vault)
    before = sentlist.every(vault)
    tripend.end_trip(vault, trip_id, ("佐藤", "鈴木"))
    assert photos.row_of(vault, photo_id)["state"] == "erased"
    after = {one.id: one for one in sentlist.every(vault)}
    for one in before:
        assert after[one.id].seq == one.seq and after[one.id].sha256 == one.sha256
    assert {after[one.id].state for one in before if "申請" in one.label} == {"erased"}
    assert not sentlist.check(vault).faults
    assert date.fromisoformat(sentlist.days(vault)[0][0])


def test_what_went_to_a_new_desk_container_is_not_called_erased(
    office: Office, boss: Browser
) -> None:
    vault = office.kit.open_vault()
    take_reservation(vault)
    desk = reserve.open_desk(vault).id
    outbox.sync(vault)
    renew.ask(vault)
    renew.run(vault)
    assert vault.book.one("SELECT 1 FROM trip WHERE id = ? AND state = 'wiped'", desk)
    assert {one.state for one in sentlist.every(vault)} == {"held"}
    with vault.book.write() as conn:
        conn.execute("UPDATE reception SET erased_on = '2026-07-02'")
    assert "erased" in {one.state for one in sentlist.every(vault)}


def test_an_auditor_reads_it(office: Office, boss: Browser) -> None:
    boss.post("/lock")
    office.browser.log_in("kato")
    assert office.browser.get("/outbox/sent").status_code == 200
    assert office.browser.get("/outbox").status_code == 403
