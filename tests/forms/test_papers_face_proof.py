"""The face proof (ウ) with the right certifier, and the proxy form, read back from the paper."""

from __future__ import annotations

import pytest

from fieldkit.forms import load_form
from fieldkit.paper import print_form
from tests.forms.form_cases import FORMS, PRINTED_AT, drawn_photo, pdf_text, run_on_pdf
from tests.forms.notice_cases import CERTIFIERS, marked, page_of, paper, sample, state
from tests.needs import needs

pytestmark = needs("poppler-utils")
ORG = ("hospital", "facility", "homecare", "support")


@pytest.mark.parametrize("situation", CERTIFIERS)
def test_the_certifier_follows_the_situation(situation: str) -> None:
    rep = {"rep_name": "汐見　花子", "rep_rel": "母", "rep_addr": "汐見市本町", "rep_tel": ""}
    pdf = paper("kao_shomei", sample("kao_shomei", situation=situation, **rep))
    text = pdf_text(pdf)
    for other, words in CERTIFIERS.items():
        same = words == CERTIFIERS[situation]
        assert (words in text) == (other == situation or same), other
    assert ("しおさい居宅介護支援事業所" in text) == (situation in ORG)
    assert ("髙橋一郎" in text) == (situation in ORG)
    assert ("川村ヴィ子" in text) == (situation in ("homecare", "support"))
    assert ("署名（担当者）" in text) == (situation in ("homecare", "support"))
    assert ("汐見花子" in text) == (situation not in ORG)
    assert marked(load_form(FORMS, "kao_shomei"), page_of(pdf))["situation"] == {situation}
    assert "この証明書だけでは本人確認はできません" in text


def test_the_face_proof_of_a_facility_takes_what_the_reservation_says() -> None:
    booked = {
        "situation": "facility",
        "visit_place": "facility",
        "fac_name": "特別養護老人ホーム しおさい苑",
        "fac_addr": "北海道汐見市望洋台2丁目20番1号",
        "fac_tel": "0134-00-2999",
    }
    blank = dict.fromkeys(("org_name", "org_addr", "org_tel"), "")
    text = pdf_text(paper("kao_shomei", sample("kao_shomei", **booked, **blank)))
    assert "しおさい苑" in text and "0134-00-2999" in text
    typed = pdf_text(paper("kao_shomei", sample("kao_shomei", **booked, org_name="はまなす園")))
    assert "はまなす園" in typed and "しおさい苑" not in typed
    home = {**booked, "visit_place": "home"}
    assert "しおさい苑" not in pdf_text(paper("kao_shomei", sample("kao_shomei", **home, **blank)))


def test_the_face_proof_of_a_child_names_the_parent_of_the_application() -> None:
    parent = {"agent_name": "汐見　花子", "agent_rel": "parent", "agent_addr": "汐見市本町9"}
    answers = sample("kao_shomei", situation="minor", **parent)
    text = pdf_text(paper("kao_shomei", answers))
    assert "汐見花子" in text and "親権者" in text and "汐見市本町9" in text
    assert "rep_name" not in state("kao_shomei", answers).relevant


def test_the_photo_is_printed_in_its_box() -> None:
    pdf = print_form(FORMS, "kao_shomei", sample("kao_shomei"), drawn_photo(), PRINTED_AT)
    assert "350   450" in run_on_pdf("pdfimages", "-list", "-", pdf=pdf)
    assert "はってください" not in pdf_text(pdf)


def test_the_proxy_form_is_blank_but_for_the_applicant() -> None:
    form = load_form(FORMS, "inin")
    filled = paper("inin", sample("inin"))
    assert marked(form, page_of(filled)) == {"act": {"pickup"}, "reason": {"over75"}}
    text = pdf_text(filled)
    assert "葛󠄀城𠮷子" in text and "昭和11年11月23日" in text
    empty = pdf_text(paper("inin", sample("inin", prefilled="no", act="", reason="")))
    for words in ("葛", "花園", "昭和", "0134"):
        assert words not in empty
    for said in (text, empty):
        assert "委任状では申し込めません" in said
        assert "暗証番号と個人番号を書かないでください" in said
        assert "仕事や学校が忙しいことは、理由になりません" in said


@pytest.mark.parametrize("language", ["ja", "easy", "en"])
def test_the_proxy_form_declares_in_japanese(language: str) -> None:
    """The paper goes to the city: only the notes are in the applicant's language."""
    text = pdf_text(paper("inin", sample("inin"), language))
    assert "私は、上の人を代理人と定め、次のことを委任します" in text
