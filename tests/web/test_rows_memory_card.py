"""Row 16 for a camera card and a burst: after the end of the visit nothing of their pictures is in
the kit's memory: neither the file on the card, nor the frames that were not chosen, nor pixels."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from fieldkit import allocator
from fieldkit.photo.opening import open_picture
from tests.flow.card import portrait as card_portrait
from tests.flow.card import sha, shoot, wall
from tests.web import memory
from tests.web.conftest import close, do_tasks, portrait, says
from tests.web.test_cards import reader, steps
from tests.web.test_rows_memory import OFFERED, Day, day

__all__ = ["day", "reader"]  # fixtures
pytestmark = pytest.mark.skipif(
    not OFFERED, reason="!! NOT TESTED: memory is read through /proc, and freed by glibc"
)


def pieces(what: str, jpeg: bytes) -> dict[str, bytes]:
    pixels = np.ascontiguousarray(open_picture(jpeg))
    middle = pixels[len(pixels) // 2, 400:440].tobytes()
    return {f"{what}, {i}": d for i, d in enumerate(memory.slices_of(jpeg))} | {
        f"{what} pixels, 0": middle
    }


@pytest.mark.usefixtures("reader")
@pytest.mark.parametrize("day", [allocator.SETTINGS], indirect=True)
def test_a_card_and_a_burst_are_gone_from_memory(reader: Path, day: Day) -> None:
    browser, base = day.browser, day.base
    taken = browser.post("/cards", {"label": "カード3", "trip": day.trip, "mount": str(reader)})
    assert taken.status_code == 302, says(taken)
    here = taken.headers["Location"]
    shoot(reader, card_portrait(), wall())
    assert steps(browser, f"{here}/read")["done"]
    shot = f"{here}/shot/{sha(card_portrait())}"
    assert browser.get(f"{shot}/view").status_code == 200
    values = {"act": "import", "applicant": base.rsplit("/", 1)[1]}
    assert browser.post(shot, values).status_code == 302
    frames = [portrait(), card_portrait(7)]
    lengths = ",".join(str(len(frame)) for frame in frames)
    sent = browser.send(f"{base}/photo/shoot", b"".join(frames), **{"X-Frames": lengths})
    assert sent.status_code == 200
    needles = pieces("card", card_portrait()) | pieces("frame", card_portrait(7))
    do_tasks(browser, base)
    close(browser, base)
    browser.get("/")
    assert day.search(needles) == {}
    browser.post(f"{here}/shot/{sha(wall())}", {"act": "aside", "reason": "not_portrait"})
    assert steps(browser, f"{here}/empty")["done"] and list(reader.iterdir()) == []
    assert browser.post("/lock").status_code == 302
    assert day.search({**needles, **pieces("wall", wall())}) == {}


@pytest.mark.parametrize("day", [{}], indirect=True)
def test_the_search_finds_a_card_without_that_allocator(reader: Path, day: Day) -> None:
    """The control: what was freed is found where nobody overwrites it. Which thread's memory is
    used again is chance, so it is looked for after many views, several at a time."""
    taken = day.browser.post("/cards", {"label": "カード3", "trip": day.trip})
    here = taken.headers["Location"]
    shoot(reader, card_portrait())
    assert steps(day.browser, f"{here}/read")["done"]
    shot = f"{here}/shot/{sha(card_portrait())}"
    for _ in range(12):
        with ThreadPoolExecutor(4) as several:
            answers = list(several.map(day.browser.get, [f"{shot}/view"] * 8))
        assert all(answer.status_code == 200 for answer in answers)
        if "card" in day.search(pieces("card", card_portrait())):
            return
    raise AssertionError("the search is blind")
