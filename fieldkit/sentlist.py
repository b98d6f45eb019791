"""The list of what was sent: a row a save or photo, each with the receipt that proves it.

It rests on the book alone, so it outlives the data. `check` asks every kept receipt again: signed
by the city's pinned key (of its day), not void, and naming exactly these bytes.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import xlsxwriter

from fieldkit import outbox_says, whose
from fieldkit.rules.wareki import wareki
from fieldkit.store import receipts as kept
from fieldkit.store.vault import Vault
from sync.receipt import Receipt
from sync.wire import WireError

A_PAGE = 50
STATES = {"held": "市が保管", "erased": "消去済み", "void": "無効"}
HEAD = ("受領証番号", "受け取った日", "時刻", "種類", "状態", "大きさ（バイト）",
        "中身の指紋（先頭16）", "受領証の指紋（先頭16）")  # fmt: skip
_ROWS = (
    "SELECT o.op_id AS id, o.entity, o.record_id, o.size, o.sha256, r.seq, r.kept_at, r.void,"
    " r.digest, o.n, t.state = 'wiped' AS gone,"
    " t.kind <> 'field' AS renewed FROM outbox o JOIN receipt r ON r.digest = o.receipt"
    " LEFT JOIN trip t ON t.id = o.trip_id{0}"
    " UNION ALL SELECT p.id, 'photo', p.record_id, p.size, p.sha256, r.seq, r.kept_at, r.void,"
    " r.digest, 0, p.state = 'erased', 0 FROM photo p JOIN receipt r ON r.digest = p.receipt{0}"
)
_ORDER = " ORDER BY kept_at DESC, seq DESC, n, id"
_ON_DAY = " WHERE substr(r.kept_at, 1, 10) = ?"


@dataclass(frozen=True)
class Sent:
    """One thing that the city holds. `state`: a key of STATES; `sha256`: of the sealed bytes."""

    id: str
    label: str
    seq: int
    kept_at: str
    size: int
    sha256: str
    digest: str
    state: str


@dataclass
class Checked:
    """What a check of all receipts found; `faults` are sentences."""

    receipts: int = 0
    items: int = 0
    void: int = 0
    faults: list[str] = field(default_factory=list)


def days(vault: Vault) -> list[tuple[str, int]]:
    """The days on which receipts came, newest first, each with how many things they prove."""
    rows = vault.book.all(
        f"SELECT substr(kept_at, 1, 10) AS day, count(*) AS n FROM ({_ROWS.format('')})"
        " GROUP BY day ORDER BY day DESC"
    )
    return [(row["day"], row["n"]) for row in rows]


def count(vault: Vault, day: str = "") -> int:
    """How many rows the list has, of one day or of all."""
    row = vault.book.one(f"SELECT count(*) AS n FROM ({_of(day)})", *_given(day))
    return int(row["n"]) if row else 0


def listed(vault: Vault, day: str = "", page: int = 1, a_page: int = A_PAGE) -> list[Sent]:
    """One page of the list, newest first."""
    rows = vault.book.all(
        _of(day) + _ORDER + " LIMIT ? OFFSET ?", *_given(day), a_page, (page - 1) * a_page
    )
    where = whose.receptions(vault) if rows else {}
    return [_sent(row, where) for row in rows]


def every(vault: Vault, day: str = "") -> list[Sent]:
    """All rows, for a file."""
    return listed(vault, day, 1, -1)


def _of(day: str) -> str:
    return _ROWS.format(_ON_DAY if day else "")


def _given(day: str) -> list[str]:
    return [day, day] if day else []


def _sent(row: Any, where: dict[str, whose.Reception]) -> Sent:
    here = where.get(row["record_id"])
    kept = row["renewed"] and here is not None and not here.gone  # it went to the new container
    state = "void" if row["void"] else "erased" if row["gone"] and not kept else "held"
    owner = row["record_id"] or row["id"]
    return Sent(
        row["id"],
        outbox_says.label(row["entity"], here, owner),
        row["seq"],
        row["kept_at"],
        row["size"],
        row["sha256"],
        row["digest"],
        state,
    )


# -- asking the receipts again --------------------------------------------------------------------
def check(vault: Vault) -> Checked:
    """Verify every kept receipt, and that each thing that counts as sent is named by one."""
    found = Checked()
    proved: dict[str, set[tuple[Any, ...]]] = {}
    for row in vault.book.all("SELECT * FROM receipt ORDER BY seq"):
        if row["void"]:
            found.void += 1
            continue
        found.receipts += 1
        try:
            value = kept.verify(vault.book, row)
            if Receipt(row["body"].encode(), "").digest != row["digest"]:
                raise WireError("malformed")
        except WireError as error:
            why = f"市の鍵で確かめられません（{error.code}）。"
            found.faults.append(f"受領証 {row['seq']}番：{why}")
            continue
        proved[row["digest"]] = set(_named(value))
    for row in vault.book.all(_ROWS.format("") + _ORDER):
        found.items += 1
        named = proved.get(row["digest"], set())
        if not row["void"] and (row["id"], row["sha256"], row["size"]) not in named:
            label = outbox_says.label(row["entity"], None, row["record_id"] or row["id"])
            found.faults.append(f"{label}：受領証 {row['seq']}番が、この中身を示していません。")
    vault.note("receipts_checked", vault.device_id, f"{found.receipts} {len(found.faults)}")
    return found


def _named(value: dict[str, Any]) -> Iterator[tuple[Any, ...]]:
    for item in value["items"]:
        if item.get("answer") in ("taken", "already"):
            yield item.get("id"), item.get("sha256"), item.get("size")


# -- files ----------------------------------------------------------------------------------------
def _cells(rows: Iterable[Sent]) -> Iterator[Sequence[Any]]:
    for one in rows:
        day = wareki(date.fromisoformat(one.kept_at[:10]))
        yield (one.seq, day, one.kept_at[11:16], one.label, STATES[one.state], one.size,
               one.sha256[:16], one.digest[:16])  # fmt: skip


def csv_of(rows: Iterable[Sent]) -> bytes:
    """CSV for a spreadsheet: UTF-8 with a mark, as Excel needs it."""
    out = io.StringIO()
    made = csv.writer(out, lineterminator="\r\n")
    made.writerow(HEAD)
    made.writerows(_cells(rows))
    return out.getvalue().encode("utf-8-sig")


def xlsx_of(rows: Iterable[Sent], city_name: str) -> bytes:
    """The same as an Excel file; texts are texts, never formulas."""
    out = io.BytesIO()
    book = xlsxwriter.Workbook(out, {"in_memory": True, "strings_to_formulas": False})
    sheet = book.add_worksheet("送ったもの")
    bold = book.add_format({"bold": True, "bottom": 1})
    sheet.write(0, 0, f"{city_name}　送ったもの（受領証の一覧）", bold)
    sheet.write_row(2, 0, HEAD, bold)
    for number, cells in enumerate(_cells(rows), start=3):
        sheet.write_row(number, 0, cells)
    sheet.set_column(0, 2, 14)
    sheet.set_column(3, 4, 28)
    sheet.set_column(5, 7, 20)
    sheet.freeze_panes(3, 0)
    book.close()
    return out.getvalue()
