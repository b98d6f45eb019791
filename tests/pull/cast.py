"""A city and several laptops of it, without HTTP: the road calls the city's handler."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from fieldkit import outbox, reserve
from fieldkit.city import enrol_device
from fieldkit.settings import Settings
from fieldkit.store import opening
from fieldkit.store.keyslots import User
from fieldkit.store.opentrip import OpenTrip
from fieldkit.store.vault import Vault
from sync import packet, wire
from sync.ids import new_id
from sync.road import Answer, NoAnswer
from sync.server.handle import Handler
from tests.conftest import FAST, NOW, PASSPHRASE, CityServer

DAY = "2026-07-15"
BOSS = User("suzuki", "鈴木 一郎", "supervisor")
CLERK = User("sato", "佐藤 花", "operator")
FIELD = User("tanaka", "田中 実", "field")
JPEG = b"\xff\xd8\xff\xe0" + b"face-bytes-" * 500 + b"\xff\xd9"


@dataclass
class Line:
    """The road of every laptop: to the handler while `up`. It keeps the last answer to a batch."""

    handler: Handler
    up: bool = True
    lose: bool = False
    last: dict[str, Any] | None = None

    def send(self, method: str, path: str, body: bytes, headers: dict[str, str]) -> Answer:
        if not self.up:
            raise NoAnswer(path, brief=True)
        answer = Answer(*self.handler(method, path, headers, body))
        if path.endswith("/ops"):
            self.last = answer.value
        if self.lose:
            raise NoAnswer(path, brief=True)
        return answer

    def close(self) -> None:
        return


def laptop(folder: Path, city: CityServer, profile: str = "field", user: User = BOSS) -> Vault:
    """A laptop of this profile, enrolled and open."""
    settings = Settings(data_dir=folder, server_url=city.url, argon2=FAST, clock=lambda: NOW)
    vault, _ = opening.create(settings, user, PASSPHRASE)
    enrol_device(vault, city.url, city.code(profile), city.fingerprint(), folder.name)
    return vault


def again(vault: Vault, folder: Path) -> Vault:
    """The laptop as its disk is in `folder`, opened anew; its trips opened by their secrets."""
    secrets = {trip.id: trip.secret for trip in vault.trips.values()}
    settings = replace(vault.settings, data_dir=folder)
    opened = opening.unlock(settings, vault.user.id, PASSPHRASE)
    for row in opened.book.all("SELECT id FROM trip WHERE state = 'out'"):
        if row["id"] in secrets:
            opened.open_trip(row["id"], secrets[row["id"]])
    return opened


def fields(**changes: Any) -> dict[str, Any]:
    return {
        "visit_date": DAY, "half": "am", "order": 1, "phone": "0134-00-0000",
        "address": "汐見市花園1丁目2番3号", "postal": "0470024", "district": "花園",
        "notes": "犬がいる", **changes,
    }  # fmt: skip


def person(**changes: Any) -> dict[str, Any]:
    return {"name": "𠮷田 髙子", "kana": "ヨシダ タカコ", "birth": "1945-03-05", "sex": "f",
            "kind": "lost", **changes}  # fmt: skip


def book(vault: Vault, people: int = 1, **changes: Any) -> tuple[str, list[str]]:
    """A reservation at the desk of a laptop: its id and those of its people."""
    rid, ids = new_id(), [new_id() for _ in range(people)]
    names = [
        {"name": f"施設 {n}", "kana": f"シセツ{n}", "birth": f"193{n}-01-01"} for n in range(9)
    ]
    each = [(one, person(**(names[n] if n else {}))) for n, one in enumerate(ids)]
    reserve.reserve(vault, reserve.open_desk(vault), rid, fields(**changes), each)
    return rid, ids


def sync(*vaults: Vault) -> None:
    for vault in vaults:
        outbox.sync(vault)


def news_of(line: Line, vault: Vault) -> dict[str, Any]:
    """What the last answer told this laptop, opened: `{trip id: {"records", …}}`."""
    assert line.last is not None
    told = wire.parse(line.last["news"]["body"].encode())["trips"]
    device = vault.device
    assert device is not None
    return {
        trip: packet.open_answer(
            device["seal_private"], device["id"], f"{trip}|{one['cursor']}",
            wire.unb64(one["sealed"]),
        )
        for trip, one in told.items()
    }  # fmt: skip


def cursor(vault: Vault, trip: OpenTrip) -> int:
    row = vault.book.one("SELECT cursor FROM trip WHERE id = ?", trip.id)
    assert row is not None
    return int(row["cursor"])


def mine(trip: OpenTrip, record_id: str) -> dict[str, str]:
    row = trip.db.one("SELECT mine FROM record WHERE id = ?", record_id)
    return dict(json.loads(row["mine"])) if row else {}
