"""The screens answer as `fieldkit rules try` does: papers, fee, identity papers, renewal."""

from __future__ import annotations

import html
import re
from typing import Any

import pytest

from fieldkit.rules_try import answer
from tests.web.conftest import Browser, Office, fill_form, says

TODAY = "2026-07-01"
BIRTHS = {"adult": "1945-03-05", "child": "2014-05-05", "baby": "2025-07-02", "ward": "1945-03-05"}
AGENT = {"has_agent": "yes", "agent_name": "汐見 次郎", "agent_addr": "汐見市花園1丁目",
         "agent_tel": "0134-00-0000"}  # fmt: skip
KINDS = {
    "new": {"kind": "new"},
    "renew": {"kind": "renew"},
    "lost": {"kind": "reissue", "reason": "lost"},
    "damaged": {"kind": "reissue", "reason": "damaged"},
    "other": {"kind": "reissue", "reason": "other"},
}
WALKS = [
    # kind, who, papers shown, place, what else is answered
    ("new", "adult", ["driving_licence", "nenkin"], "home", {}),
    ("new", "adult", ["kaigo_hokensho", "nenkin"], "facility", {"send_kind": "facility"}),
    ("new", "adult", ["kaigo_hokensho"], "home", {"notice_card": "lost", "juki_card": "yes"}),
    ("new", "child", ["boshi_techo", "kodomo_iryo"], "home", {"hokensho": "yes"}),
    ("new", "baby", ["boshi_techo", "kodomo_iryo"], "home", {"express": "yes"}),
    ("new", "ward", ["driving_licence", "nenkin"], "facility", {"face_only": "yes"}),
    ("new", "adult", ["passport"], "home", {"face_only": "yes", "hokensho": "yes"}),
    ("renew", "adult", ["mynumber_card"], "home", {}),
    ("renew", "adult", ["mynumber_card"], "facility", {"send_kind": "facility"}),
    ("renew", "adult", ["mynumber_card"], "home", {"old_card": "no"}),
    ("renew", "child", ["mynumber_card"], "home", {"face_only": "yes"}),
    ("lost", "adult", ["driving_licence", "nenkin"], "home", {}),
    ("lost", "adult", ["kaigo_hokensho"], "home", {"express": "no"}),
    ("lost", "adult", ["passport"], "home", {"no_sign_cert": "yes", "no_auth_cert": "yes"}),
    ("lost", "adult", ["passport"], "home", {"no_sign_cert": "yes"}),
    ("lost", "child", ["boshi_techo"], "home", {"no_auth_cert": "yes"}),
    ("lost", "ward", ["kaigo_hokensho"], "facility", {"send_kind": "facility", "express": ""}),
    ("lost", "adult", ["passport"], "home", {"face_only": "yes"}),
    ("damaged", "adult", ["kaigo_hokensho"], "home", {}),
    ("damaged", "adult", ["mynumber_card", "nenkin"], "home", {"old_card": "no"}),
    ("other", "adult", ["mynumber_card"], "home", {}),
    ("other", "child", ["gakusei_sho"], "facility", {"send_kind": "home"}),
]  # fmt: skip


def answers_of(kind: str, who: str, more: dict[str, str]) -> dict[str, str]:
    given = {"hokensho": "no", "express": "yes", "birth": BIRTHS[who], **KINDS[kind], **more}
    if who != "adult":
        given |= AGENT | {"agent_rel": "guardian" if who == "ward" else "parent"}
    if given.get("send_kind") == "facility":
        given |= {"express": given["express"].replace("yes", "no"), "send_zip": "047-0024",
                  "send_addr": "汐見市花園2丁目", "send_name": "しおさい"}  # fmt: skip
    if given.get("face_only") == "yes":
        given["face_explained"] = "OK"
    return given


def said(given: dict[str, str], name: str, yes: str = "yes") -> bool:
    return given.get(name) == yes


def forms_by_rule(
    office: Office, kind: str, who: str, papers: list[str], place: str, given: dict[str, str]
) -> dict[str, str]:
    """What `rules try` asks for when the same case is told in its own words."""
    city, new = office.kit.city(), kind == "new"
    photo = any(city.id_papers.papers[code].klass == "A" for code in papers)
    case = {
        "kind": "forms", "applicant_kind": kind, "has_photo_id": photo, "handwritten": True,
        "wants_insurance": said(given, "hokensho"), "face_auth": said(given, "face_only"),
        "tsuchi_card_lost": new and said(given, "notice_card", "lost"),
        "has_juki_card": new and said(given, "juki_card"),
        "mail_elsewhere": said(given, "send_kind", "facility"),
        "card_kept": given.get("old_card") == "no", "has_agent": who != "adult",
        "under_15": who in ("child", "baby"), "facility": place == "facility",
        "collected": (new and said(given, "juki_card"))
        or (kind not in ("new", "lost") and given.get("old_card", "yes") == "yes"),
    }  # fmt: skip
    return {row["code"]: row["level"] for row in answer(case, city)["forms"]}


