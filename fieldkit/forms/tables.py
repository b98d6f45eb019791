"""Open a form's table, whoever made it: Markdown, Excel (.xlsx, .xls) or LibreOffice.

A file that is broken, locked with a password or made to fill the memory is refused with a
sentence. `source` is what pyxform takes, `rows` the rows of the survey as they stand in it. What
a person reads as the same type (`Ｔｅｘｔ`, `End Group`) is written as pyxform knows it.
"""

from __future__ import annotations

import re
import unicodedata
import zipfile
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass
from itertools import takewhile
from pathlib import Path
from typing import Any

from pyxform.errors import PyXFormError
from pyxform.xls2json_backends import DefinitionData, get_xlsform

from fieldkit.errors import BadCityData
from fieldkit.forms.reasons import refused
from fieldkit.forms.text import read_text

_MOST_BYTES = 8_000_000
_MOST_UNPACKED = 60_000_000
_MOST_PARTS = 2000
#: The words of types that are followed by the name of a list or of a file.
_LISTED = frozenset(
    {"select", "select_one", "select_multiple", "select_one_from_file", "rank", "one", "all",
     "select_multiple_from_file", "select_one_external", "multiple", "that", "apply", "from",
     "file"}
)  # fmt: skip
_OLE = bytes.fromhex("d0cf11e0a1b11ae1")
_LOCKED = "パスワードがかかっています。パスワードを外して保存し直してください"
_BROKEN = "ファイルが壊れているか、表計算のファイルではありません。保存し直してください"
_NO_TABLE = "「| survey |」で始まる表がありません。行を | で始めて、表を書いてください"
_BIG = "ファイルが大きすぎます。様式の表だけを残して保存し直してください"


@dataclass(frozen=True)
class Table:
    """A table that was read: for pyxform, and row by row (the heading is row 1)."""

    file: str
    source: dict[str, Any]
    rows: tuple[dict[str, str], ...]
    choices: tuple[dict[str, str], ...]
    sheets: DefinitionData

    def where(self, row: int) -> str:
        """The place of a row as a person finds it."""
        return f"survey の {row}行目"

    def headings(self) -> dict[str, None]:
        """The languages that the labels of the questions are headed with, in their order; a
        label without one is `default`."""
        found: dict[str, None] = {}
        for row in self.source["survey"]:
            for key in row:
                head, _, language = str(key).partition("::")
                if head.strip().lower() == "label":
                    found[language.strip() or "default"] = None
        return found

    def row_of(self, fits: Callable[[dict[str, str]], bool], sheet: str = "survey") -> str:
        """The place of the first row that fits, or the sheet where none does."""
        rows = self.choices if sheet == "choices" else self.rows
        number = next((n for n, row in enumerate(rows, 2) if fits(row)), 0)
        return f"{sheet} の {number}行目" if number else sheet


def read_table(path: Path) -> Table:
    """Read `form.md`, `form.xlsx` or `form.xls`. Raises BadCityData with file and reason."""
    if path.stat().st_size > _MOST_BYTES:
        raise BadCityData(path.name, "", _BIG)
    source: str | bytes = read_text(path) if path.suffix == ".md" else path.read_bytes()
    if isinstance(source, bytes):
        _look_inside(path, source)
    else:
        _look_over(path.name, source)
    try:
        sheets = get_xlsform(source, file_type=path.suffix)
    except PyXFormError as error:
        if "ncrypted" in str(error) or "assword" in str(error):
            raise BadCityData(path.name, "", _LOCKED) from None
        if "Error reading" in str(error):
            raise BadCityData(path.name, "", _BROKEN) from None
        raise refused(path.name, str(error)) from None
    except Exception:  # openpyxl and xlrd raise whatever a broken file makes them stumble over
        raise BadCityData(path.name, "", _BROKEN) from None
    found = asdict(sheets)
    found["survey"] = [_typed(row) for row in sheets.survey or ()]
    return Table(path.name, found, _plain(found["survey"]), _plain(sheets.choices or ()), sheets)


def _typed(row: Mapping[str, Any]) -> dict[str, Any]:
    """The row with its type in half-width small letters; the name of a list stays as it is."""
    return {
        key: _type(str(cell)) if cell and str(key).strip().lower() == "type" else cell
        for key, cell in row.items()
    }


def _type(cell: str) -> str:
    words = [_half(word) for word in cell.split()]
    if not _LISTED.intersection(word.lower() for word in words[:1]):
        return " ".join(words).lower()
    known = takewhile(lambda word: word.lower() in _LISTED, words)
    small = [word.lower() for word in known]
    rest = [
        "or_other" if _half(word).lower() == "or_other" else word
        for word in cell.split()[len(small) :]
    ]
    return " ".join([*small, *rest])


def _half(word: str) -> str:
    return unicodedata.normalize("NFKC", word)


def _plain(rows: Iterable[Mapping[str, Any]]) -> tuple[dict[str, str], ...]:
    """Rows by the headings as pyxform reads them: small letters, no blanks around."""
    return tuple(
        {str(key).strip().lower(): str(cell).strip() for key, cell in row.items() if cell}
        for row in rows
    )


def _look_over(file: str, text: str) -> None:
    """Refuse Markdown without tables, and a row with more cells than its heading."""
    sheet, row, wide = "", 0, 0
    for line in text.splitlines():
        if not line.strip().startswith("|") or re.fullmatch(r"[|\s:-]+", line):
            continue
        inside = line.strip().removesuffix("|")
        cells = [cell.strip() for cell in re.split(r"(?<!\\)\|", inside)[1:]]
        if cells[0]:
            sheet, row, wide = cells[0], 0, 0
            continue
        row += 1
        wide = wide or len(cells)
        if any(cells[wide:]):
            says = "見出しの行より列が多くなっています。セルの中の | は \\| と書いてください"
            raise BadCityData(file, f"{sheet} の {row}行目", says)
    if not sheet:
        raise BadCityData(file, "", _NO_TABLE)


def _look_inside(path: Path, source: bytes) -> None:
    """Refuse what only looks like a spreadsheet before a library unpacks it."""
    if path.suffix == ".xls":
        if not source.startswith(_OLE):
            raise BadCityData(path.name, "", _BROKEN)
        return
    if source.startswith(_OLE):
        raise BadCityData(path.name, "", _LOCKED)
    try:
        with zipfile.ZipFile(path) as parts:
            sizes = [part.file_size for part in parts.infolist()]
            locked = any(part.flag_bits & 1 for part in parts.infolist())
    except (zipfile.BadZipFile, OSError, ValueError):
        raise BadCityData(path.name, "", _BROKEN) from None
    if locked:
        raise BadCityData(path.name, "", _LOCKED)
    if sum(sizes) > _MOST_UNPACKED or len(sizes) > _MOST_PARTS:
        raise BadCityData(path.name, "", _BIG)
