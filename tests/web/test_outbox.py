"""「送信」 on the screen: every state in words, the ways out, the losses, what is running."""

from __future__ import annotations

import io
import re
import time
import zipfile

from fieldkit import outbox, outbox_list, restored, tripend, visit
from fieldkit.store import ledger, photos, records
from tests.web.conftest import Browser, Office, do_tasks, says
from tests.web.kit_process import until

WORDS = "保存した内容も写真も失われていません"


def save(office: Office, base: str, name: str) -> None:
    vault = office.kit.open_vault()
    trip = visit.trip_of(vault, base.split("/")[2])
    person = records.get(trip, base.split("/")[4])
    visit.save_application(vault, trip, person, {"answers": {"name": name}})


def parked_save(office: Office, reason: str = "other_content") -> tuple[str, str]:
    """A visit with one held-up application; (its address, the save's id)."""
    base = office.visit()
    vault = office.kit.open_vault()
    save(office, base, "𠮷田 髙子")
    outbox_list.waiting(vault)
    with vault.book.write() as conn:
        row = conn.execute("SELECT op_id FROM outbox WHERE entity = 'application'").fetchone()
        conn.execute(
            "UPDATE outbox SET state = 'parked', reason = ? WHERE op_id = ?", (reason, row[0])
        )
    return base, str(row[0])


def sent(office: Office) -> None:
    """Wait for the send that a screen started."""
    for _ in range(200):
        if not office.kit.progress.running:
            return
        time.sleep(0.05)
    raise AssertionError("the send did not end")


def state(office: Office, op_id: str) -> str:
    row = office.kit.open_vault().book.one("SELECT state FROM outbox WHERE op_id = ?", op_id)
    return str(row["state"]) if row else ""


def acts(office: Office) -> list[tuple[str, str]]:
    return [(r["act"], r["result"]) for r in ledger.rows(office.kit.open_vault().book, 60)]


def text(browser: Browser, path: str = "/outbox") -> str:
    return Browser.text(browser.get(path))


def test_every_line_says_what_it_is_and_why(office: Office, boss: Browser) -> None:
    _, op_id = parked_save(office)
    page = text(boss)
    assert "受付番号1の申請" in page and "市サーバに同じ番号の別の内容があります" in page
    assert "令和8年7月1日 09:30から" in page and "監督者に見せてください" in page
    assert "受付番号1の受付票" in page and "まだ市サーバの受領証がありません" in page
    assert "髙子" not in page and f"/outbox/item/{op_id}" in page
    line = text(boss, f"/outbox/item/{op_id}")
    for words in ("直して送る", "もう一度送る", "人に渡す", "other_content", op_id):
        assert words in line
    boss.post("/sync")
    sent(office)
    page = text(boss)
    assert "送信が終わりました" in page and "市が保管" in page and "/outbox/sent" in page


def test_a_held_up_save_is_corrected(office: Office, boss: Browser) -> None:
    base, op_id = parked_save(office)
    vault = office.kit.open_vault()
    assert f'href="{base}"' in text(boss, f"/outbox/item/{op_id}")
    save(office, base, "𠮷田 高子")
    assert boss.post(f"/outbox/item/{op_id}/correct").status_code == 302
    sent(office)
    assert state(office, op_id) == "superseded"
    assert outbox.waiting(vault) == {"waiting": 0, "parked": 0}
    row = vault.book.one("SELECT * FROM handled")
    assert row and (row["id"], row["act"], row["actor"]) == (op_id, "superseded", "suzuki")
    assert state(office, row["next"]) == "receipted"
    page = text(boss)
    assert "片づけた保留" in page and "新しい保存に置き換え" in page and "鈴木 一郎" in page
    assert ("superseded", row["next"]) in acts(office)
    assert boss.post(f"/outbox/item/{op_id}/correct").status_code == 404


def test_a_closed_trip_has_to_be_opened_first(office: Office, boss: Browser) -> None:
    _, op_id = parked_save(office)
    vault = office.kit.open_vault()
    trip = vault.book.one("SELECT id FROM trip WHERE kind = 'field'")
    assert trip is not None
    vault.forget_trip(trip["id"])
    page = text(boss, f"/outbox/item/{op_id}")
    assert f"/trip/{trip['id']}/unlock" in page and "いまの内容を送る" not in page
    refused = boss.post(f"/outbox/item/{op_id}/correct")
    assert "26文字で開いてください" in says(refused) and state(office, op_id) == "parked"


def test_one_line_is_sent_again_and_the_city_answers(office: Office, boss: Browser) -> None:
    _, op_id = parked_save(office)
    assert boss.post(f"/outbox/item/{op_id}/again").status_code == 302
    sent(office)
    assert state(office, op_id) == "receipted" and ("requeued", "1") in acts(office)


