"""A supervisor's ways out for what the city does not take: correct, send again, give to a person.

Nothing here deletes. A corrected save stays listed as superseded by the new one; what is given to a
person leaves as a file that only the city can open, and waits here until a supervisor writes down
that it is settled. A receipt for it settles it at any time (fieldkit/sending.py).
"""

from __future__ import annotations

import io
import zipfile
from typing import Any

from fieldkit import erase, outbox_list, outbox_says
from fieldkit.errors import NotAllowed, NotFound, NotReady
from fieldkit.outbox_list import Item
from fieldkit.store import numbering, photos, records, saves
from fieldkit.store.opentrip import OpenTrip
from fieldkit.store.vault import Vault
from sync import fail
from sync.wire import sha256

SETTLED = "handed"
REASONS = {SETTLED: "渡した相手が片づけた"}
_DAY = (2026, 1, 1, 0, 0, 0)
_TABLES = {"save": ("outbox", "op_id"), "photo": ("photo", "id")}


def held_up(vault: Vault, object_id: str) -> Item:
    """The line that a supervisor works on; NotReady where it only waits."""
    if vault.user.role != "supervisor":
        raise NotAllowed("保留の項目を扱えるのは監督者だけです。")
    item = outbox_list.one(vault, object_id)
    if item.state not in outbox_list.ASIDE:
        raise NotReady("この項目は送信待ちです。送信してください。")
    return item


def trip_to_correct(vault: Vault, item: Item) -> OpenTrip | None:
    """The open trip in which a save can be made anew; None where there is none."""
    if item.what != "save" or not item.record_id:
        return None
    return vault.trips.get(item.trip_id)


def where(vault: Vault, item: Item) -> tuple[str, str, str]:
    """(kind of trip, reservation id, applicant id or "") of the page that shows a save's record.

    Empty texts where its trip is closed or the record is not there any more.
    """
    trip = vault.trips.get(item.trip_id)
    if trip is None or not item.record_id:
        return "", "", ""
    steps: list[str] = []
    record_id = item.record_id
    while record_id and len(steps) < 4:
        row = trip.db.one("SELECT kind, parent FROM record WHERE id = ?", record_id)
        if row is None:
            return "", "", ""
        steps.insert(0, record_id)
        record_id = row["parent"]
    return trip.kind, steps[0], steps[1] if len(steps) > 1 else ""


# -- correct --------------------------------------------------------------------------------------
def send_corrected(vault: Vault, object_id: str) -> str:
    """Seal what stands in the record now as a new save, which takes the place of the held-up ones;
    returns its id. The new save is durable and numbered before the old ones are marked."""
    item = held_up(vault, object_id)
    trip = trip_to_correct(vault, item)
    if trip is None:
        raise NotReady("この日の訪問データが閉じているため、直せません。26文字で開いてください。")
    made = records.say_again(vault, trip, item.record_id, item.ids)
    fail.point("parked.resaved")
    numbering.adopt_orphans(vault)
    if vault.book.one("SELECT 1 FROM outbox WHERE op_id = ?", made) is None:
        raise NotReady("ディスクに空きがないため、置き換えられませんでした。もう一度どうぞ。")
    with vault.book.write() as conn:
        for one in _moved(conn, item, "superseded"):
            _note(vault, conn, one, "superseded", item.reason, "", made)
            vault.note("superseded", one, made)
    fail.point("parked.superseded")
    return made


# -- send again -----------------------------------------------------------------------------------
def resend(vault: Vault, object_id: str) -> int:
    """Let one line be sent once more; the city answers again. Returns how many things it holds."""
    item = held_up(vault, object_id)
    with vault.book.write() as conn:
        for one in _moved(conn, item, "queued"):
            vault.note("requeued", one, "1")
    return len(item.ids)


# -- give to a person -----------------------------------------------------------------------------
def hand(vault: Vault, object_id: str) -> str:
    """Write down that a line is given to a person as a file; returns the file's SHA-256.

    The file itself is made anew from what lies here (`sealed_file`), with this digest.
    """
    item = held_up(vault, object_id)
    digest = sha256(_packed(vault, item))
    with vault.book.write() as conn:
        for one in _moved(conn, item, "handed"):
            _note(vault, conn, one, "handed", item.reason, digest, "")
            vault.note("handed", one, digest[:16])
    fail.point("parked.handed")
    return digest


