"""The trips that the city hands out: a key pair, a day secret, and the records that go along."""

from __future__ import annotations

import json
import secrets
from typing import Any

import sqlalchemy as sa

from sync import fail, wire
from sync.ids import is_id, new_id
from sync.packet import seal_answer
from sync.server import scope
from sync.server import store as t
from sync.server.receipts import now, statements
from sync.server.shelf import City, Device, Trip
from sync.server.sidebook import TRIP
from sync.server.sqlshelf import SqlShelf
from sync.server.sqlstore import SqlStore
from sync.wire import WireError, b64, unb64

SHOWN = ("half", "order", "place", "district", "reception_no", "state")
DAY = len("2026-07-01")
MOST = 1000
"""Reservations of one trip."""


def make(store: SqlStore, device: Device, asked: dict[str, Any]) -> dict[str, Any]:
    """Hand out a trip with the records of its reservations.

    `asked` = `{"request_id", "kind", "day", "reservations": [ids], "share"?: bool}`. The private
    key stays here; the answer is sealed to the device, its public half signed. Asking again with
    the same request id gives the same trip, with the records as they are now.
    """
    request_id, kind = str(asked.get("request_id", "")), asked.get("kind")
    wanted = asked.get("reservations", [])
    if not is_id(request_id) or not isinstance(wanted, list) or len(wanted) > MOST:
        raise WireError("malformed")
    wanted = [str(one) for one in wanted]
    day, share = str(asked.get("day", ""))[:DAY], bool(asked.get("share", False))
    with store.write() as shelf:
        found = by_request(shelf, device.id, request_id)
        if found is None:
            scope.may_make(shelf, device, str(kind), day, wanted, share)
            _insert(shelf, device, request_id, str(kind), day, wanted)
            found = by_request(shelf, device.id, request_id)
            assert found is not None
        records = scope.records_of(shelf, found)
        city = shelf.city()
        fail.point("server.trip_before")
    fail.point("server.trip_after")
    return _answer(city, device, found, records)


def by_request(shelf: SqlShelf, device_id: str, request_id: str) -> Trip | None:
    query = sa.select(t.trip.c.id).where(
        t.trip.c.device == device_id, t.trip.c.request_id == request_id
    )
    trip_id = shelf.conn.execute(query).scalar()
    return shelf.trips([trip_id])[trip_id] if trip_id else None


def _insert(
    shelf: SqlShelf, device: Device, request_id: str, kind: str, day: str, wanted: list[str]
) -> None:
    private, public = wire.new_sealing_key()
    trip = Trip(
        new_id(), request_id, device.id, kind, day, private, public, secrets.token_bytes(16), "out",
        tuple(wanted),
    )  # fmt: skip
    at = now()
    put(shelf, trip, at)
    shelf.side.add(TRIP, trip.id, told(trip) | {"at": at})


def put(shelf: SqlShelf, trip: Trip, at: str) -> None:
    """A new trip into the store."""
    shelf.conn.execute(
        t.trip.insert().values(
            id=trip.id,
            request_id=trip.request_id,
            device=trip.device,
            kind=trip.kind,
            day=trip.day,
            seal_private=shelf.box.seal("trip-key", trip.id, trip.seal_private),
            seal_public=trip.seal_public,
            secret=shelf.box.seal("trip-secret", trip.id, trip.secret or b""),
            state=trip.state,
            records=json.dumps(list(trip.records)),
            made_at=at,
        )
    )


def told(trip: Trip) -> dict[str, Any]:
    """A trip as the side book keeps it."""
    return {
        "request_id": trip.request_id,
        "device": trip.device,
        "kind": trip.kind,
        "day": trip.day,
        "private": b64(trip.seal_private),
        "public": b64(trip.seal_public),
        "secret": b64(trip.secret or b""),
        "records": list(trip.records),
    }


def of_told(trip_id: str, value: dict[str, Any]) -> Trip:
    """A trip of the side book, still out."""
    return Trip(
        trip_id, value["request_id"], value["device"], value["kind"], value["day"],
        unb64(value["private"]), unb64(value["public"]), unb64(value["secret"]), "out",
        tuple(value["records"]),
    )  # fmt: skip


def again(store: SqlStore, device: Device, trip_id: str) -> dict[str, Any]:
    """The second way to a day secret: the device that holds the trip may fetch it."""
    with store.read() as shelf:
        found = shelf.trips([trip_id]).get(trip_id)
        if found is None or found.device != device.id:
            raise WireError("unknown_trip")
        city = shelf.city()
    return _answer(city, device, found, [])


def _answer(
    city: City, device: Device, trip: Trip, records: list[dict[str, Any]]
) -> dict[str, Any]:
    if trip.secret is None:
        raise WireError("trip_ended")
    inside = {"secret": b64(trip.secret), "records": records}
    body = wire.canonical(
        {
            "v": wire.FORMAT,
            "device": device.id,
            "trip": trip.id,
            "request": trip.request_id,
            "kind": trip.kind,
            "day": trip.day,
            "public": b64(trip.seal_public),
            "sealed": b64(seal_answer(device.seal_public, device.id, trip.id, inside)),
        }
    )
    signature = wire.sign(wire.signing_private(city.sign_private), "trip", body)
    return {"trip": body.decode(), "signature": signature, **statements(city)}


def days(store: SqlStore, device: Device, asked: dict[str, Any]) -> dict[str, Any]:
    """`{"day"}` → what this device may take out on that day, sealed to it and signed.

    For the screen that a person chooses on: no name stands in it (who comes is told at check-out).
    """
    day = str(asked.get("day", ""))
    if len(day) != DAY:
        raise WireError("malformed")
    with store.read() as shelf:
        city, held = shelf.city(), scope.out_by(shelf)
        found = scope.of_day(shelf, device, day)
        count = scope.people(shelf, [doc.id for doc, _ in found])
    rows = [
        {
            "id": doc.id,
            "owner": owner,
            **{name: doc.get(name) for name in SHOWN},
            "people": count.get(doc.id, 0),
            "out_by": sorted(held.get(doc.id, ())),
        }
        for doc, owner in found
    ]
    inside = {"reservations": rows}
    body = wire.canonical(
        {
            "v": wire.FORMAT,
            "device": device.id,
            "day": day,
            "sealed": b64(seal_answer(device.seal_public, device.id, f"day|{day}", inside)),
        }
    )
    signature = wire.sign(wire.signing_private(city.sign_private), "days", body)
    return {"days": body.decode(), "signature": signature, **statements(city)}