def test_a_line_is_given_to_a_person(office: Office, boss: Browser) -> None:
    base = office.visit()
    photo_id = do_tasks(boss, base)
    vault = office.kit.open_vault()
    ph, _ = photos.files_of(vault, photos.row_of(vault, photo_id)["trip_id"], photo_id)
    with vault.book.write() as conn:
        conn.execute("UPDATE photo SET state = 'parked', reason = 'too_large'")
    assert boss.get(f"/outbox/item/{photo_id}/file.zip").status_code == 400
    assert boss.post(f"/outbox/item/{photo_id}/hand").status_code == 302
    assert photos.row_of(vault, photo_id)["state"] == "handed" and ph.exists()
    answer = boss.get(f"/outbox/item/{photo_id}/file.zip")
    packed = zipfile.ZipFile(io.BytesIO(answer.get_data()))
    assert packed.read(f"{photo_id}.ph") == ph.read_bytes()
    sheet = packed.read("sheet.txt").decode()
    assert photo_id in sheet and "too_large" in sheet and "受付番号：1" in sheet
    assert "𠮷田" not in sheet and boss.get(f"/outbox/item/{photo_id}/file.zip").get_data() == (
        answer.get_data()
    )
    digest = vault.book.one("SELECT digest FROM handled WHERE id = ?", photo_id)
    assert digest and any(
        act == "handed" and digest["digest"].startswith(said) for act, said in acts(office)
    )
    boss.post("/sync")
    sent(office)
    assert photos.row_of(vault, photo_id)["state"] == "handed" and ph.exists()
    assert "人に渡した" in text(boss)
    assert any("人に渡した項目が1件" in why for why in blockers(office))
    assert boss.post(f"/outbox/item/{photo_id}/settled").status_code == 400
    assert boss.post(f"/outbox/item/{photo_id}/settled", {"confirm": "yes"}).status_code == 302
    row = photos.row_of(vault, photo_id)
    assert (row["state"], row["reason"]) == ("erased", "handed") and not ph.exists()
    assert ("given_up", "handed") in acts(office)


def blockers(office: Office) -> list[str]:
    vault = office.kit.open_vault()
    row = vault.book.one("SELECT id FROM trip WHERE kind = 'field'")
    return tripend.blockers(vault, row["id"]) if row else []


def test_a_receipt_settles_what_was_handed(office: Office, boss: Browser) -> None:
    _, op_id = parked_save(office)
    boss.post(f"/outbox/item/{op_id}/hand")
    assert state(office, op_id) == "handed"
    boss.post(f"/outbox/item/{op_id}/again")
    sent(office)
    assert state(office, op_id) == "receipted"


def test_the_ways_out_are_a_supervisors(office: Office, boss: Browser) -> None:
    _, op_id = parked_save(office)
    boss.post("/lock")
    office.browser.log_in("tanaka")
    page = text(office.browser, f"/outbox/item/{op_id}")
    assert "監督者ができること" not in page
    for act in ("correct", "again", "hand", "settled"):
        answer = office.browser.post(f"/outbox/item/{op_id}/{act}", {"confirm": "yes"})
        assert answer.status_code == 403 and state(office, op_id) == "parked"


def test_a_city_that_is_not_reached(office: Office, boss: Browser) -> None:
    office.visit()
    boss.post("/sync")
    sent(office)
    office.visit(order=2)
    office.cut_the_line()
    boss.post("/sync")
    sent(office)
    page = text(boss)
    assert WORDS in page and "最後に市の受領証を受け取ったのは令和8年7月1日" in page
    assert 'href="/carry"' in page and office.kit.progress.code == "no_server"


def test_what_a_restored_city_lost_stands_first(office: Office, boss: Browser) -> None:
    vault = office.kit.open_vault()
    do_tasks(boss, office.visit())
    with vault.book.write() as conn:  # as restored.accept writes it
        row = conn.execute("SELECT * FROM photo").fetchone()
        conn.execute(
            "INSERT INTO lost (id, what, record_id, trip_id, captured_at, noticed_at)"
            " VALUES (?, 'photo', ?, ?, ?, ?)",
            (row["id"], row["record_id"], row["trip_id"], row["captured_at"], "2026-07-01"),
        )
    page = text(boss)
    assert page.index("失われた写真・内容があります") < page.index("送信待ち</dt>")
    assert "受付番号1の顔写真" in page and "訪問日：令和8年7月15日" in page
    assert boss.post("/outbox/lost", {"reason": "again"}).status_code == 400
    assert boss.post("/outbox/lost", {"reason": "", "confirm": "yes"}).status_code == 400
    done = boss.post("/outbox/lost", {"reason": "again", "confirm": "yes"})
    assert done.status_code == 302 and restored.lost(vault) == []
    assert "失われた写真・内容があります" not in text(boss)


def test_the_running_part_says_how_far_it_is(office: Office, boss: Browser) -> None:
    now = outbox.Progress(running=True, says="送っています。", lanes=4)
    now.begin(10, 2_000_000)
    now.started = time.monotonic() - 10
    now.moved(500_000)
    now.finished(3)
    office.kit.progress = now
    part = text(boss, "/outbox/progress")
    assert "10件のうち3件の受領証がそろいました" in part and "あと約40秒" in part
    assert "4本の回線で送信中" in part and "488 KB ／ 1.9 MB" in part and "every 1s" in part
    now.running = False
    answer = boss.get("/outbox/progress")
    assert answer.headers["HX-Refresh"] == "true" and "every 1s" not in Browser.text(answer)


def test_what_the_last_send_said_stands_with_its_time(office: Office, boss: Browser) -> None:
    office.visit()
    office.kit.progress = outbox.Progress(says="送るものはありませんでした。", ended="10:41")
    assert "10:41の送信：送るものはありませんでした。" in Browser.text(boss.get("/outbox"))
    office.kit.start_sync()
    assert until(lambda: not office.kit.progress.running)
    assert re.fullmatch(r"\d\d:\d\d", office.kit.progress.ended)
