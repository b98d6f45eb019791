"""The laptop's half of the protocol: builds signed requests, trusts only signed answers.

Knows no store and no screen: it takes bytes and ids and returns verified values. What to do with a
receipt is decided by the kit (fieldkit/outbox.py).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sync import fail, packet, wire
from sync import receipt as receipts
from sync.receipt import Receipt
from sync.road import NoAnswer, Road
from sync.wire import WireError, b64, canonical, unb64


class Refused(Exception):
    """The city answered, and said no. `code` is one of PROTOCOL.md §7."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class LedgerRefused(Refused):
    """The city signed that this laptop's ledger does not continue the copy that it holds."""

    def __init__(self, code: str, made: Receipt) -> None:
        super().__init__(code)
        self.receipt = made


Watch = Callable[[Receipt, dict[str, Any]], None]


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


class _Told(dict[str, Any]):
    """An answer of the city. A part that is not there means that somebody else answered."""

    def __missing__(self, key: str) -> Any:
        raise WireError("malformed")


def _value(answer: Any) -> dict[str, Any]:
    if answer.status != 200:
        raise Refused(str(answer.value.get("error", "refused")))
    return _Told(answer.value)


def enrol(
    road: Road, code: str, name: str, sign_public: bytes, seal_public: bytes, fingerprint: str
) -> dict[str, Any]:
    """Enrol with a one-time code. The city's key must have the printed `fingerprint`.

    The city is asked for its key first, so that a slip in the fingerprint does not use up the code;
    that answer is unsigned and proves nothing: the key that counts is the one in the grant.
    Returns `{"device", "city", "city_name", "public": bytes}`.
    """
    asked = {
        "code": code,
        "name": name,
        "sign_public": b64(sign_public),
        "seal_public": b64(seal_public),
    }
    told_first = _value(road.send("GET", "/ksp/v1/info", b"", {}))
    if wire.fingerprint(unb64(told_first["public"])) != fingerprint.strip().upper():
        raise Refused("other_city")
    value = _value(road.send("POST", "/ksp/v1/enrol", canonical(asked), {}))
    grant = str(value["grant"]).encode()
    told = wire.parse(grant)
    public = unb64(told["public"])
    if wire.fingerprint(public) != fingerprint.strip().upper():
        raise Refused("other_city")
    wire.verify(public, "grant", grant, str(value["signature"]))
    if told["sign_public"] != b64(sign_public):
        raise Refused("other_city")
    return {**told, "public": public}


class Client:
    """One enrolled laptop talking over one road.

    `watch` sees every verified receipt before anybody acts on it; it raises WireError to stop.
    """

    def __init__(self, road: Road, identity: Identity, watch: Watch | None = None) -> None:
        self.road = road
        self.me = identity
        self._watch = watch
        self._key = wire.signing_private(identity.sign_private)

    def _send(
        self,
        method: str,
        path: str,
        purpose: str,
        body: bytes,
        said: bytes | None = None,
        headers: dict[str, str] | None = None,
    ) -> dict[str, Any]:
        signed = body if said is None else said
        all_headers = {
            "KSP-Device": self.me.device,
            "KSP-Signature": wire.sign(self._key, purpose, signed),
            "Content-Type": "application/octet-stream",
            **(headers or {}),
        }
        return _value(self.road.send(method, path, body, all_headers))

    def info(self) -> dict[str, Any]:
        return _value(self.road.send("GET", "/ksp/v1/info", b"", {}))

    # -- trips ------------------------------------------------------------------------------
    def make_trip(self, request_id: str, kind: str, day: str, reservations: list[str]) -> Trip:
        body = canonical(
            {"request_id": request_id, "kind": kind, "day": day, "reservations": reservations}
        )
        return self._trip(self._send("POST", "/ksp/v1/trips", "trip-request", body))

    def fetch_secret(self, trip_id: str) -> bytes:
        body = canonical({"trip": trip_id})
        path = f"/ksp/v1/trips/{trip_id}/secret"
        return self._trip(self._send("POST", path, "trip-secret", body)).secret

    def end_trip(self, trip_id: str) -> Receipt:
        body = canonical({"trip": trip_id})
        value = self._send("POST", f"/ksp/v1/trips/{trip_id}/end", "trip-end", body)
        made, _ = self.checked(value["receipt"])
        return made

    def _trip(self, value: dict[str, Any]) -> Trip:
        body = str(value["trip"]).encode()
        wire.verify(self.me.city_public, "trip", body, str(value["signature"]))
        told = wire.parse(body)
        if told["device"] != self.me.device:
            raise WireError("not_for_us")
        inside = packet.open_answer(
            self.me.seal_private, self.me.device, told["trip"], unb64(told["sealed"])
        )
        return Trip(
            told["trip"],
            told["kind"],
            told["day"],
            unb64(told["public"]),
            unb64(inside["secret"]),
            list(inside["records"]),
        )

    # -- what goes up -----------------------------------------------------------------------
    def checked(self, value: Any) -> tuple[Receipt, dict[str, Any]]:
        """A receipt that the pinned city signed for this device, and its content."""
        made = Receipt.from_json(value)
        told = receipts.verify(made, self.me.city_public, self.me.city, self.me.device)
        if self._watch is not None:
            self._watch(made, told)
        return made, told

    def send_batch(
        self, ops: list[dict[str, Any]], photos: list[dict[str, Any]], ledger: dict[str, Any]
    ) -> dict[str, Any]:
        """Send saves, declare photos, bring the next rows of the ledger.

        Returns `{"receipt", "value", "photos", "now"}`; LedgerRefused where the city signed that
        it took nothing because of the ledger.
        """
        body = canonical({"v": wire.PROTOCOL, "ops": ops, "photos": photos, "ledger": ledger})
        answer = self._send("POST", "/ksp/v1/ops", "batch", body)
        made, value = self.checked(answer["receipt"])
        if value.get("kind") == "ledger":
            raise LedgerRefused(receipts.reason_for(value, self.me.device), made)
        return {"receipt": made, "value": value, "photos": answer["photos"], "now": answer["now"]}

    def send_photo(
        self, photo_id: str, data: bytes, offset: int, moved: Callable[[int], None]
    ) -> tuple[Receipt, dict[str, Any]]:
        """Send a sealed photo from `offset` on, until its receipt is here.

        `moved(bytes)` is called after every part. NoAnswer leaves everything as it was: the next
        try asks the city for the offset. The receipt may say that the city refused the photo.
        """
        stalled = 0
        while True:
            piece = data[offset : offset + wire.PART_LIMIT]
            said = canonical({"photo": photo_id, "start": offset, "sha256": wire.sha256(piece)})
            answer = self._send(
                "PUT",
                f"/ksp/v1/photos/{photo_id}",
                "part",
                piece,
                said,
                {"Upload-Offset": str(offset)},
            )
            if "receipt" in answer:
                moved(len(piece))
                return self.checked(answer["receipt"])
            new = int(answer["offset"])
            stalled = stalled + 1 if new <= offset else 0
            if stalled > 3 or not 0 <= new < len(data):
                raise NoAnswer("stalled")
            fail.point("sync.part")
            moved(max(0, new - offset))
            offset = new
