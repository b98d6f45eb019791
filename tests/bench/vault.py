"""The vault and the wipe, each act against a floor measured in the same run, and how they grow.

    python -m tests.bench.vault [--sizes 16 64 256 1000]

Floors: a raw SQLCipher commit of the same bytes, one fsynced new file of the same bytes, the bare
Argon2id. Never an assertion: what is slow on one machine is a number to look at.
"""

from __future__ import annotations

import argparse
import os
import shutil
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.kdf.argon2 import Argon2id
from werkzeug.test import Client

from fieldkit import erase, tripend
from fieldkit.app import create_app
from fieldkit.clock import day_of
from fieldkit.guard import COOKIE, LAUNCH_COOKIE
from fieldkit.settings import Argon2, Settings
from fieldkit.store import opening, photos, record_rows, records
from fieldkit.store.db import Database
from fieldkit.store.opentrip import OpenTrip
from fieldkit.store.vault import Vault
from sync.ids import new_id
from sync.wire import canonical, new_sealing_key
from tests.bench.trunk import median_ms, say
from tests.conftest import FAST, PASSPHRASE, SATO

PHOTO = os.urandom(350_000)
SECRET = b"1" * 16
WINDOW = "0" * 64
PUBLIC = new_sealing_key()[1]
TEXT = {f"field{n}": "汐見市花園一丁目" for n in range(30)}


def once_ms(act: Callable[[], object]) -> float:
    begin = time.perf_counter()
    act()
    return (time.perf_counter() - begin) * 1000


def new_vault(folder: Path, cost: Argon2 = FAST) -> tuple[Vault, OpenTrip]:
    settings = Settings(data_dir=folder, argon2=cost)
    vault, _ = opening.create(settings, SATO, PASSPHRASE)
    day = day_of(settings.clock()).isoformat()
    return vault, vault.add_trip(new_id(), "field", day, PUBLIC, SECRET)


