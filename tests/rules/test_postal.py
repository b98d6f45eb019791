"""Postal codes of the whole country, without a network."""

from __future__ import annotations

from pathlib import Path

import pytest

from fieldkit.errors import BadInput, KitError
from fieldkit.postal import Town, lookup


def test_it_finds_a_town(forms_dir: Path) -> None:
    found = lookup("〒０４７－００２４", forms_dir)
    assert found == (Town("0470024", "北海道", "小樽市", "花園", "ハナゾノ"),)
    assert found[0].address == "北海道小樽市花園"


@pytest.mark.parametrize(
    ("code", "count", "city"),
    [
        ("0600000", 1, "札幌市中央区"),
        ("1050011", 1, "港区"),
        ("4980000", 2, "桑名郡木曽岬町"),
        ("4520961", 66, "清須市"),
        ("9071801", 1, "八重山郡与那国町"),
        ("0478660", 1, "小樽市"),
    ],
)
def test_it_finds_every_town_of_a_code(
    forms_dir: Path, code: str, count: int, city: str
) -> None:
    found = lookup(code, forms_dir)
    assert len(found) == count
    assert city in {town.city for town in found}
    assert {town.code for town in found} == {code}


@pytest.mark.parametrize(
    ("code", "says"),
    [("0000000", "一覧にありません"), ("9999999", "一覧にありません"), ("047", "7けた")],
)
def test_it_says_that_a_code_is_unknown(forms_dir: Path, code: str, says: str) -> None:
    with pytest.raises(BadInput) as wrong:
        lookup(code, forms_dir)
    assert says in wrong.value.sentence and code not in wrong.value.sentence


@pytest.mark.parametrize("content", [None, b"not xz"])
def test_it_says_that_the_table_is_missing_or_damaged(
    tmp_path: Path, content: bytes | None
) -> None:
    (tmp_path / "data").mkdir()
    if content is not None:
        (tmp_path / "data" / "postal.tsv.xz").write_bytes(content)
    with pytest.raises(KitError) as wrong:
        lookup("0470024", tmp_path)
    assert wrong.value.code == "postal_table"
