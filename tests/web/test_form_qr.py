"""申請書ID on the form's page: scanned and locked, or typed twice; never twelve digits."""

from __future__ import annotations

import json
import logging
import re
from typing import Any

import pytest
from werkzeug.test import TestResponse

from fieldkit.form_ids import SCAN
from fieldkit.store import records
from tests.photo.qr_frames import ADDRESS, FORM_ID, jpeg, on_paper, qr
from tests.web.conftest import ANSWERS, Browser, Office, fill_form, portrait, says

PAGE = 4
OTHER_ID = "90718293650127483916205"
NUMBER = "123456789012"
CARD = {name: ANSWERS[name] for name in ("kind", "reason", "express")}


def scan(boss: Browser, base: str, *texts: str) -> dict[str, Any]:
    answer = boss.send(f"{base}/form-id/scan", jpeg(on_paper(*(qr(t, 5) for t in texts))))
    assert answer.status_code == 200
    told: dict[str, Any] = json.loads(answer.get_data())
    return told


def save(boss: Browser, base: str, first: str, again: str = "", act: str = "next") -> TestResponse:
    values = {**CARD, "form_id": first, "form_id_again": again, "act": act}
    return boss.post(f"{base}/form/{PAGE}", values)


def kept(office: Office, base: str) -> tuple[str, dict[str, Any]]:
    """(the ID, how it came) of the application."""
    for trip in office.kit.open_vault().trips.values():
        for row in records.find(trip, "application", base.split("/")[-1]):
            return row.get("answers", {}).get("form_id", ""), row.get("form_id_source") or {}
    return "", {}


def box(page: TestResponse, name: str = "form_id") -> str:
    found = re.search(rf'<input[^>]*name="{name}"[^>]*>', Browser.text(page))
    return found.group() if found else ""


def test_a_scanned_id_is_filled_in_locked_and_saved(boss: Browser, office: Office) -> None:
    base = office.visit()
    told = scan(boss, base, ADDRESS)
    assert told["found"] and told["id"] == FORM_ID
    page = boss.get(told["next"])
    assert f'value="{FORM_ID}"' in box(page) and "readonly" in box(page)
    assert "QRで読み取りました" in Browser.text(page) and not box(page, "form_id_again")
    assert save(boss, base, FORM_ID).status_code == 302
    digits, source = kept(office, base)
    assert digits == FORM_ID and source["how"] == "scan" and source["at"]
    assert "readonly" in box(boss.get(f"{base}/form/{PAGE}"))


def test_a_power_cut_after_the_scan_loses_nothing(boss: Browser, office: Office) -> None:
    base = office.visit()
    scan(boss, base, ADDRESS)
    again = office.restart()
    again.log_in("suzuki")
    trip = next(t for t in office.kit.open_vault().book.all("SELECT id, kind FROM trip")
                if t["kind"] == "field")  # fmt: skip
    again.post(f"/trip/{trip['id']}/fetch")
    assert "readonly" in box(again.get(f"{base}/form/{PAGE}"))
    assert save(again, base, FORM_ID).status_code == 302
    assert kept(office, base)[1]["how"] == "scan"


def test_a_scanned_id_that_was_changed_is_typed_twice(boss: Browser, office: Office) -> None:
    base = office.visit()
    scan(boss, base, ADDRESS)
    page = boss.get(f"{base}/form/{PAGE}?fix=form_id")
    assert "readonly" not in box(page) and box(page, "form_id_again")
    assert "もう一度" in says(save(boss, base, OTHER_ID))
    assert kept(office, base) == ("", {})
    assert save(boss, base, OTHER_ID, OTHER_ID).status_code == 302
    digits, source = kept(office, base)
    assert (digits, source["how"]) == (OTHER_ID, "typed")


def test_two_typings_that_differ_are_pointed_at_and_kept_on_the_screen(
    boss: Browser, office: Office
) -> None:
    base = office.visit()
    answer = save(boss, base, FORM_ID, OTHER_ID)
    assert answer.status_code == 422 and "1けた目が違います" in says(answer)
    assert FORM_ID in box(answer) and OTHER_ID in box(answer, "form_id_again")
    assert kept(office, base) == ("", {})
    assert office.draft(base.split("/")[-1], "kofu_shinsei")["form_id"] == FORM_ID  # type: ignore[index]
    spaced = f"{FORM_ID[:11]} {FORM_ID[11:]}"
    assert save(boss, base, spaced, FORM_ID).status_code == 302
    assert kept(office, base)[0] == FORM_ID


