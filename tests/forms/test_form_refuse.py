"""What of XLSForm the kit does not take: row, reason, and the nearest thing that works."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from fieldkit.errors import BadCityData
from fieldkit.forms import load_form

WriteForm = Callable[..., Path]


def refusal(folder: Path) -> BadCityData:
    with pytest.raises(BadCityData) as caught:
        load_form(folder, "small")
    return caught.value


@pytest.mark.parametrize(
    ("row", "words"),
    [
        ("image | b | B | | | | | |", "顔写真はキットが撮り"),
        ("audio | b | B | | | | | |", "ファイルは受け取りません"),
        ("video | b | B | | | | | |", "ファイルは受け取りません"),
        ("file | b | B | | | | | |", "select_one"),
        ("geopoint | b | B | | | | | |", "住所は text"),
        ("geotrace | b | B | | | | | |", "住所は text"),
        ("geoshape | b | B | | | | | |", "住所は text"),
        ("start-geopoint | b | | | | | | |", "位置は記録しません"),
        ("background-audio | b | | | | | | |", "録音はしません"),
        ("barcode | b | B | | | | | |", "番号は text"),
        ("rank yn | b | B | | | | | |", "順位ごとに select_one"),
        ("osm | b | B | | | | | |", "位置は記録しません"),
        ("xml-external | b | | | | | | |", "choices に書いて"),
        ("csv-external | b | | | | | | |", "choices に書いて"),
        ("select_one_from_file c.csv | b | B | | | | | |", "choices に書き"),
        ("calculate | b | | | | | | pulldata('c', 'x', 'y', ${a}) |", "instance()"),
        ("calculate | b | | | | | | random() |", "開くたびに"),
        ("calculate | b | | | | | | uuid() |", "開くたびに"),
        ("text | b | B | | | | | | ${last-saved#a}", "last-saved"),
        ("calculate | b | | | | | | substr(${a}) |", "引数は2つ以上"),
        ("calculate | b | | | | | | instance('no')/root/item[1]/name |", "一覧「no」"),
        ("calculate | b | | | | | | /data/nowhere |", "「nowhere」という名前の質問"),
        ("calculate | b | | | | | | ../nowhere |", "「nowhere」という名前の質問"),
        ("calculate | b | | | | | | attribute::x |", "attribute::"),
        ("calculate | b | | | | | | instance('yn')/root/item[nmae = 'yes']/label |", "「nmae」"),
        ("text | b | B | | | regex(., '(?>a)') | | |", "regex の書き方"),
        ("text | b | B | | ${a} === 1 | | | |", "演算子"),
    ],
)
def test_it_refuses_what_it_cannot_take_by_row(write_form: WriteForm, row: str, words: str) -> None:
    error = refusal(write_form("text | a | A | | | | | |", row))
    assert words in error.sentence
    assert (error.file, error.key) == ("form.md", "survey の 3行目")


@pytest.mark.parametrize(
    ("kind", "name", "label"),
    [
        ("text", "b", "暗証番号"),
        ("text", "b", "署名用電子証明書のパスワード"),
        ("integer", "b", "利用者証明用の暗証番号（数字4けた）"),
        ("text", "b", "設定する暗証番号"),
        ("text", "pin", "番号"),
        ("text", "new_pin", "番号"),
        ("text", "b", "PIN を入力"),
        ("text", "b", "個人番号（12けた）"),
        ("text", "b", "マイナンバー"),
        ("integer", "b", "個人番号カードの個人番号"),
        ("decimal", "b", "My Number"),
        ("text", "my_number", "番号"),
        ("text", "kojin_bango", "番号"),
    ],
)
def test_it_never_asks_for_a_pin_or_an_individual_number(
    write_form: WriteForm, kind: str, name: str, label: str
) -> None:
    error = refusal(
        write_form("text | a | A | | | | | |", f"{kind} | {name} | {label} | | | | | |")
    )
    assert "決して受け取りません" in error.sentence
    assert error.key == "survey の 3行目"


@pytest.mark.parametrize(
    "row",
    [
        "text | b | 個人番号カードの返納の理由 | | | | | |",
        "text | b | マイナンバーカードを受け取れる方のお名前 | | | | | |",
        "select_one yn | b | 暗証番号設定依頼書を渡しましたか | | | | | |",
        "select_one yn | b | 暗証番号を設定しますか | | | | | |",
        "acknowledge | pin_told | 暗証番号はご本人が書くと説明しました | | | | | |",
        "note | b | 個人番号はこの端末に入力しません。 | | | | | |",
        "date | b | 暗証番号設定依頼書を渡した日 | | | | | |",
        "text | spinning | 回転 | | | | | |",
    ],
)
def test_it_lets_pass_what_only_names_them(write_form: WriteForm, row: str) -> None:
    assert load_form(write_form(row), "small").questions


def test_it_loads_rows_about_the_device_and_keeps_them_blank(write_form: WriteForm) -> None:
    meta = ("start", "end", "deviceid", "username", "email", "phonenumber", "audit")
    rows = [f"{kind} | {kind} | | | | | | |" for kind in meta]
    form = load_form(write_form(*rows, "text | a | A | | | | | |"), "small")
    assert [page.questions for page in form.pages] == [("a",)]
    error = refusal(write_form(*rows, "calculate | c | | | | | | ${start} |"))
    assert "空のままなので、式に使えません" in error.sentence


def test_it_takes_a_photo_that_the_kit_makes(write_form: WriteForm) -> None:
    form = load_form(write_form("image | photo | 顔写真 | yes | | | | |"), "small")
    assert form.question("photo").type == "photo"


@pytest.mark.parametrize(
    "rows",
    [
        ("calculate | n | | | | | | coalesce(${n}, 0) + 1 |",),
        ("calculate | n | | | | | | ${m} + 1 |", "calculate | m | | | | | | ${n} + 1 |"),
        ("text | a | A | | ${b} = '' | | | |", "text | b | B | | ${a} = '' | | | |"),
        ("text | a | A | | ${a} = '' | | | |",),
        ("text | a | A | | ${s} > 1 | | | |", "calculate | s | | | | | | count-selected(${a}) |"),
    ],
)
def test_it_refuses_at_load_what_needs_its_own_result(
    write_form: Callable[..., Path], rows: tuple[str, ...]
) -> None:
    with pytest.raises(BadCityData, match="自分の結果を使って") as caught:
        load_form(write_form(*rows), "small")
    assert "行目" in caught.value.key
