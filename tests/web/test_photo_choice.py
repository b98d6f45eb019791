"""The judged photo is looked at: the tick, the lawful reasons, the calls owed, no photo at all."""

from __future__ import annotations

import html
import re
import subprocess
from typing import Any

import pytest

from fieldkit import shot, visit
from fieldkit.store import photos, records
from tests.needs import needs
from tests.web.conftest import (
    Browser,
    Office,
    close,
    do_tasks,
    fill_form,
    portrait,
    says,
)

EYES: dict[str, Any] = {"code": "eyes", "severity": "stop", "value": 0.0912, "overridable": True,
                        "advice": "目が閉じています。", "place": [0.2, 0.3, 0.6, 0.1]}  # fmt: skip
WALL = {**EYES, "code": "background", "advice": "背景に物があります。", "place": None}
DARK = {**EYES, "code": "dark", "overridable": False, "advice": "顔が暗いです。"}
HAT = {**EYES, "code": "hat", "severity": "advise", "advice": "帽子はありませんか。",
       "ask": "hat", "place": [0.1, 0.0, 0.8, 0.3]}  # fmt: skip
FORM_ID = "98765432109876543210123"
REASON = {"act": "declare", "reasons": ["EX_BEDRIDDEN"], "reason_text": "病気により片目が開かない",
          "channel": "paper", "checked": "yes"}  # fmt: skip


def trip_of(office: Office, base: str) -> Any:
    return visit.trip_of(office.kit.open_vault(), base.split("/")[2])


def body(office: Office, base: str) -> dict[str, Any]:
    found = visit.application(trip_of(office, base), base.split("/")[4])
    return found.body if found else {}


def judged(office: Office, base: str, *findings: dict[str, Any], pose: str = "sitting") -> str:
    """A shot with these findings is looked at; returns its id."""
    vault, trip, aid = office.kit.open_vault(), trip_of(office, base), base.split("/")[4]
    photo_id = photos.seal(vault, trip, aid, portrait())
    shot.forget_tries(vault, aid, photo_id)
    severities = {f["severity"] for f in findings}
    verdict = "stop" if "stop" in severities else "advise" if severities else "pass"
    tried = {"id": photo_id, "source": "camera", "pose": pose, "verdict": verdict,
             "findings": [*findings]}  # fmt: skip
    records.save_draft(vault, trip, aid, shot.DRAFT, tried)
    return photo_id


def look(boss: Browser, base: str) -> str:
    return html.unescape(boss.text(boss.get(f"{base}/photo")))


def keep(boss: Browser, base: str, photo_id: str, **values: Any) -> Any:
    chosen = {"photo_id": photo_id, "act": "keep", "checked": "yes", **values}
    return boss.post(f"{base}/photo", chosen)


def test_a_photo_is_used_only_after_the_tick(boss: Browser, office: Office) -> None:
    base = office.visit()
    photo_id = judged(office, base, HAT)
    answer = keep(boss, base, photo_id, checked="")
    assert answer.status_code == 422 and "目で確かめて" in says(answer)
    assert not body(office, base).get("photo_id")
    assert keep(boss, base, photo_id).headers["Location"] == base
    saved = body(office, base)
    assert saved["photo_id"] == photo_id and saved["photo_exception"] == {}
    checked = {"at": saved["photo_checked"]["at"], "by": "suzuki", "asked": ["hat"], "seen": True}
    assert saved["photo_checked"] == checked


def test_it_shows_two_findings_numbered_as_on_the_picture(boss: Browser, office: Office) -> None:
    base = office.visit()
    judged(office, base, {**WALL, "severity": "advise"}, HAT, {**HAT, "code": "mouth"})
    page = look(boss, base)
    assert 'data-places="[[1, 0.1, 0.0, 0.8, 0.3]]"' in page
    assert page.count('class="finding"') == 2 and page.count('class="place-no"') == 1
    assert re.search(r'>1</span><span class="tag.*?帽子はありませんか', page, re.S)
    assert page.count("とくに確認") == 1 and page.count('class="thing"') == 6
    before, _, inside = page.partition('<details class="more"><summary>数値')
    assert "0.0912" not in before and "0.0912" in inside


