"""City tables: the shipped ones are whole; a wrong one is refused with file and key."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest

from fieldkit.citydata import CityData, load
from fieldkit.errors import BadCityData
from fieldkit.rules.personal_number import Clean, scan


def test_it_reads_the_shipped_tables(city: CityData) -> None:
    assert city.city_name == "汐見市"
    assert city.phone("supervisor").startswith("0134-00-")
    assert [enquiry.code for enquiry in city.enquiries] == [f"Q{n:02}" for n in range(1, 12)]
    assert [enquiry.complaint for enquiry in city.enquiries].index(True) == 10
    assert city.retention["photo"].when == ("acknowledged", "submitted")
    assert city.retention["slip"].when == ("shared", "visited")
    assert not city.retention["official"].wipe
    assert "fees" in city.raw


def test_it_is_frozen(city: CityData) -> None:
    sets: Any = city.offices
    with pytest.raises(TypeError):
        sets["city"] = {}
    with pytest.raises(TypeError):
        sets["city"]["name"] = "別の市"


def test_it_ships_no_text_that_its_own_scan_would_stop(forms_dir: Path) -> None:
    for path in forms_dir.glob("*.toml"):
        assert scan(path.read_text(encoding="utf-8")) == Clean(), path.name


@pytest.fixture
def copy(tmp_path: Path, forms_dir: Path) -> Path:
    for path in forms_dir.glob("*.toml"):
        shutil.copy(path, tmp_path)
    return tmp_path


@pytest.mark.parametrize(
    ("file", "old", "new", "key", "says"),
    [
        ("fees.toml", "express_card = 1800", 'express_card = "1800"', "price[2].express_card",
         "整数"),
        ("fees.toml", "certificate = 200", "certificate = -200", "price[1].certificate", "0以上"),
        ("fees.toml", 'lost = "LOST"', 'lost = "GONE"', "kind_reason.lost", "表にありません"),
        ("fees.toml", 'charge = "yes"', 'charge = "maybe"', "reason[8].charge", "yes / no / ask"),
        ("fees.toml", "valid_to = 2024-12-01", "valid_to = 2024-12-02", "price", "重なって"),
        ("fees.toml", 'code = "BURNT"', 'code = "STOLEN"', "reason", "2回"),
        ("fees.toml", "window_days = 30", "", "express.window_days", "この項目がありません"),
        ("id_papers.toml", 'class = "A"', 'class = "C"', "paper[1].class", "A / B / N"),
        ("id_papers.toml", "{ A = 2 }", "{ }", "rule[1].alternatives", "空の組み合わせ"),
        ("id_papers.toml", 'needs = ["mynumber_card"]', 'needs = ["card"]',
         "rule[2].alternatives", "[[paper]] にありません"),
        ("booking.toml", "pm_max = 3", "pm_max = 1", "home.pm_max", "小さくできません"),
        ("booking.toml", "pm_max = 3", "pm_max = 4", "window", "4件目"),
        ("booking.toml", 'from = "10:30"', 'from = "25:00"', "window[2].from", "10:30"),
        ("booking.toml", "visit_to = 2026-12-24", "visit_to = 2025-12-24", "season.visit_to",
         "前の日"),
        ("booking.toml", '"中央", "東浜"', '"中央", "月面"', "between[1].districts", "地区"),
        ("enquiries.toml", 'code = "Q02"', 'code = "Q01"', "enquiry", "2回"),
        ("retention.toml", 'when = ["judged"]', "when = []", "class[3].when", "1つ以上"),
        ("offices.toml", 'phone = "0134-00-0001"', "", "supervisor.phone", "この項目が"),
        ("offices.toml", 'name = "汐見市"', "name = 3", "city.name", "文字"),
    ],
)  # fmt: skip
def test_it_names_the_file_and_the_key(
    copy: Path, file: str, old: str, new: str, key: str, says: str
) -> None:
    path = copy / file
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(BadCityData) as wrong:
        load(copy)
    assert (wrong.value.file, wrong.value.key) == (file, key)
    assert says in wrong.value.sentence and file in wrong.value.sentence


def test_it_reports_broken_and_missing_files(copy: Path) -> None:
    fees = copy / "fees.toml"
    fees.write_text("[express\n", encoding="utf-8")
    with pytest.raises(BadCityData, match="書き方に誤り"):
        load(copy)
    fees.write_bytes("市".encode("cp932"))
    with pytest.raises(BadCityData, match="UTF-8"):
        load(copy)
    fees.unlink()
    with pytest.raises(BadCityData, match="ファイルがありません"):
        load(copy)


@pytest.mark.parametrize("name", ["papers.toml", "validity.toml"])
def test_a_folder_of_an_earlier_version_says_where_the_new_table_is(copy: Path, name: str) -> None:
    (copy / name).unlink()
    with pytest.raises(BadCityData, match="この版から要る表です") as wrong:
        load(copy)
    assert wrong.value.file == name and "forms フォルダから写して" in wrong.value.sentence


def test_a_price_of_nothing_is_no_price(copy: Path) -> None:
    """What is free is decided by a reason with its proof, never by a row of prices."""
    fees = copy / "fees.toml"
    text = fees.read_text(encoding="utf-8")
    fees.write_text(text.replace("express_card = 1800", "express_card = 0"), encoding="utf-8")
    with pytest.raises(BadCityData, match="0円にはできません") as wrong:
        load(copy)
    assert wrong.value.key == "price[2].express_card"


def test_it_reads_files_saved_with_a_byte_order_mark(copy: Path) -> None:
    """Windows Notepad writes one."""
    path = copy / "offices.toml"
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes())
    assert load(copy).city_name == "汐見市"
