"""Two windows, or a double click: whatever comes at once, one photo is left and it is the one that
the application names. And a person who needs no photo is not photographed."""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from fieldkit import shot
from fieldkit.errors import KitError
from fieldkit.store import photos
from tests.flow.card import portrait as card_portrait
from tests.flow.card import sha, shoot
from tests.web.conftest import Browser, Office, portrait, says, take_photo
from tests.web.test_cards import reader, sign_out, steps

__all__ = ["reader"]  # a fixture
BABY = {"birth": "2026-03-05"}


def at_once(act: Callable[[], Any], times: int = 4) -> list[Any]:
    """The answers of the same act from several threads."""
    found: list[Any] = []
    threads = [threading.Thread(target=lambda: found.append(act())) for _ in range(times)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert len(found) == times
    return found


def states(office: Office) -> list[str]:
    rows = office.kit.open_vault().book.all("SELECT state FROM photo ORDER BY state")
    return [row["state"] for row in rows]


def test_shots_at_once_leave_the_one_that_is_looked_at(office: Office, boss: Browser) -> None:
    base = office.visit()
    aid = base.rsplit("/", 1)[1]
    at_once(lambda: boss.send(f"{base}/photo/shoot", portrait()).status_code)
    assert states(office) == ["erased", "erased", "erased", "sealed"]
    tried = office.draft(aid, shot.DRAFT)
    assert tried is not None
    vault = office.kit.open_vault()
    assert photos.row_of(vault, tried["id"])["state"] == "sealed"
    chosen = {"photo_id": tried["id"], "act": "keep", "checked": "yes"}
    at_once(lambda: boss.post(f"{base}/photo", chosen).status_code)
    assert photos.row_of(vault, tried["id"])["state"] == "queued"


def test_imports_at_once_leave_the_one_that_the_card_names(
    office: Office, boss: Browser, reader: Path
) -> None:
    base = office.visit()
    here = sign_out(office, boss)
    shoot(reader, card_portrait())
    steps(boss, f"{here}/read")
    values = {"act": "import", "applicant": base.rsplit("/", 1)[1]}
    path = f"{here}/shot/{sha(card_portrait())}"
    at_once(lambda: boss.post(path, values).status_code)
    vault = office.kit.open_vault()
    (row,) = vault.book.all("SELECT * FROM card_shot")
    assert row["state"] == "imported"
    assert photos.row_of(vault, row["photo_id"])["state"] == "sealed"
    assert states(office).count("sealed") == 1


def test_a_photo_that_is_gone_is_not_chosen(office: Office, boss: Browser) -> None:
    base = office.visit()
    first = json.loads(boss.send(f"{base}/photo/shoot", portrait()).get_data())["photo_id"]
    boss.send(f"{base}/photo/shoot", portrait())
    vault = office.kit.open_vault()
    with pytest.raises(KitError) as said:
        photos.keep(vault, first)
    assert said.value.code == "photo_gone"
    assert photos.row_of(vault, first)["state"] == "erased"


def test_a_double_click_hands_out_one_file(
    office: Office, boss: Browser, reader: Path
) -> None:
    base = office.visit()
    take_photo(boss, base)
    at_once(lambda: boss.post(f"{base}/prints/file", {"drive": str(reader)}).status_code)
    assert len(os.listdir(reader)) == 1
    (row,) = office.kit.open_vault().book.all("SELECT * FROM photo_file")
    answers = at_once(lambda: boss.post(f"/files/{row['id']}").status_code)
    assert answers == [302] * 4 and os.listdir(reader) == []


@pytest.mark.parametrize("source", ["camera", "file"])
def test_a_person_under_one_is_not_photographed(
    office: Office, boss: Browser, source: str
) -> None:
    base = office.visit(person=BABY)
    answer = boss.send(f"{base}/photo/shoot", portrait(), **{"X-Source": source})
    assert answer.status_code == 400 and "1歳未満" in json.loads(answer.get_data())["sentence"]
    assert states(office) == []


def test_a_person_under_one_gets_no_shot_of_a_card(
    office: Office, boss: Browser, reader: Path
) -> None:
    base = office.visit(person=BABY)
    here = sign_out(office, boss)
    shoot(reader, card_portrait())
    steps(boss, f"{here}/read")
    values = {"act": "import", "applicant": base.rsplit("/", 1)[1]}
    answer = boss.post(f"{here}/shot/{sha(card_portrait())}", values)
    assert answer.status_code == 422 and "1歳未満" in says(answer)
    assert states(office) == []


def test_a_name_of_a_camera_that_never_ends_is_a_sentence(office: Office, boss: Browser) -> None:
    base = office.visit()
    answer = boss.send(f"{base}/photo/camera", b"[" * 100_000)
    assert answer.status_code == 400 and "カメラの名前" in json.loads(answer.get_data())["sentence"]
