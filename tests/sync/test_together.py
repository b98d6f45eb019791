"""Several whole photos in one request: one receipt, each photo for itself, cut or not."""

from __future__ import annotations

import socket
import time
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from fieldkit import outbox
from fieldkit.store import photos
from fieldkit.store.vault import Vault
from sync import fail, packet, wire
from sync.client import Client
from sync.ids import new_id
from sync.pace import Pace
from sync.road import NoAnswer, Request
from sync.server import devices
from sync.server import store as t
from sync.wire import b64, canonical, sha256
from tests.conftest import CityServer
from tests.sync.test_sender import a_day, city, line, stored, vault

__all__ = ["city", "line", "vault"]
JPEG = b"\xff\xd8\xff\xe0" + b"face-bytes-" * 9_000 + b"\xff\xd9"


class Sent:
    """Photos of a laptop's trip that are declared, and the request that brings them all."""

    def __init__(self, vault: Vault, count: int = 3) -> None:
        from fieldkit.city import connect

        self.client: Client = connect(vault)
        trip = self.client.make_trip(new_id(), "field", "2026-07-01", [])
        self.ids = [new_id() for _ in range(count)]
        self.data, told = [], []
        for one in self.ids:
            ph, seal, _ = packet.seal_photo(trip.public, trip.id, one, JPEG + one.encode())
            self.data.append(ph)
            told.append({"id": one, "trip": trip.id, "sha256": sha256(ph), "size": len(ph),
                         "seal": b64(seal)})  # fmt: skip
        self.declare = self.client.batch(photos=told)
        self.states()

    def states(self) -> list[dict[str, object]]:
        got = self.client.read_batch(self.client.road.send(*self.declare))
        return [dict(one) for one in got.photos]

    def whole(self) -> Request:
        named = zip(self.ids, self.data, strict=True)
        return self.client.whole([(i, sha256(data), data) for i, data in named])

    def send(self, request: Request) -> list[object]:
        answer = self.client.road.send(*request)
        return list(self.client.read_whole(answer, self.ids))


def test_one_receipt_names_them_all(vault: Vault, city: CityServer) -> None:
    sent = Sent(vault)
    first = sent.send(sent.whole())
    made = {state[0].digest for state in first if isinstance(state, tuple)}  # type: ignore[index]
    assert len(made) == 1 and stored(city, sent.ids) == 3
    items = first[0][1]["items"]  # type: ignore[index]
    assert [(i["id"], i["sha256"], i["answer"]) for i in items] == [
        (one, sha256(data), "taken") for one, data in zip(sent.ids, sent.data, strict=True)
    ]
    again = sent.send(sent.whole())
    assert [state[0] for state in again] == [state[0] for state in first]  # type: ignore[index]
    with city.store.read() as shelf:
        assert all(row.key for row in shelf.photos(sent.ids).values())


def test_a_changed_photo_takes_no_other_with_it(vault: Vault, city: CityServer) -> None:
    sent = Sent(vault)
    request = sent.whole()
    body = bytearray(request.body)
    body[-1] ^= 1
    states = sent.send(request._replace(body=bytes(body)))
    assert [isinstance(state, tuple) for state in states] == [True, True, False]
    assert states[2] == 0 and stored(city, sent.ids) == 2


def test_one_that_does_not_open_is_refused_by_name(vault: Vault, city: CityServer) -> None:
    sent = Sent(vault)
    with city.store.write() as shelf:
        row = shelf.photos(sent.ids)[sent.ids[1]]
        shelf.put_photo(row.but(seal=row.seal[:-1] + bytes([row.seal[-1] ^ 1])))
    words = [item["answer"] for item in sent.send(sent.whole())[0][1]["items"]]  # type: ignore[index]
    assert words == ["taken", "refused", "taken"] and stored(city, sent.ids) == 2


@pytest.mark.parametrize("whole", [0, 1, 2])
def test_of_a_request_that_is_cut_off_the_whole_ones_are_kept(
    vault: Vault, city: CityServer, whole: int
) -> None:
    sent = Sent(vault)
    request = sent.whole()
    end = len(request.body) - sum(len(data) for data in sent.data[whole:]) + 1000
    address = urlsplit(city.url)
    head = "".join(f"{name}: {value}\r\n" for name, value in request.headers.items())
    start = f"PUT {request.path} HTTP/1.1\r\nHost: x\r\nContent-Length: {len(request.body)}\r\n"
    with socket.create_connection((str(address.hostname), int(address.port or 0))) as raw:
        raw.sendall((start + head + "\r\n").encode() + request.body[:end])
    until = time.monotonic() + 5
    while stored(city, sent.ids) < whole and time.monotonic() < until:
        time.sleep(0.02)
    time.sleep(0.1)
    assert stored(city, sent.ids) == whole
    known = ["receipt" in one for one in sent.states()]
    assert known == [i < whole for i in range(3)]


