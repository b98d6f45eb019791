"""The searcher finds each thing that is planted, and nothing in random bytes."""

from __future__ import annotations

import base64
import json
import os
import secrets
from pathlib import Path

import pytest
from sqlcipher3 import dbapi2 as sqlcipher

from fieldkit.settings import Settings
from fieldkit.store import opening
from sync.ids import new_id
from sync.packet import seal_answer, seal_photo, seal_record
from sync.wire import new_sealing_key
from tests.conftest import FAST, NOW, PASSPHRASE, SATO
from tests.erase import keys, needles, pages, photorec, sealed, wal
from tests.erase.keys import Given
from tests.erase.searcher import search
from tests.needs import needs
from tests.photo.frames import astronaut_frame, jpeg_bytes

NAME, BIRTH = "鷽鳥谷 𠮷乃葛󠄀", "昭和13年2月29日"
NEEDLES = {"name": needles.of_text(NAME), "birth": needles.of_text(BIRTH)}


def noise(length: int) -> bytes:
    return secrets.token_bytes(length)


def database(folder: Path, key: bytes, close: bool = True) -> dict[str, bytes]:
    """An SQLCipher file with the name in it; its files, with the log unless it was closed."""
    conn = sqlcipher.connect(str(folder / "x.db"), isolation_level=None)
    conn.set_key(f"x'{key.hex()}'")
    conn.execute("PRAGMA journal_mode = WAL")
    conn.execute("CREATE TABLE person (body TEXT)")
    for number in range(40):
        body = json.dumps({"name": NAME, "n": number, "more": "あ" * 900}, ensure_ascii=False)
        conn.execute("INSERT INTO person VALUES (?)", (body,))
    if close:
        conn.close()
    files = {file.name: file.read_bytes() for file in folder.iterdir()}
    if not close:
        conn.close()
    return files


@pytest.mark.parametrize("code", ["utf-8", "utf-16-le", "utf-16-be", "json", "base64"])
@pytest.mark.parametrize("before", [0, 1, 2, 3, 4097])
def test_it_finds_a_word_in_each_coding_at_any_byte(code: str, before: int) -> None:
    if code == "json":
        data = json.dumps({"x": NAME}).encode()
    elif code == "base64":
        data = base64.b64encode(b"xyz" + NAME.encode())
    else:
        data = NAME.encode(code)
    found = search([(0, noise(before) + data + noise(500))], Given(), NEEDLES)
    assert found.names() == {"name"} and found.ways("name") == {"plain"}


def test_it_finds_nothing_in_random_bytes() -> None:
    key, secret, trip = noise(32), noise(16), new_id()
    private, _ = new_sealing_key()
    given = Given(secrets=[secret], privates={trip: private}, store_keys=[key], photo_keys=[key])
    data = noise(6 << 20) + trip.encode() + noise(100)
    found = search([(0, data)], given, NEEDLES)
    assert found.hits == set() and found.pages.total() == 0 and not found.trips
    assert found.pictures == [] and not found.opened_photos and not found.opened_texts
    for salt in (noise(16), noise(16)):
        assert list(pages.authentic(data[: 2 << 20], key, {salt})) == []


@pytest.mark.parametrize("shift", [0, 4, 12, 252, 4095 * 4])
def test_it_opens_pages_at_any_four_bytes(tmp_path: Path, shift: int) -> None:
    store_key = noise(32)
    data = database(tmp_path, keys.ledger_key(store_key))["x.db"]
    data = noise(shift) + data + noise(64)
    found = search([(0, data)], Given(store_keys=[store_key]), NEEDLES)
    assert found.pages["ledger"] == (len(data) - shift - 64) // 4096
    assert found.ways("name") == {"ledger"}
    assert search([(0, data)], Given(store_keys=[noise(32)]), NEEDLES).names() == set()


def test_it_opens_half_a_page(tmp_path: Path) -> None:
    """A block that was partly overwritten does not authenticate, and still gives its text."""
    store_key = noise(32)
    data = database(tmp_path, keys.ledger_key(store_key))["x.db"]
    half = noise(64) + data[3 * 4096 + 2048 : 5 * 4096 - 1024] + noise(64)
    found = search([(0, half)], Given(store_keys=[store_key]), NEEDLES)
    assert found.pages.total() == 0 and found.ways("name") == {"ledger"}


def test_it_opens_log_frames_whose_blocks_lie_apart(tmp_path: Path) -> None:
    store_key = noise(32)
    files = database(tmp_path, keys.ledger_key(store_key), close=False)
    log = files["x.db-wal"] + bytes(-len(files["x.db-wal"]) % 4096)
    blocks = [log[at : at + 4096] for at in range(0, len(log), 4096)]
    apart = [(number * 8192, block + noise(4096)) for number, block in enumerate(blocks)]
    assert len(list(wal.stitched(apart))) >= len(blocks) - 2
    first = (1 << 20, files["x.db"][:4096] + noise(256))
    found = search([*apart, first], Given(store_keys=[store_key]), NEEDLES)
    assert found.pages["ledger"] >= len(blocks) - 2 and found.ways("name") == {"ledger"}


