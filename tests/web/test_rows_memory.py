"""Row 16: what is left in the memory of the kit, read from outside by a process that knows what to
look for: keys and day secrets (raw, hexadecimal, base64), passphrase, photos, names.

The kit under test is its own process and is driven as a browser drives it. What is looked for is
worked out here, from the passphrase, the files on the disk and the city's own store.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import numpy as np
import pytest
from werkzeug.test import Client

from fieldkit import allocator, checkout, launch, reserve
from fieldkit.city import enrol_device
from fieldkit.photo.opening import open_picture
from fieldkit.settings import Settings
from fieldkit.store import keyslots, opening
from fieldkit.store.vault import derive
from sync import packet
from sync.ids import code_of, groups, new_id
from tests import city_rows
from tests.conftest import FAST, CityServer
from tests.web import memory
from tests.web.conftest import (
    CAST,
    DAY,
    HOST,
    WORDS,
    Browser,
    Watch,
    close,
    do_tasks,
    portrait,
    says,
)
from tests.web.rows_kit import ServedKit

NAME = "鷽鳥谷 𠮷乃葛󠄀"
OFFERED = sys.platform.startswith("linux") and allocator.is_offered()
pytestmark = pytest.mark.skipif(
    not OFFERED, reason="!! NOT TESTED: memory is read through /proc, and freed by glibc"
)


@dataclass
class Day:
    """A laptop with one day checked out, its kit running, and what one may look for."""

    kit: ServedKit
    browser: Browser
    data: Path
    city: CityServer
    base: str
    trip: str

    def let_in(self) -> None:
        token = launch.mint(self.data, launch.WINDOW, Watch())
        answer = self.browser.open("POST", "/launch", data=token, content_type="text/plain")
        assert answer.status_code == 204

    def log_in(self) -> None:
        answer = self.browser.log_in("suzuki")
        assert answer.status_code == 302, says(answer)

    def keys(self, photo_id: str) -> dict[str, bytes]:
        """Every key by its name, worked out without the running kit."""
        opened = keyslots.open_slot(self.data / "slots.json", "suzuki", WORDS)
        assert opened is not None
        key = bytes(opened[1])
        trips = {k: trip for k, trip in city_rows.trips(self.city.store).items() if trip.secret}
        (file,) = (self.data / "trips").glob(f"*/{photo_id}.ph")
        trip = trips[file.parent.name]
        sealed, _ = packet.split_photo(file.read_bytes())
        photo = packet.open_photo_key(trip.seal_private, trip.id, photo_id, sealed)
        found = {"store key": key, "ledger key": bytes(derive(key, "ledger")), "photo key": photo}
        found["held key"] = bytes(derive(key, "held"))
        for kind in {row.kind for row in trips.values() if row.id in (trip.id, self.trip)} | {
            "desk"
        }:
            row = next(r for r in trips.values() if r.kind == kind and self.is_ours(r.id))
            found[f"{kind} secret"] = row.secret
            found[f"{kind} trip key"] = bytes(derive(key, f"trip|{row.id}", salt=row.secret))
        return found

    def is_ours(self, trip_id: str) -> bool:
        return (self.data / "trips" / trip_id).is_dir()

    def needles(self, photo_id: str, crop: bytes) -> dict[str, bytes]:
        keys = self.keys(photo_id)
        found = {
            f"{name}, {form}": data
            for name, key in keys.items()
            for form, data in memory.forms_of(key).items()
        }
        code = code_of(keys["field secret"])
        words = {"code": (code, groups(code)), "passphrase": (WORDS,), "name": (NAME,)}
        for what, texts in words.items():
            for text in texts:
                coded = [text.encode("utf-8"), text.encode("utf-32-le"), text.encode("utf-16-le")]
                for data in {*coded, quote(text).encode()}:
                    found[f"{what}, {data.hex()[:16]}"] = data
        for what, jpeg in (("crop", crop), ("shot", portrait())):
            found |= {f"{what}, {i}": d for i, d in enumerate(memory.slices_of(jpeg))}
        pixels = np.ascontiguousarray(open_picture(portrait()))
        for y in (300, 600, 900):
            found[f"pixels, {y}"] = pixels[y, 800:830].tobytes()
        return found

    def search(self, needles: dict[str, bytes]) -> dict[str, int]:
        """How often each thing (the word before the comma) stands in the kit's memory."""
        found: dict[str, int] = {}
        for what, count in memory.search(self.kit.process.pid, needles).items():
            found[what.split(",")[0]] = found.get(what.split(",")[0], 0) + count
        return found


