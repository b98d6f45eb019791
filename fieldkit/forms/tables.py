"""Open a form's table, whoever made it: Markdown, Excel (.xlsx, .xls) or LibreOffice.

A file that is broken, locked with a password or made to fill the memory is refused with a
sentence. `source` is what pyxform takes, `rows` the rows of the survey as they stand in it.
"""

from __future__ import annotations

import zipfile
from dataclasses import dataclass
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
_OLE = bytes.fromhex("d0cf11e0a1b11ae1")
_LOCKED = "パスワードがかかっています。パスワードを外して保存し直してください"
_BROKEN = "ファイルが壊れているか、表計算のファイルではありません。保存し直してください"
_BIG = "ファイルが大きすぎます。様式の表だけを残して保存し直してください"


@dataclass(frozen=True)
class Table:
    """A table that was read: for pyxform, and row by row (the heading is row 1)."""

    file: str
    source: str | bytes
    kind: str
    rows: tuple[dict[str, str], ...]
    sheets: DefinitionData

    def where(self, row: int) -> str:
        """The place of a row as a person finds it."""
        return f"survey の {row}行目"


def read_table(path: Path) -> Table:
    """Read `form.md`, `form.xlsx` or `form.xls`. Raises BadCityData with file and reason."""
    if path.stat().st_size > _MOST_BYTES:
        raise BadCityData(path.name, "", _BIG)
    source: str | bytes = read_text(path) if path.suffix == ".md" else path.read_bytes()
    if isinstance(source, bytes):
        _look_inside(path, source)
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
    rows = tuple(_plain(row) for row in sheets.survey or ())
    return Table(path.name, source, path.suffix, rows, sheets)


def _plain(row: dict[str, Any]) -> dict[str, str]:
    """A row by the headings as pyxform reads them: small letters, no blanks around."""
    return {str(key).strip().lower(): str(cell).strip() for key, cell in row.items() if cell}


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
