"""The laptop's half of the protocol: builds signed requests, trusts only signed answers.

Knows no store and no screen: it takes bytes and ids and returns verified values. What to do with a
receipt is decided by the kit (fieldkit/outbox.py).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sync import asking, wire
from sync import receipt as receipts
from sync.asking import Identity, Trip
from sync.receipt import Receipt
from sync.road import Answer, Request, Road
from sync.statements import News, read_news
from sync.wire import WireError, canonical


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
State = int | tuple[Receipt, dict[str, Any]]
"""Where a photo stands at the city: so many bytes are there, or its verified receipt."""


class _Told(dict[str, Any]):
    """An answer of the city. A part that is not there means that somebody else answered."""

    def __missing__(self, key: str) -> Any:
        raise WireError("malformed")


def value_of(answer: Answer) -> dict[str, Any]:
    """What the city answered; Refused where it said no."""
    if answer.status != 200:
        raise Refused(str(answer.value.get("error", "refused")))
    return _Told(answer.value)


@dataclass(frozen=True)
class BatchAnswer:
    """What the city said to a batch. `news` only where it speaks version 2."""

    made: Receipt
    value: dict[str, Any]
    photos: list[dict[str, Any]]
    now: str
    news: News | None

    @property
    def ledger_refused(self) -> bool:
        """The city took nothing of the batch: the ledger does not continue its copy."""
        return self.value.get("kind") == "ledger"


class Client:
    """One enrolled laptop talking over one road.

    `watch` sees a receipt that `checked` verified before anybody acts on it; it raises WireError to
    stop. `v` is the version of the batches: 1 once the city said that it knows no other.
    """

    def __init__(self, road: Road, identity: Identity, watch: Watch | None = None) -> None:
        self.road = road
        self.me = identity
        self.v = wire.PROTOCOL
        self._watch = watch
        self._key = wire.signing_private(identity.sign_private)

    def request(
        self,
        method: str,
        path: str,
        purpose: str,
        body: bytes,
        said: bytes | None = None,
        headers: dict[str, str] | None = None,
    ) -> Request:
        """A signed request; `said` is what the signature covers where that is not the body."""
        all_headers = {
            "KSP-Device": self.me.device,
            "KSP-Signature": wire.sign(self._key, purpose, body if said is None else said),
            "Content-Type": "application/octet-stream",
            **(headers or {}),
        }
        return Request(method, path, body, all_headers)

    def _send(self, method: str, path: str, purpose: str, body: bytes) -> dict[str, Any]:
        """A signed request and its answer; a newer key of the city is believed from here on."""
        value = value_of(self.road.send(*self.request(method, path, purpose, body)))
        self.me = asking.follow(self.me, value)
        return value

    def info(self) -> dict[str, Any]:
        return value_of(self.road.send("GET", "/ksp/v1/info", b"", {}))

    # -- trips ------------------------------------------------------------------------------
    def make_trip(
        self, request_id: str, kind: str, day: str, reservations: list[str], share: bool = False
    ) -> Trip:
        """Ask for a trip. `share`: another laptop may have the same reservations out."""
        value = self._send(*asking.trip(request_id, kind, day, reservations, share))
        return asking.read_trip(self.me, value, request_id, kind)

    def days(self, day: str) -> list[dict[str, Any]]:
        """What this laptop may take out on a day: `{"id", "owner", "half", "order", "place",
        "district", "reception_no", "state", "people", "out_by"}` each. To be shown, not kept."""
        value = self._send(*asking.days(day))
        return asking.read_days(self.me, day, value)

    def fetch_secret(self, trip_id: str) -> bytes:
        value = self._send(*asking.secret(trip_id))
        return asking.read_trip(self.me, value, trip_id=trip_id).secret

    def end_trip(self, trip_id: str) -> Receipt:
        body = canonical({"trip": trip_id})
        value = self._send("POST", f"/ksp/v1/trips/{trip_id}/end", "trip-end", body)
        made, told = self.checked(value["receipt"])
        if told.get("kind") != "trip_end" or not receipts.proves(told, trip_id, "", 0):
            raise WireError("old_receipt")  # a true word, but not on this: played back
        return made

    def settings_request(self, digest: str, start: int, held: str = "") -> Request:
        """The request for a part of the city's forms and settings (see `asking.settings`)."""
        return self.request(*asking.settings(digest, start, held))

    def settings(self, digest: str, start: int) -> dict[str, Any]:
        """`{"settings", "start", "data"}`: the city's word on them, signed, and a part."""
        return dict(value_of(self.road.send(*self.settings_request(digest, start))))

    # -- what goes up -----------------------------------------------------------------------
    def verified(self, value: Any) -> tuple[Receipt, dict[str, Any]]:
        """A receipt that the pinned city signed for this device, and its content."""
        made = Receipt.from_json(value)
        return made, receipts.verify(made, self.me.city_public, self.me.city, self.me.device)

    def checked(self, value: Any) -> tuple[Receipt, dict[str, Any]]:
        """`verified`, and watched."""
        made, told = self.verified(value)
        if self._watch is not None:
            self._watch(made, told)
        return made, told

    def batch(
        self,
        ops: Sequence[dict[str, Any]] = (),
        photos: Sequence[dict[str, Any]] = (),
        facts: Sequence[dict[str, Any]] = (),
        ledger: dict[str, Any] | None = None,
        pull: dict[str, int] | None = None,
        about: dict[str, Any] | None = None,
    ) -> Request:
        """The request that sends saves and facts, declares photos, brings rows of the ledger, and
        asks what is new. `about`: the epoch and the settings bundle that are known here."""
        body = {"v": self.v, "ops": list(ops), "photos": list(photos), "ledger": ledger}
        if self.v > 1:
            body |= {"facts": list(facts), "pull": pull or {}, **(about or {})}
        return self.request("POST", "/ksp/v1/ops", "batch", canonical(body))

    def read_batch(self, answer: Answer) -> BatchAnswer:
        """The answer to a batch, verified: a new key of the city first, then what it signed.

        Refused("other_version") comes from a city of before: set `v` to 1 and ask again.
        """
        told = value_of(answer)
        news = None
        if self.v > 1:
            news = read_news(self.me.city_public, self.me.city, self.me.device, told["news"])
            if news.keys:
                self.me = replace(self.me, city_public=news.keys[-1].new)
        made, value = self.verified(told["receipt"])
        states = told["photos"]
        if not isinstance(states, list) or not all(isinstance(one, dict) for one in states):
            raise WireError("malformed")
        return BatchAnswer(made, value, [_Told(one) for one in states], str(told["now"]), news)

    def part(self, photo_id: str, piece: bytes, start: int, digest: str = "") -> Request:
        """The request that sends a part of a sealed photo; `digest` where it is known already."""
        digest = digest or wire.sha256(piece)
        said = canonical({"photo": photo_id, "start": start, "sha256": digest})
        headers = {"Upload-Offset": str(start)}
        return self.request("PUT", f"/ksp/v1/photos/{photo_id}", "part", piece, said, headers)

    def whole(self, photos: Sequence[tuple[str, str, bytes]]) -> Request:
        """The request that sends several whole photos `(id, digest, bytes)` at once."""
        named = [{"id": i, "size": len(data), "sha256": digest} for i, digest, data in photos]
        said = canonical({"photos": named})
        body = b"".join([said, b"\n", *(data for _, _, data in photos)])
        return self.request("PUT", "/ksp/v1/photos", "photos", body, said)

    def read_whole(self, answer: Answer, ids: Sequence[str]) -> list[State]:
        """The answer to several whole photos: where each of them stands (see `read_state`)."""
        told = value_of(answer)
        try:
            named = [_Told(one) for one in told["photos"]]
        except (TypeError, ValueError):
            raise WireError("malformed") from None
        states = {str(one["id"]): self.read_state(one) for one in named}
        rest = self.verified(told["receipt"]) if "receipt" in told else None
        found: list[State] = []
        for photo_id in ids:
            state = states.get(photo_id, rest)
            if state is None:
                raise WireError("malformed")
            found.append(state)
        return found

    def read_state(self, told: dict[str, Any]) -> State:
        """Where a photo stands: so many bytes are there, or its verified receipt. The receipt may
        say that the city refuses the photo."""
        if "receipt" in told:
            return self.verified(told["receipt"])
        offset = told["offset"]
        if not isinstance(offset, int) or isinstance(offset, bool):
            raise WireError("malformed")
        return offset

    def read_part(self, answer: Answer) -> State:
        """The answer to a part: see `read_state`."""
        return self.read_state(value_of(answer))
