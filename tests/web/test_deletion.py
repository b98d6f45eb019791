"""削除記録 and the safe sheet on the screen: who sees what, what is printed, what is noted."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path

import pytest

from fieldkit import reserve
from fieldkit.store import ledger
from tests.needs import needs
from tests.web.conftest import Browser, Office, close, do_tasks, says

pytestmark = needs("poppler-utils")


def end_day(office: Office, browser: Browser) -> str:
    """One visit from the call to the erase, on the screens; returns the trip's id."""
    base = office.visit()
    do_tasks(browser, base)
    close(browser, base)
    browser.post("/sync")
    while office.kit.progress.running:
        pass
    vault = office.kit.open_vault()
    row = vault.book.one("SELECT id FROM trip WHERE kind = 'field'")
    assert row
    values = {"trip": row["id"], "shredded_by_1": "佐藤", "shredded_by_2": "鈴木", "confirm": "yes"}
    answer = browser.post("/erase", values)
    assert answer.status_code == 302, says(answer)
    return str(row["id"])


def words(data: bytes, tmp_path: Path) -> str:
    file = tmp_path / "shown.pdf"
    file.write_bytes(data)
    run = subprocess.run(["pdftotext", "-layout", str(file), "-"], capture_output=True, check=True)
    return re.sub(r"\s+", "", run.stdout.decode())


def printed(office: Office) -> list[str]:
    rows = ledger.rows(office.kit.open_vault().book)
    return [row["object"] for row in rows if row["act"] == "printed"]


def desk_id(office: Office) -> str:
    row = reserve.desk_row(office.kit.open_vault())
    assert row
    return str(row["id"])


def test_the_supervisor_sees_and_prints_every_record(
    boss: Browser, office: Office, tmp_path: Path
) -> None:
    trip_id = end_day(office, boss)
    page = boss.text(boss.get("/deletion"))
    assert "削除済み" in page and f"/deletion/trip/{trip_id}.pdf" in page and "令和8年度" in page
    assert "𠮷田" not in page
    assert 'href="/deletion"' in boss.text(boss.get("/list"))
    assert 'href="/deletion/reception/1"' in boss.text(boss.get("/list"))
    page = boss.text(boss.get("/deletion/reception/1"))
    assert "1人目の申請：個人情報削除証明書" in page and "𠮷田" not in page
    for path, told in (
        (f"/deletion/trip/{trip_id}.pdf", "個人情報削除証明書"),
        ("/deletion/reception/1.pdf", "個人情報削除証明書"),
        ("/deletion/reception/1/1.pdf", "のうち申請1件"),
        ("/deletion/season/work.pdf", "削除状況報告（未了あり）"),
        ("/deletion/season/y2026.pdf", "令和9年3月31日まで"),
    ):
        answer = boss.get(path)
        assert answer.status_code == 200 and answer.mimetype == "application/pdf", path
        text = words(answer.get_data(), tmp_path)
        assert told in text and "𠮷田" not in text and "花園" not in text, path
    assert printed(office)[:2] == ["season-y2026", "season-work"]
    assert printed(office)[4] == trip_id


def test_what_is_not_there_is_said(boss: Browser, office: Office) -> None:
    for path in ("/deletion/reception/9", "/deletion/reception/9.pdf", "/deletion/season/no.pdf",
                 "/deletion/trip/019f0000-0000-7000-8000-00000000000a.pdf"):  # fmt: skip
        assert boss.get(path).status_code == 404, path
    assert boss.get("/deletion").status_code == 200


def test_it_says_so_where_nothing_can_be_proved(boss: Browser, office: Office) -> None:
    trip_id = end_day(office, boss)
    with office.kit.open_vault().book.write() as conn:
        conn.execute("DELETE FROM receipt WHERE body LIKE '%trip_end%'")
    page = boss.text(boss.get("/deletion"))
    assert "証明できません：" in page and f"/deletion/trip/{trip_id}.pdf" not in page
    assert "証明できません" in boss.text(boss.get("/deletion/reception/1"))
    before = len(printed(office))
    for path in (f"/deletion/trip/{trip_id}.pdf", "/deletion/reception/1.pdf"):
        answer = boss.get(path)
        assert answer.status_code == 400 and "証明できません：" in boss.text(answer), path
    assert len(printed(office)) == before


