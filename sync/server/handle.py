"""One request in, one answer out: the same for a line and for a bundle from a USB stick.

`Handler(store)(method, path, headers, body)` → `(HTTP status, JSON object)`. Every body is signed
(sync/PROTOCOL.md §2, §4); WireError codes become statuses here and nowhere else.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from sync import wire
from sync.server import (
    closing,
    devices,
    epochs,
    inbox,
    news,
    photos,
    publish,
    quarantine,
    shown,
    trips,
)
from sync.server.receipts import now
from sync.server.shelf import Device
from sync.server.sqlstore import SqlStore
from sync.wire import WireError, b64, canonical

BASE = "/ksp/v1"
STATUS = {
    "bad_signature": 401,
    "unknown_device": 401,
    "revoked": 403,
    "bad_code": 403,
    "out_of_scope": 403,
    "already_out": 409,
    "show_receipt": 409,
    "unknown_trip": 404,
    "unknown_photo": 404,
    "unknown_path": 404,
    "trip_ended": 410,
}
Answer = tuple[int, dict[str, Any]]


class _Proved(Exception):
    """The answer is known already, whoever asks."""

    def __init__(self, answer: dict[str, Any]) -> None:
        super().__init__("proved")
        self.answer = answer


class Handler:
    """Answers requests over one store; keeps nothing between two of them."""

    def __init__(self, store: SqlStore) -> None:
        self.store = store

    def __call__(
        self, method: str, path: str, headers: Mapping[str, str], body: bytes, late: bool = False
    ) -> Answer:
        """`late`: the request lay on a medium and may be older than what the city has heard."""
        try:
            told = {name.lower(): value for name, value in headers.items()}
            return 200, self._route(method, path, told, body, late)
        except WireError as error:
            return STATUS.get(error.code, 400), {"error": error.code}
        except _Proved as known:
            return 200, known.answer

    def _route(
        self, method: str, path: str, headers: Mapping[str, str], body: bytes, late: bool
    ) -> dict[str, Any]:
        if (method, path) == ("GET", f"{BASE}/info"):
            return self._info()
        if (method, path) == ("POST", f"{BASE}/enrol"):
            return devices.enrol(self.store, _object(body))
        if (method, path) == ("POST", f"{BASE}/ops"):
            device = self._signed("batch", body, method, path, headers, body)
            return self._ops(device, body, late)
        if (method, path) == ("PUT", f"{BASE}/photos"):
            return self._whole(method, path, headers, body)
        photo = re.fullmatch(rf"{BASE}/photos/([^/\0]+)", path)
        if photo and method == "PUT":
            return self._part(photo[1], method, path, headers, body)
        if (method, path) == ("POST", f"{BASE}/trips"):
            device = self._signed("trip-request", body, method, path, headers, body)
            return trips.make(self.store, device, _object(body))
        if (method, path) == ("POST", f"{BASE}/days"):
            device = self._signed("day-list", body, method, path, headers, body)
            return trips.days(self.store, device, _object(body))
        if (method, path) == ("POST", f"{BASE}/settings"):
            self._signed("settings-request", body, method, path, headers, body)
            return publish.part(self.store, _object(body))
        trip = re.fullmatch(rf"{BASE}/trips/([^/]+)/(secret|end)", path)
        if trip and method == "POST":
            return self._trip(trip[1], trip[2], method, path, headers, body)
        raise WireError("unknown_path")

    def _ops(self, device: Device, body: bytes, late: bool) -> dict[str, Any]:
        batch = wire.parse(body)
        try:
            answer = inbox.take_batch(self.store, device, body, late)
        except shown.SetBack:
            epochs.found_out(self.store, device, batch)
            answer = inbox.take_batch(self.store, device, body, late)
        if batch["v"] >= 2:
            answer["news"] = news.tell(self.store, device, batch)
        return answer

    def _part(
        self, photo_id: str, method: str, path: str, headers: Mapping[str, str], data: bytes
    ) -> dict[str, Any]:
        try:
            start = int(headers.get("upload-offset", ""))
        except ValueError:
            raise WireError("malformed") from None
        if len(data) > wire.PART_LIMIT:
            raise WireError("too_large")
        digest = wire.sha256(data)
        said = canonical({"photo": photo_id, "start": start, "sha256": digest})
        device = self._signed("part", said, method, path, headers, data)
        return photos.take_part(self.store, device, photo_id, start, data, digest)

    def _whole(
        self, method: str, path: str, headers: Mapping[str, str], body: bytes
    ) -> dict[str, Any]:
        """A line of JSON that names photos, and is what is signed; then their bytes."""
        if len(body) > wire.PART_LIMIT:
            raise WireError("too_large")
        said, _, _ = body[: wire.HEAD_LIMIT].partition(b"\n")
        device = self._signed("photos", said, method, path, headers, body)
        told = _object(said).get("photos")
        if not isinstance(told, list) or not told:
            raise WireError("malformed")
        return photos.take_whole(self.store, device, told, memoryview(body)[len(said) + 1 :])

    def _trip(
        self, trip_id: str, act: str, method: str, path: str, headers: Mapping[str, str],
        body: bytes,
    ) -> dict[str, Any]:  # fmt: skip
        device = self._signed(f"trip-{act}", body, method, path, headers, body)
        if _object(body).get("trip") != trip_id:
            raise WireError("malformed")
        if act == "secret":
            return trips.again(self.store, device, trip_id)
        return inbox.end_trip(self.store, device, trip_id, closing.trip_ended)

    def _signed(
        self, purpose: str, said: bytes, method: str, path: str, headers: Mapping[str, str],
        body: bytes,
    ) -> Device:  # fmt: skip
        """The device that signed `said`; a revoked one's request is kept for a person first."""
        device_id = headers.get("ksp-device", "")
        with self.store.read() as shelf:
            device = shelf.device(device_id) if "\0" not in device_id else None
        if device is None:
            raise WireError("unknown_device")
        wire.verify(device.sign_public, purpose, said, headers.get("ksp-signature", ""))
        if device.status != "active":
            self._stopped(device, purpose, method, path, dict(headers), body)
        return device

    def _stopped(
        self, device: Device, purpose: str, method: str, path: str, headers: dict[str, str],
        body: bytes,
    ) -> None:  # fmt: skip
        """A revoked device: what it could prove already it may hear again, the rest is kept."""
        if purpose in ("batch", "part", "photos"):
            known = quarantine.proof(self.store, device, purpose, path, body)
            if known is not None:
                raise _Proved(known)
            quarantine.park(self.store, device.id, method, path, headers, body)
        raise WireError("revoked")

    def _info(self) -> dict[str, Any]:
        with self.store.read() as shelf:
            city = shelf.city()
        return {
            "v": wire.FORMAT,
            "speaks": list(wire.SPOKEN),
            "city": city.code,
            "city_name": city.name,
            "epoch": city.epoch,
            "public": b64(city.sign_public),
            "now": now(),
        }


def _object(body: bytes) -> dict[str, Any]:
    value = wire.parse(body)
    if not isinstance(value, dict):
        raise WireError("malformed")
    return value