def forms_on_screen(page: str) -> dict[str, str]:
    blocks = re.findall(r'<li class="paper" id="paper-(\w+)">(.*?)</li>', page, re.S)
    return {code: "offer" if "paper-offer" in text else "must" for code, text in blocks}


def fee_by_rule(office: Office, kind: str, who: str, given: dict[str, str]) -> dict[str, Any]:
    no_sign = said(given, "no_sign_cert") or who in ("child", "baby", "ward")
    both_off = said(given, "no_auth_cert") and no_sign and not said(given, "face_only")
    case = {
        "kind": "fee", "applicant_kind": kind, "day": TODAY, "birth": BIRTHS[who],
        "certificate": not both_off,
    }  # fmt: skip
    wish = given["express"] if kind != "renew" else ""
    if wish or given.get("send_kind") == "facility":
        case["express"] = wish == "yes"
    if kind not in ("new", "lost"):
        case["old_card_returned"] = given.get("old_card", "yes") == "yes"
    return answer(case, office.kit.city())


def test_the_screens_use_the_same_rules(boss: Browser, office: Office) -> None:
    booked = [
        office.book(place=place, order=n, person={"birth": BIRTHS[who], "kind": kind})
        for n, (kind, who, _, place, _) in enumerate(WALKS, start=1)
    ]
    office.take_out()
    wrong = []
    for (rid, aid), (kind, who, papers, place, more) in zip(booked, WALKS, strict=True):
        base, given = f"/visit/{rid}/a/{aid}", answers_of(kind, who, more)
        fill_form(boss, base, **given)
        ticked = {"papers": papers, "rep_papers": [], "verified": "yes", "act": "fallback"}
        role = {"child": "minor", "baby": "under_1"}.get(who, "applicant")
        judged = answer({"kind": "id_papers", "papers": papers, "applicant_kind": kind,
                         "role": role, "day": TODAY}, office.kit.city())  # fmt: skip
        tried = html.unescape(boss.text(boss.post(f"{base}/id/try/self", ticked)))
        if judged["says"] not in tried or ("足りています" in tried) != (
            judged["answer"] == "enough"
        ):
            wrong.append((kind, who, papers, judged["says"], tried))
        assert boss.post(f"{base}/id", ticked).status_code == 302
        wanted = forms_by_rule(office, kind, who, papers, place, given)
        wanted.pop("kao_shomei", None) if judged["answer"] == "enough" and who == "adult" else None
        found = forms_on_screen(boss.text(boss.get(f"{base}/papers")))
        found.pop("inin", None)
        if found != wanted:
            wrong.append((kind, who, papers, wanted, found))
        fee, page = fee_by_rule(office, kind, who, given), boss.text(boss.get(f"{base}/fee"))
        shown = re.search(r'bill-yen">(.*?)<.*?bill-says">(.*?)</p>', page, re.S)
        assert shown
        yen = f"{fee['yen']:,}円" if fee["answer"] == "fee" else "まだ決まっていません"
        if yen != shown[1].strip() or fee["says"] not in html.unescape(shown[2]):
            wrong.append((kind, who, more, fee, shown.groups()))
    assert not wrong, "\n".join(str(one) for one in wrong)


@pytest.mark.parametrize(
    ("until", "words"),
    [
        ("令和8年10月2日", ["3か月前（令和8年7月2日）から", "申請の日を令和8年7月2日以後にする"]),
        ("令和8年6月30日", ["有効期限（令和8年6月30日）が過ぎています", "「再交付」"]),
        ("令和8年10月1日", []),
        ("令和8年7月1日", []),
    ],
)
def test_a_renewal_waits_for_its_window(
    boss: Browser, office: Office, until: str, words: list[str]
) -> None:
    """What the expiry on the card says is judged at once, and stops the page while it says no."""
    base = office.visit(person={"kind": "renew"})
    pages = {n: boss.text(boss.get(f"{base}/form/{n}")) for n in range(1, 8)}
    number = next(n for n, page in pages.items() if 'name="card_until"' in page)
    typed = {"old_card": "yes", "card_until": until, "act": "next"}
    answer = boss.post(f"{base}/form/{number}", typed)
    assert answer.status_code == (422 if words else 302)
    assert all(word in says(answer) for word in words), says(answer)


