"""Bring a store to the newest tables: a copy first, then each step in one transaction.

A kill anywhere leaves either the old tables or the new ones, never something between, and a file
that opens. The copy (`<name>.before-<n>`, encrypted with the same key) is there from before the
step until the new tables are committed and checked; a copy that a kill left behind is looked at
and removed at the next opening.
"""

from __future__ import annotations

import contextlib
from pathlib import Path

from sqlcipher3 import dbapi2 as sqlcipher

from fieldkit.errors import KitError
from fieldkit.store import damage
from fieldkit.store.db import Database, is_broken
from fieldkit.store.files import remove, write_atomic
from sync import fail


def version_of(db: Database) -> int:
    row = db.one("PRAGMA user_version")
    return int(row[0]) if row else 0


def migrate(db: Database, steps: tuple[str, ...]) -> None:
    """Run the steps that this file has not seen. KitError where the file is newer than the kit,
    or where a step failed: the file then opens with the version of the kit that made it."""
    have = version_of(db)
    if have > len(steps):
        db.close()
        raise KitError(
            "store_newer",
            "この保管庫は新しい版の出張申請キットで作られています。キットを更新してください。",
            "stop",
        )
    try:
        for number in range(have, len(steps)):
            if have:
                _copy(db, number + 1)
            _step(db, steps[number], number + 1)
            _verify(db, number + 1)
        for copy in copies(db.path):  # also those that a kill left; this file is checked
            remove(copy)
    except BaseException:
        db.close()
        raise


def copies(path: Path) -> list[Path]:
    """The copies that lie beside a store."""
    return sorted(path.parent.glob(f"{path.name}.before-*"))


def _copy(db: Database, number: int) -> None:
    """The whole old file under another name, on the disk before the first statement runs."""
    db.checkpoint()
    data = db.path.read_bytes()
    write_atomic(db.path.with_name(f"{db.path.name}.before-{number}"), data)
    fail.point("migrate.copied")


def statements(script: str) -> list[str]:
    """The statements of a step, whole ones only (a trigger has `;` inside)."""
    found, begun = [], ""
    for piece in script.split(";")[:-1]:
        begun += piece + ";"
        if sqlcipher.complete_statement(begun):
            found.append(begun.strip())
            begun = ""
    if begun.strip() or script.rpartition(";")[2].strip():
        raise ValueError("a step ends within a statement")
    return found


def _step(db: Database, script: str, number: int) -> None:
    try:
        with db.write() as conn:
            for statement in statements(script):
                conn.execute(statement)
                fail.point("migrate.statement")
            conn.execute(f"PRAGMA user_version = {number}")
            fail.point("migrate.numbered")
    except sqlcipher.Error:
        raise KitError(
            "migration_failed",
            f"保管庫（{damage.name_of(db.path)}）を新しい版に合わせられませんでした。"
            "中身は前のまま残っています。前の版のキットなら開けます。監督者へ連絡してください。",
            "stop",
        ) from None
    fail.point("migrate.committed")


def _verify(db: Database, number: int) -> None:
    """Read the new tables back; where they are not whole, the copy takes their place."""
    with db.read() as conn:
        conn.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
        if version_of(db) == number and not is_broken(conn):
            return
    copy = db.path.with_name(f"{db.path.name}.before-{number}")
    error = damage.damaged(db.path)
    db.close()
    if copy.exists():
        for end in ("-wal", "-shm"):
            with contextlib.suppress(FileNotFoundError):
                db.path.with_name(f"{db.path.name}{end}").unlink()
        copy.replace(db.path)
    raise error
