"""Reading the text files of a form, as editors on any system save them."""

from __future__ import annotations

from pathlib import Path

from fieldkit.errors import BadCityData


def read_text(path: Path) -> str:
    """The text of a UTF-8 file, with or without a byte order mark; BadCityData for others."""
    try:
        return path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        raise BadCityData(
            path.name, "", "文字コードが UTF-8 ではありません。UTF-8 で保存し直してください"
        ) from None
