"""What (ア), (イ) and (エ) ask: the cards at hand, wards, where the card goes, and never a PIN."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from fieldkit.forms import Form, load_form
from tests.forms.form_cases import FORMS, TODAY

NAMES = ("kofu_shinsei", "kofu_tegaki", "pin_sofu", "hoken_doi")
OWN = ("kofu_shinsei", "pin_sofu", "hoken_doi")
LANGUAGES = ("ja", "easy", "en")
LABELS = ("日本語 (ja)", "やさしい日本語 (easy)", "English (en)")
CARDS = {"notice_card", "juki_card", "old_card", "old_card_note"}


def form(name: str = "kofu_shinsei") -> Form:
    return load_form(FORMS, name)


def filled(name: str = "kofu_shinsei", **changes: str) -> dict[str, str]:
    return dict(form(name).sample) | changes


@pytest.mark.parametrize(
    ("changes", "asked"),
    [
        ({"kind": "new"}, {"notice_card", "juki_card"}),
        ({"kind": "renew"}, {"old_card"}),
        ({"kind": "renew", "old_card": "yes"}, {"old_card", "old_card_note"}),
        ({"kind": "reissue", "reason": "damaged"}, {"old_card"}),
        ({"kind": "reissue", "reason": "other"}, {"old_card"}),
        ({"kind": "reissue", "reason": "lost"}, set()),
        ({"kind": "reissue", "reason": ""}, set()),
    ],
)
def test_it_asks_for_the_cards_that_can_be_at_hand(
    changes: dict[str, str], asked: set[str]
) -> None:
    state = form().evaluate(filled(**changes), TODAY)
    assert state.relevant & CARDS == asked
    assert ("cards" in {page.name for page in state.pages}) is bool(asked)


@pytest.mark.parametrize(
    ("changes", "missing"),
    [
        ({"kind": "new"}, ("notice_card",)),
        ({"kind": "new", "notice_card": "none"}, ()),
        ({"kind": "renew"}, ("old_card", "card_until")),
        ({"kind": "renew", "old_card": "no", "card_until": "2026-09-01"}, ()),
    ],
)
def test_it_demands_an_answer_for_them(changes: dict[str, str], missing: tuple[str, ...]) -> None:
    assert form().evaluate(filled(**changes), TODAY).missing == missing


WARD = {
    "has_agent": "yes",
    "agent_name": "汐見　花子",
    "agent_rel": "guardian",
    "agent_addr": "北海道汐見市花園9丁目99番9号",
    "agent_tel": "0134-00-0000",
}


def test_an_adult_ward_gets_no_signature_certificate() -> None:
    """domain §2.6: 成年被後見人 has none, and is not asked."""
    state = form().evaluate(filled(no_sign_cert="no", **WARD), TODAY)
    assert state.complete
    assert "no_sign_cert" not in state.relevant and "ward_note" in state.relevant
    assert state.values["sign_off"] == "yes" and state.values["auth_off"] == "no"
    parent = form().evaluate(filled(no_sign_cert="no", **WARD | {"agent_rel": "parent"}), TODAY)
    assert parent.values["sign_off"] == "no"


@pytest.mark.parametrize(
    ("birth", "told"),
    [
        ("2011-07-02", True),
        ("2011-09-30", True),
        ("2011-10-01", False),
        ("2011-07-01", False),
        ("2012-01-01", False),
    ],
)
def test_it_tells_of_a_fifteenth_birthday_before_the_issue(birth: str, told: bool) -> None:
    state = form().evaluate(filled(birth=birth, **WARD | {"agent_rel": "parent"}), TODAY)
    assert ("soon15_note" in state.relevant) is told


def test_a_special_permanent_resident_has_no_end_of_stay() -> None:
    stay = {"foreign": "yes", "stay_until": "2029-12-31"}
    for kind, asked in (("mid_long", True), ("special", False), ("", True)):
        state = form().evaluate(filled(resident_class=kind, **stay), TODAY)
        assert ("stay_until" in state.relevant) is asked
    home = form().evaluate(filled(**stay | {"foreign": "no"}), TODAY)
    assert not {"resident_class", "stay_until"} & home.relevant


def test_the_card_goes_elsewhere_with_a_postal_code() -> None:
    gone = {"express": "no", "send_kind": "facility", "send_addr": "北海道汐見市緑9丁目"}
    assert form().evaluate(filled(**gone), TODAY).missing == ("send_zip",)
    bad = form().evaluate(filled(**gone, send_zip="047"), TODAY)
    assert "郵便番号" in dict(bad.violations)["send_zip"]


@pytest.mark.parametrize(
    ("changes", "boxes"),
    [
        ({}, ("yes", "yes", "yes")),
        ({"sign_off": "yes"}, ("no", "yes", "yes")),
        ({"auth_off": "yes"}, ("yes", "no", "yes")),
        ({"sign_off": "yes", "auth_off": "yes"}, ("no", "no", "yes")),
        ({"birth": "2015-01-01"}, ("no", "yes", "yes")),
        ({"face_only": "yes"}, ("no", "no", "no")),
    ],
)
def test_it_knows_which_pins_a_card_needs(changes: dict[str, str], boxes: tuple[str, ...]) -> None:
    """domain §4.1: ③ and ④ are needed even without certificates; a face card needs none."""
    values = form("pin_sofu").evaluate(filled("pin_sofu", **changes), TODAY).values
    assert tuple(values[name] for name in ("box1", "box2", "box34")) == boxes


@pytest.mark.parametrize(
    ("changes", "missing"),
    [
        ({"send_kind": "home", "send_reason": ""}, ()),
        ({"send_kind": "facility", "send_reason": ""}, ("send_reason",)),
        ({"send_kind": "other", "send_reason": "other"}, ("send_reason_text",)),
        ({"send_kind": "other", "send_reason": "hospital"}, ()),
    ],
)
def test_it_asks_why_the_card_goes_elsewhere(
    changes: dict[str, str], missing: tuple[str, ...]
) -> None:
    assert form("pin_sofu").evaluate(filled("pin_sofu", **changes), TODAY).missing == missing


@pytest.mark.parametrize(
    ("start", "end", "good"),
    [
        ("2026-06-01", "2026-12-31", True),
        ("", "2026-12-31", True),
        ("2026-06-01", "", True),
        ("2026-12-31", "2026-12-01", False),
        ("2025-06-01", "2026-06-30", False),
    ],
)
def test_a_stay_ends_after_it_begins_and_not_in_the_past(start: str, end: str, good: bool) -> None:
    answers = filled("pin_sofu", send_from=start, send_to=end)
    assert (not form("pin_sofu").evaluate(answers, TODAY).violations) is good


def test_no_question_of_these_forms_takes_a_pin_or_the_number() -> None:
    for name in OWN:
        for question in form(name).questions:
            words = f"{question.label}{question.name}".replace("暗証番号なし", "")
            if question.type not in ("note", "calculate"):
                assert "暗証番号" not in words and "pin" not in words.lower(), question.name
                assert "個人番号" not in words.replace("個人番号カード", ""), question.name
    taken = {q.name for q in form("pin_sofu").questions if q.type in ("text", "integer", "decimal")}
    assert taken == {
        "mayor", "kana", "name", "tel", "zip", "address", "katagaki", "send_zip", "send_addr",
        "send_name", "send_reason_text", "agent_name", "agent_addr", "agent_tel", "scribe",
        "scribe_rel",
    }  # fmt: skip


@pytest.mark.parametrize("name", OWN)
def test_every_question_has_its_words_in_three_languages(name: str) -> None:
    text = (FORMS / name / "form.md").read_text(encoding="utf-8")
    for sheet in re.split(r"(?m)^\| (?=survey|choices|settings)", text)[1:3]:
        head, *rows = [
            [cell.strip() for cell in line.strip("|").split("|")] for line in sheet.splitlines()[1:]
        ]
        spots = [head.index(f"label::{language}") for language in LABELS]
        for row in rows:
            words = [row[spot] for spot in spots]
            assert all(words) or row[1] in ("calculate", "end_group"), row
            assert len(set(words)) > 1 or not words[0], row


@pytest.mark.parametrize("name", NAMES)
def test_the_consent_has_one_version_in_three_languages(name: str) -> None:
    made = form(name)
    assert made.consent is not None
    for kind in {key.split(".")[0] for key in made.wordings}:
        texts = [made.wordings[f"{kind}.{language}"] for language in LANGUAGES]
        assert {t.version for t in texts} == {made.consent.version}
        assert len({t.text for t in texts}) == 3 and all(len(t.text) > 60 for t in texts)


def test_the_handwriting_sheet_borrows_the_wording_and_sees_its_change(own_forms: Path) -> None:
    assert load_form(own_forms, "kofu_tegaki").consent == form().consent
    assert not list((own_forms / "kofu_tegaki").glob("*.md"))
    wording = own_forms / "kofu_shinsei" / "consent.ja.md"
    text = wording.read_text(encoding="utf-8").replace("2026-07-01", "2026-08-15")
    wording.write_text(text, encoding="utf-8")
    changed = load_form(own_forms, "kofu_tegaki").consent
    assert changed is not None and changed.version == "2026-08-15"


def test_the_insurance_consent_does_not_say_that_it_is_for_ever() -> None:
    """domain §6.4: whether it can be cancelled changed in 2024, so the law is not claimed."""
    for language in LANGUAGES:
        words = form("hoken_doi").wording("consent", language)
        assert words is not None
        assert not re.search("取り消|解除(する|)ことはでき|できません|cannot", words.text)
        last = words.text.split("\n\n")[-1]
        assert last.startswith("3. "), "the sentence about ending stands alone"


@pytest.mark.parametrize("name", ("pin_sofu", "hoken_doi"))
def test_what_stands_on_two_papers_is_copied(name: str) -> None:
    made, source = form(name), {q.name for q in form().questions}
    copied = made.layout["copied"]
    for question, place in copied.items():
        table, _, key = place.partition(".")
        assert made.question(question)
        assert table == "city" or key in source, place
        if table == "application" and form().question(key).choices:
            known = {c.name for c in made.question(question).choices}
            assert {c.name for c in form().question(key).choices} <= known
    asked = [q.name for q in made.questions if q.type not in ("note", "calculate")]
    own = [n for n in asked if n not in copied]
    assert own == (
        ["explained"]
        if name == "hoken_doi"
        else ["send_reason", "send_reason_text", "send_from", "send_to"]
    )


HOUSE = {"postal": "0470024", "address": "汐見市花園9丁目", "katagaki": "しおさい苑",
         "phone": "0134-00-0000"}  # fmt: skip


def test_a_facility_is_where_the_card_may_go_not_where_people_are_registered() -> None:
    at_home = form().prefill(HOUSE | {"place": "home"}, {"name": "汐見　太郎"})
    assert (at_home["zip"], at_home["address"]) == ("047-0024", "汐見市花園9丁目")
    assert not {"send_zip", "send_addr", "send_name", "send_kind"} & set(at_home)
    there = form().prefill(HOUSE | {"place": "facility"}, {"name": "汐見　太郎"})
    assert (there["send_zip"], there["send_addr"]) == ("047-0024", "汐見市花園9丁目")
    assert there["send_name"] == "しおさい苑" and there["tel"] == "0134-00-0000"
    assert not {"zip", "address", "katagaki", "send_kind"} & set(there)
    listed = {"name": "汐見　太郎", "postal": "0470031", "address": "汐見市緑9丁目"}
    known = form().prefill(HOUSE | {"place": "facility"}, listed)
    assert (known["zip"], known["address"]) == ("047-0031", "汐見市緑9丁目")


@pytest.mark.parametrize(("can_write", "scribed"), [("no", "yes"), ("yes", None), ("unsure", None)])
def test_who_cannot_write_has_a_scribe(can_write: str, scribed: str | None) -> None:
    assert form().prefill({}, {"can_write": can_write}).get("scribed") == scribed
