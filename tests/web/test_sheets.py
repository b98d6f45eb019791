"""The other forms of an applicant: copied answers, own ones, drafts, a newer version, the end."""

from __future__ import annotations

import html
import json
import re
from pathlib import Path
from typing import Any

from fieldkit.store import records
from tests import city_rows
from tests.web.conftest import ANSWERS, Browser, Office, close, do_tasks, fill_form, says
from tests.web.test_resume import cut_power

LOSS = {
    "loss": "lost", "place_kind": "outside", "lost_when": "6月の終わり", "lost_where": "市内のバス",
    "story": "バスをおりたあとに気づいた", "police": "not_yet", "suspended": "yes",
    "suspended_on": "令和8年6月30日", "report_date": "令和8年7月1日", "revoke_sign": "yes",
    "revoke_auth": "yes", "revoke_reason": "gone",
}  # fmt: skip
FORM = "funshitsu"


def saved(office: Office, base: str) -> dict[str, Any]:
    aid = base.split("/")[4]
    trip = next(t for t in office.kit.open_vault().trips.values() if t.kind == "field")
    found = records.find(trip, "application", aid)
    return found[0].body if found else {}


def fill_sheet(browser: Browser, base: str, form: str = FORM, **changes: str) -> None:
    """Every page of one form, as typed."""
    for number in range(1, 12):
        given = {**LOSS, **changes, "act": "next"}
        answer = browser.post(f"{base}/sheet/{form}/{number}", given)
        assert answer.status_code == 302, says(answer)
        if not answer.headers["Location"].endswith(f"/{form}/{number + 1}"):
            assert answer.headers["Location"] == f"{base}/papers#paper-{form}"
            return
    raise AssertionError("the form did not end")


def page(browser: Browser, path: str) -> str:
    return html.unescape(browser.text(browser.get(path)))


def test_what_the_application_says_is_shown_and_never_asked(boss: Browser, office: Office) -> None:
    base = office.visit()
    fill_form(boss, base, katagaki="花園荘 102")
    seen = page(boss, f"{base}/sheet/{FORM}/1")
    assert "交付申請書から" in seen and "市の設定から" in seen
    for value in ("𠮷田 髙子", "ヨシダ タカコ", "昭和20年3月5日", "花園荘 102", "汐見市長"):
        assert value in seen, value
    assert not re.search(r'name="(name|kana|birth|address|mayor)"', seen)
    link = re.search(rf'href="({base}/form/\d+)"', seen)
    assert link and 'name="name"' in page(boss, link[1])
    boss.post(f"{base}/sheet/{FORM}/1", {**LOSS, "name": "別人", "mayor": "別人", "act": "next"})
    kept = saved(office, base)["sheet_funshitsu"]["answers"]
    assert kept["loss"] == "lost" and not {"name", "mayor", "birth"} & set(kept)
    fill_form(boss, base, katagaki="新館 301")
    assert "新館 301" in page(boss, f"{base}/sheet/{FORM}/1"), "a later change is followed"


def test_own_answers_are_kept_with_the_version_and_reach_the_city(
    boss: Browser, office: Office
) -> None:
    base = office.visit()
    do_tasks(boss, base)
    fill_sheet(boss, base)
    kept = saved(office, base)["sheet_funshitsu"]
    assert kept["answers"]["suspended_on"] == "2026-06-30"
    assert re.fullmatch(r"\d{10}", kept["version"]) and kept["at"]
    assert "記入済み" in page(boss, f"{base}/papers")
    before = office.kit.open_vault().unnumbered
    fill_sheet(boss, base)
    assert office.kit.open_vault().unnumbered == before, "nothing changed, nothing is sent"
    close(boss, base)
    boss.post("/sync")
    while office.kit.progress.running:
        pass
    bodies = list(city_rows.bodies(office.city.store).values())
    sent = [body["sheet_funshitsu"] for body in bodies if "sheet_funshitsu" in body]
    assert kept in sent


