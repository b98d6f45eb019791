"""(ア), (イ) and (エ) on paper: what only a hand may write is empty, what is not needed is said."""

from __future__ import annotations

import pytest

from fieldkit.forms import load_form
from tests.forms.form_cases import FORMS, pdf_text
from tests.forms.kofu_cases import AGENT, cells, in_area, ink, place, printed, unfilled
from tests.needs import needs

pytestmark = needs("poppler-utils")


# ---- what only a hand may write ----


@pytest.mark.parametrize(
    ("form", "changes", "drawn"),
    [
        ("kofu_shinsei", {"form_id": ""}, 1),
        ("kofu_tegaki", {}, 1),
        ("pin_sofu", {}, 4),
        ("pin_sofu", {"sign_off": "yes"}, 3),
        ("pin_sofu", {"face_only": "yes"}, 0),
    ],
)
def test_the_boxes_for_numbers_are_there_and_empty(
    form: str, changes: dict[str, str], drawn: int
) -> None:
    pdf, blank = printed(form, **changes), unfilled(form)
    lined = 0
    for box in cells(form):
        area = (box["x"], box["y"], box["w"], box["h"])
        inside = (area[0] + 0.5, area[1] + 0.5, box["w"] / box["cells"] - 1, area[3] - 1)
        between = ink(pdf, box["x"] + box["w"] / box["cells"] - 0.4, box["y"] + 0.4, 0.8, 1)
        if between > 0.05:
            lined += 1
            assert in_area(pdf, *area) == ""
            assert ink(pdf, *inside) == 0
        assert in_area(blank, *area) == ""
    assert lined == drawn


def test_with_an_application_id_no_number_is_written() -> None:
    pdf = printed("kofu_shinsei")
    box = cells("kofu_shinsei")[0]
    assert in_area(pdf, 42, box["y"], 106, box["h"]) == "記入不要（申請書IDで申請します）"
    spot = place("kofu_shinsei", "form_id")
    assert in_area(pdf, *(spot[key] for key in "xywh")) == "12345678901234567890123"
    without = pdf_text(printed("kofu_shinsei", form_id=""))
    assert "ご本人が手書き" in without and "記入不要" not in without


def test_the_handwriting_sheet_has_no_id_and_asks_the_hand() -> None:
    text = pdf_text(printed("kofu_tegaki", form_id="98765432109876543210987"))
    assert "個人番号カード交付申請書（手書き用）" in text
    assert "申請書ID" not in text and "98765" not in text
    assert "ご本人が手で書きます。" in text and "この端末には記録しません。" in text


@pytest.mark.parametrize(
    ("form", "words"),
    [
        ("kofu_shinsei", "申請者氏名（本人または法定代理人の署名。署名できないときは記名と押印）"),
        ("kofu_tegaki", "申請者氏名（本人または法定代理人の署名。署名できないときは記名と押印）"),
        ("pin_sofu", "依頼者氏名（本人または法定代理人の署名。署名できないときは記名と押印）"),
        (
            "hoken_doi",
            "同意する方の氏名（本人または法定代理人の署名。署名できないときは記名と押印）",
        ),
    ],
)
def test_date_and_signature_wait_for_the_hand(form: str, words: str) -> None:
    pdf = printed(form, **AGENT, scribed="no", scribe="", scribe_rel="")
    boxes = [b for b in load_form(FORMS, form).layout["box"] if b.get("thick")]
    found = [in_area(pdf, b["x"], b["y"], b["w"], b["h"]) for b in boxes]
    assert f"{words}印" in found
    days = [text for text in found if "令和" in text]
    assert len(days) == 1 and days[0].endswith("令和年月日")


def test_a_seal_is_asked_where_somebody_else_writes() -> None:
    """domain §2.9: a scribe's or a braille name counts as 記名 and needs the seal."""
    words = "代筆・点字の記名には、ご本人の押印が必要です。"
    for form in ("kofu_shinsei", "kofu_tegaki"):
        write = {"scribe": "汐見　花子", "scribe_rel": "長女"}
        assert pdf_text(printed(form, scribed="yes", **write)).count(words) == 1
        assert pdf_text(printed(form, scribed="no", braille_sign="yes")).count(words) == 1
        assert words not in pdf_text(printed(form, scribed="no"))
    for form in ("pin_sofu", "hoken_doi"):
        assert (words in pdf_text(printed(form))) and words not in pdf_text(
            printed(form, scribe="")
        )


# ---- what depends on the answers ----


