"""The file itself: what a bad stick, a stranger or a cut costs, and what it can never cost."""

from __future__ import annotations

import io
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from sync import bundle_file, wire
from sync.asking import Identity
from sync.bundle import Address, Manifest, Part, request_bytes, request_of
from sync.client import Client
from sync.folder_road import Letter, Planned, plan
from sync.road import HttpRoad, Request
from sync.wire import WireError

CITY_PRIVATE, CITY_PUBLIC = wire.new_sealing_key()
SIGN_PRIVATE, SIGN_PUBLIC = wire.new_signing_key()
SEAL_PRIVATE, _ = wire.new_sealing_key()
ME = Identity("K01", SIGN_PRIVATE, SEAL_PRIVATE, "01999", b"\0" * 32)
BODIES = (b"first batch", b"second batch" * 9, b"a photo" * 20, b"another photo" * 11)


def letters() -> list[Letter]:
    """Two batches whose order counts, two photos."""
    client = Client(HttpRoad("http://127.0.0.1"), ME)
    made = [client.request("POST", f"/ksp/v1/x{i}", "batch", b) for i, b in enumerate(BODIES)]
    return [Letter(lambda one=one: one, i < 2) for i, one in enumerate(made)]  # type: ignore[misc]


def planned() -> Planned:
    return plan(ME, 3, "2026-07-01T09:30:00+09:00", letters())


@pytest.fixture(scope="module")
def packed() -> bytes:
    made = planned()
    return b"".join(bundle_file.pack(made.manifest, made.parts, CITY_PUBLIC))


def bodies(data: bytes) -> list[bytes | None]:
    opened = bundle_file.read("bundle", io.BytesIO(data), CITY_PRIVATE)
    opened.manifest.verify(SIGN_PUBLIC)
    found = [opened.part(part) for part in opened.parts]
    return [None if one is None else request_of(one).body for one in found]


def test_what_goes_in_comes_out_and_the_size_is_known_before(packed: bytes) -> None:
    assert bodies(packed) == list(BODIES)
    assert len(packed) == planned().size
    assert bundle_file.named(io.BytesIO(packed)) == Address("01999", "K01", 3)
    with zipfile.ZipFile(io.BytesIO(packed)) as file:
        assert file.testzip() is None
        assert {i.compress_type for i in file.infolist()} == {zipfile.ZIP_STORED}
        assert {i.date_time for i in file.infolist()} == {(1980, 1, 1, 0, 0, 0)}