def test_a_question_below_the_first_two_is_asked_beside_its_picture(
    boss: Browser, office: Office
) -> None:
    base = office.visit()
    judged(office, base, {**WALL, "severity": "advise"}, {**EYES, "severity": "advise"}, HAT)
    assert "とくに確認：帽子はありませんか。" in look(boss, base)


def test_a_defect_that_stays_one_offers_only_another_shot(boss: Browser, office: Office) -> None:
    base = office.visit()
    photo_id = judged(office, base, EYES, DARK)
    page = look(boss, base)
    assert 'value="declare"' not in page and 'value="keep"' not in page and "retake" in page
    for act in (REASON, {"act": "keep"}):
        answer = keep(boss, base, photo_id, **act)
        assert answer.status_code == 422 and "撮り直してください：顔が暗いです" in says(answer)
    assert not body(office, base).get("photo_id")


def test_a_stop_needs_a_reason_and_loses_nothing_that_was_typed(
    boss: Browser, office: Office
) -> None:
    base = office.visit()
    photo_id = judged(office, base, EYES, WALL)
    page = look(boss, base)
    assert "EX_BEDRIDDEN" in page and "EX_RELIGION" not in page and "片目が開かない" in page
    assert keep(boss, base, photo_id).status_code == 422
    answer = keep(boss, base, photo_id, **REASON)
    text = html.unescape(boss.text(answer))
    assert answer.status_code == 422 and "指摘が残ります：「背景に物があります。」" in text
    assert 'value="EX_BEDRIDDEN" checked' in text and "病気により片目が開かない</textarea>" in text
    both = {**REASON, "reasons": ["EX_BEDRIDDEN", "EX_EQUIPMENT"]}
    assert keep(boss, base, photo_id, **{**both, "checked": ""}).status_code == 422
    long = keep(boss, base, photo_id, **{**both, "reason_text": "WM" * 30})
    assert "氏名の欄に入りません" in says(long)
    number = keep(boss, base, photo_id, **{**both, "reason_text": "番号は 1234 5678 9018"})
    assert number.status_code == 422 and "9018" not in says(number)
    assert keep(boss, base, photo_id, **both).headers["Location"] == base
    exception = body(office, base)["photo_exception"]
    assert exception == {"reasons": both["reasons"], "text": both["reason_text"],
                         "channel": "paper", "call": {}}  # fmt: skip


def test_what_only_a_person_sees_can_be_declared_too(boss: Browser, office: Office) -> None:
    """A head cover of faith, which the machine does not stop."""
    base = office.visit()
    photo_id = judged(office, base)
    said = {**REASON, "reasons": ["EX_RELIGION"], "reason_text": "宗教上の理由により頭部を覆う"}
    assert keep(boss, base, photo_id, **said).headers["Location"] == base
    assert body(office, base)["photo_exception"]["reasons"] == ["EX_RELIGION"]


@pytest.mark.parametrize("pose", ["lying", "sitting"])
def test_a_photo_taken_lying_begins_with_that_reason(
    boss: Browser, office: Office, pose: str
) -> None:
    base = office.visit()
    judged(office, base, {**EYES, "code": "yaw"}, pose=pose)
    assert ('value="EX_CANNOT_SIT" checked' in look(boss, base)) is (pose == "lying")


@needs("poppler-utils")
def test_on_paper_the_reason_stands_in_the_name_box(boss: Browser, office: Office) -> None:
    base = office.visit()
    do_tasks(boss, base)

    def printed() -> list[str]:
        pdf = boss.get(f"{base}/papers/application.pdf").get_data()
        run = subprocess.run(["pdftotext", "-layout", "-", "-"], input=pdf, capture_output=True)
        return ["".join(line.split()) for line in run.stdout.decode().splitlines() if line.strip()]

    fill_form(boss, base, form_id=FORM_ID)
    keep(boss, base, judged(office, base, EYES), **REASON)
    lines = printed()
    name = next(i for i, line in enumerate(lines) if "髙子" in line)
    assert any("病気により片目が開かない" in line for line in lines[name : name + 3])
    keep(boss, base, judged(office, base, EYES), **{**REASON, "channel": "online"})
    assert not any("片目" in line for line in printed())
    keep(boss, base, judged(office, base))
    assert body(office, base)["photo_exception"] == {}