def test_it_makes_the_keys_from_slots_and_secrets(tmp_path: Path) -> None:
    """Slot copies on the disk, a passphrase, a day secret: the book and the trip's file open."""
    settings = Settings(data_dir=tmp_path / "kit", argon2=FAST, clock=lambda: NOW)
    vault, recovery = opening.create(settings, SATO, PASSPHRASE)
    secret, trip = noise(16), new_id()
    opened = vault.add_trip(trip, "field", "2026-07-01", new_sealing_key()[1], secret)
    with opened.db.write() as conn:
        conn.execute("INSERT INTO draft VALUES ('x', 'x', ?, '', NULL)", (NAME,))
    vault.close()
    kit = [file.read_bytes() for file in (tmp_path / "kit").rglob("*") if file.is_file()]
    disk = [(number << 24, data) for number, data in enumerate(kit)]
    given = Given(words={"sato": ["外れの合言葉です", PASSPHRASE]}, secrets=[noise(16), secret])
    found = search(disk, given, NEEDLES)
    assert (found.slots, found.store_keys, found.trips) == (2, 1, {trip})
    assert found.ways("name") == {f"trip {trip}"} and found.pages[f"trip {trip}"] > 3
    by_code = search(disk, Given(words={"recovery": [recovery]}), NEEDLES)
    assert by_code.pages["ledger"] > 3 and by_code.names() == set()
    given.words = {"sato": ["外れの合言葉です"]}
    assert search(disk, given, NEEDLES).store_keys == 0


def test_it_opens_what_was_sealed(tmp_path: Path) -> None:
    """Whole and cut off, raw and in base64: photo, save, answer."""
    private, public = new_sealing_key()
    trip, photo_id, op = new_id(), new_id(), new_id()
    jpeg = jpeg_bytes(astronaut_frame(640, 480, eye_px=60))
    ph, seal, photo_key = seal_photo(public, trip, photo_id, jpeg)
    rec = seal_record(public, trip, op, {"set": {"name": NAME}, "at": "x"})
    answer = seal_answer(public, "K01", trip, {"secret": BIRTH})
    line = b'{"rec":"' + base64.b64encode(rec) + b'"}'
    ids = " ".join((trip, photo_id, op)).encode()
    wanted = {**NEEDLES, "photo": needles.of_photo(jpeg)}
    both = [(0, ids + ph + noise(50)), (1 << 20, seal + noise(9)), (2 << 20, line + answer)]
    given = Given(privates={trip: private}, device=("K01", private))
    found = search(both, given, wanted)
    assert found.names() == {"name", "birth", "photo"}
    assert found.opened_photos == 1 and found.opened_texts == 2
    assert found.ways("photo") == {"photo"} and found.ways("name") == {"record"}
    cut = [(0, ids + ph[: len(ph) // 2]), (1 << 20, seal), (2 << 20, line[: len(line) // 2 + 60])]
    assert search(cut, given, wanted).names() >= {"photo"}
    assert search(both, Given(privates={trip: noise(32)}), wanted).names() == set()
    assert search([(0, ids + ph)], Given(photo_keys=[photo_key]), wanted).names() == {"photo"}
    assert search(both, Given(), wanted).names() == set()
    assert list(sealed.candidates(seal, b"FKSE1", 80)) == [seal[5:]]


def test_it_sees_pictures_and_documents() -> None:
    jpeg = jpeg_bytes(astronaut_frame(640, 480, eye_px=60))
    wanted = {"photo": needles.of_photo(jpeg)}
    found = search([(0, noise(777) + jpeg + noise(99) + b"%PDF-1.7\n")], Given(), wanted)
    assert found.pictures == [(640, 480)] and found.names() == {"photo"}
    assert found.documents["%PDF-1"] == 1
    middle = noise(10) + jpeg[len(jpeg) // 2 :] + noise(10)
    assert search([(0, middle)], Given(), wanted).names() == {"photo"}


@needs("testdisk")
def test_photorec_works_here(tmp_path: Path) -> None:
    jpeg = jpeg_bytes(astronaut_frame(640, 480, eye_px=60))
    made = [(0, noise(8192)), (8192, jpeg + bytes(4096)), (1 << 20, os.urandom(4096))]
    found = photorec.recovered(made, tmp_path)
    assert [file.suffix for file in found] == [".jpg"] and found[0].read_bytes() == jpeg
