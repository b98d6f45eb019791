"""A camera card for the tests: a folder that `KIT_MEDIA` names, with real pictures on it."""

from __future__ import annotations

import hashlib
import io
from functools import cache
from pathlib import Path

from PIL import Image

from fieldkit import cards, cards_empty, cards_import, checkout, media, reserve
from fieldkit.cards_import import Reader
from fieldkit.media import Drive
from fieldkit.photo import load_limits
from fieldkit.reserve import slips
from fieldkit.store.vault import Vault
from sync.ids import new_id
from tests.photo.frames import astronaut_frame, jpeg_bytes

DAY = "2026-07-01"
NAME = "渡邉葛󠄀城 𠮷乃"
LABEL = "カード3"


@cache
def portrait(number: int = 0) -> bytes:
    """A passable portrait; each number another file."""
    return jpeg_bytes(astronaut_frame(1280, 960, eye_px=130 + number))


@cache
def wall(number: int = 0) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (640, 480), (200, 200 - number, 190)).save(out, "JPEG")
    return out.getvalue()


def make_trip(vault: Vault) -> str:
    """Two visits on the laptop, none of them begun; returns the trip's id."""
    for order in (1, 2):
        fields = {"visit_date": DAY, "half": "am", "order": order, "address": "汐見市花園1丁目"}
        person = (new_id(), {"name": NAME, "kind": "lost"})
        reserve.reserve(vault, reserve.open_desk(vault), new_id(), fields, [person])
    return checkout.check_out(vault, reserve.open_desk(vault), DAY).id


def shoot(card: Path, *pictures: bytes, first: int = 1) -> list[Path]:
    """What a camera writes."""
    folder = card / "DCIM" / "100CANON"
    folder.mkdir(parents=True, exist_ok=True)
    paths = [folder / f"IMG_{n:04d}.JPG" for n in range(first, first + len(pictures))]
    for path, data in zip(paths, pictures, strict=True):
        path.write_bytes(data)
    return paths


def drive(card: Path) -> Drive:
    return media.drive_at(str(card))


def read_card(vault: Vault, card: Path, trip_id: str, label: str = LABEL) -> str:
    """Signed out without being looked at, then read; returns its id."""
    card_id = cards.take_out(vault, trip_id, label, None)
    assert cards_import.read(vault, card_id, drive(card), Reader())
    return card_id


def take_in(vault: Vault, card_id: str, data_of: Path | bytes) -> None:
    """Import one shot for the first person of the trip."""
    trip = vault.trip(cards.row_of(vault, card_id)["trip_id"])
    person = slips(trip)[0].applicants[0]
    data = data_of.read_bytes() if isinstance(data_of, Path) else data_of
    limits = load_limits(vault.settings.forms_dir)
    cards_import.take_in(vault, card_id, sha(data), data, person, limits)


def set_aside(vault: Vault, card_id: str, *pictures: bytes) -> None:
    cards_import.set_aside(vault, card_id, [sha(data) for data in pictures], "not_portrait")


def empty(vault: Vault, card_id: str, card: Path, **told: bool) -> None:
    """Step by step until it is done."""
    fresh = Reader()
    for _ in range(10_000):
        if cards_empty.empty_step(vault, card_id, drive(card), fresh, 5, **told).done:
            return
    raise AssertionError("it never ends")


def sha(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