def test_a_draft_outlives_a_power_cut_and_goes_with_its_page(boss: Browser, office: Office) -> None:
    base = office.visit()
    fill_form(boss, base)
    told = boss.post(f"{base}/sheet/{FORM}/draft", {"loss": "lost", "story": "書きかけの話"})
    assert json.loads(told.get_data())["saved"]
    assert "途中" in page(boss, f"{base}/papers")
    browser = cut_power(office)
    seen = page(browser, f"{base}/sheet/{FORM}/1")
    assert "書きかけの話" in seen and 'value="lost" checked' in seen
    assert "書きかけの話" not in page(browser, f"{base}/form/1")
    goes = browser.get(f"{base}/sheet/{FORM}")
    assert goes.headers["Location"] == f"{base}/sheet/{FORM}/1"
    browser.post(f"{base}/sheet/{FORM}/1", {**LOSS, "act": "next"})
    aid = base.split("/")[4]
    assert office.draft(aid, FORM) is None
    goes = browser.get(f"{base}/sheet/{FORM}")
    assert goes.headers["Location"] == f"{base}/sheet/{FORM}/2", "the first page that is not done"


def test_a_page_is_refused_as_a_page_of_the_application(boss: Browser, office: Office) -> None:
    base = office.visit()
    fill_form(boss, base)
    where = f"{base}/sheet/{FORM}/1"
    missing = boss.post(where, {**LOSS, "story": "", "act": "next"})
    assert missing.status_code == 422 and "（経緯）」を入れてください" in says(missing)
    long = boss.post(where, {**LOSS, "story": "あ" * 201, "act": "next"})
    assert long.status_code == 422 and "200文字以内" in says(long) and "あ" * 201 in boss.text(long)
    number = "123456789018"
    for act in ("next", "later"):
        never = boss.post(where, {**LOSS, "story": f"番号は {number} です", "act": act})
        assert never.status_code == 422 and "個人番号" in says(never)
        boss.post(f"{base}/sheet/{FORM}/draft", {"story": f"番号は {number}"})
    kept = b"".join(p.read_bytes() for p in office.settings.data_dir.rglob("*") if p.is_file())
    assert number.encode() not in kept
    assert number not in json.dumps(saved(office, base)) + json.dumps(
        office.draft(base.split("/")[4], FORM)
    )
    later = boss.post(where, {"loss": "lost", "act": "later"})
    assert later.headers["Location"] == f"{base}/papers#paper-{FORM}"
    assert "途中" in page(boss, f"{base}/papers")


def test_a_newer_form_keeps_what_was_answered(
    boss: Browser, office: Office, own_forms: Path
) -> None:
    base = office.visit()
    fill_form(boss, base)
    fill_sheet(boss, base)
    before = saved(office, base)["sheet_funshitsu"]
    table = own_forms / FORM / "form.md"
    text = table.read_text(encoding="utf-8")
    text = text.replace(before["version"], "2027010101").replace("| lost_where |", "| lost_place |")
    table.write_text(text, encoding="utf-8")
    layout = own_forms / FORM / "layout.toml"
    words = layout.read_text(encoding="utf-8").replace('"lost_where"', '"lost_place"')
    layout.write_text(words, encoding="utf-8")
    assert saved(office, base)["sheet_funshitsu"] == before, "a new form rewrites nothing"
    seen = page(boss, f"{base}/sheet/{FORM}/1")
    assert LOSS["story"] in seen and 'name="lost_place"' in seen
    fill_sheet(boss, base, lost_place="駅")
    after = saved(office, base)["sheet_funshitsu"]
    assert after["version"] == "2027010101"
    assert after["answers"]["lost_where"] == LOSS["lost_where"], "the old answer is still there"
    assert after["answers"]["lost_place"] == "駅"