@pytest.fixture
def day(tmp_path: Path, city: CityServer, request: pytest.FixtureRequest) -> Iterator[Day]:
    """`request.param`: the environment of the kit's process."""
    data = tmp_path / "kit"
    settings = Settings(data, host=HOST, server_url=city.url, argon2=FAST, clock=Watch())
    vault, _ = opening.create(settings, CAST["suzuki"], WORDS)
    enrol_device(vault, city.url, city.code(), city.fingerprint(), "訪問用A")
    rid, aid = new_id(), new_id()
    slip = {"visit_date": DAY, "half": "am", "order": 1, "address": "汐見市花園1丁目",
            "postal": "0470024", "phone": "0134-00-0000", "district": "花園"}  # fmt: skip
    person = {"name": NAME, "kana": "ウソドリヤ", "birth": "1945-03-05", "sex": "f", "kind": "lost"}
    desk = reserve.open_desk(vault)
    reserve.reserve(vault, desk, rid, slip, [(aid, person)])
    trip = checkout.check_out(vault, desk, DAY)
    trip_id, code = trip.id, code_of(trip.secret)
    vault.close()
    (data / "kit.toml").write_text(f'server_url = "{city.url}"\n', encoding="utf-8")
    kit = ServedKit(data, env=request.param)
    try:
        made = Day(kit, Browser(Client(kit.wsgi)), data, city, f"/visit/{rid}/a/{aid}", trip_id)
        made.let_in()
        made.log_in()
        opened = made.browser.post(f"/trip/{trip_id}/unlock", {"code": groups(code)})
        assert opened.status_code == 302, says(opened)
        yield made
    finally:
        out, err = kit.stop()
    assert out == "" and err == ""


def work(day: Day) -> tuple[str, bytes]:
    """A visit with everything but its end; returns the photo's id and its JPEG."""
    assert day.browser.get("/desk").status_code == 200
    photo_id = do_tasks(day.browser, day.base, name=NAME)
    crop = day.browser.get(f"{day.base}/photo/{photo_id}/view").get_data()
    assert crop.startswith(b"\xff\xd8")
    for path in (f"/trip/{day.trip}/sheet.pdf", f"{day.base}/papers/application.pdf"):
        assert day.browser.get(path).get_data().startswith(b"%PDF")
    return photo_id, crop


OPEN = {"store key", "desk secret", "field secret", "photo key"}
"""What is in memory because it is in use; the derived keys live inside SQLCipher only, masked."""


@pytest.mark.parametrize("day", [allocator.SETTINGS], indirect=True)
def test_nothing_is_left_in_memory(day: Day) -> None:
    """Open (the control: the search finds what is in use) → visit closed → locked."""
    photo_id, crop = work(day)
    needles = day.needles(photo_id, crop)
    found = day.search(needles)
    assert set(found) >= OPEN, "the control: keys that are in use are found"
    close(day.browser, day.base)
    day.browser.get("/")
    found = day.search(needles)
    assert not {"photo key", "shot", "crop"} & set(found), found
    assert set(found) >= OPEN - {"photo key"}
    assert day.browser.post("/lock").status_code == 302
    assert day.search(needles) == {}
    day.log_in()
    assert day.browser.get(day.base).status_code == 200
    assert "photo key" not in day.search(needles)


@pytest.mark.parametrize("day", [{}], indirect=True)
def test_keys_are_overwritten_without_that_allocator(day: Day) -> None:
    """What the kit itself overwrites, wherever it runs. Not claimed there: photos, names and
    passphrase in copies of requests, and the day secret, of which Python makes copies. That they
    are found shows that the search above can find them."""
    photo_id, crop = work(day)
    needles = day.needles(photo_id, crop)
    assert set(day.search(needles)) >= OPEN
    day.browser.post("/lock")
    found = day.search(needles)
    assert not {"store key", "ledger key", "desk trip key", "field trip key", "photo key",
                "held key"} & set(found), found  # fmt: skip
    assert {"crop", "name"} <= set(found), "the control: copies of what was freed are found"


def test_the_program_starts_with_that_allocator(tmp_path: Path) -> None:
    """`serve` and `demo` start again with it, in the same process; no child inherits it."""
    import subprocess

    from tests.needs import ROOT

    code = (
        "import sys, os; from fieldkit import allocator; allocator.use(sys.argv[1]);"
        "import ctypes; libc = ctypes.CDLL(None); libc.malloc.restype = ctypes.c_void_p;"
        "p, q = libc.malloc(30000), libc.malloc(64); ctypes.memset(p, 1, 30000);"
        "libc.free(ctypes.c_void_p(p));"
        "print(os.getpid(), ctypes.string_at(p + 20000, 8).hex(),"
        " any(name in os.environ for name in allocator.SETTINGS))"
    )
    env = {k: v for k, v in os.environ.items() if k not in allocator.SETTINGS}
    seen = {}
    for command in ("serve", "doctor"):
        made = subprocess.Popen([sys.executable, "-c", code, command], cwd=ROOT, env=env,
                                stdout=subprocess.PIPE, encoding="utf-8")  # fmt: skip
        pid, freed, inherits = made.communicate(timeout=60)[0].split()
        assert int(pid) == made.pid and inherits == "False"
        seen[command] = freed
    assert seen == {"serve": "a5" * 8, "doctor": "01" * 8}
