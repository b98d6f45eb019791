"""Write the folder for J-LIS: one JPEG a photo, and a list with the SHA-256 of each.

Intent row → files, forced to the disk and read back → done row. Until the done row stands, a file
of its own says that the folder is not finished; the same command then writes it anew.
"""

from __future__ import annotations

import csv
import hashlib
import io
import re
from dataclasses import dataclass
from pathlib import Path

import sqlalchemy as sa

from sync import fail, medium, packet
from sync.disk import sync_dir
from sync.ids import new_id
from sync.server import audit
from sync.server import store as t
from sync.server.handover import Item, NotYet, plan
from sync.server.receipts import now
from sync.server.sqlshelf import SqlShelf
from sync.server.sqlstore import SqlStore
from sync.wire import WireError

LIST, MARK = "一覧.csv", "作成中.txt"
OURS = re.compile(r"[0-9]{23}\.jpg(\.part)?|一覧\.csv(\.part)?|作成中\.txt(\.part)?")
HEADS = ("申請書ID", "ファイル名", "バイト数", "SHA-256", "結果", "理由")
UNFINISHED = "この受け渡しフォルダーは作成中です。まだ提出しないでください。\r\n"


class NotEmpty(Exception):
    """The folder holds something else: nothing is written there."""


class Overtaken(Exception):
    """Another run took the same photos in the meantime; this folder stays unfinished."""


@dataclass(frozen=True)
class Made:
    """What `make` did. `batch` is "" where there was nothing to hand over."""

    batch: str
    count: int
    not_yet: tuple[NotYet, ...]


def make(store: SqlStore, folder: Path, who: str) -> Made:
    """Fill `folder` (new, empty, or left unfinished by this command) with what is ready."""
    _ours(folder)
    if (done := _finished(store, folder)) is not None:
        return done
    with store.write() as shelf:
        told, batch = plan(shelf), new_id()
        if told.ready:
            _intend(shelf, told.ready, batch)
            audit.note(shelf, who, "handover", batch, f"begun {len(told.ready)}")
    if not told.ready:
        _clear(folder)
        return Made("", 0, told.not_yet)
    fail.point("jlis.intended")
    folder.mkdir(parents=True, exist_ok=True)
    _put(folder, MARK, (UNFINISHED + batch).encode())
    _clear(folder, but=MARK)
    rows, bad = [], []
    for item in told.ready:
        jpeg = _opened(store, item.photo)
        if jpeg is None:
            bad.append(item)
            continue
        _put(folder, f"{item.form_id}.jpg", jpeg)
        rows.append((item, hashlib.sha256(jpeg).hexdigest(), len(jpeg)))
        fail.point("jlis.file_written")
    _put(folder, LIST, _list(rows))
    _read_back(folder, rows)
    fail.point("jlis.checked")
    with store.write() as shelf:
        _done(shelf, batch, rows, bad)
        audit.note(shelf, who, "handover", batch, f"ok {len(rows)}")
    fail.point("jlis.done")
    (folder / MARK).unlink()
    sync_dir(folder)
    odd = tuple(NotYet(one.photo, "", "unreadable") for one in bad)
    return Made(batch if rows else "", len(rows), told.not_yet + odd)


def _ours(folder: Path) -> None:
    if not folder.exists():
        return
    names = [one.name for one in folder.iterdir()]
    unfinished = {MARK, f"{MARK}.part"} & set(names)
    if names and not (unfinished and all(OURS.fullmatch(name) for name in names)):
        raise NotEmpty(folder)


def _finished(store: SqlStore, folder: Path) -> Made | None:
    """A folder whose done row stands: only its mark was left behind by a kill."""
    mark = folder / MARK
    batch = mark.read_bytes().decode()[len(UNFINISHED) :] if mark.exists() else ""
    if not batch:
        return None
    with store.read() as shelf:
        h = t.handover.c
        rows = shelf.conn.execute(sa.select(h.state).where(h.batch == batch)).all()
        if not rows or any(row.state == "exporting" for row in rows):
            return None
        told = plan(shelf)
    mark.unlink()
    sync_dir(folder)
    return Made(batch, len(rows), told.not_yet)


def _intend(shelf: SqlShelf, ready: tuple[Item, ...], batch: str) -> None:
    h = t.handover
    shelf.conn.execute(h.delete().where(h.c.state == "exporting"))
    told = {"batch": batch, "state": "exporting", "sha256": "", "at": now()}
    shelf.conn.execute(
        h.insert(),
        [{"photo": one.photo, "application": one.application, **told} for one in ready],
    )


def _opened(store: SqlStore, photo: str) -> bytes | None:
    """The JPEG, or None where the city cannot open it."""
    with store.read() as shelf:
        row = shelf.photos([photo])[photo]
    try:
        return packet.open_photo(row.key, row.trip, photo, store.blobs.get(photo) or b"")
    except WireError:
        return None


def _list(rows: list[tuple[Item, str, int]]) -> bytes:
    text = io.StringIO(newline="")
    made = csv.writer(text, lineterminator="\r\n")
    made.writerow(HEADS)
    for item, digest, size in rows:
        made.writerow((item.form_id, f"{item.form_id}.jpg", size, digest, "", ""))
    return b"\xef\xbb\xbf" + text.getvalue().encode()


def _put(folder: Path, name: str, data: bytes) -> None:
    medium.put(folder, name, [data], len(data))


def _clear(folder: Path, but: str = "") -> None:
    """Take away what an unfinished run left in a folder of ours, its mark last."""
    if folder.exists():
        for old in sorted(folder.iterdir(), key=lambda one: one.name == MARK):
            if old.name != but:
                old.unlink()


def _read_back(folder: Path, rows: list[tuple[Item, str, int]]) -> None:
    """The whole folder once more: these files, these bytes, and nothing else."""
    wanted = {f"{item.form_id}.jpg": digest for item, digest, _ in rows}
    wanted[LIST] = hashlib.sha256(_list(rows)).hexdigest()
    found = {one.name: medium.digest_of(one) for one in folder.iterdir() if one.name != MARK}
    if found != wanted:
        raise medium.Unsound(folder.name)


def _done(shelf: SqlShelf, batch: str, rows: list[tuple[Item, str, int]], bad: list[Item]) -> None:
    h, p = t.handover, t.photo
    for item, digest, _ in rows:
        told = {"state": "exported", "sha256": digest, "at": now()}
        mine = (h.c.photo == item.photo, h.c.batch == batch, h.c.state == "exporting")
        if not shelf.conn.execute(h.update().where(*mine).values(**told)).rowcount:
            raise Overtaken(batch)
        shelf.conn.execute(p.update().where(p.c.id == item.photo).values(state="handed"))
    for one in bad:
        shelf.conn.execute(h.delete().where(h.c.photo == one.photo))
