"""Bring a store to the newest tables: a copy first, then each step in one transaction."""

from __future__ import annotations

import contextlib
import shutil

from fieldkit.errors import KitError
from fieldkit.store.db import Database
from fieldkit.store.files import sync_dir


def version_of(db: Database) -> int:
    row = db.one("PRAGMA user_version")
    return int(row[0]) if row else 0


def migrate(db: Database, steps: tuple[str, ...]) -> None:
    """Run the steps that this file has not seen. KitError where the file is newer than the kit.

    The copy (`*.before-<n>`, still encrypted) stays only until the new tables are committed.
    """
    have = version_of(db)
    if have > len(steps):
        raise KitError(
            "store_newer",
            "この保管庫は新しい版の出張申請キットで作られています。キットを更新してください。",
            "stop",
        )
    for number in range(have, len(steps)):
        copy = db.path.with_name(f"{db.path.name}.before-{number + 1}")
        if have:
            db.checkpoint()
            shutil.copyfile(db.path, copy)
            sync_dir(copy.parent)
        with db.write() as conn:
            for statement in steps[number].split(";"):
                if statement.strip():
                    conn.execute(statement)
            conn.execute(f"PRAGMA user_version = {number + 1}")
        with contextlib.suppress(FileNotFoundError):
            copy.unlink()
