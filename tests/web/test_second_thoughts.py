"""What is changed after it was saved: a slip, a reason, a form that was printed, a person."""

from __future__ import annotations

import json

import pytest

from fieldkit import reserve, tripend
from fieldkit.errors import NotReady
from fieldkit.store import facts
from sync.ids import new_id
from tests.web.conftest import (
    DAY,
    Browser,
    Office,
    close,
    do_tasks,
    fill_form,
    portrait,
    says,
    slip_values,
    take_photo,
)

SECOND = {
    "count": "2",
    "applicant-1-name": "𠮷田 一郎",
    "applicant-1-kana": "ヨシダ イチロウ",
    "applicant-1-birth": "昭18・1・20",
    "applicant-1-kind": "renew",
}


def bill(browser: Browser, base: str) -> str:
    """The fee's screen: what has to be paid and why."""
    page = browser.text(browser.get(f"{base}/fee"))
    return page.split('class="bill"')[1].split("</div>")[0]


def test_a_change_uses_up_no_reception_number(boss: Browser, office: Office) -> None:
    first, second = new_id(), new_id()
    assert boss.post(f"/desk/{first}", slip_values()).status_code == 302
    assert boss.post(f"/desk/{first}", slip_values(notes="犬がいる")).status_code == 302
    assert boss.post(f"/desk/{second}", slip_values(offer=f"{DAY}|am|2")).status_code == 302
    numbers = [row["no"] for row in reserve.reception_list(office.kit.open_vault())]
    assert numbers == [1, 2]


def test_people_stay_in_the_order_in_which_they_were_typed(boss: Browser, office: Office) -> None:
    rid = new_id()
    for notes in ("", "犬がいる"):
        answer = boss.post(f"/desk/{rid}", slip_values(**SECOND, notes=notes))
        assert answer.status_code == 302, says(answer)
        slip = reserve.slip(reserve.open_desk(office.kit.open_vault()), rid)
        assert [a.get("name") for a in slip.applicants] == ["𠮷田 髙子", "𠮷田 一郎"]
    ids = [new_id() for _ in range(6000)]
    assert ids == sorted(ids)


def test_evidence_of_one_reason_never_counts_for_another(boss: Browser, office: Office) -> None:
    base = office.visit(person={"kind": "other"})
    fill_form(boss, base, reason="other")
    assert "まだ決まっていません" in bill(boss, base)
    assert "手数料が決まっていません" in boss.text(boss.get(f"{base}/check"))
    assert f'href="{base}/fee"' in boss.text(boss.get(base))
    stolen = {"reason_code": "STOLEN", "evidence": "受理番号 12-3"}
    assert "0円です" in says(boss.post(f"{base}/fee", stolen))
    answer = boss.post(f"{base}/fee", {"reason_code": "BURNT", "evidence": ""})
    assert answer.status_code == 422 and "罹災証明書" in says(answer)
    assert boss.post(f"{base}/fee", stolen).headers["Location"] == base
    assert "盗難" in bill(boss, base)


@pytest.mark.parametrize(
    ("changes", "word", "yen"),
    [
        ({"kind": "renew"}, "更新", "0円"),
        ({"kind": "reissue", "reason": "lost"}, "紛失", "2,000円"),
    ],
)
def test_a_reason_is_forgotten_with_its_kind(
    boss: Browser, office: Office, changes: dict[str, str], word: str, yen: str
) -> None:
    base = office.visit(person={"kind": "other"})
    fill_form(boss, base, reason="other")
    boss.post(f"{base}/fee", {"reason_code": "STOLEN", "evidence": "受理番号 12-3"})
    fill_form(boss, base, **changes)
    assert word in bill(boss, base) and yen in bill(boss, base)


def test_a_printed_paper_is_printed_again_after_a_change(boss: Browser, office: Office) -> None:
    base = office.visit()
    do_tasks(boss, base)
    printed = f"{base}/papers/set.pdf"
    row = "書類の記入と印刷"

    def state() -> str:
        return boss.text(boss.get(base)).split(row)[1].split("</li>")[0]

    assert "未" in state()
    assert boss.get(printed).status_code == 200 and "済" in state()
    fill_form(boss, base)
    assert "済" in state()
    fill_form(boss, base, katagaki="花園荘 102")
    assert "途中" in state()
    assert boss.get(printed).status_code == 200 and "済" in state()
    take_photo(boss, base)
    assert "途中" in state()


def test_a_photo_of_a_closed_visit_offers_nothing(boss: Browser, office: Office) -> None:
    base = office.visit()
    do_tasks(boss, base)
    close(boss, base)
    page = boss.text(boss.get(f"{base}/photo"))
    assert "封印済み" in page and "終了しています" in page
    assert 'value="keep"' not in page and 'value="retake"' not in page


def test_a_photo_kept_before_a_power_cut_can_be_taken_again(boss: Browser, office: Office) -> None:
    base = office.visit()
    take_photo(boss, base)
    office.kit.open_vault().photo_keys.clear()
    page = boss.text(boss.get(f"{base}/photo"))
    assert "採用済み" in page and 'value="keep"' not in page and 'value="retake"' in page


def test_a_shot_that_was_not_chosen_before_a_power_cut(boss: Browser, office: Office) -> None:
    base = office.visit()
    assert json.loads(boss.send(f"{base}/photo/shoot", portrait()).get_data())["photo_id"]
    office.kit.open_vault().photo_keys.clear()
    page = boss.text(boss.get(f"{base}/photo"))
    assert "もう見直せません" in page and 'value="keep"' in page


def test_the_next_person_begins_at_their_own_work(boss: Browser, office: Office) -> None:
    rid, _ = office.book()
    boss.post("/lock", {"back": f"/desk/{rid}"})
    assert boss.log_in("tanaka", back=f"/desk/{rid}").headers["Location"] == "/"
    boss.post("/lock", {"back": "/list"})
    assert boss.log_in("tanaka", back="/list").headers["Location"] == "/list"
    boss.post("/lock", {"back": "/list"})
    assert boss.log_in("sato", back=f"/desk/{rid}").headers["Location"] == f"/desk/{rid}"


@pytest.mark.parametrize("typed", ["２，０００円", "¥2,000", " 2000 ", "2 000"])
def test_the_amount_is_read_as_people_write_it(boss: Browser, office: Office, typed: str) -> None:
    base = office.visit()
    fill_form(boss, base)
    paid = {"tendered": typed, "payer_name": "𠮷田 髙子", "reason_code": "LOST",
            "paper_receipt_no": "101"}  # fmt: skip
    answer = boss.post(f"{base}/fee", paid)
    assert answer.status_code == 302, says(answer)


def test_one_person_written_twice_is_not_two(boss: Browser, office: Office) -> None:
    office.visit()
    vault = office.kit.open_vault()
    trip_id = next(t.id for t in vault.trips.values() if t.kind == "field")
    for twice in ("田中実", "田中　実", " 田中 実"):
        with pytest.raises(NotReady, match="二人分"):
            tripend.end_trip(vault, trip_id, ("田中 実", twice))


def test_the_weekly_count_follows_the_form(boss: Browser, office: Office) -> None:
    base = office.visit(person={"kind": "new"})
    do_tasks(boss, base)
    close(boss, base)
    found = facts.between(office.kit.open_vault().book, "2000-01-01", "2100-01-01")
    assert [f["dims"]["kind"] for f in found if f["kind"] in ("application", "fee")] == ["lost"] * 2