@pytest.mark.parametrize(
    ("who", "status"),
    [("kato", 200), ("suzuki", 200), ("tanaka", 403), ("mori", 403), ("sato", 403)],
)
def test_who_may_see_the_records(office: Office, who: str, status: int) -> None:
    assert office.browser.log_in(who).status_code == 302
    for path in ("/deletion", "/deletion/season/work.pdf"):
        assert office.browser.get(path).status_code == status, path
    wanted = 404 if status == 200 else 403
    assert office.browser.get("/deletion/reception/1").status_code == wanted
    key = office.browser.get("/desk/key.pdf")
    assert key.status_code == (200 if who == "suzuki" else 403)


def test_field_staff_print_the_paper_of_their_own_trip_only(office: Office, tmp_path: Path) -> None:
    browser = office.browser
    assert browser.log_in("tanaka").status_code == 302
    trip_id = end_day(office, browser)
    assert f"/deletion/trip/{trip_id}.pdf" in browser.text(browser.get("/erase"))
    answer = browser.get(f"/deletion/trip/{trip_id}.pdf")
    assert "個人情報削除証明書" in words(answer.get_data(), tmp_path)
    assert browser.get(f"/deletion/trip/{desk_id(office)}.pdf").status_code == 403
    for who in ("mori", "sato"):
        assert browser.log_in(who).status_code == 302
        answer = browser.get(f"/deletion/trip/{trip_id}.pdf")
        assert answer.status_code == 403 and "自分が持ち出した" in browser.text(answer)
    assert browser.log_in("kato").status_code == 302
    assert browser.get(f"/deletion/trip/{trip_id}.pdf").status_code == 200


def test_the_safe_sheet_opens_the_desk_without_a_line(
    boss: Browser, office: Office, tmp_path: Path
) -> None:
    """Printed by the supervisor; then the server is away and the kit starts anew."""
    rid, _ = office.book()
    answer = boss.get("/desk/key.pdf")
    desk = desk_id(office)
    assert printed(office)[0] == f"safe-sheet-{desk}"
    code = office.code(desk)
    assert code in words(answer.get_data(), tmp_path).replace("-", "")
    sheet = tmp_path / "shown.pdf"
    subprocess.run(["pdftoppm", "-r", "100", "-png", sheet, tmp_path / "seen"], check=True)
    office.cut_the_line()
    browser = office.restart()
    browser.log_in("sato")
    assert browser.get("/desk").headers["Location"] == f"/trip/{desk}/unlock"
    page = browser.text(browser.get(f"/trip/{desk}/unlock"))
    assert "金庫の控え" in page and "訪問予定表" not in page
    wrong = browser.post(f"/trip/{desk}/unlock", {"code": "0" * 26})
    assert wrong.status_code == 422 and "一番新しいもの" in says(wrong)
    short = browser.post(f"/trip/{desk}/unlock", {"code": code[:25]})
    assert short.status_code == 422 and "金庫の控えの文字" in says(short)
    typed = " ".join([code[:9].lower(), code[9:]])
    assert browser.post(f"/trip/{desk}/unlock", {"code": typed}).status_code == 302
    assert "𠮷田 髙子" in browser.text(browser.get(f"/desk/{rid}"))
    browser = office.restart()
    browser.log_in("sato")
    scanned = browser.send(f"/trip/{desk}/scan", (tmp_path / "seen-1.png").read_bytes())
    assert json.loads(scanned.get_data())["found"] is True
    assert "𠮷田 髙子" in browser.text(browser.get(f"/desk/{rid}"))


def test_an_old_safe_sheet_opens_nothing_and_is_shredded(boss: Browser, office: Office) -> None:
    boss.get("/desk/key.pdf")
    old, code = desk_id(office), office.code(desk_id(office))
    end_day(office, boss)
    assert desk_id(office) != old
    answer = boss.post(f"/trip/{old}/unlock", {"code": code})
    assert "この端末にありません" in boss.text(answer)
    wrong = boss.post(f"/trip/{desk_id(office)}/unlock", {"code": code})
    assert wrong.status_code in (302, 422)  # an open desk stays open
    assert "保有中" in boss.text(boss.get("/list"))
    assert f'action="/deletion/safe/{old}"' in boss.text(boss.get("/deletion"))
    both = {"shredded_by_1": "鈴木", "shredded_by_2": "鈴木"}
    assert boss.post(f"/deletion/safe/{old}", both).status_code == 422
    both["shredded_by_2"] = "田中"
    assert boss.post(f"/deletion/safe/{old}", both).headers["Location"] == "/deletion"
    page = boss.text(boss.get("/deletion"))
    assert "/deletion/safe/" not in page
    assert "保有中" not in boss.text(boss.get("/list"))
    assert "鈴木・田中" not in page  # names stand on the paper, not in the list
