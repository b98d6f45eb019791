"""A laptop's batch as it was sent: its shape, its name, and what is inside each of its saves.

Here it is only read; sync/server/inbox.py takes it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sync import packet, wire
from sync.server import ledgers
from sync.server.shelf import Device, Trip
from sync.wire import WireError, sha256, unb64

FACTS_A_BATCH = 1000
PHOTOS_A_BATCH = 1000


@dataclass(frozen=True)
class Incoming:
    """One save of a batch as it was sent."""

    op_id: str
    n: int
    trip: str
    data: bytes
    sha256: str


@dataclass(frozen=True)
class Batch:
    """A batch that has the right shape. `digest` names it for ever: the same bytes of the same
    device get the same receipt."""

    v: int
    digest: str
    ops: tuple[Incoming, ...]
    photos: list[Any]
    facts: tuple[tuple[str, str], ...]
    ledger: ledgers.Sent
    value: dict[str, Any]


def read(device: str, body: bytes) -> Batch:
    """The batch in a request's body; WireError("other_version") or ("malformed")."""
    value = wire.parse(body)
    if not isinstance(value, dict) or value.get("v") not in wire.SPOKEN:
        raise WireError("other_version")
    ops, declared, facts = (value.get(key, []) for key in ("ops", "photos", "facts"))
    if not all(isinstance(part, list) for part in (ops, declared, facts)):
        raise WireError("malformed")
    if len(facts) > FACTS_A_BATCH or len(declared) > PHOTOS_A_BATCH:
        raise WireError("malformed")
    try:
        told = tuple((wire.name(f["id"]), str(f["body"])) for f in facts)
        saves = tuple(_incoming(op) for op in ops)
    except (KeyError, TypeError, ValueError):
        raise WireError("malformed") from None
    digest = name_of(device, body)
    return Batch(value["v"], digest, saves, declared, told, ledgers.read(value), value)


def name_of(device: str, body: bytes) -> str:
    """What names a batch in the chain of receipts: its bytes, and whose they are."""
    return sha256(device.encode() + b"\0" + body)


def _incoming(op: Any) -> Incoming:
    data = unb64(op["rec"])
    op_id, trip = wire.name(op["op_id"]), wire.name(op["trip"])
    return Incoming(op_id, wire.whole(op["n"]), trip, data, sha256(data))


def opened(device: Device, trip: Trip | None, op: Incoming) -> Any:
    """What is inside one save of a batch, or the reason why it is refused."""
    if trip is None or trip.device != device.id:
        return "unknown_trip"
    if trip.state == "ended":
        return "trip_ended"
    try:
        save = packet.open_record(trip.seal_private, trip.id, op.op_id, op.data)
        about = {"n": op.n, "trip_kind": trip.kind, "trip_records": trip.records}
        return {**_checked(save), **about}
    except WireError as error:
        return error.code


def _checked(save: dict[str, Any]) -> dict[str, Any]:
    """A save whose shape the city understands; anything else is refused, never half applied."""
    try:
        for name in ("op_id", "entity", "id", "actor", "at"):
            wire.name(save.get(name))
        wire.name(save.get("parent") or "")
        wire.whole(save.get("base"))
    except ValueError:
        raise WireError("wrong_format") from None
    if not isinstance(save.get("set"), dict):
        raise WireError("wrong_format")
    return save
