"""How long papers take, each against what typst alone needs for the same pages in the same run.

    python -m tests.bench.paper

Prints medians in milliseconds (and the processor's own time, which other work on the machine
disturbs less), never an assertion: what is slow on one laptop is a number to look at, not a red
test. Wanted: one form from click to PDF 150 ms warm; 20 people's sets (about 100 pages) 2 s; 276
application forms at most 3 x the time of typst alone. Then the same through the screens
(tests/bench/paper_http.py).
"""

from __future__ import annotations

import io
import shutil
import tempfile
import time
from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from pathlib import Path

import numpy as np
from PIL import Image

from fieldkit.forms import Form, list_forms, load_form
from fieldkit.paper import Cover, Item, print_batch, print_item, problems
from fieldkit.paper.background import put_background
from fieldkit.paper.engine import inputs_of, press
from fieldkit.paper.sheet import filled
from fieldkit.settings import asset_dir
from tests.bench import paper_http
from tests.bench.timing import say, took, typst_alone

NOW = datetime(2026, 7, 1, 10, 42, tzinfo=timezone(timedelta(hours=9)))
NAMES = ("汐見　太郎", "葛󠄀城　𠮷子", "髙橋　ヴィ子", "MARIA FERNANDA DE LOS ANGELES")
SEATS, SEASON = 20, 276
SET = ("kofu_shinsei", "pin_sofu", "kao_shomei", "hoken_doi", "funshitsu")


def portrait(seed: int) -> bytes:
    """A photo of the size that the kit stores: 35:45, about 100 KB, everyone another."""
    pixels = np.random.RandomState(seed).randint(0, 255, (113, 88, 3), dtype=np.uint8)
    out = io.BytesIO()
    picture = Image.fromarray(pixels).resize((826, 1062), Image.Resampling.BICUBIC)
    picture.save(out, "JPEG", quality=88)
    return out.getvalue()


def people(forms: list[Form], count: int, photos: list[bytes]) -> list[Item]:
    return [
        Item(
            form,
            {**form.sample, "name": NAMES[seat % len(NAMES)], "alias": f"{seat}番"},
            photos[seat % len(photos)],
            who=NAMES[seat % len(NAMES)],
            seat=str(seat),
        )
        for seat in range(count)
        for form in forms
    ]


def floor(forms_dir: Path, items: list[Item]) -> Callable[[], object]:
    """typst alone: the same pages from data that is prepared already, and nothing afterwards."""
    sheets = [sheet for sheet in filled(forms_dir, items, NOW)[0] if sheet]
    pictures = {key: picture for sheet in sheets for key, picture in sheet.pictures.items()}
    data = {"title": "floor", "sheets": [sheet.sheet for sheet in sheets]}
    return typst_alone(forms_dir, inputs_of(press(forms_dir), data, pictures), NOW)


def bench(forms_dir: Path, name: str, items: list[Item], rounds: int, wanted: str) -> None:
    cover = Cover("訪問の書類") if len(items) > 1 else None
    pages = sum(print_batch(forms_dir, items, NOW, cover).pages_of)
    least = took(floor(forms_dir, items), rounds)
    say(f"typst alone: {name}, {pages} pages", least)
    times = took(lambda: print_batch(forms_dir, items, NOW, cover), rounds)
    say(name, times, least, wanted, "typst alone")


def main() -> None:
    forms_dir = asset_dir("forms")
    begin = time.perf_counter()
    form = load_form(forms_dir, "kofu_shinsei")
    print_item(forms_dir, Item(form, form.sample), NOW)
    print(f"the first form of a process {(time.perf_counter() - begin) * 1000:.0f} ms")
    photos = [portrait(seed) for seed in range(SEATS)]
    bench(forms_dir, "one application form", people([form], 1, photos), 15, "150 ms")
    say("its problems before printing", took(
        lambda: problems(forms_dir, form, form.sample, photos[0], NOW), 15))  # fmt: skip
    there = [load_form(forms_dir, name) for name in SET if name in list_forms(forms_dir)]
    bench(forms_dir, f"{SEATS} people, {len(there)} forms each", people(there, SEATS, photos), 3,
          "2000 ms")  # fmt: skip
    bench(forms_dir, f"{SEASON} application forms", people([form], SEASON, photos), 3, "x 3")
    with tempfile.TemporaryDirectory() as folder:
        own = Path(folder) / "forms"
        shutil.copytree(forms_dir, own)
        blank = print_item(own, Item(form, {}, blank=True), NOW)
        put_background(own / form.name, blank)
        form = load_form(own, form.name)
        bench(own, "one form over the city's sheet", people([form], 1, photos), 15, "150 ms")
    paper_http.main()


if __name__ == "__main__":
    main()
