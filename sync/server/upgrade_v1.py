"""From the store of version 1 to that of version 2.

Version 1 kept records, secrets and opened photos as they are (in the encrypted file). Version 2
boxes them, keeps a photo as its sealed `.ph` beside the database, and knows for each field who
changed it. A photo whose trip has ended is there only opened: it is sealed anew with a fresh key.
"""

from __future__ import annotations

import json
import secrets
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from sync import packet, wire
from sync.clash import WAITING
from sync.field_kinds import kind_of, leaves, path_of, same, value_at
from sync.server import store as t
from sync.server.blobs import FileBlobs
from sync.server.box import Box
from sync.server.keyfile import SIDE, key_id
from sync.server.receipts import now
from sync.server.sidebook import DEVICE, ENDED, STOPPED, TRIP, Line, SideBook
from sync.wire import b64, sha256

OLD = "v1_"
TABLES = (
    "city", "enrolment", "device", "trip", "op", "record", "field", "conflict", "photo", "part",
    "receipt", "ledger_row",
)  # fmt: skip
AS_THEY_ARE = ("receipt", "ledger_row", "op")
PROFILE = "field"


def convert(conn: sa.Connection, folder: Path, key: bytes) -> None:
    """Rename the old tables, make the new ones, carry every row over, drop the old ones."""
    have = sa.inspect(conn).get_table_names()
    if "ledger_row" not in have:  # the first cities kept no copies of ledgers
        conn.exec_driver_sql("CREATE TABLE ledger_row (device, seq, body, hash)")
    for name in TABLES:
        conn.exec_driver_sql(f"ALTER TABLE {name} RENAME TO {OLD}{name}")
    t.metadata.create_all(conn)
    work = _Work(conn, Box(key), FileBlobs(folder / "photos"))
    work.city(key)
    work.devices()
    work.trips()
    for name in AS_THEY_ARE:
        for row in work.old(name):
            conn.execute(t.metadata.tables[name].insert().values(**row))
    work.records()
    work.conflicts()
    work.photos()
    work.side(folder / SIDE)
    if "ledger_row" not in have:  # receipts up to here name rows that nobody kept
        last = conn.execute(sa.select(sa.func.max(t.receipt.c.seq))).scalar() or 0
        conn.execute(t.meta.insert().values(name="ledgers_after", value=str(last)))
    for name in TABLES:
        conn.exec_driver_sql(f"DROP TABLE {OLD}{name}")


