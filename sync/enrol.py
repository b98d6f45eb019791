"""How a laptop becomes one of the city's: the one-time code goes up, the grant comes back.

The trust is the fingerprint on paper, and nothing that the line says. What goes by USB memory is
sync/enrol_file.py; the grant in it is the same.
"""

from __future__ import annotations

from typing import Any

from sync import wire
from sync.client import Refused, value_of
from sync.road import Road
from sync.wire import b64, canonical, unb64


def enrol(
    road: Road, code: str, name: str, sign_public: bytes, seal_public: bytes, fingerprint: str
) -> dict[str, Any]:
    """Enrol with a one-time code. The city's key must have the printed `fingerprint`.

    The city is asked for its key first, so that a slip in the fingerprint does not use up the code;
    that answer is unsigned and proves nothing: the key that counts is the one in the grant.
    Returns `{"device", "city", "city_name", "public": bytes}`; `seal_public` (bytes, what bundles
    are sealed to) and `profile` are empty from a city of before.
    """
    asked = {
        "code": code,
        "name": name,
        "sign_public": b64(sign_public),
        "seal_public": b64(seal_public),
    }
    told_first = value_of(road.send("GET", "/ksp/v1/info", b"", {}))
    if wire.fingerprint(unb64(told_first["public"])) != fingerprint.strip().upper():
        raise Refused("other_city")
    value = value_of(road.send("POST", "/ksp/v1/enrol", canonical(asked), {}))
    return granted(value, sign_public, fingerprint)


def granted(value: dict[str, Any], sign_public: bytes, fingerprint: str) -> dict[str, Any]:
    """The grant in the answer to an enrolment, by a city whose key has this fingerprint."""
    grant = str(value["grant"]).encode()
    told = wire.parse(grant)
    public = unb64(told["public"])
    if wire.fingerprint(public) != fingerprint.strip().upper():
        raise Refused("other_city")
    wire.verify(public, "grant", grant, str(value["signature"]))
    if told["sign_public"] != b64(sign_public):
        raise Refused("other_city")
    seal = unb64(told.get("seal_public", ""))
    return {"profile": "", **told, "public": public, "seal_public": seal}
