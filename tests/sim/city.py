"""The city: the real handler over a store in memory, killed and started again at will."""

from __future__ import annotations

from dataclasses import replace
from random import Random
from typing import Any

from sync import wire
from sync.receipt import GENESIS
from sync.server.handle import Handler
from sync.server.receipts import issue, item
from sync.server.shelf import City as CityRow
from sync.server.shelf import Device, Trip
from sync.wire import b64, canonical
from tests.sim.citystore import SimShelf, SimStore
from tests.sim.disk import Disk
from tests.sim.kernel import Kernel, Process
from tests.sim.road import Request
from tests.sim.rows import Rows

CODE = "01999"
SIGN = b"city-sign-key-city-sign-key-city"
SEAL = b"city-seal-key-city-seal-key-city"


class City:
    """One server process over its database and its disk."""

    def __init__(self, kernel: Kernel) -> None:
        self.kernel = kernel
        self.rows, self.disk = Rows(kernel), Disk(kernel)
        self.process = Process("city")
        self.rows.tables["city"][""] = CityRow(CODE, "汐見市", 1, SIGN, SIGN, SEAL, SEAL)
        self.backup: tuple[int, dict[str, bytes]] | None = None
        self.to_restore = self.restored = False
        self.keys = [SIGN]

    def add_laptop(self, device: str, trip: Trip) -> None:
        key = key_of(device)
        self.rows.tables["device"][device] = Device(
            device, device, "field", key, key, "active", 0, ""
        )
        self.rows.tables["trip"][trip.id] = trip

    def start(self) -> None:
        self.process = Process("city")
        store = SimStore(self.rows, self.disk)
        store.blobs.sweep()
        self.handler = Handler(store)  # type: ignore[arg-type]

    def serve(self, request: Request) -> tuple[int, dict[str, Any]]:
        method, path, body, headers = request
        return self.handler(method, path, headers, body)

    def back_up(self) -> None:
        """Yesterday's copy of the database and of the photos."""
        self.backup = len(self.rows.log), self.disk.copy()

    def restore(self) -> None:
        """Put the copy back, and begin a new life of the store, as the act of restoring does."""
        assert self.backup is not None
        old = self.rows["city"][""]
        place, files = self.backup
        self.rows.back_to(place)
        self.disk.restore(files)
        seq, digest = self.rows["last"].get("receipt", (0, GENESIS))
        body = canonical(
            {
                "v": wire.PROTOCOL,
                "city": CODE,
                "epoch": old.epoch + 1,
                "from_seq": seq,
                "from_digest": digest,
                "at": "2026-07-02T00:00:00+00:00",
            }
        )
        said = {"body": body.decode(), "signature": _signed(old, "epoch", body)}
        self.rows.tables["city"][""] = replace(old, epoch=old.epoch + 1, epochs=(*old.epochs, said))
        self.to_restore, self.restored = False, True
        self.process = Process("city")
        full, self.rows.full = self.rows.full, lambda: False
        with self.rows.write() as rows:
            issue(SimShelf(rows), "", "epoch", [item(str(old.epoch + 1), "", 0)])
        self.rows.full = full

    def new_key(self) -> None:
        """Sign with another key from now on (`python -m sync.server rotate-key`)."""
        old = self.rows["city"][""]
        new = f"city-key-{len(self.keys)}".encode().ljust(32, b"=")
        body = canonical(
            {
                "v": wire.PROTOCOL,
                "city": CODE,
                "old": b64(old.sign_public),
                "new": b64(new),
                "at": "2026-07-02T00:00:00+00:00",
            }
        )
        said = {"body": body.decode(), "signature": _signed(old, "key", body)}
        self.rows.tables["city"][""] = replace(
            old, sign_private=new, sign_public=new, keys=(*old.keys, said)
        )
        self.keys.append(new)

    def power_cut(self, dice: Random) -> None:
        self.rows.power_cut(dice)
        self.disk.power_cut(dice)


def _signed(city: CityRow, purpose: str, body: bytes) -> str:
    return wire.sign(wire.signing_private(city.sign_private), purpose, body)


def key_of(device: str) -> bytes:
    """A device's only key (private and public, for signing and sealing)."""
    return f"key-of-{device}".encode().ljust(32, b"=")