class _Work:
    def __init__(self, conn: sa.Connection, box: Box, blobs: FileBlobs) -> None:
        self.conn, self.box, self.blobs = conn, box, blobs
        self.trip_rows = {row["id"]: row for row in self.old("trip")}
        self.ops = {
            row["seq"]: {"device": row["device"], "n": row["n"], "trip": row["trip"]}
            for row in self.old("op", "seq, device, n, trip")
        }
        self.docs: dict[str, tuple[str, dict[str, Any]]] = {}
        self.revs: dict[str, dict[str, list[Any]]] = {}

    def old(self, name: str, columns: str = "*") -> list[dict[str, Any]]:
        query = f"SELECT {columns} FROM {OLD}{name} ORDER BY 1, 2"
        return [dict(row) for row in self.conn.exec_driver_sql(query).mappings()]

    def city(self, key: bytes) -> None:
        row = self.old("city")[0]
        code, (private, public) = row["code"], wire.new_sealing_key()
        row.pop("console_hash")  # the console asks for a supervisor now
        row["sign_private"] = self.box.seal("city-sign", code, row["sign_private"])
        row |= {"seal_private": self.box.seal("city-seal", code, private), "seal_public": public}
        self.conn.execute(t.city.insert().values(**row))
        self.conn.execute(t.meta.insert().values(name="key_id", value=key_id(key)))

    def devices(self) -> None:
        for name in ("enrolment", "device"):
            for row in self.old(name):
                self.conn.execute(
                    t.metadata.tables[name].insert().values(**row, profile=PROFILE)
                )

    def trips(self) -> None:
        for row in self.trip_rows.values():
            boxed = {"seal_private": "trip-key", "secret": "trip-secret"}
            for column, purpose in boxed.items():
                if row[column]:
                    sealed = self.box.seal(purpose, row["id"], row[column])
                    row = {**row, column: sealed}
            self.conn.execute(t.trip.insert().values(**row))

    def rev(self, seq: int, device: str = "") -> list[Any]:
        """Who changed a field, as the table `record` keeps it; the people of then are not known."""
        op = self.ops.get(seq, {"device": device, "n": 0, "trip": ""})
        kind = self.trip_rows.get(op["trip"], {"kind": ""})["kind"]
        return [seq, device or op["device"], kind, "", "", op["n"], []]

    def records(self) -> None:
        changed: dict[str, dict[str, tuple[int, str]]] = {}
        for row in self.old("field"):
            changed.setdefault(row["record"], {})[row["name"]] = (row["seq"], row["device"])
        for row in self.old("record"):
            body, revs = json.loads(row["body"]), {}
            for name, (seq, device) in changed.get(row["id"], {}).items():
                for leaf in leaves(row["kind"], name, body.get(name)):
                    revs[leaf] = self.rev(seq, device)
            self.docs[row["id"]], self.revs[row["id"]] = (row["kind"], body), revs
            owner = min(revs.values(), default=[0, ""])[1]
            values = {
                "owner": owner,
                "body": self.box.seal_json("record", row["id"], body),
                "revs": json.dumps(revs, ensure_ascii=False, separators=(",", ":")),
            }
            self.conn.execute(t.record.insert().values(**{**row, **values}))

    def conflicts(self) -> None:
        seqs = {row["op_id"]: row["seq"] for row in self.old("op", "op_id, seq")}
        counted: dict[str, int] = {}
        for row in self.old("conflict", "id, record, name, theirs, op_id, state, at"):
            kind, body = self.docs[row["record"]]
            other_by = self.rev(seqs.get(row["op_id"], 0))
            for leaf, value in leaves(kind, row["name"], json.loads(row["theirs"])).items():
                now = value_at(body, path_of(kind, leaf))
                if same(now, value):
                    continue
                number = counted[row["op_id"]] = counted.get(row["op_id"], -1) + 1
                clash = f"{row['op_id']}.{number}"
                kept_by = self.revs[row["record"]].get(leaf, self.rev(0))
                told = {
                    "kept": {leaf: now},
                    "other": {leaf: value},
                    "kept_by": _by(kept_by),
                    "other_by": _by(other_by),
                }
                self.conn.execute(
                    t.clash.insert().values(
                        id=clash,
                        record=row["record"],
                        op_id=row["op_id"],
                        names=json.dumps([leaf], ensure_ascii=False),
                        body=self.box.seal_json("clash", clash, told),
                        rule=kind_of(kind, leaf).name,
                        state=WAITING,
                        rev=max(kept_by[0], other_by[0]),
                        at=row["at"],
                    )
                )

    def side(self, path: Path) -> None:
        """The side book as it would be, had there been one."""
        lines = []
        for row in self.old("device"):
            value = {"name": row["name"], "profile": PROFILE, "at": row["enrolled_at"]}
            value |= {"sign": b64(row["sign_public"]), "seal": b64(row["seal_public"])}
            lines.append(Line(DEVICE, row["id"], value))
            if row["status"] != "active":
                lines.append(Line(STOPPED, row["id"], {"at": now()}))
        for row in self.trip_rows.values():
            if not row["secret"]:
                lines.append(Line(ENDED, row["id"], {}))
                continue
            value = {name: row[name] for name in ("request_id", "device", "kind", "day")}
            value |= {"private": b64(row["seal_private"]), "public": b64(row["seal_public"])}
            value |= {"secret": b64(row["secret"]), "at": row["made_at"]}
            lines.append(Line(TRIP, row["id"], value | {"records": json.loads(row["records"])}))
        SideBook(path, self.box).write(path, self.box, lines)

    def photos(self) -> None:
        """One at a time: a city has thousands of them."""
        dropped = ("sealed", "jpeg", "jpeg_sha256")
        names = [row["id"] for row in self.old("photo", "id, at")]
        query = sa.text(f"SELECT * FROM {OLD}photo WHERE id = :id")
        for name in names:
            row = dict(self.conn.execute(query, {"id": name}).mappings().one())
            sealed, key = row["sealed"], b""
            if row["jpeg"] and row["receipt"]:
                key = self._key(row) if sealed else b""
                if not key:
                    sealed, key = _anew(row["trip"], name, row["jpeg"])
                    row |= {"sha256": sha256(sealed), "size": len(sealed)}
            if sealed:
                self.blobs.put_all([(name, sealed)])
            kept = {n: v for n, v in row.items() if n not in dropped}
            kept["key"] = self.box.seal("photo-key", name, key) if key else b""
            kept["receipt"] = row["receipt"] or ""
            kept["state"] = "stored" if key else "coming"
            self.conn.execute(t.photo.insert().values(**kept))

    def _key(self, row: dict[str, Any]) -> bytes:
        """The key of a photo whose trip is still out; empty where it cannot be had any more."""
        private = self.trip_rows.get(row["trip"], {"seal_private": b""})["seal_private"]
        try:
            key = packet.open_photo_key(private, row["trip"], row["id"], row["seal"])
            packet.open_photo(key, row["trip"], row["id"], row["sealed"])
        except wire.WireError:
            return b""
        return key


def _by(rev: list[Any]) -> dict[str, Any]:
    names = ("seq", "device", "trip_kind", "actor", "at", "n", "also")
    return dict(zip(names, rev, strict=True))


def _anew(trip: str, photo: str, jpeg: bytes) -> tuple[bytes, bytes]:
    """(`.ph`, its key) of an opened photo."""
    key, nonce = secrets.token_bytes(32), secrets.token_bytes(12)
    where = packet.context("photo", trip, photo)
    return packet.PHOTO_MAGIC + nonce + AESGCM(key).encrypt(nonce, jpeg, where), key
