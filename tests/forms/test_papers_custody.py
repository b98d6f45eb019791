"""Cards that change hands: the return notices (カ)(ク) and the custody receipt."""

from __future__ import annotations

import pytest

from fieldkit.forms import load_form
from tests.forms.form_cases import FORMS, pdf_text
from tests.forms.notice_cases import marked, page_of, paper, sample, state
from tests.needs import needs

pytestmark = needs("poppler-utils")


@pytest.mark.parametrize(
    "reason", ["space", "damaged", "chip", "expired", "abroad", "voluntary", "other"]
)
def test_the_return_notice_ticks_the_reason(reason: str) -> None:
    form = load_form(FORMS, "henno")
    seen = marked(form, page_of(paper("henno", sample("henno", why=reason))))
    assert seen["reason"] == {reason}
    assert seen["given"] == {"yes"}
    assert seen["revoke_sign"] == {"yes"} and seen["revoke_auth"] == {"yes"}


def test_a_renewal_returns_the_card_without_another_question() -> None:
    answers = sample("henno", kind="renew", why="", why_other="", envelope_no="")
    renewal = state("henno", answers)
    assert "why" not in renewal.relevant
    assert renewal.missing == ("envelope_no",)
    pdf = paper("henno", answers)
    assert marked(load_form(FORMS, "henno"), page_of(pdf))["reason"] == {"renew"}
    assert "個人番号カード1枚" in pdf_text(pdf)


def test_a_card_that_is_not_returned_needs_a_reason_and_no_envelope() -> None:
    kept = state("henno", sample("henno", old_card="no"))
    assert kept.missing == ("not_given",)
    assert "envelope_no" not in kept.relevant
    text = pdf_text(paper("henno", sample("henno", old_card="no", not_given="捨てた")))
    assert "個人番号カード1枚" not in text and "捨てた" in text


@pytest.mark.parametrize("number", ["123456789012", "AB12345678", "一番", "A 1"])
@pytest.mark.parametrize("name", ["henno", "juki_henno"])
def test_an_envelope_number_cannot_hold_the_number_of_a_card(name: str, number: str) -> None:
    wrong = [field for field, _ in state(name, sample(name, envelope_no=number)).violations]
    assert wrong == ["envelope_no"]


def test_a_lost_juki_card_needs_the_story_and_no_envelope() -> None:
    gone = state("juki_henno", sample("juki_henno", state="lost"))
    assert gone.missing == ("lost_when", "story")
    pdf = paper("juki_henno", sample("juki_henno", state="lost", story="捨てた"))
    text = pdf_text(pdf)
    assert "住民基本台帳カード1枚" not in text and "A-13" not in text
    assert "個人番号カードの交付を受けるため" in text
    assert marked(load_form(FORMS, "juki_henno"), page_of(pdf))["state"] == {"lost"}


def test_the_custody_receipt_says_the_same_on_both_halves() -> None:
    text = pdf_text(paper("azukari", sample("azukari", received_on="2026-06-30")))
    for words in ("葛󠄀城𠮷子", "41-2", "令和8年6月30日", "5点", "髙橋一郎", "0134-00-0000"):
        assert text.count(words) == 2, words
    assert "ご本人用" in text and "市の控え" in text


@pytest.mark.parametrize(
    ("changes", "ticked", "pieces"),
    [
        ({"old_card": "yes"}, {"has_old"}, "1"),
        ({"notice_card": "hand_in"}, {"has_notice"}, "1"),
        ({"notice_card": "lost", "juki_card": "yes"}, {"has_juki"}, "1"),
        ({"pin_envelope": "yes", "pin_sealed": "OK"}, {"pin_envelope"}, "1"),
        ({"old_card": "yes", "other_thing": "写真"}, {"has_old"}, "2"),
    ],
)
def test_the_custody_receipt_counts_what_was_taken(
    changes: dict[str, str], ticked: set[str], pieces: str
) -> None:
    bare = dict.fromkeys(("old_card", "notice_card", "juki_card", "pin_sealed", "other_thing"), "")
    answers = sample("azukari", **(bare | {"pin_envelope": "no"} | changes))
    found = state("azukari", answers)
    assert found.complete
    assert found.values["pieces"] == pieces
    pdf = paper("azukari", answers)
    assert set(marked(load_form(FORMS, "azukari"), page_of(pdf))) == ticked
    assert f"{pieces}点" in pdf_text(pdf)


def test_an_envelope_is_taken_only_sealed() -> None:
    assert state("azukari", sample("azukari", pin_sealed="")).missing == ("pin_sealed",)


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("ja", "暗証番号は、職員からお尋ねすることはありません"),
        ("easy", "市の人は、あなたに暗証番号を聞きません"),
        ("en", "OurstaffneveraskforyourPINs"),
    ],
)
def test_the_receipt_speaks_the_applicants_language_and_the_city_copy_japanese(
    language: str, words: str
) -> None:
    text = pdf_text(paper("azukari", sample("azukari"), language))
    assert words in text
    assert "いままでの個人番号カード（マイナンバーカード）" in text
    assert "預り証（市の控え）" in text