def test_a_program_that_shares_no_code_takes_it_apart(packed: bytes, tmp_path: Path) -> None:
    path = tmp_path / "KSP-01999-K01-3.kspb"
    path.write_bytes(packed)
    script = Path(__file__).with_name("foreign.py")
    keys = [CITY_PRIVATE.hex(), SIGN_PUBLIC.hex()]
    told = subprocess.run(
        [sys.executable, "-I", str(script), str(path), *keys],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    wanted = [
        f"000{i} POST /ksp/v1/x{i - 1} {wire.sha256(body)}" for i, body in enumerate(BODIES, 1)
    ]
    assert told.stdout.splitlines() == wanted


def test_one_damaged_place_costs_the_photo_it_hits_and_nothing_else(packed: bytes) -> None:
    """One bit, all over the file, headers and directory too. What is there twice lives."""
    lost = {2: 0, 3: 0}
    for place in range(0, len(packed), 3):
        data = bytearray(packed)
        data[place] ^= 1 << (place % 8)
        found = bodies(bytes(data))
        missing = [i for i, body in enumerate(found) if body is None]
        assert missing in ([], [2], [3]), f"byte {place}: {missing}"
        assert all(body in (None, wanted) for body, wanted in zip(found, BODIES, strict=True))
        for i in missing:
            lost[i] += 1
    head = len(request_bytes(Request("POST", "/ksp/v1/x2", b"", {})))
    assert lost[2] > head // 3 and lost[3] > head // 3  # the damage does arrive


def test_a_cut_file_gives_what_is_whole_or_says_so(packed: bytes) -> None:
    given = set()
    for end in range(0, len(packed), 7):
        try:
            found = bodies(packed[:end])
        except WireError as error:
            assert error.code in ("wrong_format", "cannot_open")
            found = [None] * 4
        whole = [body is not None for body in found]
        assert whole == sorted(whole, reverse=True), "a hole before something that is whole"
        given.add(sum(whole))
    assert given == {0, 1, 2, 3, 4}


def test_both_copies_of_a_batch_have_to_be_hit(packed: bytes) -> None:
    with zipfile.ZipFile(io.BytesIO(packed)) as file:
        at = {i.filename.partition("/")[2]: i.header_offset + 80 for i in file.infolist()}
    once, data = bytearray(packed), bytearray(packed)
    once[at["0001"]] ^= 1
    data[at["0001"]] ^= 1
    data[at["0001-2"]] ^= 1
    assert None not in bodies(bytes(once))
    assert bodies(bytes(data))[0] is None
    for name in ("manifest", "manifest-2"):
        data[at[name]] ^= 1
    with pytest.raises(WireError, match="cannot_open"):
        bodies(bytes(data))


def test_parts_do_not_open_in_another_place_or_file(packed: bytes) -> None:
    """Swapping two sealed parts of the same size, or taking one of another bundle, loses them."""
    made = plan(ME, 4, "2026-07-01T09:30:00+09:00", letters())
    other = b"".join(bundle_file.pack(made.manifest, made.parts, CITY_PUBLIC))
    with zipfile.ZipFile(io.BytesIO(packed)) as file:
        row = file.getinfo("KSP-01999-K01-3/0003")
    begin = row.header_offset + 30 + len(row.filename)
    end = begin + row.file_size
    mixed = packed[:begin] + other[begin:end] + packed[end:]
    assert bodies(mixed)[2] is None
    assert bodies(mixed)[3] == BODIES[3]


def test_a_forged_manifest_and_other_keys_are_refused(packed: bytes) -> None:
    stranger, _ = wire.new_signing_key()
    parts = planned().parts
    key = wire.signing_private(stranger)
    made = Manifest.sign(key, "bundle", Address("01999", "K01", 3), "", parts)
    with pytest.raises(WireError, match="bad_signature"):
        bodies(b"".join(bundle_file.pack(made, parts, CITY_PUBLIC)))
    with pytest.raises(WireError, match="cannot_open"):
        bundle_file.read("bundle", io.BytesIO(packed), SEAL_PRIVATE)
    with pytest.raises(WireError, match="cannot_open"):  # a bundle is no reply
        bundle_file.read("reply", io.BytesIO(packed), CITY_PRIVATE)
    with pytest.raises(WireError, match="wrong_format"):
        bundle_file.read("bundle", io.BytesIO(b"PK\3\4 something else"), CITY_PRIVATE)


@pytest.mark.parametrize(
    "parts",
    [
        None,
        [{"name": "0001"}],
        [{"name": "manifest", "sha256": "", "size": 1, "twice": False}],
        [{"name": "../../x", "sha256": "", "size": 1, "twice": False}],
        [{"name": "0001", "sha256": "", "size": -1, "twice": False}],
        [{"name": "0001", "sha256": "", "size": 1, "twice": True}] * 2,
    ],
)
def test_a_signed_manifest_of_another_shape_is_refused(parts: object) -> None:
    key = wire.signing_private(SIGN_PRIVATE)
    to = Address("01999", "K01", 3)
    made = Manifest.sign(key, "bundle", to, "", [], {"parts": parts})
    data = b"".join(bundle_file.pack(made, [], CITY_PUBLIC))
    with pytest.raises(WireError):
        bodies(data)


def test_a_photo_that_changes_while_it_is_written_stops_the_writing() -> None:
    turn = iter([b"as planned", b"changed"])
    part = Part.of("0001", lambda: next(turn))
    key = wire.signing_private(SIGN_PRIVATE)
    made = Manifest.sign(key, "bundle", Address("01999", "K01", 3), "", [part])
    with pytest.raises(WireError, match="changed"):
        list(bundle_file.pack(made, [part], CITY_PUBLIC))
