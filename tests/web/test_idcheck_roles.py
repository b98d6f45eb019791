"""本人確認書類 on screen: two blocks where a representative applies; only kinds are recorded."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from fieldkit.store import records
from tests.web.conftest import Browser, Office, fill_form, says

YOUNG = {"person": {"birth": "2014-05-05", "kind": "new"}}
Change = Callable[[str, str, str], None]


def checked(office: Office, base: str) -> dict[str, Any]:
    aid = base.split("/")[4]
    trip = next(t for t in office.kit.open_vault().trips.values() if t.kind == "field")
    found = records.find(trip, "application", aid)
    return dict(found[0].get("id_check") or {}) if found else {}


def test_a_child_comes_with_a_parent(boss: Browser, office: Office) -> None:
    base = office.visit(**YOUNG)
    page = boss.text(boss.get(f"{base}/id"))
    assert "ご本人（15歳未満）の書類" in page and "法定代理人（親権者）の書類" in page
    own = {"papers": ["boshi_techo", "kodomo_iryo"], "verified": "yes"}
    answer = boss.post(f"{base}/id", own)
    assert answer.status_code == 422
    assert "法定代理人（親権者）：A 0点・B 0点" in says(answer) and "示すもの" in says(answer)
    assert not checked(office, base)
    parent = {**own, "rep_papers": ["driving_licence", "nenkin"]}
    assert "示すもの" in says(boss.post(f"{base}/id", parent))
    wrong = boss.post(f"{base}/id", {**parent, "rep_proof": "toki_jiko"})
    assert wrong.status_code == 422, "a registration certificate shows no parent"
    done = boss.post(f"{base}/id", {**parent, "rep_proof": "same_household"})
    assert done.status_code == 302
    kept = checked(office, base)
    assert kept["outcome"] == "ok" and kept["rep_role"] == "legal_parent"
    assert kept["rep_papers"] == ["driving_licence", "nenkin"]
    assert kept["rep_proof"] == "same_household"
    assert set(kept) == {
        "papers", "verified", "outcome", "verifier", "at", "rep_role", "rep_papers", "rep_proof"
    }  # fmt: skip
    again = boss.text(boss.get(f"{base}/id"))
    assert 'value="same_household" checked' in again


def test_each_block_counts_for_itself(boss: Browser, office: Office) -> None:
    base = office.visit(**YOUNG)
    ticked = {"papers": ["boshi_techo", "kodomo_iryo"], "rep_papers": ["driving_licence"]}
    assert "足りています" in boss.text(boss.post(f"{base}/id/try/self", ticked))
    rep = boss.text(boss.post(f"{base}/id/try/rep", ticked))
    assert "まだ足りません" in rep and "A 1点・B 0点 → あと A または B を1点" in rep
    assert "ほかのそろえ方" not in rep, "the sentence has named them all"
    assert boss.post(f"{base}/id/try/other", ticked).status_code == 404


def test_short_papers_of_the_parent_mean_the_counter(boss: Browser, office: Office) -> None:
    base = office.visit(**YOUNG)
    given = {"papers": ["boshi_techo", "kodomo_iryo"], "rep_papers": ["nenkin"],
             "verified": "yes", "act": "fallback"}  # fmt: skip
    assert boss.post(f"{base}/id", given).status_code == 302
    assert checked(office, base)["outcome"] == "FALLBACK_PICKUP"
    assert "委任状" not in boss.text(boss.get(f"{base}/papers")), "the parent comes, nobody else"


def test_an_adult_alone_sees_one_block(boss: Browser, office: Office) -> None:
    base = office.visit()
    one = boss.text(boss.post(f"{base}/id/try/self", {"papers": ["driving_licence"]}))
    assert "<li>ほかのそろえ方：通知カードか個人番号通知書と B 1点</li>" in one
    old = {"papers": ["driving_licence", "hokensho"]}
    assert "「健康保険証（令和7年12月1日まで）」は令和7年12月1日までの書類なので" in boss.text(
        boss.post(f"{base}/id/try/self", old)
    )
    page = boss.text(boss.get(f"{base}/id"))
    assert "法定代理人" not in page and 'name="rep_papers"' not in page
    assert (
        boss.post(
            f"{base}/id",
            {"papers": ["driving_licence", "nenkin"], "verified": "yes", "rep_proof": "x"},
        ).status_code
        == 302
    )
    assert "rep_role" not in checked(office, base)


def test_a_guardian_named_later_is_checked_before_the_end(boss: Browser, office: Office) -> None:
    base = office.visit()
    papers = {"papers": ["driving_licence", "nenkin"], "verified": "yes"}
    assert boss.post(f"{base}/id", papers).status_code == 302
    fill_form(
        boss, base, has_agent="yes", agent_name="汐見 次郎", agent_rel="guardian",
        agent_addr="北海道汐見市花園1丁目", agent_tel="0134-00-0000",
    )  # fmt: skip
    left = boss.text(boss.get(f"{base}/check"))
    assert "法定代理人（成年後見人）の本人確認書類の確認がまだです" in left
    page = boss.text(boss.get(f"{base}/id"))
    assert "成年後見人のいる方のご自宅への出張申請は受け付けていません" in page
    assert "登記事項証明書（発行から3か月以内）" in page
    more = {**papers, "rep_papers": ["passport", "nenkin"], "rep_proof": "toki_jiko"}
    assert boss.post(f"{base}/id", more).status_code == 302
    left = boss.text(boss.get(f"{base}/check"))
    assert "の本人確認書類の確認がまだです" not in left
    assert "旅券（パスポート）・年金手帳・年金証書" in left and "登記事項証明書" in left


def test_a_city_that_copies_papers_asks_for_consent(
    boss: Browser, office: Office, own_forms: Any
) -> None:
    table = own_forms / "id_papers.toml"
    text = table.read_text(encoding="utf-8")
    assert "copy_consent = false" in text
    table.write_text(text.replace("copy_consent = false", "copy_consent = true"), encoding="utf-8")
    base = office.visit()
    papers = {"papers": ["driving_licence", "nenkin"], "verified": "yes"}
    assert "写しの提出に同意" in says(boss.post(f"{base}/id", papers))
    assert boss.post(f"{base}/id", {**papers, "copy_consent": "yes"}).status_code == 302
    assert checked(office, base)["copy_consent"] == "yes"


@pytest.mark.parametrize("typed", ["123456789012", "A1234567"])
def test_nothing_but_known_kinds_is_kept(boss: Browser, office: Office, typed: str) -> None:
    base = office.visit(**YOUNG)
    boss.post(
        f"{base}/id",
        {"papers": ["boshi_techo", typed], "rep_papers": [typed], "rep_proof": typed,
         "number": typed, "verified": "yes", "act": "fallback"},
    )  # fmt: skip
    kept = checked(office, base)
    assert kept["outcome"] == "FALLBACK_PICKUP"
    assert typed not in json.dumps(kept, ensure_ascii=False)


def test_the_report_on_the_sheet_starts_the_express_clock(boss: Browser, office: Office) -> None:
    """The desk noted no day; the 紛失・廃止届 says the report was 31 days ago: no express."""
    base = office.visit()
    fill_form(boss, base)
    before = boss.text(boss.get(f"{base}/fee"))
    assert "2,000円" in before
    aid = base.split("/")[4]
    vault = office.kit.open_vault()
    trip = next(t for t in vault.trips.values() if t.kind == "field")
    application = records.find(trip, "application", aid)[0]
    sheet = {"version": "1", "answers": {"report_date": "2026-05-01"}, "at": ""}
    records.save(vault, trip, "application", {"sheet_funshitsu": sheet}, application.id, aid)
    after = boss.text(boss.get(f"{base}/fee"))
    assert "2,000円" not in after and "1,000円" in after and "通常発行になります" in after


def test_the_list_of_papers_follows_the_answers(boss: Browser, office: Office) -> None:
    base = office.visit(person={"kind": "new"})
    more = {"reason": "", "notice_card": "hand_in", "juki_card": "yes", "express": "no",
            "form_id": "12345678901234567890123"}  # fmt: skip
    fill_form(boss, base, kind="new", **more)
    page = boss.text(boss.get(f"{base}/papers"))
    assert "住民基本台帳カード返納届" in page and "預り証" in page
    assert "通知カード紛失届" not in page and "（手書き用）" not in page


def test_the_check_page_warns_of_a_card_that_may_not_arrive(boss: Browser, office: Office) -> None:
    """An express card goes to the registered address; a resident of a facility may miss it."""
    base = office.visit(place="facility")
    fill_form(boss, base)
    page = boss.text(boss.get(f"{base}/check"))
    assert "ご本人と確かめること" in page and "受け取れないことがあります" in page
    home = boss.text(boss.get(f"{base}/id"))
    assert "受け取れないことがあります" not in home


def test_the_check_page_warns_of_a_birthday_before_the_card(boss: Browser, office: Office) -> None:
    soon = office.visit(person={"birth": "2011-07-20", "kind": "new"})
    assert "カードができるまでに15歳になります" in boss.text(boss.get(f"{soon}/check"))


def test_nothing_is_warned_of_without_a_cause(boss: Browser, office: Office) -> None:
    base = office.visit()
    assert "ご本人と確かめること" not in boss.text(boss.get(f"{base}/check"))