def test_a_form_that_is_not_there_and_a_closed_visit(boss: Browser, office: Office) -> None:
    base = office.visit()
    fill_form(boss, base)
    for form in ("nothing", "..", "%2e%2e%2fprint", "fonts"):
        answer = boss.get(f"{base}/sheet/{form}/1")
        assert answer.status_code == 404, form
    assert boss.get(f"{base}/sheet/kofu_shinsei/1").headers["Location"] == f"{base}/form/1"
    assert boss.get(f"{base}/sheet/kofu_tegaki").headers["Location"] == f"{base}/form"
    assert boss.get(f"{base}/sheet/{FORM}/99").status_code == 302
    do_tasks(boss, base)
    fill_sheet(boss, base)
    close(boss, base)
    tries = (
        boss.post(f"{base}/sheet/{FORM}/1", {**LOSS, "story": "あとから", "act": "next"}),
        boss.post(f"{base}/sheet/{FORM}/1", {**LOSS, "act": "next"}),
        boss.post(f"{base}/sheet/{FORM}/draft", {"story": "あとから"}),
        boss.post(f"{base}/papers/hand", {"form": FORM, "by_hand": "yes"}),
    )
    for answer in tries:
        said = answer.get_json()["says"] if answer.is_json else says(answer)
        assert answer.status_code == 400 and "この訪問は終了しています" in said
    assert saved(office, base)["sheet_funshitsu"]["answers"]["story"] == LOSS["story"]


def test_nothing_typed_gets_into_addresses_heads_or_the_ledger(
    boss: Browser, office: Office
) -> None:
    base = office.visit()
    fill_form(boss, base)
    fill_sheet(boss, base, story="鷽鳥谷でなくした")
    ledger = [row["body"] for row in office.kit.open_vault().book.all("SELECT body FROM ledger")]
    seen = "\n".join([*boss.seen, *ledger])
    for word in ("鷽鳥谷", ANSWERS["name"], LOSS["lost_where"]):
        assert word not in seen and json.dumps(word)[1:-1] not in seen


TRIPS = """
| survey |
| | type | name | label::日本語 (ja) | required |
| | begin_repeat | person | いっしょに住む方 | |
| | text | who | 氏名 | yes |
| | date | born | 生年月日 | |
| | end_repeat | | | |
| | begin_group | last | おわり | |
| | text | note | 備考 | |
| | end_group | | | |
| settings |
| | form_title | form_id | version | default_language |
| | 世帯の届 | household | 2026070101 | 日本語 (ja) |
"""


def test_one_more_and_one_less_of_a_repeat(boss: Browser, office: Office, own_forms: Path) -> None:
    (own_forms / "household").mkdir()
    (own_forms / "household" / "form.md").write_text(TRIPS, encoding="utf-8")
    base = office.visit()
    fill_form(boss, base)
    url = f"{base}/sheet/household"

    def press(number: int, act: str, **given: str) -> str:
        named = {f"{name}[{number}]": text for name, text in given.items()}
        answer = boss.post(f"{url}/{number}", {**named, "act": act})
        assert answer.status_code == 302, says(answer)
        return answer.headers["Location"].removeprefix(url)

    assert "もう1件加える" in page(boss, f"{url}/1") and "消す" not in page(boss, f"{url}/1")
    assert press(1, "more", who="甲野 一", born="昭和20年3月5日") == "/2"
    assert press(2, "more", who="乙野 二") == "/3"
    boss.post(f"{url}/draft", {"who[3]": "丙野 三"})
    assert "丙野 三" in page(boss, f"{url}/3") and "もう1件加える" not in page(boss, f"{url}/1")
    missing = boss.post(f"{url}/3", {"who[3]": "", "act": "next"})
    assert missing.status_code == 422 and "「氏名」を入れてください" in says(missing)
    assert press(3, "next", who="丙野 三") == "/4"
    assert 'name="note"' in page(boss, f"{url}/4")
    assert press(2, "drop", who="乙野 二") == "/1"
    kept = saved(office, base)["sheet_household"]["answers"]
    assert (kept["person"], kept["who[1]"], kept["who[2]"]) == ("2", "甲野 一", "丙野 三")
    assert kept["who[3]"] == "" and kept["born[1]"] == "1945-03-05"
    assert "丙野 三" in page(boss, f"{url}/2") and 'name="note"' in page(boss, f"{url}/3")
    assert press(2, "more", who="丙野 三") == "/3"
    assert "丙野" not in page(boss, f"{url}/3"), "what was taken out does not come back"