def test_an_open_call_is_shown_and_never_holds_up_the_visit(boss: Browser, office: Office) -> None:
    base = office.visit()
    do_tasks(boss, base)
    online = {**REASON, "channel": "online"}
    photo_id = judged(office, base, EYES)
    assert "申請書IDを電話で" in says(keep(boss, base, photo_id, **online))
    fill_form(boss, base, form_id=FORM_ID)
    assert keep(boss, base, photo_id, **online).headers["Location"] == base
    for path in (f"{base}/photo", f"/visit/{base.split('/')[2]}/close", "/"):
        page = boss.text(boss.get(path))
        assert "0120-95-0178" in page and "電話がまだ" in page, path
    assert FORM_ID in look(boss, base)
    close(boss, base)
    assert "0120-95-0178" in boss.text(boss.get("/"))
    assert boss.post(f"{base}/photo/call", {"act": "called"}).headers["Location"] == f"{base}/photo"
    call = body(office, base)["photo_exception"]["call"]
    assert call["by"] == "suzuki" and set(call) == {"at", "by"}
    assert "電話連絡済" in look(boss, base) and "0120-95-0178" not in boss.text(boss.get("/"))
    boss.post(f"{base}/photo/call", {"act": "undo"})
    assert body(office, base)["photo_exception"]["call"] == {}


def test_the_counters_call_is_a_task_of_the_office(boss: Browser, office: Office) -> None:
    base = office.visit()
    assert boss.post(f"{base}/photo/call", {"act": "called"}).status_code == 400
    keep(boss, base, judged(office, base, EYES), **{**REASON, "channel": "counter"})
    page = boss.text(boss.get("/"))
    assert "事務所でやること" in page and "0570-666-535" in page
    boss.post(f"{base}/outcome", {"outcome": "postponed", "note": ""})
    assert "0570-666-535" not in boss.text(boss.get("/"))


def test_the_face_proof_is_said_to_be_another_paper(boss: Browser, office: Office) -> None:
    base = office.visit()
    judged(office, base, EYES)
    page = look(boss, base)
    assert "顔写真証明書は、ご本人を確かめるための別の書類です" in page
    assert f'href="{base}/id"' in page


BABY = {"has_agent": "yes", "agent_name": "𠮷田 一郎", "agent_rel": "parent",
        "agent_addr": "北海道汐見市花園1丁目", "agent_tel": "0134-00-0000"}  # fmt: skip

PARENT = {"papers": ["boshi_techo", "kodomo_iryo"], "verified": "yes",
          "rep_papers": ["driving_licence", "nenkin"], "rep_proof": "same_household"}  # fmt: skip


@needs("poppler-utils")
@pytest.mark.parametrize(("birth", "without"), [("2025-07-16", True), ("2025-07-15", False)])
def test_under_one_year_the_whole_step_goes(
    boss: Browser, office: Office, birth: str, without: bool
) -> None:
    """The day before the first birthday, and the birthday itself (the visit is on 2026-07-15)."""
    office.watch.now = office.watch.now.replace(month=7, day=15)
    base = office.visit(person={"birth": "1945-03-05"})
    taken = do_tasks(boss, base)
    fill_form(boss, base, birth=birth, **BABY)
    boss.post(f"{base}/id", PARENT)
    assert ("顔写真の撮影" not in boss.text(boss.get(base))) is without
    assert ("顔写真はいりません" in look(boss, base)) is without
    pdf = boss.get(f"{base}/papers/application.pdf").get_data()
    run = subprocess.run(["pdftotext", "-", "-"], input=pdf, capture_output=True, check=True)
    assert ("顔写真なし" in run.stdout.decode()) is without and (portrait() in pdf) is False
    assert ("顔写真なしで作られます" in boss.text(boss.get(f"{base}/check"))) is without
    boss.post(f"{base}/check")
    saved, vault = body(office, base), office.kit.open_vault()
    assert (saved["photo_id"] == "") is without and bool(saved.get("no_photo_reason")) is without
    assert (photos.row_of(vault, taken)["state"] == "erased") is without
    close(boss, base)
    office.watch.move(400 * 86400)
    assert ("顔写真の撮影" not in boss.text(boss.get(base))) is without, "as it was applied for"
