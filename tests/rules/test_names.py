"""Names stay as typed; only the search key folds. Phones and postal codes are checked."""

from __future__ import annotations

import pytest

from fieldkit.errors import BadInput
from fieldkit.rules.names import (
    NAME_LIMIT,
    check_name,
    check_phone,
    check_postal,
    half_width_digits,
    search_key,
)

REAL_NAMES = [
    "佐藤 花子",
    "𠮷田　太郎",
    "髙橋﨑",
    "葛\U000e0100飾 次郎",
    "渡邉\U000e010f 三郎",
    "\ufa19\ufa1b\uf9dc\ufa10",
    "ヴィクトリア",
    "\U0001b001んや",
    "か\u3099く",
    "マリア・デ・ラ・クルス゠ゴンサーレス・フェルナンデス・デ・ラ・トーレ",
    "NGUYEN VAN AN",
    "O'Brien-Smith Jr.",
    "々〆ヶ",
    "\U00031350",
]


@pytest.mark.parametrize("name", REAL_NAMES)
def test_it_returns_the_name_exactly_as_typed(name: str) -> None:
    assert check_name(name) == name


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("", "空です"),
        (" 　", "空です"),
        ("佐藤\n花子", "3文字目：改行やタブ"),
        ("佐藤\t花子", "制御文字"),
        ("佐\x00藤", "制御文字"),
        ("佐\u202e藤", "目に見えない文字"),
        ("佐\u200b藤", "目に見えない文字"),
        ("\ue000藤", "1文字目：外字"),
        ("佐\uf8ff", "2文字目：外字"),
        ("佐\U000f0000", "代替文字"),
        ("佐\U0010fffd", "代替文字"),
        ("佐\ufffd", "壊れた文字"),
        ("佐\ud842", "壊れた文字"),
        ("\U000e0100葛", "字形の指定"),
        ("あ" * (NAME_LIMIT + 1), "長すぎます"),
    ],
)
def test_it_refuses_what_no_paper_can_show(name: str, says: str) -> None:
    with pytest.raises(BadInput) as wrong:
        check_name(name, "kana")
    assert says in wrong.value.sentence and wrong.value.field == "kana"


@pytest.mark.parametrize(
    ("typed", "stored"),
    [
        ("高橋", "髙橋"),
        ("さとう", "サトウ"),
        ("ｻﾄｳ", "さとう"),
        ("佐藤花子", "佐藤　花子"),
        ("葛飾", "葛\U000e0100飾"),
        ("神", "\ufa19"),
        ("渡辺", "渡邉"),
        ("nguyen", "ＮＧＵＹＥＮ"),
        ("吉田", "𠮷田"),
        ("ヴぁいす", "ヴァイス"),
    ],
)
def test_it_finds_people_however_they_are_typed(typed: str, stored: str) -> None:
    assert search_key(typed) == search_key(stored)


def test_it_keeps_different_people_apart() -> None:
    assert search_key("佐藤") != search_key("加藤")
    assert search_key("はは") != search_key("ばば")


def test_it_makes_digits_half_width_and_nothing_else() -> None:
    assert half_width_digits("本町１丁目２番３－４号ＡＢ") == "本町1丁目2番3－4号ＡＢ"


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("0134-00-0000", "0134-00-0000"),
        ("０１３４－００－００００", "0134-00-0000"),
        ("(0134)00-0000", "0134-00-0000"),
        ("09012345678", "09012345678"),
        ("090 1234 5678", "090-1234-5678"),
        ("050-1234-5678", "050-1234-5678"),
        ("0120-00-0000", "0120-00-0000"),
        ("0800-123-4567", "0800-123-4567"),
        ("0134ー00ー0000", "0134-00-0000"),
    ],
)
def test_it_accepts_phone_numbers(typed: str, kept: str) -> None:
    assert check_phone(typed) == kept


@pytest.mark.parametrize(
    ("typed", "says"),
    [
        ("", "空です"),
        ("00-0000", "10けた"),
        ("0134-00-000", "9けた"),
        ("090-1234-567", "11けた"),
        ("134-00-0000", "0 から"),
        ("+81-90-1234-5678", "国内の形"),
        ("自宅", "数字とハイフン"),
    ],
)
def test_it_says_what_is_wrong_with_a_phone_number(typed: str, says: str) -> None:
    with pytest.raises(BadInput) as wrong:
        check_phone(typed)
    assert says in wrong.value.sentence


@pytest.mark.parametrize("typed", ["0470001", "047-0001", "〒０４７－０００１", " 047 0001 "])
def test_it_reads_postal_codes(typed: str) -> None:
    assert check_postal(typed) == "0470001"


@pytest.mark.parametrize(("typed", "says"), [("", "空"), ("047", "3けた"), ("047-000X", "数字")])
def test_it_says_what_is_wrong_with_a_postal_code(typed: str, says: str) -> None:
    with pytest.raises(BadInput) as wrong:
        check_postal(typed)
    assert says in wrong.value.sentence
