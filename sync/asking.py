"""What a laptop asks the city for: a trip, a day secret again, the list of a day.

The request that is signed, and what its answer holds once it was verified. It may go over the line
(sync/client.py) or on a USB memory (fieldkit/carry_asks.py); the answer is the same.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

from sync import packet, wire
from sync.statements import read_keys
from sync.wire import WireError, canonical, unb64


@dataclass(frozen=True)
class Identity:
    """Who this laptop is, and which city it trusts: the pinned key of its enrolment."""

    device: str
    sign_private: bytes
    seal_private: bytes
    city: str
    city_public: bytes


@dataclass(frozen=True)
class Trip:
    """A trip as the city handed it out, checked against the pinned key."""

    id: str
    kind: str
    day: str
    public: bytes
    secret: bytes
    records: list[dict[str, Any]]


class Asked(NamedTuple):
    """A request before it is signed, as `Client.request` takes it: `client.request(*asked)`."""

    method: str
    path: str
    purpose: str
    body: bytes


def trip(
    request_id: str, kind: str, day: str, reservations: Sequence[str], share: bool = False
) -> Asked:
    """A new trip. `share`: another laptop may have the same reservations out."""
    asked: dict[str, Any] = {"request_id": request_id, "kind": kind, "day": day}
    asked["reservations"] = list(reservations)
    body = canonical({**asked, "share": True} if share else asked)
    return Asked("POST", "/ksp/v1/trips", "trip-request", body)


def secret(trip_id: str) -> Asked:
    """The second way to a trip's day secret."""
    path = f"/ksp/v1/trips/{trip_id}/secret"
    return Asked("POST", path, "trip-secret", canonical({"trip": trip_id}))


def days(day: str) -> Asked:
    """What may be taken out on a day."""
    return Asked("POST", "/ksp/v1/days", "day-list", canonical({"day": day}))


def settings(digest: str, start: int, held: str = "") -> Asked:
    """A part of the city's forms and settings from `start`; `digest` "" asks for the newest ones,
    but not for their bytes where they are `held`."""
    told: dict[str, Any] = {"digest": digest, "start": start}
    body = canonical({**told, "held": held} if held else told)
    return Asked("POST", "/ksp/v1/settings", "settings-request", body)


def follow(me: Identity, value: dict[str, Any]) -> Identity:
    """Believe the city's newest key, where the answer brings the words of its older ones on it."""
    try:
        keys = read_keys(me.city_public, me.city, value.get("keys", []))
    except (KeyError, TypeError):
        raise WireError("malformed") from None
    return replace(me, city_public=keys[-1].new) if keys else me


def read_trip(
    me: Identity, value: dict[str, Any], request: str = "", kind: str = "", trip_id: str = ""
) -> Trip:
    """The trip in the answer to `trip` or `secret`; WireError for anything else, also for another
    trip of this laptop than the one that was asked for (a city of before names no request)."""
    try:
        body = str(value["trip"]).encode()
        wire.verify(me.city_public, "trip", body, str(value["signature"]))
        told = wire.parse(body)
        if told["device"] != me.device:
            raise WireError("not_for_us")
        name = str(told["trip"])
        asked = {"kind": kind, "request": request if "request" in told else "", "trip": trip_id}
        if any(wanted and told[what] != wanted for what, wanted in asked.items()):
            raise WireError("not_for_us")
        inside = packet.open_answer(me.seal_private, me.device, name, unb64(told["sealed"]))
        return Trip(
            name,
            told["kind"],
            told["day"],
            unb64(told["public"]),
            unb64(inside["secret"]),
            list(inside["records"]),
        )
    except (KeyError, TypeError):
        raise WireError("malformed") from None


def read_days(me: Identity, day: str, value: dict[str, Any]) -> list[dict[str, Any]]:
    """The rows in the answer to `days`; WireError for anything else."""
    try:
        said = str(value["days"]).encode()
        wire.verify(me.city_public, "days", said, str(value["signature"]))
        told = wire.parse(said)
        if told["device"] != me.device or told["day"] != day:
            raise WireError("not_for_us")
        sealed = unb64(told["sealed"])
        inside = packet.open_answer(me.seal_private, me.device, f"day|{day}", sealed)
        return list(inside["reservations"])
    except (KeyError, TypeError):
        raise WireError("malformed") from None