@pytest.mark.parametrize("form", ["kofu_shinsei", "kofu_tegaki"])
@pytest.mark.parametrize(
    ("changes", "sign", "auth"),
    [
        ({"no_sign_cert": "no"}, False, False),
        ({"no_sign_cert": "yes"}, True, False),
        ({"no_auth_cert": "yes", "no_sign_cert": "no"}, False, True),
        ({"face_only": "yes", "no_auth_cert": "yes"}, True, False),
        ({"birth": "2015-01-01"}, True, False),
        (AGENT | {"agent_rel": "guardian"}, True, False),
    ],
)
def test_a_certificate_that_is_declined_is_blacked_out(
    form: str, changes: dict[str, str], sign: bool, auth: bool
) -> None:
    pdf = printed(form, **{"face_only": "no", "no_sign_cert": "no", "no_auth_cert": "no"} | changes)
    for name, black in (("sign_off", sign), ("auth_off", auth)):
        option = place(form, name)["options"][0]
        part = (option["x"] + 0.5, option["y"] + 0.5, option["w"] - 1, option["h"] - 1)
        assert ink(pdf, *part) == (1.0 if black else 0.0), name


NOT_ONE = "記入不要（署名用電子証明書を発行しないため）"
NO_PIN = "記入不要（暗証番号を設定しないため）"


@pytest.mark.parametrize(
    ("changes", "first", "others"),
    [
        ({}, "", ("", "", "")),
        ({"sign_off": "yes"}, NOT_ONE, ("", "", "")),
        ({"birth": "2015-01-01", "sign_off": ""}, NOT_ONE, ("", "", "")),
        ({"sign_off": "yes", "auth_off": "yes"}, NOT_ONE, ("記入不要", "", "")),
        ({"face_only": "yes", "sign_off": "yes"}, NO_PIN, ("記入不要",) * 3),
    ],
)
def test_a_pin_that_is_not_needed_is_not_asked(
    changes: dict[str, str], first: str, others: tuple[str, ...]
) -> None:
    pdf = printed("pin_sofu", **changes)
    found = [in_area(pdf, b["x"], b["y"], b["w"], b["h"]) for b in cells("pin_sofu")]
    assert found == [first, *others]
    text = pdf_text(pdf)
    assert ("6文字から16文字。" in text) is not bool(first)
    assert text.count("数字4けた") == others.count("")
    same = "②③④は、同じ番号にする" if not others[0] else "③④は、同じ番号にする"
    assert (same in text) is ("" in others)
    spot = place("pin_sofu", "face_only")
    tick = ink(pdf, spot["x"] + 0.5, spot["y"] + 2.5, 2.6, 2.6)
    assert (tick > 0.1) is ("face_only" in changes)
    assert ("職員が私に代わって設定" in text) is ("face_only" not in changes)


def test_the_pin_sheet_says_the_rules_beside_the_boxes() -> None:
    text = pdf_text(unfilled("pin_sofu"))
    for words in (
        "①署名用",
        "②利用者証明用電子証明書",
        "③住民基本台帳用",
        "④券面事項入力補助用",
        "英大文字（A～Z）と数字（0～9）を、どちらも1文字以上",
        "②③④は同じ番号でもかまいません",
        "1234・0000",
        "封筒に入れて封をしてください",
        "市（区町村）長",
    ):
        assert words in text, words
    assert text.index("①署名用") < text.index("②利用者") < text.index("③住民") < text.index("④券面")


def test_who_writes_the_pins_is_said() -> None:
    assert "太い枠の中に、ご本人が手で書いてください。" in pdf_text(printed("pin_sofu"))
    child = pdf_text(printed("pin_sofu", **AGENT, birth="2015-01-01"))
    assert "太い枠の中に、法定代理人が手で書いてください。" in child


@pytest.mark.parametrize(
    ("changes", "there", "gone"),
    [
        ({"send_kind": "home"}, ["記入不要（住民登録地に送ります）"], ["047-0031", "当分の間"]),
        ({}, ["047-0031", "特別養護老人ホームしおさい", "入所しているため", "令和7年4月1日から",
              "当分の間"], ["住民登録地に送ります"]),
        ({"send_reason": "hospital", "send_to": "2026-12-31"},
         ["入院しているため", "令和8年12月31日まで"], ["当分の間"]),
    ],
)  # fmt: skip
def test_the_card_is_sent_where_it_was_said(
    changes: dict[str, str], there: list[str], gone: list[str]
) -> None:
    text = pdf_text(printed("pin_sofu", **changes))
    assert all(words in text for words in there)
    assert not [words for words in gone if words in text]


def test_the_city_fills_in_its_own_part_by_hand() -> None:
    for form, labels in (
        ("pin_sofu", {"受付者", "本人確認", "封筒番号", "設定日"}),
        ("hoken_doi", {"受付者", "登録した日", "登録者"}),
    ):
        pdf = printed(form)
        boxes = [b for b in load_form(FORMS, form).layout["box"] if b.get("label") in labels]
        assert len(boxes) == len(labels)
        for box in boxes:
            wide = box["label_w"]
            inside = in_area(pdf, box["x"] + wide, box["y"], box["w"] - wide, box["h"])
            assert set(inside) <= set("□AB（）年月日"), box["label"]