def test_once_typed_twice_it_is_not_asked_again(boss: Browser, office: Office) -> None:
    base = office.visit()
    save(boss, base, FORM_ID, FORM_ID)
    page = boss.get(f"{base}/form/{PAGE}")
    assert "2回の入力が同じでした" in Browser.text(page)
    assert save(boss, base, FORM_ID).status_code == 302
    assert kept(office, base)[1]["how"] == "typed"


def test_a_form_of_another_person_can_be_taken_back(boss: Browser, office: Office) -> None:
    base = office.visit()
    scan(boss, base, ADDRESS)
    save(boss, base, FORM_ID)
    assert office.draft(base.split("/")[-1], SCAN) is None
    assert save(boss, base, "").status_code == 302
    assert kept(office, base) == ("", {})
    page = boss.get(f"{base}/form/{PAGE}")
    assert "readonly" not in box(page) and box(page, "form_id_again")


@pytest.mark.parametrize("act", ["later", "back"])
def test_an_id_typed_once_waits_as_a_draft(boss: Browser, office: Office, act: str) -> None:
    base = office.visit()
    assert save(boss, base, FORM_ID, act=act).status_code == 302
    assert kept(office, base) == ("", {})
    page = boss.get(f"{base}/form/{PAGE}")
    assert FORM_ID in box(page) and "readonly" not in box(page)


def test_autosave_keeps_the_first_and_nothing_else(boss: Browser, office: Office) -> None:
    base, aid = (made := office.visit()), made.split("/")[-1]
    for sent, left in ((FORM_ID[:9], FORM_ID[:9]), (NUMBER, ""), (FORM_ID, FORM_ID)):
        boss.post(f"{base}/form/draft", {"form_id": sent, "form_id_again": OTHER_ID})
        draft = office.draft(aid, "kofu_shinsei")
        assert draft and draft["form_id"] == left and OTHER_ID not in json.dumps(draft)


@pytest.mark.parametrize("act", ["next", "later", "back"])
@pytest.mark.parametrize("typed", [NUMBER, "１２３４ ５６７８ ９０１２"])
def test_twelve_digits_are_refused_always_and_shown_no_more(
    boss: Browser, office: Office, act: str, typed: str
) -> None:
    base = office.visit()
    for first, again in ((typed, typed), (FORM_ID, typed)):
        answer = save(boss, base, first, again, act)
        assert answer.status_code == 422 and "個人番号" in says(answer)
        assert typed not in Browser.text(answer)
        assert typed not in json.dumps(office.draft(base.split("/")[-1], "kofu_shinsei"))
    assert kept(office, base) == ("", {})


def test_another_qr_is_named_and_nothing_is_kept(boss: Browser, office: Office) -> None:
    base = office.visit()
    for text, sentence in (
        ("https://shop.example/coupon", "申請書のQRではありません"),
        ("9WK4-ZQ2M-7T1P-5XBD-3R8N-6YHC-0V", "訪問予定表のQR"),
        (f"https://kojinbango-card.go.jp@evil.example/{FORM_ID}", "申請書のQRではありません"),
        (NUMBER, "個人番号"),
    ):
        told = scan(boss, base, text)
        assert told["found"] is False and sentence in told["says"] and "id" not in told
        assert not any(part in told["says"] for part in ("shop", "evil", NUMBER))
    assert scan(boss, base)["says"].startswith("QRが見つかりません")
    assert office.draft(base.split("/")[-1], SCAN) is None
    both = scan(boss, base, "https://shop.example/coupon", ADDRESS)
    assert both["id"] == FORM_ID


def test_a_frame_that_is_no_picture(boss: Browser, office: Office) -> None:
    base = office.visit()
    for data in (b"", b"GIF89a" + b"x" * 500, portrait()[:3000]):
        answer = boss.send(f"{base}/form-id/scan", data)
        assert answer.status_code == 400
        assert "カメラの画像を読めません" in json.loads(answer.get_data())["says"]


def test_the_address_in_the_qr_is_nowhere(
    boss: Browser, office: Office, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    base = office.visit()
    told = scan(boss, base, ADDRESS)
    assert set(told) == {"found", "says", "id", "next"} and FORM_ID not in told["next"]
    save(boss, base, FORM_ID)
    seen = caplog.text + "\n".join(boss.seen)
    assert "kojinbango" not in seen and FORM_ID not in seen
    for trip in office.kit.open_vault().trips.values():
        for row in trip.db.all("SELECT body FROM draft"):
            assert "kojinbango" not in row["body"]
    on_disk = [p for p in office.settings.data_dir.rglob("*") if p.is_file()]
    assert on_disk and not any(FORM_ID.encode() in p.read_bytes() for p in on_disk)


def test_a_whole_form_with_an_id(boss: Browser, office: Office) -> None:
    base = office.visit()
    fill_form(boss, base, form_id=FORM_ID)
    assert kept(office, base)[0] == FORM_ID
