"""A small laptop for the server's tests: it enrols, takes trips, sends saves and photos.

It speaks to a `Handler` in this process or, given a URL, over HTTP to another one.
"""

from __future__ import annotations

import hashlib
import http.client
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from sync import packet, wire
from sync.ids import new_id
from sync.receipt import GENESIS, Receipt
from sync.server import devices
from sync.server.handle import Handler
from sync.server.init import initialise
from sync.server.sqlstore import SqlStore, open_store
from sync.verify_ledger import entry_hash
from sync.wire import b64, canonical, unb64

CODE, NAME = "01999", "汐見市"
DAY = "2026-07-01"
JPEG = b"\xff\xd8\xff\xe0" + b"face" * 5_000 + b"\xff\xd9"
PERSON = "渡邉葛󠄀城 𠮷乃"


def make_city(folder: Path, url: str = "", copies: int = 0) -> Path:
    initialise(folder, CODE, NAME, url, copies)
    return folder


def over_http(url: str) -> Any:
    """A door like `Handler`, over HTTP; one connection a call."""
    host = urlsplit(url)

    def ask(method: str, path: str, headers: dict[str, str], body: bytes) -> tuple[int, Any]:
        conn = http.client.HTTPConnection(host.hostname or "", host.port, timeout=60)
        try:
            conn.request(method, path, body, headers)
            answer = conn.getresponse()
            data = answer.read()
            return answer.status, json.loads(data) if data.startswith(b"{") else {}
        finally:
            conn.close()

    return ask


class Laptop:
    """One enrolled device."""

    def __init__(self, store: SqlStore, door: Any = None, profile: str = "field") -> None:
        self.store = store
        self.door = door or Handler(store)
        sign, self.sign_public = wire.new_signing_key()
        self.signer = wire.signing_private(sign)
        self.seal_private, seal_public = wire.new_sealing_key()
        code = devices.new_code(store, profile)
        asked = {
            "code": code if isinstance(code, str) else code.code,
            "name": "訪問用A",
            "sign_public": b64(self.sign_public),
            "seal_public": b64(seal_public),
        }
        status, told = self.door("POST", "/ksp/v1/enrol", {}, canonical(asked))
        assert status == 200, told
        grant = wire.parse(told["grant"].encode())
        self.id, self.city_public = grant["device"], unb64(grant["public"])
        self.n = 0
        self.ledger: list[tuple[str, str]] = []

    # -- asking ---------------------------------------------------------------------------
    def ask(self, purpose: str, path: str, value: Any) -> tuple[int, dict[str, Any]]:
        body = canonical(value)
        headers = {"KSP-Device": self.id, "KSP-Signature": wire.sign(self.signer, purpose, body)}
        return self.door("POST", f"/ksp/v1{path}", headers, body)  # type: ignore[no-any-return]

    def take_trip(
        self, *reservations: str, kind: str = "field", request: str = "", share: bool = False
    ) -> Trip:
        asked = {"request_id": request or new_id(), "kind": kind, "day": DAY, "share": share,
                 "reservations": list(reservations)}  # fmt: skip
        status, told = self.ask("trip-request", "/trips", asked)
        assert status == 200, told
        return Trip(self, wire.parse(told["trip"].encode()))

    def batch(self, ops: Sequence[Any] = (), photos: Sequence[Any] = (), **more: Any) -> Any:
        if self.ledger and "ledger" not in more:
            more["ledger"] = self.book()
        value = {"v": 1, "ops": list(ops), "photos": list(photos), **more}
        status, told = self.ask("batch", "/ops", value)
        return told if status == 200 else (status, told)

    def send(self, *ops: Any, photos: Sequence[Any] = (), **more: Any) -> dict[str, Any]:
        """A batch that is taken: the value of its verified receipt."""
        told = self.batch(ops, photos, **more)
        assert isinstance(told, dict), told
        return self.read(told["receipt"])

    def read(self, made: Any, public: bytes = b"") -> dict[str, Any]:
        made = Receipt.from_json(made)
        wire.verify(public or self.city_public, "receipt", made.body, made.signature)
        return made.value

    def put(self, photo: Photo, start: int = 0, end: int | None = None) -> dict[str, Any]:
        part = photo.ph[start:end]
        said = canonical({"photo": photo.id, "start": start, "sha256": wire.sha256(part)})
        headers = {
            "KSP-Device": self.id,
            "KSP-Signature": wire.sign(self.signer, "part", said),
            "Upload-Offset": str(start),
        }
        status, told = self.door("PUT", f"/ksp/v1/photos/{photo.id}", headers, part)
        assert status == 200, told
        return told  # type: ignore[no-any-return]

    def put_whole(self, *photos: Photo) -> dict[str, Any]:
        """Several whole photos in one request."""
        named = [{k: v for k, v in one.declared.items() if k in ("id", "size", "sha256")}
                 for one in photos]  # fmt: skip
        said = canonical({"photos": named})
        headers = {"KSP-Device": self.id, "KSP-Signature": wire.sign(self.signer, "photos", said)}
        body = said + b"\n" + b"".join(one.ph for one in photos)
        status, told = self.door("PUT", "/ksp/v1/photos", headers, body)
        assert status == 200, told
        return told  # type: ignore[no-any-return]

    # -- what a laptop writes ---------------------------------------------------------------
    def row(self, act: str = "save") -> None:
        """One more row in its ledger."""
        prev = self.ledger[-1][1] if self.ledger else GENESIS
        body = {"seq": len(self.ledger) + 1, "prev": prev, "at": "2026-07-01T09:00:00+09:00",
                "actor": "sato", "device": self.id, "act": act, "object": new_id(),
                "result": "ok"}  # fmt: skip
        text = canonical(body).decode()
        self.ledger.append((text, entry_hash(text)))

    def book(self, start: int = 1) -> dict[str, Any]:
        """The `ledger` of a batch, with the rows from `start`."""
        rows = self.ledger[start - 1 :]
        head = self.ledger[-1][1] if self.ledger else GENESIS
        return {"seq": len(self.ledger), "hash": head, "rows": [text for text, _ in rows]}


