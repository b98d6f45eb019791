"""A row of the city's tables and the thing that it is (sync/server/shelf.py), in both directions.

What is sealed in a row is opened and sealed here; nothing here asks the database anything.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from typing import Any

from sync.merge import Clash, Doc
from sync.server import asked, revs
from sync.server.box import Box
from sync.server.shelf import City, Device, Photo, Trip


def city(box: Box, row: Any, said: Iterable[Any]) -> City:
    """The row of the city, with its signed words on epochs and keys."""
    told: dict[str, list[dict[str, str]]] = {"epoch": [], "key": []}
    for one in said:
        if one.kind in told:
            told[one.kind].append({"body": one.body, "signature": one.signature})
    return City(
        row.code,
        row.name,
        row.epoch,
        box.open("city-sign", row.code, row.sign_private),
        bytes(row.sign_public),
        box.open("city-seal", row.code, row.seal_private),
        bytes(row.seal_public),
        tuple(told["epoch"]),
        tuple(told["key"]),
    )


def device(row: Any) -> Device:
    """An enrolled device; nothing in its row is sealed."""
    return Device(
        row.id,
        row.name,
        row.profile,
        bytes(row.sign_public),
        bytes(row.seal_public),
        row.status,
        row.ledger_seq,
        row.ledger_hash,
    )


def trip(box: Box, row: Any) -> Trip:
    """A trip, with the secret and the private key that it has until it ends."""
    private = box.open("trip-key", row.id, row.seal_private) if row.seal_private else b""
    secret = box.open("trip-secret", row.id, row.secret) if row.secret else None
    return Trip(
        row.id,
        row.request_id,
        row.device,
        row.kind,
        row.day,
        private,
        bytes(row.seal_public),
        secret,
        row.state,
        tuple(json.loads(row.records)),
    )


def doc(box: Box, row: Any) -> Doc:
    """A record, opened."""
    body = box.open_json("record", row.id, row.body)
    return Doc(
        row.id, row.kind, row.parent, body, revs.of_text(row.revs), row.rev, row.state, row.actor,
        row.at,
    )  # fmt: skip


def of_doc(box: Box, doc: Doc) -> dict[str, Any]:
    """The row of a record. Its owner is who brought it first."""
    owner = min(doc.revs.values(), key=lambda r: r.seq).device if doc.revs else ""
    return {
        "id": doc.id,
        "kind": doc.kind,
        "parent": doc.parent,
        "owner": owner,
        "body": box.seal_json("record", doc.id, doc.body),
        "revs": revs.to_text(doc.revs),
        "rev": doc.rev,
        "state": doc.state,
        "actor": doc.actor,
        "at": doc.at,
    }


def of_clashes(box: Box, clashes: Sequence[Clash], at: str) -> list[dict[str, Any]]:
    """New clashes, named by their save's own count, so that it is the same in any batch."""
    rows: list[dict[str, Any]] = []
    count: Counter[str] = Counter()
    for one in clashes:
        clash_id = f"{one.op_id}.{count[one.op_id]}"
        count[one.op_id] += 1
        body = {
            "kept": one.kept,
            "other": one.other,
            "kept_by": asdict(one.kept_by),
            "other_by": asdict(one.other_by),
        }
        rows.append(
            {
                "id": clash_id,
                "record": one.record,
                "op_id": one.op_id,
                "names": json.dumps(list(one.names), ensure_ascii=False),
                "body": box.seal_json("clash", clash_id, body),
                "rule": one.rule,
                "state": one.state,
                "rev": max(one.kept_by.seq, one.other_by.seq),
                "at": at,
            }
        )
    return rows


def photo(box: Box, row: Any) -> Photo:
    """A photo, its key opened."""
    key = box.open("photo-key", row.id, row.key) if row.key else b""
    return Photo(
        row.id, row.trip, row.device, row.sha256, row.size, bytes(row.seal), row.state, key,
        row.receipt,
    )  # fmt: skip


def of_photo(box: Box, photo: Photo) -> dict[str, Any]:
    """All columns of a photo but its id and its time."""
    values: dict[str, Any] = {name: getattr(photo, name) for name in asked.PHOTO_COLUMNS}
    values["key"] = box.seal("photo-key", photo.id, photo.key) if photo.key else b""
    return values
