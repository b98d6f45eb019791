"""A city with a supervisor, and a laptop that talks to it without a line."""

from __future__ import annotations

import time
from base64 import b32decode
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sync import packet, wire
from sync.asking import Identity, Trip
from sync.client import Client
from sync.enrol import enrol
from sync.ids import new_id
from sync.receipt import GENESIS
from sync.road import Answer
from sync.server import devices, supervisors
from sync.server.handle import Handler
from sync.server.init import city_fingerprint, initialise
from sync.server.sqlstore import SqlStore, open_store

PASSWORD = "みなとのあさやけ 汐見市"
NO_LEDGER = {"seq": 0, "hash": GENESIS, "rows": list[str]()}
JPEG = b"\xff\xd8\xff\xe0" + b"face of nobody " * 400


def make_city(folder: Path) -> SqlStore:
    initialise(folder, "01999", "汐見市")
    return open_store(folder)


@dataclass
class Boss:
    """鈴木, with the authenticator in hand. Each code is of a step that was not used yet."""

    id: str
    key: bytes
    used: int = 0

    def code(self, at: float | None = None) -> str:
        return supervisors.code_at(self.key, time.time() if at is None else at)

    def fresh(self) -> str:
        """A code that counts: of the step before, this one, or the next, each once."""
        step = max(int(time.time()) // 30 - 1, self.used + 1)
        self.used = step
        return self.code(step * 30)


def make_boss(store: SqlStore, one: str = "suzuki") -> Boss:
    made = supervisors.add(store, one, "鈴木 一郎", PASSWORD, "test")
    return Boss(one, b32decode(made.secret))


class Near:
    """A road with no line: the handler itself."""

    def __init__(self, store: SqlStore) -> None:
        self.handler = Handler(store)

    def send(self, method: str, path: str, body: bytes, headers: dict[str, str]) -> Answer:
        return Answer(*self.handler(method, path, headers, body))

    def close(self) -> None:
        return None


@dataclass
class Laptop:
    """An enrolled laptop with one trip; it remembers what it sent."""

    store: SqlStore
    client: Client
    trip: Trip
    n: int = 0
    photos: dict[str, bytes] = field(default_factory=dict)

    @property
    def device(self) -> str:
        return self.client.me.device

    def save(self, entity: str, record: str, parent: str, said: dict[str, Any]) -> dict[str, Any]:
        self.n += 1
        op_id = new_id()
        told = {"op_id": op_id, "entity": entity, "id": record, "parent": parent, "base": 0,
                "set": said, "actor": "sato", "at": "2026-07-01T09:30:00+09:00"}  # fmt: skip
        rec = packet.seal_record(self.trip.public, self.trip.id, op_id, told)
        return {"op_id": op_id, "n": self.n, "trip": self.trip.id, "rec": wire.b64(rec)}

    def photo(self, jpeg: bytes = JPEG) -> dict[str, Any]:
        name = new_id()
        ph, seal, _ = packet.seal_photo(self.trip.public, self.trip.id, name, jpeg)
        self.photos[name] = ph
        return {"id": name, "trip": self.trip.id, "sha256": wire.sha256(ph), "size": len(ph),
                "seal": wire.b64(seal)}  # fmt: skip

    def batch(self, ops: list[Any], photos: list[Any] = []) -> Any:  # noqa: B006
        return self.client.batch(ops, photos, ledger=NO_LEDGER)

    def send(self, request: Any) -> Answer:
        return self.client.road.send(*request)

    def send_photo(self, name: str) -> Answer:
        return self.send(self.client.part(name, self.photos[name], 0))

    def case(
        self, form_id: str = "", state: str = "confirmed", no: str = "汐見-7", **more: Any
    ) -> tuple[str, str]:
        """A reservation, an applicant, an application with its photo, all sent: (its id, photo)."""
        ids = [new_id() for _ in range(3)]
        shot = self.photo()
        answers = {"form_id": form_id} if form_id else {"memo": ""}
        said = {"state": state, "photo_id": shot["id"], "answers": answers, **more}
        ops = [
            self.save("reservation", ids[0], "", {"reception_no": no}),
            self.save("applicant", ids[1], ids[0], {"name": "汐見 花子"}),
            self.save("application", ids[2], ids[1], said),
        ]
        assert self.send(self.batch(ops, [shot])).status == 200
        assert "receipt" in self.send_photo(shot["id"]).value
        return ids[2], shot["id"]


def make_laptop(store: SqlStore, profile: str = "field") -> Laptop:
    sign, seal = wire.new_signing_key(), wire.new_sealing_key()
    road, code = Near(store), devices.new_code(store, profile)
    told = enrol(road, code, "訪問用A", sign[1], seal[1], city_fingerprint(store))
    me = Identity(told["device"], sign[0], seal[0], told["city"], told["public"])
    talks = Client(road, me)
    return Laptop(store, talks, talks.make_trip(new_id(), profile, "2026-07-01", []))


def form_id(number: int) -> str:
    return f"{number:023d}"