def test_a_renewal_that_became_too_late_cannot_be_confirmed(boss: Browser, office: Office) -> None:
    base = office.visit(person={"kind": "renew", "uses_as_insurance": "yes", "has_shikaku": "no"})
    fill_form(boss, base, kind="renew", card_until="令和8年7月1日")
    page = boss.text(boss.get(f"{base}/check"))
    assert "資格確認書を受け取るようご案内してください" in page
    assert "有効期限（" not in page.split("<section")[0]
    office.watch.move(24 * 3600)
    assert boss.log_in("suzuki").status_code == 302
    assert "有効期限（令和8年7月1日）が過ぎています" in boss.text(boss.get(f"{base}/check"))
    fee = boss.text(boss.get(f"{base}/fee"))
    assert "まだ決まっていません" in fee and "担当課に電話で手数料を確かめる" in fee


def test_a_first_card_by_express_needs_its_ground(boss: Browser, office: Office) -> None:
    """A returnee's first card may go by express; the screen offers the grounds, not re-issue's."""
    base = office.visit(person={"kind": "new"})
    fill_form(boss, base, kind="new", express="yes")
    page = boss.text(boss.get(f"{base}/fee"))
    assert "特急発行の対象ではありません" in page and "国外からの転入" in page
    assert "再交付の理由" not in page and 'value="LOST"' not in page
    refused = boss.post(f"{base}/fee", {"reason_code": "FIRST_ISSUE", "act": "receive"})
    assert refused.status_code == 422
    said_new = boss.post(f"{base}/fee", {"reason_code": "FROM_ABROAD", "act": "receive"})
    assert said_new.status_code == 422 and "手数料は0円です" in says(said_new)
    done = boss.post(f"{base}/fee", {"reason_code": "FROM_ABROAD", "act": "receive"})
    assert done.status_code == 302 and done.headers["Location"] == base


def test_a_re_issue_is_not_offered_the_reasons_of_a_first_card(
    boss: Browser, office: Office
) -> None:
    base = office.visit()
    fill_form(boss, base)
    page = boss.text(boss.get(f"{base}/fee"))
    assert 'value="STOLEN"' in page and 'value="FROM_ABROAD"' in page
    assert 'value="FIRST_ISSUE"' not in page and 'value="RENEWAL"' not in page


def test_papers_are_weighed_again_when_the_kind_changes(boss: Browser, office: Office) -> None:
    """The old card alone identifies a renewal; nobody is identified by it who says it is lost."""
    base = office.visit(person={"kind": "renew"})
    shown = {"papers": ["mynumber_card"], "verified": "yes"}
    assert boss.post(f"{base}/id", shown).status_code == 302
    fill_form(boss, base, kind="renew")
    again = "確認した本人確認書類では足りなくなりました"
    assert again not in boss.text(boss.get(f"{base}/check"))
    fill_form(boss, base)
    assert again in boss.text(boss.get(f"{base}/check"))
    more = {"papers": ["driving_licence", "nenkin"], "verified": "yes"}
    assert boss.post(f"{base}/id", more).status_code == 302
    assert again not in boss.text(boss.get(f"{base}/check"))


@pytest.mark.parametrize(("reason", "yen"), [("lost", "1,000円"), ("damaged", "2,000円")])
def test_the_day_of_a_loss_counts_for_a_card_that_is_gone(
    boss: Browser, office: Office, reason: str, yen: str
) -> None:
    """The desk noted a loss 31 days ago; at home the card is found, broken."""
    base = office.visit(person={"loss_report_date": "2026-05-31"})
    fill_form(boss, base, reason=reason, express="")
    assert re.search(rf'bill-yen">\s*{yen}', boss.text(boss.get(f"{base}/fee")))


def test_a_card_that_goes_to_a_facility_is_no_express_card(boss: Browser, office: Office) -> None:
    """Nobody answered the question of express: the city's custom gives way to the address."""
    base = office.visit(place="facility")
    sent = {"send_kind": "facility", "send_zip": "047-0024", "send_addr": "汐見市花園2丁目"}
    fill_form(boss, base, express="", **sent)
    page = boss.text(boss.get(f"{base}/fee"))
    assert "通常発行" in page and re.search(r'bill-yen">\s*1,000円', page)
    assert "特急発行のカードは" not in boss.text(boss.get(f"{base}/check"))