def sealed_file(vault: Vault, object_id: str) -> tuple[str, bytes]:
    """(name, ZIP) of what was given to a person: sealed bytes and a sheet, nothing that is open."""
    item = held_up(vault, object_id)
    if item.state != "handed":
        raise NotReady("先に「人に渡す」を押してください。")
    data = _packed(vault, item)
    vault.note("exported", item.id, sha256(data)[:16])
    return f"outbox-{item.id}.zip", data


def settle(vault: Vault, object_id: str) -> int:
    """A supervisor writes down that the person has settled it; only then may its trip end."""
    item = held_up(vault, object_id)
    if item.state != "handed":
        raise NotReady("人に渡した項目だけ、片づいたと記録できます。")
    with vault.book.write() as conn:
        for one in item.ids:
            vault.note("given_up", one, SETTLED)
            if item.what == "save":
                conn.execute("UPDATE outbox SET state = 'given_up' WHERE op_id = ?", (one,))
    fail.point("parked.settled")
    if item.what == "photo":
        erase.erase_photos(vault, list(item.ids), SETTLED)
    return len(item.ids)


def _packed(vault: Vault, item: Item) -> bytes:
    """The same bytes each time: stored, not packed, in the order of the line."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as made:
        lines = []
        for one in item.ids:
            row, name, data, whole = _sealed(vault, item.what, one)
            if data:
                made.writestr(zipfile.ZipInfo(name, _DAY), data)
            lines.append(_line(row, one, name if data else "", whole))
        made.writestr(zipfile.ZipInfo("sheet.txt", _DAY), _sheet(vault, item, lines))
    return out.getvalue()


def _sealed(vault: Vault, what: str, object_id: str) -> tuple[dict[str, Any], str, bytes, bool]:
    """(row, file name, the bytes as they lie here, whether they are those that were sealed)."""
    if what == "photo":
        row = photos.row_of(vault, object_id)
        file = photos.files_of(vault, row["trip_id"], object_id)[0]
        data = file.read_bytes() if file.exists() else b""
        try:
            photos.whole_parts(vault, row)
        except photos.Unsendable:
            return row, f"{object_id}.ph", data, False
        return row, f"{object_id}.ph", data, True
    found = vault.book.one("SELECT * FROM outbox WHERE op_id = ?", object_id)
    if found is None:
        raise NotFound("この項目はありません。送信の画面を開き直してください。")
    row = dict(found)
    whole = numbering.sealed_bytes(vault, row)
    if whole is not None:
        return row, f"{object_id}.rec", whole, True
    place = row["place"]
    rest = saves.at(vault.trip_folder(row["trip_id"]), place).sealed if place is not None else b""
    return row, f"{object_id}.rec", rest, False


def _line(row: dict[str, Any], object_id: str, name: str, whole: bool) -> str:
    state = "封印したとおり" if whole else "壊れています"
    file = f"{name}（{state}）" if name else "なし（この端末にありません）"
    return "\n".join(
        [
            f"番号：{object_id}",
            f"ファイル：{file}",
            f"訪問データ：{row['trip_id']}",
            f"大きさ：{row['size']}バイト",
            f"SHA-256：{row['sha256']}",
        ]
    )


def _sheet(vault: Vault, item: Item, lines: list[str]) -> bytes:
    device = vault.device
    number = item.reception
    head = [
        "送れない項目の引き渡し（市の情報部門あて）",
        f"市：{device['city_name'] if device else ''}　端末：{vault.device_id}",
        f"項目：{outbox_says.item_label(item)}",
        f"受付番号：{number.no if number else '不明'}",
        f"理由：{outbox_says.WHY.get(item.reason, item.reason)}（{item.reason}）",
        "中身は市の鍵で封印してあり、市サーバの鍵でだけ開けます。",
        "片づいたら、監督者が送信の画面で記録してください。",
    ]
    return "\r\n".join("\n\n".join(["\n".join(head), *lines, ""]).split("\n")).encode()


def _moved(conn: Any, item: Item, state: str) -> list[str]:
    """Put what is still held up of a line into another state; the ids that this moved."""
    table, key = _TABLES[item.what]
    update = f"UPDATE {table} SET state = ? WHERE {key} = ? AND state IN ('parked', 'handed')"
    return [one for one in item.ids if conn.execute(update, (state, one)).rowcount]


def _note(
    vault: Vault, conn: Any, object_id: str, act: str, reason: str, digest: str, following: str
) -> None:
    conn.execute(
        "INSERT OR REPLACE INTO handled (id, act, at, actor, reason, digest, next)"
        " VALUES (?, ?, ?, ?, ?, ?, ?)",
        (object_id, act, vault.now(), vault.user.id, reason, digest, following),
    )