@pytest.mark.parametrize("change", ["signature", "head", "unknown", "twice", "long", "nothing"])
def test_it_takes_nothing_that_the_laptop_did_not_sign(
    vault: Vault, city: CityServer, change: str
) -> None:
    sent = Sent(vault)
    named = [{"id": i, "size": len(d), "sha256": sha256(d)}
             for i, d in zip(sent.ids, sent.data, strict=True)]  # fmt: skip
    data = b"".join(sent.data)
    if change == "unknown":
        named[1]["id"] = new_id()
    elif change == "twice":
        named[1] = named[0]
    elif change == "long":
        data += b"x"
    elif change == "nothing":
        named, data = [], b""
    said = canonical({"photos": named})
    body = said + b"\n" + data
    if change == "head":
        body = body.replace(sent.ids[0].encode(), new_id().encode(), 1)
    request = sent.client.request("PUT", "/ksp/v1/photos", "photos", body, said)
    if change == "signature":
        key = wire.signing_private(wire.new_signing_key()[0])
        request.headers["KSP-Signature"] = wire.sign(key, "photos", said)
    assert sent.client.road.send(*request).status in (400, 401, 404)
    assert stored(city, sent.ids) == 0


def test_those_of_a_stopped_laptop_are_kept_for_a_person(vault: Vault, city: CityServer) -> None:
    sent = Sent(vault)
    devices.revoke(city.store, sent.client.me.device)
    assert sent.client.road.send(*sent.whole()).status == 403
    with city.store.read() as shelf:
        kept = shelf.conn.execute(t.packet.select()).all()
    assert [(row.method, row.path) for row in kept if row.device == sent.client.me.device] == [
        ("PUT", "/ksp/v1/photos")
    ]


def test_a_near_line_carries_several_at_once(vault: Vault, city: CityServer, line: object) -> None:
    ids = a_day(vault, pictures=24)
    outbox.sync(vault)
    together = [path for method, path, _ in line.sent if method == "PUT"]  # type: ignore[attr-defined]
    assert stored(city, ids) == 24 and "/ksp/v1/photos" in together and len(together) < 24
    assert not [f for one in ids for f in photos.files_of(vault, _trip(vault), one) if f.exists()]


def _trip(vault: Vault) -> str:
    row = vault.book.one("SELECT trip_id FROM photo")
    assert row is not None
    return str(row["trip_id"])


def test_what_became_damaged_stays_behind(vault: Vault, city: CityServer) -> None:
    ids = a_day(vault, pictures=12)
    file: Path = photos.files_of(vault, _trip(vault), ids[9])[0]
    data = bytearray(file.read_bytes())
    data[-1] ^= 1
    file.write_bytes(data)
    outbox.sync(vault)
    assert stored(city, ids) == 11
    rows = vault.book.all("SELECT id, reason FROM photo WHERE state = 'parked'")
    assert [(row["id"], row["reason"]) for row in rows] == [(ids[9], "file_damaged")]


def test_only_a_near_and_fast_line_takes_several() -> None:
    near, far, slow, failed = (Pace(wire.PART_LIMIT) for _ in range(4))
    for one, rtt, took in ((near, 0.001, 0.01), (far, 0.3, 0.01), (slow, 0.001, 3.0),
                           (failed, 0.001, 0.01)):  # fmt: skip
        one.heard(rtt)
        assert one.together() == 0, "nothing is known of the line yet"
        one.good(300_000, took)
    failed.bad()
    failed.good(300_000, 0.01)
    assert near.together() > 8 * 300_000 and slow.together() < 300_000
    assert far.together() == failed.together() == 0


@pytest.mark.parametrize(
    "name", ["blob_written", "photo_before", "photo_after", "photo_receipt_before",
             "photo_receipt_after"],
)  # fmt: skip
def test_what_breaks_off_at_any_step_ends_with_the_next_batch(
    vault: Vault, city: CityServer, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    sent = Sent(vault)

    def broken(point: str) -> None:
        if point == f"server.{name}":
            raise OSError("the power is gone")

    with monkeypatch.context() as patch:
        patch.setattr(fail, "point", broken)
        with pytest.raises(NoAnswer):
            sent.client.road.send(*sent.whole())
    there = ["receipt" in one for one in sent.states()]
    assert there == [name != "blob_written"] * 3
    assert all(isinstance(state, tuple) for state in sent.send(sent.whole()))
    assert stored(city, sent.ids) == 3
