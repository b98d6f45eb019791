"""Files for the watched folder that a stolen laptop, or anybody with a stick, may write.

A file may be refused, and an answer may be a no. It never ends the import of the others.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from sync import bundle_file, enrol_file, wire
from sync.bundle import Address, Manifest, Part, request_bytes, seal
from sync.ids import new_id
from sync.road import Request
from sync.server import devices, folder
from sync.server import stick as at_city
from sync.server import store as t
from sync.server.folder import Watch
from sync.server.handle import Handler
from sync.server.sqlstore import SqlStore, open_store
from sync.server.stick import Taken
from sync.wire import canonical
from tests import city_rows
from tests.server.kit import CODE, Laptop, make_city


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return make_city(tmp_path / "city")


@pytest.fixture
def city(home: Path) -> Iterator[SqlStore]:
    made = open_store(home)
    yield made
    made.close()


@pytest.fixture
def stick(tmp_path: Path) -> Path:
    (tmp_path / "stick").mkdir()
    return tmp_path / "stick"


def seal_key(city: SqlStore) -> bytes:
    with city.read() as shelf:
        return shelf.city().seal_public


def write(laptop: Laptop, stick: Path, *asked: Request, n: int = 1) -> Path:
    """A bundle with these requests."""
    parts = [Part.of(f"{i:04d}", lambda one=one: request_bytes(one))  # type: ignore[misc]
             for i, one in enumerate(asked, start=1)]  # fmt: skip
    to = Address(CODE, laptop.id, n)
    made = Manifest.sign(laptop.signer, "bundle", to, "", parts)
    path = stick / to.file_name("bundle")
    path.write_bytes(b"".join(bundle_file.pack(made, parts, seal_key(laptop.store))))
    return path


def batch(laptop: Laptop, *ops: Any, device: str = "") -> Request:
    body = canonical({"v": 2, "ops": list(ops), "photos": []})
    head = {"KSP-Device": device or laptop.id,
            "KSP-Signature": wire.sign(laptop.signer, "batch", body)}  # fmt: skip
    return Request("POST", "/ksp/v1/ops", body, head)


def take(city: SqlStore, stick: Path, home: Path) -> list[Taken]:
    return list(folder.import_folder(city, Handler(city), stick, home))


def after_it(city: SqlStore, stick: Path, home: Path, file: str) -> str:
    """What the watched folder says of a hostile file; an honest bundle behind it is taken."""
    honest = Laptop(city)
    trip = honest.take_trip()
    write(honest, stick, batch(honest, trip.save()))
    watch = Watch(city, Handler(city), stick, home)
    watch.look()
    told = {one.file: one for one in watch.look()}
    good = told.pop(f"KSP-{CODE}-{honest.id}-1.kspb")
    assert (good.code, good.answered) == ("", 1)
    assert watch.look() == []
    return told[file].code


def hollow(stick: Path, laptop: Laptop, kind: str, size: int, public: bytes) -> Path:
    """A file that names a part of this size and holds nothing of it."""
    to = Address(CODE, laptop.id, 1)
    made = Manifest.sign(laptop.signer, kind, to, "", [Part("0001", size, "0" * 64, bytes)])
    name = f"{to.id}/manifest".encode()
    sealed = seal(public, kind, to.id, "manifest", made.to_bytes())
    told = (len(sealed), len(sealed), len(name), 0)
    local = bundle_file._LOCAL.pack(b"PK\3\4", 20, 0, 0, 0, 0, 0, *told)
    path = stick / to.file_name(kind)
    path.write_bytes(local + name + sealed)
    return path


@pytest.mark.parametrize("size", [2**62, 10**10, 2**31])
def test_a_part_of_no_size_is_refused(
    city: SqlStore, home: Path, stick: Path, size: int
) -> None:
    """The size stands in the manifest: nobody makes room for what is not there."""
    laptop = Laptop(city)
    path = hollow(stick, laptop, "bundle", size, seal_key(city))
    assert after_it(city, stick, home, path.name) == "cannot_open"


def test_a_laptop_makes_no_room_for_an_answer_that_is_not_there(
    city: SqlStore, stick: Path
) -> None:
    private, public = wire.new_sealing_key()
    path = hollow(stick, Laptop(city), "reply", 2**62, public)
    with path.open("rb") as file:
        opened = bundle_file.read("reply", file, private)
        assert [opened.part(part) for part in opened.parts] == [None]


def test_an_applicant_without_a_key_gets_no_grant(city: SqlStore, home: Path, stick: Path) -> None:
    """Whoever has an enrolment file may write one of these; its answer cannot be sealed."""
    who = enrol_file.Applicant.new(CODE, devices.new_code(city), "偽")
    file = enrol_file.write_request(stick, replace(who, seal_public=bytes(32)), seal_key(city), "")
    assert after_it(city, stick, home, file) == "malformed"
    assert [row.id for row in city_rows.rows(city, t.device)] == ["K01"]
    assert not list(stick.glob("*.kspg"))


@pytest.mark.parametrize("head", ["ksp-device", "Ksp-Device"])
def test_two_spellings_of_a_header_do_not_name_two_senders(
    city: SqlStore, home: Path, stick: Path, head: str
) -> None:
    """What K02 signed, carried by K01 under both names: its answer would go to K01."""
    thief, victim = Laptop(city), Laptop(city)
    asked = batch(victim, victim.take_trip().save())
    asked.headers["KSP-Device"] = thief.id
    asked.headers[head] = victim.id
    write(thief, stick, asked)
    write(thief, stick, asked._replace(headers=dict(reversed(asked.headers.items()))), n=2)
    assert [(one.answered, one.refused) for one in take(city, stick, home)] == [(0, 1)] * 2
    assert city_rows.rows(city, t.op) == []


def test_a_fault_at_one_part_is_an_answer(
    city: SqlStore, home: Path, stick: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """As on the line: `internal`, nothing is promised, and the next part is taken."""
    laptop = Laptop(city)
    trip = laptop.take_trip()
    write(laptop, stick, batch(laptop, trip.save()), batch(laptop, trip.save()))

    class Stumbles(Handler):
        left = 1

        def _ops(self, *asked: Any) -> dict[str, Any]:
            Stumbles.left -= 1
            if Stumbles.left == 0:
                raise RuntimeError("花子")
            return super()._ops(*asked)

    (told,) = folder.import_folder(city, Stumbles(city), stick, home)
    assert (told.code, told.answered, told.refused) == ("", 1, 1)
    said = capsys.readouterr()
    assert "RuntimeError" in said.err and "花子" not in said.out + said.err


def test_a_stopped_laptop_enrols_no_second_time(city: SqlStore, home: Path, stick: Path) -> None:
    """Its old file and code bring the same device id, and that is stopped."""
    who = enrol_file.Applicant.new(CODE, devices.new_code(city), "訪問用A")
    enrol_file.write_request(stick, who, seal_key(city), "")
    (first,) = take(city, stick, home)
    devices.revoke(city, first.device)
    (again,) = take(city, stick, home)
    assert again.device == first.device
    with city.read() as shelf:
        found = shelf.device(first.device)
        assert found is not None and found.status == "revoked"
    assert len(city_rows.rows(city, t.device)) == 1


def test_a_stopped_laptops_bundle_is_kept_and_not_applied(
    city: SqlStore, home: Path, stick: Path
) -> None:
    laptop = Laptop(city)
    trip = laptop.take_trip()
    asked = canonical({"request_id": new_id(), "kind": "field", "day": "2026-07-01",
                       "reservations": []})  # fmt: skip
    head = {"KSP-Device": laptop.id,
            "KSP-Signature": wire.sign(laptop.signer, "trip-request", asked)}  # fmt: skip
    devices.revoke(city, laptop.id)
    write(laptop, stick, batch(laptop, trip.save()), Request("POST", "/ksp/v1/trips", asked, head))
    (told,) = take(city, stick, home)
    assert (told.answered, told.refused) == (0, 2)
    assert city_rows.rows(city, t.op) == [] and len(city_rows.rows(city, t.packet)) == 1
    assert len(city_rows.rows(city, t.trip)) == 1


@pytest.mark.parametrize(
    "data",
    [
        b"", b"\0" * 100, b"PK\3\4" * 5_000, b"KSP-01999-K01-1/manifest",
        b"\0" * 40 + b"KSP-01999-K01-1/manifest" * 500, b"PK" + b"KSP-01999-K01-999999999/manifest",
    ],
)  # fmt: skip
def test_what_is_no_bundle_stops_nobody(
    city: SqlStore, home: Path, stick: Path, data: bytes
) -> None:
    (stick / "KSP-01999-K01-1.kspe").write_bytes(data + b"e")
    (stick / "0.kspb").write_bytes(data)
    path = stick / "KSP-01999-K01-1.kspe"
    assert at_city.take(city, Handler(city), path).code in ("wrong_format", "cannot_open")
    assert after_it(city, stick, home, "0.kspb") in ("wrong_format", "cannot_open")
