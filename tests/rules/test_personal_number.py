"""No Individual Number and no PIN gets in (番号法 art. 20; 001 特記事項). Numbers are made up."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fieldkit.rules.personal_number import Ask, Clean, check_digit, mask, scan
from fieldkit.rules.verdict import Refused

ELEVEN = "12345678901"
GOOD = ELEVEN + str(check_digit(ELEVEN))
BAD = ELEVEN + str((check_digit(ELEVEN) + 1) % 10)
WIDE = GOOD.translate(str.maketrans("0123456789", "０１２３４５６７８９"))


def test_it_computes_the_check_digit_by_hand() -> None:
    # 1..9,0,1 from the right: 1*2+0*3+9*4+8*5+7*6+6*7+5*2+4*3+3*4+2*5+1*6 = 212; 212 % 11 = 3
    assert check_digit(ELEVEN) == 8
    assert check_digit("00000000000") == 0


@pytest.mark.parametrize(
    "text",
    [
        GOOD,
        WIDE,
        f"番号は{GOOD}です",
        f"{GOOD[:4]} {GOOD[4:8]} {GOOD[8:]}",
        f"{GOOD[:4]}-{GOOD[4:8]}-{GOOD[8:]}",
        f"{WIDE[:4]}－{WIDE[4:8]}－{WIDE[8:]}",
        f"{GOOD[:4]}　{GOOD[4:8]}　{GOOD[8:]}",
        f"{GOOD[:4]}ー{GOOD[4:8]}ー{GOOD[8:]}",
        " ".join(GOOD),
        f"7 {GOOD}",
        f"2026-07-01 {GOOD}",
        f"0134-00-0000 {GOOD[:4]} {GOOD[4:8]} {GOOD[8:]}",
        f"1行目\n{GOOD}",
        f"No{GOOD}",
        f"{GOOD[:4]}\n{GOOD[4:8]}\n{GOOD[8:]}",
        f"{GOOD[:4]}\r\n{GOOD[4:8]}\r\n{GOOD[8:]}",
        f"{GOOD[:4]}−{GOOD[4:8]}−{GOOD[8:]}",
        f"{GOOD[:4]}\u200b{GOOD[4:8]}\u200b{GOOD[8:]}",
        f"{GOOD[:4]}\u2003{GOOD[4:8]}\u2003{GOOD[8:]}",
        f"{GOOD[:4]}/{GOOD[4:8]}/{GOOD[8:]}",
        f"{GOOD} 090-1234-5678",
        f"{GOOD}\n09012345678",
        f"{GOOD[:4]}-{GOOD[4:8]}-{GOOD[8:]} 090-1234-5678",
        GOOD + GOOD,
    ],
)
def test_it_refuses_an_individual_number_however_it_is_written(text: str) -> None:
    found = scan(text)
    assert isinstance(found, Refused)
    assert "12けた" in found.sentence and "消してください" in found.sentence


@pytest.mark.parametrize(
    "text",
    [
        "",
        "犬がいます。玄関は裏側です。",
        "0134-00-0000",
        "090-1234-5678",
        "03(1234)5678 / 090 1234 5678",
        "12345678901234567890123",
        "1234 5678 9012 3456 7890 123",
        GOOD + "4",
        "1" + GOOD,
        "令和8年7月1日 10:30",
        "〒047-0001 本町1丁目2番3号",
        "2026-07-01 0134-00-0000",
        "2026/07/01 10:30",
        "090-1234-5678\n2階",
        "0134-00-0000\n090-1234-5678",
        "1234567890123456789 0123",
        "0190a3e2-7c44-7def-8a10-" + GOOD,
        "暗証番号設定依頼書 2026年7月1日に受領",
        "暗証番号は封筒に入れて封をした",
        "PINの欄は紙にだけ書いてもらう",
    ],
)
def test_it_lets_ordinary_text_pass(text: str) -> None:
    assert scan(text) == Clean()
    assert mask(text) == text


@pytest.mark.parametrize("text", [BAD, f"保険の番号 {BAD[:4]}-{BAD[4:8]}-{BAD[8:]}"])
def test_it_asks_about_other_numbers_of_twelve_digits(text: str) -> None:
    assert isinstance(scan(text), Ask)


@pytest.mark.parametrize(
    "text",
    [
        "暗証番号は1234",
        "暗証：１２３４",
        "PIN 0000",
        "ＰＩＮ＝4321",
        "パスワードはABC123です",
        "パスワード　ａｂ１２３４ｃ",
        "パスコード「5678」",
    ],
)
def test_it_asks_about_text_that_looks_like_a_pin(text: str) -> None:
    found = scan(text)
    assert isinstance(found, Ask) and "暗証番号" in found.sentence
    assert "●" in mask(text)


def test_it_names_the_position_and_never_the_digits() -> None:
    found = scan(f"メモ：{GOOD}")
    assert isinstance(found, Refused) and found.sentence.startswith("4文字目から")
    assert GOOD[:4] not in found.sentence
    asked = scan("暗証番号は 9753")
    assert isinstance(asked, Ask) and "9753" not in asked.sentence


def test_it_masks_digits_and_keeps_the_rest() -> None:
    assert mask(f"番号 {GOOD[:4]}-{GOOD[4:8]}-{GOOD[8:]} です") == "番号 ●●●●-●●●●-●●●● です"
    assert mask("PIN:1234、犬あり") == "PIN:●●●●、犬あり"


@given(st.text(alphabet="0123456789", min_size=11, max_size=11))
def test_it_refuses_every_number_with_a_right_check_digit(eleven: str) -> None:
    right = check_digit(eleven)
    assert isinstance(scan(eleven + str(right)), Refused)
    assert isinstance(scan(eleven + str((right + 1) % 10)), Ask)


@given(st.text(max_size=60))
def test_it_answers_any_text_and_keeps_its_length(text: str) -> None:
    scan(text)
    assert len(mask(text)) == len(text)
