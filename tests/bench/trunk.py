"""How long the acts of one visit take, each against a floor measured in the same run.

    python -m tests.bench.trunk

Prints one line an act: median milliseconds, the floor's, and the ratio. Never an assertion: what
is slow on one laptop is a number to look at, not a red test.
"""

from __future__ import annotations

import io
import os
import statistics
import tempfile
import time
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import typst
from PIL import Image

from fieldkit import paper
from fieldkit.clock import JST
from fieldkit.forms import load_form
from fieldkit.photo import judge
from fieldkit.settings import Settings, asset_dir
from fieldkit.store import opening, photos, records
from fieldkit.store.vault import Vault
from sync.ids import new_id
from tests.conftest import FAST, PASSPHRASE, SATO
from tests.photo.frames import astronaut_frame, jpeg_bytes

ROUNDS = 15


def median_ms(act: Callable[[], object], rounds: int = ROUNDS) -> float:
    """Median of `rounds` runs after one that warms up."""
    act()
    times = []
    for _ in range(rounds):
        begin = time.perf_counter()
        act()
        times.append((time.perf_counter() - begin) * 1000)
    return statistics.median(times)


def say(act: str, took: float, floor: str, least: float) -> None:
    print(f"{act:<34}{took:9.2f} ms   {floor:<34}{least:9.2f} ms   x{took / least:6.1f}")


def fsynced_file(folder: Path, data: bytes) -> None:
    """The floor of every save: the same bytes into one fsynced file."""
    with (folder / "floor").open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


def bench_store(vault: Vault, folder: Path) -> None:
    trip = vault.add_trip(new_id(), "field", "2026-07-01", b"\x09" + b"\0" * 31, b"1" * 16)
    record = records.save(vault, trip, "application", {"note": "0"})
    turn = iter(range(10_000))

    def save() -> None:
        fields = {"note": str(next(turn)), "text": "汐見" * 200}
        records.save(vault, trip, "application", fields, record.id)

    floor = median_ms(lambda: fsynced_file(folder, b"x" * 2000))
    say("save of a page of the form", median_ms(save), "one fsynced 2 KB file", floor)
    draft = median_ms(lambda: records.save_draft(vault, trip, record.id, "f", {"a": "汐見" * 200}))
    say("autosave of a draft", draft, "one fsynced 2 KB file", floor)
    jpeg = os.urandom(300_000)
    least = median_ms(lambda: fsynced_file(folder, jpeg))
    sealing = median_ms(lambda: photos.seal(vault, trip, record.id, jpeg))
    say("seal of a 300 KB photo", sealing, "one fsynced 300 KB file", least)


def bench_photo() -> None:
    data = jpeg_bytes(astronaut_frame(1920, 1080, eye_px=150))
    least = median_ms(lambda: Image.open(io.BytesIO(data)).convert("RGB").load())
    say("judge of a 1920x1080 photo", median_ms(lambda: judge(data)), "decoding the JPEG", least)


def bench_paper() -> None:
    forms, now = asset_dir("forms"), datetime(2026, 7, 1, tzinfo=JST)
    form = load_form(forms, "kofu_shinsei")
    fonts = typst.Fonts(
        include_system_fonts=False, include_embedded_fonts=False, font_paths=[str(forms / "fonts")]
    )
    page = {"main.typ": '#set text(font: "Noto Sans JP")\n汐見市'.encode()}
    least = median_ms(lambda: typst.compile(page, font_paths=fonts))
    took = median_ms(lambda: paper.print_form(forms, form.name, form.sample, None, now))
    say("application form to PDF", took, "typst, one line", least)
    rules = median_ms(lambda: form.evaluate(form.sample, now.date()))
    copy = median_ms(lambda: [dict(form.sample) for _ in range(40)])
    say("rules of the application form", rules, "copying its answers 40 times", copy)


def main() -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        settings = Settings(data_dir=folder / "kit", argon2=FAST)
        vault, _ = opening.create(settings, SATO, PASSPHRASE)
        bench_store(vault, folder)
        vault.close()
    bench_photo()
    bench_paper()


if __name__ == "__main__":
    main()