class Trip:
    """A trip that was handed out: the laptop's side of it."""

    def __init__(self, laptop: Laptop, told: dict[str, Any]) -> None:
        self.laptop, self.id = laptop, told["trip"]
        self.public = unb64(told["public"])
        inside = packet.open_answer(
            laptop.seal_private, laptop.id, self.id, unb64(told["sealed"])
        )
        self.secret, self.records = inside["secret"], inside["records"]

    def save(self, record: str = "", entity: str = "reservation", base: int = 0, parent: str = "",
             op_id: str = "", n: int = 0, **fields: Any) -> dict[str, Any]:  # fmt: skip
        """A save of a record, as it stands in a batch."""
        if not n:
            self.laptop.n += 1
        op_id = op_id or new_id()
        save = {"op_id": op_id, "entity": entity, "id": record or new_id(), "parent": parent,
                "base": base, "set": fields or {"address": PERSON}, "actor": "sato",
                "at": "2026-07-01T09:30:00+09:00"}  # fmt: skip
        rec = packet.seal_record(self.public, self.id, op_id, save)
        return {"op_id": op_id, "n": n or self.laptop.n, "trip": self.id, "rec": b64(rec)}

    def photo(self, jpeg: bytes = JPEG) -> Photo:
        photo_id = new_id()
        ph, seal, _ = packet.seal_photo(self.public, self.id, photo_id, jpeg)
        return Photo(photo_id, self.id, ph, seal)

    def send_photo(self, jpeg: bytes = JPEG) -> Photo:
        """A photo declared, sent and proved."""
        made = self.photo(jpeg)
        self.laptop.batch(photos=[made.declared])
        told = self.laptop.read(self.laptop.put(made)["receipt"])
        assert told["items"][0]["answer"] == "taken"
        return made

    def end(self) -> dict[str, Any]:
        status, told = self.laptop.ask("trip-end", f"/trips/{self.id}/end", {"trip": self.id})
        assert status == 200, told
        return self.laptop.read(told["receipt"])


class Photo:
    def __init__(self, photo_id: str, trip: str, ph: bytes, seal: bytes) -> None:
        self.id, self.trip, self.ph, self.seal = photo_id, trip, ph, seal

    @property
    def declared(self) -> dict[str, Any]:
        return {"id": self.id, "trip": self.trip, "size": len(self.ph), "seal": b64(self.seal),
                "sha256": hashlib.sha256(self.ph).hexdigest()}  # fmt: skip


def opened(folder: Path) -> SqlStore:
    return open_store(folder)
