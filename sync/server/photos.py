"""Sealed photos: declared in a batch, sent in parts, opened by the city, proved by a receipt.

Bytes → durable → read back and hash → receipt, as for saves. The bytes are kept exactly as they
were sealed; the city keeps the key that opens them. A refusal is signed as well: nothing on the
laptop changes because of an answer that anybody could have given.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sync import fail, packet, wire
from sync.ids import is_id
from sync.receipt import Receipt
from sync.server.receipts import issue, item, kept, now, refused
from sync.server.shelf import Device, Photo, Shelf, Store, Trip
from sync.wire import WireError, sha256, unb64

Come = tuple[Photo, bytes]
"""A photo of which all bytes are here: their SHA-256 is the declared one."""


def _declared(device: Device, value: Any) -> Photo:
    try:
        size, seal = value["size"], unb64(value["seal"])
        if type(size) is not int:
            raise ValueError("not a number")
        return Photo(
            wire.name(value["id"]), wire.name(value["trip"]), device.id, wire.name(value["sha256"]),
            size, seal, "coming",
        )  # fmt: skip
    except (KeyError, TypeError, ValueError):
        raise WireError("malformed") from None


def declare(store: Store, device: Device, values: list[Any]) -> list[dict[str, Any]]:
    """Register the photos that will come; for each its offset, or its receipt if it is here."""
    asked = [_declared(device, value) for value in values]

    def act(shelf: Shelf) -> tuple[dict[str, Photo], dict[str, str], Receipt | None]:
        known = shelf.photos([one.id for one in asked])
        trips = shelf.trips({one.trip for one in asked})
        no = {}
        new: dict[str, Photo] = {}
        for one in asked:
            why = _why_not(device, one, known.get(one.id), trips.get(one.trip))
            if why:
                no[one.id] = why
            elif one.id not in known:
                new.setdefault(one.id, one)
        shelf.put_photos(list(new.values()), now())
        items = [
            item(one.id, one.sha256, one.size) | refused(no[one.id])
            for one in asked
            if one.id in no
        ]
        return known, no, issue(shelf, device.id, "photo", items) if items else None

    known, no, refusal = store.together(act)
    return [
        {"id": one.id, "receipt": refusal.to_json()}
        if one.id in no and refusal is not None
        else {"id": one.id, **_state(store, device, known.get(one.id))}
        for one in asked
    ]


def _why_not(device: Device, one: Photo, known: Photo | None, trip: Trip | None) -> str:
    if not 0 < one.size <= wire.BLOB_LIMIT:
        return "too_large"
    if trip is None or trip.device != device.id:
        return "unknown_trip"
    if not is_id(one.id) or len(one.seal) != packet.SEAL_SIZE:
        return "wrong_format"
    if known is not None and (known.sha256, known.size, known.device) != (
        one.sha256,
        one.size,
        one.device,
    ):
        return "other_content"
    if trip.state == "ended" and (known is None or not known.receipt):
        return "trip_ended"
    return ""


def _state(store: Store, device: Device, row: Photo | None) -> dict[str, Any]:
    """Where a photo of before stands; a new one begins at 0."""
    if row is None:
        return {"offset": 0}
    if row.receipt:
        store.blobs.drop_parts(row.id)  # a kill came between the receipt and this
        return {"receipt": _kept(store, row).to_json()}
    offset = store.blobs.have(row.id)
    if offset >= row.size:  # a kill came between the last part and the photo
        return _whole(store, device, row, store.blobs.parts(row.id))
    if offset == 0:
        whole = store.blobs.get(row.id)  # a kill came between the bytes and the receipt
        if whole is not None and sha256(whole) == row.sha256:
            return _finish(store, device, [(row, whole)])
    return {"offset": offset}


def _kept(store: Store, row: Photo) -> Receipt:
    with store.read() as shelf:
        made = kept(shelf, digest=row.receipt)
    if made is None:
        raise WireError("not_stored")
    return made


def take_part(
    store: Store, device: Device, photo_id: str, start: int, data: bytes, digest: str
) -> dict[str, Any]:
    """One part of a sealed photo, whose SHA-256 is `digest`. Overlap is harmless, a gap is answered
    with the offset; a photo that comes whole is not written twice."""
    with store.read() as shelf:
        row = shelf.photos([photo_id]).get(photo_id)
    if row is None or row.device != device.id:
        raise WireError("unknown_photo")
    if start < 0:
        raise WireError("malformed")
    if row.receipt:
        return {"receipt": _kept(store, row).to_json()}
    if start == 0 and len(data) == row.size:
        return _finish(store, device, [(row, data)]) if digest == row.sha256 else {"offset": 0}
    have = store.blobs.have(photo_id)
    if start > have or start + len(data) > row.size or not data:
        return {"offset": have}
    fail.point("server.part_before")
    store.blobs.put_part(photo_id, start, data)
    fail.point("server.part_after")
    have = store.blobs.have(photo_id)
    if have < row.size:
        return {"offset": have}
    return _whole(store, device, row, store.blobs.parts(photo_id))


def take_whole(
    store: Store, device: Device, told: list[Any], data: memoryview
) -> dict[str, Any]:
    """Whole photos one behind the other, each `{"id", "size", "sha256"}` in `told`.

    One receipt for all that are new; `photos` says of each other one where it stands. Of a request
    that was cut off those count that came whole: nobody hears it now, but the next batch will.
    """
    try:
        named = [(str(one["id"]), wire.whole(one["size"]), str(one["sha256"])) for one in told]
    except (KeyError, TypeError, ValueError):
        raise WireError("malformed") from None
    ids = [name for name, _, _ in named]
    if sum(size for _, size, _ in named) < len(data) or len(set(ids)) != len(ids):
        raise WireError("malformed")
    with store.read() as shelf:
        rows = shelf.photos(ids)
        trips = shelf.trips({row.trip for row in rows.values()})
    if any(name not in rows or rows[name].device != device.id for name in ids):
        raise WireError("unknown_photo")
    come: list[Come] = []
    states: list[dict[str, Any]] = []
    start = 0
    for name, size, digest in named:
        row, whole = rows[name], bytes(data[start : start + size])
        start += size
        if row.receipt:
            states.append({"id": name, "receipt": _kept(store, row).to_json()})
        elif (row.sha256, row.size) == (digest, size) and sha256(whole) == digest:
            come.append((row, whole))
        else:
            states.append({"id": name, "offset": 0})
    return {"photos": states, **(_finish(store, device, come, trips) if come else {})}


def _whole(store: Store, device: Device, row: Photo, whole: bytes) -> dict[str, Any]:
    """What came in parts: what was declared, or it begins anew."""
    if sha256(whole) != row.sha256:
        store.blobs.drop_parts(row.id)
        return {"offset": 0}
    return _finish(store, device, [(row, whole)])


def _finish(
    store: Store, device: Device, come: Sequence[Come], trips: Mapping[str, Trip] | None = None
) -> dict[str, Any]:
    """Bytes that are those that were declared: open each photo, make them last, read them back,
    sign one receipt."""
    keys: dict[str, bytes] = {}
    no: dict[str, str] = {}
    if trips is None:
        with store.read() as shelf:
            trips = shelf.trips({row.trip for row, _ in come})
    for row, whole in come:
        private = trips[row.trip].seal_private
        try:
            keys[row.id] = packet.open_photo_key(private, row.trip, row.id, row.seal)
            packet.open_photo(keys[row.id], row.trip, row.id, whole)
        except WireError as error:
            no[row.id] = error.code
    good = [(row, whole) for row, whole in come if row.id not in no]
    store.blobs.put_all([(row.id, whole) for row, whole in good])
    fail.point("server.photo_before")
    for row, whole in good:
        if store.blobs.get(row.id) != whole:
            raise WireError("not_stored")
    fail.point("server.photo_after")
    rows = [row for row, _ in come]
    made = store.together(lambda shelf: _receipt(shelf, device, rows, keys, no))
    fail.point("server.photo_receipt_after")
    for row in rows:
        store.blobs.drop_parts(row.id)
    return {"receipt": made.to_json()}


def _receipt(
    shelf: Shelf, device: Device, rows: Sequence[Photo], keys: dict[str, bytes], no: dict[str, str]
) -> Receipt:
    """The rows say `stored` and name their receipt in one commit; their bytes were read back."""
    now_ = shelf.photos([row.id for row in rows])
    before = {now_[row.id].receipt for row in rows}
    made = kept(shelf, digest=before.pop()) if len(before) == 1 and "" not in before else None
    if made is not None:  # the same bytes came twice at once
        return made
    items = []
    for row in rows:
        word = refused(no[row.id]) if row.id in no else {}
        items.append(item(row.id, row.sha256, row.size) | word)
    made = issue(shelf, device.id, "photo", items)
    shelf.put_photos(
        [
            row.but(state="stored", key=keys[row.id], receipt=made.digest)
            for row in rows
            if row.id not in no and not now_[row.id].receipt
        ]
    )
    fail.point("server.photo_receipt_before")
    return made
