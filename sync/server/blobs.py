"""Where sealed photos lie: files beside the embedded store, or rows where the city has PostgreSQL.

They are ciphertext (`.ph`) whose keys are boxed in the database. Everything is durable when a
method returns: the file, and on systems that know it the entry in its directory.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, BinaryIO

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

from sync import fail
from sync.disk import sync_dir
from sync.ids import is_id
from sync.server import store

OLD = 60.0
"""Seconds after which nobody is writing a file any more."""


def _all(handle: int, data: bytes | memoryview) -> None:
    """Write all of it; a disk that is just full takes a part before it says so."""
    view = memoryview(data)
    while view:
        view = view[os.write(handle, view) :]


class FileBlobs:
    """`DIR/<id>.ph`; an upload that is not whole yet is `DIR/<id>.part`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._start = f"{folder}{os.sep}"
        folder.mkdir(exist_ok=True)

    def sweep(self, older: float = OLD) -> int:
        """Remove what a process that died left here; returns how many. When a server starts.

        Half-written `.new` files, and `.part` of a photo that is here whole: nobody asks for them.
        Another process may be just at work: what is younger than `older` seconds stays.
        """
        found = [*self.folder.glob("*.new")]
        found += [p for p in self.folder.glob("*.part") if self._file(p.stem, "ph").exists()]
        count = 0
        for left in found:
            with contextlib.suppress(FileNotFoundError):
                if time.time() - left.stat().st_mtime > older:
                    left.unlink()
                    count += 1
        if count:
            sync_dir(self.folder)
        return count

    def _name(self, name: str, ending: str) -> str:
        """The whole name of a photo's file (a text: a Path costs as much as to open it)."""
        if not is_id(name):
            raise ValueError("not an id")
        return f"{self._start}{name}.{ending}"

    def _file(self, name: str, ending: str) -> Path:
        return Path(self._name(name, ending))

    def put_all(self, blobs: Sequence[tuple[str, bytes | memoryview]]) -> None:
        """Write each under another name, force it down, then give it its name: never half a photo.

        First all are written, then forced: one turn of the disk's journal serves several.
        """
        new: list[tuple[str, str]] = []
        try:
            self._write(blobs, new)
        except OSError:  # a full disk: give back what it gave
            for path, _ in new:
                Path(path).unlink(missing_ok=True)
            raise
        fail.point("server.blob_written")
        for path, name in new:
            os.replace(path, self._name(name, "ph"))
        if new:
            sync_dir(self.folder)

    def _write(
        self, blobs: Sequence[tuple[str, bytes | memoryview]], new: list[tuple[str, str]]
    ) -> None:
        """Each into a file of its own that is named in `new`, all of them forced to the disk."""
        with contextlib.ExitStack() as files:
            outs: list[BinaryIO] = []
            for name, data in blobs:
                new.append((self._name(name, f"{secrets.token_hex(4)}.new"), name))
                outs.append(files.enter_context(open(new[-1][0], "wb", buffering=0)))
                _all(outs[-1].fileno(), data)
            for out in outs:
                os.fsync(out.fileno())

    def get(self, name: str) -> bytes | None:
        try:
            with open(self._name(name, "ph"), "rb", buffering=0) as file:
                return file.readall()
        except FileNotFoundError:
            return None

    def delete(self, name: str) -> None:
        for ending in ("ph", "part"):
            self._file(name, ending).unlink(missing_ok=True)
        sync_dir(self.folder)

    def put_part(self, name: str, start: int, data: bytes) -> None:
        file = self._file(name, "part")
        handle = os.open(file, os.O_RDWR | os.O_CREAT | getattr(os, "O_BINARY", 0), 0o600)
        try:
            os.lseek(handle, start, os.SEEK_SET)
            _all(handle, data)
            os.fsync(handle)
        finally:
            os.close(handle)
        if start == 0:
            sync_dir(self.folder)

    def have(self, name: str) -> int:
        try:
            return self._file(name, "part").stat().st_size
        except FileNotFoundError:
            return 0

    def parts(self, name: str) -> bytes:
        try:
            return self._file(name, "part").read_bytes()
        except FileNotFoundError:
            return b""

    def drop_parts(self, name: str) -> None:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(self._name(name, "part"))


def _put(table: sa.Table) -> Any:
    """Insert, or replace what another process put there meanwhile."""
    query = postgresql.insert(table)
    return query.on_conflict_do_update(
        index_elements=list(table.primary_key), set_={"data": query.excluded.data}
    )


class RowBlobs:
    """Rows of the tables `blob` and `part`: one place for many app processes."""

    def __init__(self, engine: sa.Engine) -> None:
        self.engine = engine

    def put_all(self, blobs: Sequence[tuple[str, bytes | memoryview]]) -> None:
        with self.engine.begin() as conn:
            for name, data in sorted(blobs, key=lambda blob: blob[0]):
                conn.execute(_put(store.blob), {"name": name, "data": bytes(data)})

    def get(self, name: str) -> bytes | None:
        with self.engine.connect() as conn:
            data = conn.execute(
                sa.select(store.blob.c.data).where(store.blob.c.name == name)
            ).scalar()
        return None if data is None else bytes(data)

    def delete(self, name: str) -> None:
        with self.engine.begin() as conn:
            conn.execute(store.blob.delete().where(store.blob.c.name == name))
            conn.execute(store.part.delete().where(store.part.c.name == name))

    def put_part(self, name: str, start: int, data: bytes) -> None:
        with self.engine.begin() as conn:
            conn.execute(_put(store.part), {"name": name, "start": start, "data": data})

    def have(self, name: str) -> int:
        p, have = store.part, 0
        with self.engine.connect() as conn:
            rows = conn.execute(
                sa.select(p.c.start, sa.func.length(p.c.data).label("size"))
                .where(p.c.name == name)
                .order_by(p.c.start)
            )
            for row in rows:
                if row.start > have:
                    break
                have = max(have, row.start + row.size)
        return have

    def parts(self, name: str) -> bytes:
        p, whole = store.part, bytearray()
        with self.engine.connect() as conn:
            query = sa.select(p).where(p.c.name == name).order_by(p.c.start)
            for row in conn.execute(query):
                whole[row.start : row.start + len(row.data)] = row.data
        return bytes(whole)

    def drop_parts(self, name: str) -> None:
        with self.engine.begin() as conn:
            conn.execute(store.part.delete().where(store.part.c.name == name))
