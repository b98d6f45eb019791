"""What all notices (ウ)(オ)–(ク), the custody receipt and the proxy form promise on paper."""

from __future__ import annotations

import tomllib

import pytest

from fieldkit import desk
from fieldkit.form_check import check_form
from fieldkit.forms import load_form
from fieldkit.paper import CannotPrint
from fieldkit.paper.dates import wareki_text
from fieldkit.rules.personal_number import check_digit
from tests.forms.form_cases import FORMS, pdf_text
from tests.forms.notice_cases import (
    CERTIFIERS,
    NOTICES,
    ink,
    longest,
    marked,
    page_of,
    paper,
    sample,
    signature_boxes,
    state,
    thick_boxes,
)
from tests.needs import needs

pytestmark = needs("poppler-utils")
NUMBER = "12345678901" + str(check_digit("12345678901"))


@pytest.mark.parametrize("name", NOTICES)
def test_it_passes_the_check_of_forms(name: str) -> None:
    assert check_form(FORMS, name) == []


@pytest.mark.parametrize("name", NOTICES)
def test_it_gives_every_sample_value_back(name: str) -> None:
    form = load_form(FORMS, name)
    values = state(name, form.sample).values
    pdf = paper(name, form.sample)
    text, seen = pdf_text(pdf), marked(form, page_of(pdf))
    kinds: dict[str, str] = {e["name"]: e["kind"] for e in form.layout["field"]}
    for question, kind in kinds.items():
        value = values.get(question, "")
        if not value or kind not in ("text", "wareki", "check", "circle"):
            continue
        if kind in ("check", "circle"):
            chosen = {e.get("on", "yes") for e in form.layout["field"] if e["name"] == question}
            expected = {value} if kind == "circle" or value in chosen else set()
            assert seen.get(question, set()) == expected, question
        else:
            shown = form.question(question).label_of(value)
            words = wareki_text(value) if kind == "wareki" else shown
            assert "".join(words.split()) in text, question


@pytest.mark.parametrize("name", NOTICES)
def test_every_own_answer_of_the_sample_reaches_the_paper(name: str) -> None:
    """A question that is not printed itself must be the source of one that is."""
    form = load_form(FORMS, name)
    hidden = set(form.layout.get("unprinted", []))
    sums = " ".join(q.calculate_expr + q.relevant_expr for q in form.questions)
    for question in hidden:
        assert form.question(question).path in sums or question == "pin_sealed", question


@pytest.mark.parametrize("name", NOTICES)
def test_it_keeps_rare_letters(name: str) -> None:
    text = pdf_text(paper(name, sample(name, name="葛󠄀城　𠮷髙﨑ヴィ子")))
    assert "葛󠄀城𠮷髙﨑ヴィ子" in text


@pytest.mark.parametrize("name", NOTICES)
@pytest.mark.parametrize("filled", [True, False])
def test_it_leaves_the_boxes_for_the_hand_empty(name: str, filled: bool) -> None:
    """Signature, date, seal: below the words of the box there is room, and nothing is printed."""
    form = load_form(FORMS, name)
    answers = sample(name) if filled else {}
    page = page_of(paper(name, answers, blank=not filled))
    values = state(name, answers).values
    signed = signature_boxes(form, values)
    assert signed
    for box, seal in signed:
        assert ink(page, box["x"] + 2, box["y"] + 6, seal["x"] - box["x"] - 4, box["h"] - 8) == 0
    for box in thick_boxes(form, values):
        if "label" in box:
            left, wide = box["x"] + box["label_w"], box["w"] - box["label_w"]
            assert ink(page, left + 2, box["y"] + 5.5, wide - 4, box["h"] - 6.5) == 0, box


@pytest.mark.parametrize("name", NOTICES)
def test_it_prints_empty_for_the_hand(name: str) -> None:
    pdf = paper(name, {}, blank=True)
    assert marked(load_form(FORMS, name), page_of(pdf)) == {}
    for words in ("葛", "汐見", "0134", "047-"):
        assert words not in pdf_text(pdf)


@pytest.mark.parametrize("name", NOTICES)
def test_it_has_no_box_for_a_number_of_a_person_or_a_card(name: str) -> None:
    form = load_form(FORMS, name)
    assert not form.layout.get("digits_blank")
    labels = [str(box.get("label", "")) for box in form.layout["box"]]
    assert not [label for label in labels if "個人番号" in label and label != "個人番号カード"]
    assert not [label for label in labels if "暗証" in label]


@pytest.mark.parametrize("name", NOTICES)
def test_it_refuses_the_individual_number_in_every_text(name: str) -> None:
    form = load_form(FORMS, name)
    texts = [q.name for q in form.questions if q.type == "text"]
    relevant = state(name, sample(name)).relevant
    assert texts
    for question in texts:
        if question in relevant:
            wrong = dict(state(name, sample(name, **{question: NUMBER})).violations)
            assert question in wrong, question


@pytest.mark.parametrize("name", NOTICES)
def test_an_answer_as_long_as_its_rule_allows_fits(name: str) -> None:
    form = load_form(FORMS, name)
    choices = {
        "kao_shomei": [{"situation": one} for one in CERTIFIERS],
        "funshitsu": [{"loss": one} for one in ("lost", "other")] + [{"police_no_told": ""}],
        "henno": [{"given_now": "yes"}, {"old_card": "no"}],
        "juki_henno": [{"state": "lost"}],
        "inin": [{"act": "other"}],
    }.get(name, [{}])
    for change in choices:
        full = {**longest(form, sample(name)), **change}
        assert not dict(state(name, full).violations), change
        paper(name, full)


@pytest.mark.parametrize(
    ("name", "question"),
    [
        ("kao_shomei", "org_name"),
        ("funshitsu", "story"),
        ("henno", "why_other"),
        ("tsuchi_funshitsu", "story"),
        ("juki_henno", "agent_addr"),
        ("azukari", "other_thing"),
        ("inin", "address"),
    ],
)
def test_it_says_what_does_not_fit_and_prints_nothing(name: str, question: str) -> None:
    with pytest.raises(CannotPrint) as caught:
        paper(name, sample(name, **{question: "とても長い答え" * 130}))
    assert caught.value.code == "overflow"
    assert not [p.label for p in caught.value.problems if p.label.isascii()]


@pytest.mark.parametrize("name", NOTICES)
def test_what_it_copies_exists(name: str) -> None:
    """A renamed question of the application or key of offices.toml shows here."""
    form, application = load_form(FORMS, name), load_form(FORMS, "kofu_shinsei")
    offices = tomllib.loads((FORMS / "offices.toml").read_text(encoding="utf-8"))
    known = {
        "applicant": {*desk.APPLICANT_FIELDS, "birth", "loss_report_date"},
        "reservation": {*desk.RESERVATION_FIELDS, "reception_no"},
        "visit": {"day"},
    }
    for own, source in form.layout["copied"].items():
        question, (table, _, rest) = form.question(own), source.partition(".")
        if table == "application":
            theirs = application.question(rest)
            assert question.type == theirs.type, own
            assert {c.name for c in theirs.choices} == {c.name for c in question.choices}, own
        elif table == "city":
            section, _, key = rest.partition(".")
            assert offices[section][key], source
        else:
            assert rest in known[table], source