def new_file(folder: Path, data: bytes) -> None:
    with (folder / new_id()).open("xb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


def bench_save(vault: Vault, trip: OpenTrip, folder: Path) -> None:
    """One changed field of a form of thirty; the floor commits the same record and line."""
    record = records.save(vault, trip, "application", {"answers": TEXT})
    turn = iter(range(100_000))

    def save() -> None:
        answers = {**TEXT, "field7": str(next(turn))}
        records.save(vault, trip, "application", {"answers": answers}, record.id)

    body = canonical({"answers": TEXT}).decode()
    line = os.urandom(len(body.encode()) * 4 // 3 + 400)
    raw = Database(folder / "floor.db", os.urandom(32))
    with raw.write() as conn:
        conn.execute("CREATE TABLE t (n INTEGER PRIMARY KEY, a TEXT, b BLOB)")

    def commit() -> None:
        with raw.write() as conn:
            conn.execute("INSERT INTO t (a, b) VALUES (?, ?)", (body, line))

    least = median_ms(commit, 200)
    say("save of one form change", median_ms(save, 200), "raw SQLCipher commit, same bytes", least)
    raw.close()


def bench_photo(vault: Vault, trip: OpenTrip, folder: Path) -> None:
    record = new_id()
    least = median_ms(lambda: new_file(folder, PHOTO), 40)
    took = median_ms(lambda: photos.seal(vault, trip, record, PHOTO), 40)
    say("seal and store a 350 KB photo", took, "one fsynced new file, same bytes", least)


def bench_unlock(folder: Path) -> None:
    vault, _ = new_vault(folder / "unlock", Argon2())
    vault.close()
    salt = os.urandom(16)
    bare = Argon2id(salt=salt, length=32, iterations=3, lanes=4, memory_cost=256 * 1024)
    least = once_ms(lambda: bare.derive(b"passphrase"))

    def unlock() -> None:
        opening.unlock(vault.settings, SATO.id, PASSPHRASE).close()

    unlock()
    say("unlock", once_ms(unlock), "bare Argon2id 256 MiB, t=3, p=4", least)


def filled(folder: Path, count: int) -> tuple[Vault, OpenTrip]:
    """A laptop with one day of `count` visits, each with one applicant and an application."""
    vault, trip = new_vault(folder)
    trip_id, day = trip.id, trip.day
    with vault.book.write() as conn, trip.db.write():
        for number in range(count):
            home, person = new_id(), new_id()
            fields = {"visit_date": day, "half": "am", "order": 1, "state": "shared"}
            _row(trip, home, "reservation", "", {**fields, "reception_no": number + 1})
            _row(trip, person, "applicant", home, {"name": "汐見 太郎", "kind": "lost"})
            _row(trip, new_id(), "application", person, {"state": "doing", "answers": TEXT})
            conn.execute(
                "INSERT INTO reception (reservation_id, booked_on, visit_on, planned, trip_id,"
                " state) VALUES (?, ?, ?, 1, ?, 'shared')",
                (home, day, day, trip_id),
            )
    return vault, trip


def _row(trip: OpenTrip, record_id: str, kind: str, parent: str, body: dict[str, Any]) -> None:
    row = {"id": record_id, "kind": kind, "parent": parent, "body": body}
    record_rows.place(trip, {**row, "rev": 1, "at": "", "actor": ""})


def first_screen_ms(vault: Vault, trip: OpenTrip) -> float:
    """From the right passphrase to the first screen, the slow-by-design Argon2id left out."""
    settings = replace(vault.settings, host="kit.localhost:5600")
    app = create_app(settings)
    kit = app.extensions["kit"]
    begin = time.perf_counter()
    cookie = kit.log_in(SATO.id, PASSPHRASE, time.monotonic(), WINDOW)
    kit.open_vault().open_trip(trip.id, SECRET)
    client = Client(app)
    client.set_cookie(COOKIE, cookie, domain="kit.localhost")
    window = kit.gate.admit("window", WINDOW)
    client.set_cookie(LAUNCH_COOKIE, window, domain="kit.localhost")
    answer = client.get("/", base_url=f"http://{settings.host}", headers={"Accept": "text/html"})
    took = (time.perf_counter() - begin) * 1000
    assert answer.status_code == 200, answer.headers.get("Location")
    kit.put_away()
    return took


def growth(folder: Path, sizes: list[int]) -> None:
    print(f"\n{'applications / photos':<24}" + "".join(f"{size:>10}" for size in sizes))
    screens, photo_ms, trip_ms, per_file = [], [], [], []
    for size in sizes:
        vault, trip = filled(folder / f"screen{size}", size)
        vault.close()
        screens.append(first_screen_ms(vault, trip))
        vault, trip = new_vault(folder / f"erase{size}")
        ids = [photos.seal(vault, trip, new_id(), PHOTO[:1000]) for _ in range(size)]
        photo_ms.append(once_ms(lambda v=vault, i=ids: erase.erase_photos(v, i, "retaken")))  # type: ignore[misc]
        for number in range(size):
            records.save(vault, trip, "application", {"note": str(number)})
        trip_ms.append(once_ms(lambda v=vault, t=trip: tripend._wipe_folder(v, t.id)))  # type: ignore[misc]
        vault.close()
        plain = folder / f"plain{size}"
        plain.mkdir()
        for number in range(size * 2):
            (plain / str(number)).write_bytes(b"x")
        per_file.append(once_ms(lambda p=plain: shutil.rmtree(p)))  # type: ignore[misc]
    for name, row in (
        ("first screen", screens),
        ("erase all photos", photo_ms),
        ("floor: unlink 2 files each", per_file),
        ("wipe the trip's text", trip_ms),
    ):
        print(f"{name:<24}" + "".join(f"{ms:>8.1f}ms" for ms in row))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sizes", type=int, nargs="+", default=[16, 64, 256, 1000])
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        vault, trip = new_vault(folder / "kit")
        bench_save(vault, trip, folder)
        bench_photo(vault, trip, folder)
        vault.close()
        bench_unlock(folder)
        growth(folder, given.sizes)


if __name__ == "__main__":
    main()
