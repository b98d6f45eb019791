"""The city: the real handler over a store in memory, killed and started again at will."""

from __future__ import annotations

import contextlib
from dataclasses import replace
from random import Random
from typing import Any

from sync import wire
from sync.server import epochs, shown
from sync.server.handle import Handler
from sync.server.receipts import issue, item
from sync.server.shelf import City as CityRow
from sync.server.shelf import Device, Trip
from sync.wire import WireError, b64, canonical
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
        self.rows, self.disk = Rows(kernel), Disk(kernel, "city")
        self.process = Process("city")
        self.rows.tables["city"][""] = CityRow(CODE, "汐見市", 1, SIGN, SIGN, SEAL, SEAL)
        self.backup: tuple[int, dict[str, bytes]] | None = None
        self.to_restore = self.restored = self.in_silence = self.put_back = False
        self.keys = [SIGN]

    def add_laptop(self, device: str, trip: Trip) -> None:
        key = key_of(device)
        self.rows.tables["device"][device] = Device(
            device, device, "field", key, key, "active", 0, ""
        )
        self.rows.tables["trip"][trip.id] = trip

    def start(self) -> None:
        self.process = Process("city")
        self.store = SimStore(self.rows, self.disk)
        self.store.blobs.sweep()
        self.handler = Handler(self.store)  # type: ignore[arg-type]

    def serve(self, request: Request) -> tuple[int, dict[str, Any]]:
        method, path, body, headers = request
        return self.handler(method, path, headers, body)

    def back_up(self) -> None:
        """Yesterday's copy of the database and of the photos."""
        self.backup = len(self.rows.log), self.disk.copy()

    def restore(self) -> None:
        """Put the copy back, and begin a new life of the store, as the act of restoring does.

        `in_silence`: somebody put files back by hand, and nobody said so.
        """
        assert self.backup is not None
        epoch = self.rows["city"][""].epoch
        place, files = self.backup
        self.rows.back_to(place)
        self.disk.restore(files)
        silent, self.in_silence = self.in_silence, False
        self.to_restore, self.restored = False, True
        self.process = Process("city")
        if silent:
            self.put_back = True
            return
        full, self.rows.full = self.rows.full, lambda: False
        with self.rows.write() as rows:
            begin(SimShelf(rows), epoch + 1)
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


def begin(shelf: SimShelf, number: int) -> None:
    """The next life of the store, as `epochs.begin` writes it down (its files: tests/server)."""
    old = shelf.city()
    seq, digest = shelf.last_receipt()
    body = canonical(
        {
            "v": wire.PROTOCOL,
            "city": CODE,
            "epoch": number,
            "from_seq": seq,
            "from_digest": digest,
            "at": "2026-07-02T00:00:00+00:00",
        }
    )
    said = {"body": body.decode(), "signature": _signed(old, "epoch", body)}
    shelf.rows.put("city", "", replace(old, epoch=number, epochs=(*old.epochs, said)))
    issue(shelf, "", "epoch", [item(str(number), "", 0)])  # type: ignore[arg-type]


def found_out(store: SimStore, device: Device, batch: dict[str, Any]) -> None:
    """`epochs.found_out` over this store: what proves it is judged by the real code."""
    with store.write() as shelf:
        with contextlib.suppress(shown.SetBack):
            return shown.look(shelf, batch)  # type: ignore[arg-type]
        used = epochs._proved(shelf, device, shown.read(batch), [])  # type: ignore[arg-type]
        if not used:
            raise WireError("show_receipt")
        begin(shelf, max(shelf.city().epoch, used) + 1)
        store.rows.found_out = True


def _signed(city: CityRow, purpose: str, body: bytes) -> str:
    return wire.sign(wire.signing_private(city.sign_private), purpose, body)


def key_of(device: str) -> bytes:
    """A device's only key (private and public, for signing and sealing)."""
    return f"key-of-{device}".encode().ljust(32, b"=")
