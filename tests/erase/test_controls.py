"""The searcher finds what other ways of deleting leave behind: so the test of ours can fail.

Each is what a careful program does today, on a file system as every desktop mounts it.
"""

from __future__ import annotations

import base64
import json
import os
import secrets
from pathlib import Path

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from sqlcipher3 import dbapi2 as sqlcipher

from sync.ids import new_id
from sync.packet import seal_photo, seal_record
from sync.wire import canonical, new_sealing_key
from tests.erase import keys, needles, photorec
from tests.erase.conftest import on_any_disk, on_real_disks, on_the_worst_disk
from tests.erase.disks import Disk
from tests.erase.keys import Given
from tests.erase.searcher import search
from tests.needs import needs
from tests.photo.frames import astronaut_frame, jpeg_bytes

NAME, KANA, BIRTH = "鷽鳥谷 𠮷乃", "ウソドリヤ ヨシノ", "1938-02-27"
JPEG = jpeg_bytes(astronaut_frame(1600, 1200, eye_px=150))
WANTED = {
    "name": needles.of_text(NAME),
    "kana": needles.of_text(KANA),
    "birth": needles.of_text(BIRTH),
    "photo": needles.of_photo(JPEG),
}
PERSON = json.dumps({"name": NAME, "kana": KANA, "birth": BIRTH}, ensure_ascii=False)
WORDS = "あおいうみのみえるまち汐見"


def put(file: Path, data: bytes) -> None:
    """A file that is on the disk when this returns, replaced as careful programs do."""
    part = file.with_name(file.name + ".part")
    with part.open("wb") as made:
        made.write(data)
        made.flush()
        os.fsync(made.fileno())
    part.replace(file)
    os.sync()


@needs("testdisk", "e2fsprogs", "fuse3")
@on_real_disks
def test_plain_files_come_back(disk: Disk, tmp_path: Path) -> None:
    put(disk.folder / "photo.jpg", JPEG)
    put(disk.folder / "person.json", PERSON.encode())
    for name in ("photo.jpg", "person.json"):
        (disk.folder / name).unlink()
    os.sync()
    disk.eject()
    pieces = list(disk.pieces())
    found = search(pieces, Given(), WANTED)
    assert found.names() == set(WANTED) and (1600, 1200) in found.pictures
    assert JPEG in [f.read_bytes()[: len(JPEG)] for f in photorec.recovered(pieces, tmp_path)]


@needs("e2fsprogs", "fuse3")
@on_the_worst_disk
def test_overwriting_first_changes_nothing_here(disk: Disk) -> None:
    for name, data in {"photo.jpg": JPEG, "person.json": PERSON.encode()}.items():
        put(disk.folder / name, data)
        for _ in range(2):
            with (disk.folder / name).open("r+b") as file:
                file.write(secrets.token_bytes(len(data)))
                file.flush()
                os.fsync(file.fileno())
        (disk.folder / name).unlink()
    disk.eject()
    assert search(disk.pieces(), Given(), WANTED).names() == set(WANTED)


def slot_file(store_key: bytes) -> bytes:
    """One slot as version 1 wrote it: Argon2id, AES-256-GCM."""
    cost = {"memory_kib": 64, "iterations": 1, "lanes": 1}
    salt, nonce = secrets.token_bytes(16), secrets.token_bytes(12)
    slot: dict[str, object] = {
        "user": "sato",
        "salt": base64.b64encode(salt).decode(),
        "nonce": base64.b64encode(nonce).decode(),
        "argon2": cost,
    }
    kek = keys.stretched(slot, WORDS)
    sealed = AESGCM(kek).encrypt(nonce, store_key, b"fieldkit/slot/v1\0" + canonical(slot))
    slot["key"] = base64.b64encode(sealed).decode()
    return json.dumps({"v": 1, "slots": [slot]}, indent=1).encode()


def careful_store(folder: Path) -> bytes:
    """SQLCipher; everything deleted with secure_delete, VACUUM, rekey, a new slot. The new key."""
    old, new = secrets.token_bytes(32), secrets.token_bytes(32)
    put(folder / "slots.json", slot_file(old))
    conn = sqlcipher.connect(str(folder / "store.db"), isolation_level=None)
    conn.set_key(f"x'{keys.ledger_key(old).hex()}'")
    for pragma in ("journal_mode = WAL", "synchronous = FULL", "secure_delete = ON"):
        conn.execute(f"PRAGMA {pragma}").fetchall()
    conn.execute("CREATE TABLE person (body TEXT, photo BLOB)")
    conn.execute("INSERT INTO person VALUES (?, ?)", (PERSON, JPEG))
    conn.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
    os.sync()
    conn.execute("DELETE FROM person")
    conn.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
    conn.execute("VACUUM")
    conn.execute(f"PRAGMA rekey = \"x'{keys.ledger_key(new).hex()}'\"").fetchall()
    conn.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
    conn.close()
    put(folder / "slots.json", slot_file(new))
    return new


@needs("e2fsprogs", "fuse3")
@on_the_worst_disk
def test_an_encrypted_store_comes_back_by_an_old_slot(disk: Disk) -> None:
    """Deleted, overwritten, vacuumed, re-keyed: with the passphrase all of it is there."""
    new = careful_store(disk.folder)
    disk.eject()
    pieces = list(disk.pieces())
    found = search(pieces, Given(words={"sato": [WORDS]}), WANTED)
    assert found.store_keys == 2 and found.slots == 2
    assert found.names() == set(WANTED) and found.ways("name") == {"ledger"}
    assert found.pages["ledger"] > len(JPEG) // 4096
    now = search(pieces, Given(store_keys=[new]), WANTED)
    assert now.names() == set() and now.pages["ledger"] > 0
    assert search(pieces, Given(), WANTED).names() == set()


@needs("e2fsprogs", "fuse3")
@on_any_disk
def test_sealed_files_come_back_with_the_citys_key_only(disk: Disk) -> None:
    private, public = new_sealing_key()
    trip, photo_id, op = new_id(), new_id(), new_id()
    ph, seal, photo_key = seal_photo(public, trip, photo_id, JPEG)
    rec = seal_record(public, trip, op, {"set": json.loads(PERSON)})
    for name, data in ((f"{photo_id}.ph", ph), (f"{photo_id}.seal", seal), (f"{op}.rec", rec)):
        put(disk.folder / name, data)
    put(disk.folder / "trip", trip.encode())
    disk.look()
    for file in list(disk.folder.iterdir()):
        if file.is_file():
            file.unlink()
    os.sync()
    disk.eject()
    pieces = list(disk.pieces())
    found = search(pieces, Given(privates={trip: private}), WANTED)
    assert found.names() == set(WANTED) and found.opened_photos == 1 <= found.opened_texts
    assert found.ways("photo") == {"photo"}
    assert search(pieces, Given(photo_keys=[photo_key]), WANTED).names() == {"photo"}
    assert search(pieces, Given(privates={trip: new_sealing_key()[0]}), WANTED).names() == set()
