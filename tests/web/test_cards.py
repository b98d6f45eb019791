"""The screens of the camera cards: the board, one card's shots, emptying in steps, the way back."""

from __future__ import annotations

import io
import json
import os
import re
from pathlib import Path

import pytest
from PIL import Image

from fieldkit import cards
from tests.flow.card import portrait, sha, shoot, wall
from tests.web.conftest import Browser, Office, says


@pytest.fixture
def reader(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    place = tmp_path / "reader"
    place.mkdir()
    monkeypatch.setenv("KIT_MEDIA", str(place))
    return place


def sign_out(office: Office, client: Browser, label: str = "カード3", mount: str = "") -> str:
    (trip_id,) = (t.id for t in office.kit.open_vault().trips.values() if t.kind == "field")
    answer = client.post("/cards", {"label": label, "trip": trip_id, "mount": mount})
    assert answer.status_code == 302, says(answer)
    return str(answer.headers["Location"])


def steps(client: Browser, path: str, **values: str) -> dict[str, object]:
    """What static/cards.js does."""
    while True:
        answer = client.post(path, values, Accept="application/json")
        told: dict[str, object] = json.loads(answer.get_data())
        if answer.status_code != 200 or told["done"]:
            return told


def test_it_works(office: Office, client: Browser, reader: Path) -> None:
    base = office.visit()
    aid = base.split("/")[-1]
    here = sign_out(office, client, mount=str(reader))
    assert "返していないカメラのカードが1枚あります" in client.text(client.get("/"))
    shoot(reader, portrait(), wall())
    assert steps(client, f"{here}/read")["done"]
    page = client.text(client.get(here))
    assert "1枚目（2枚のうち）" in page and "𠮷田 髙子 様" in page
    shot = f"{here}/shot/{sha(portrait())}"
    seen = client.get(f"{shot}/view")
    assert seen.headers["Cache-Control"] == "no-store" and seen.mimetype == "image/jpeg"
    assert max(Image.open(io.BytesIO(seen.get_data())).size) <= 1400
    took = client.post(shot, {"act": "import", "applicant": aid})
    assert took.headers["Location"] == f"{here}?took={aid}", says(took)
    assert "様の写真として取り込みました" in client.text(client.get(took.headers["Location"]))
    answer = client.post(f"{here}/shot/{sha(wall())}", {"act": "aside", "reason": "not_portrait"})
    assert answer.status_code == 302
    assert steps(client, f"{here}/empty")["done"] and list(reader.rglob("*")) == []
    assert client.post(f"{here}/back").headers["Location"] == "/cards"
    assert "返却済み" in client.text(client.get("/cards"))
    assert "返していない" not in client.text(client.get("/"))
    assert f"{base}/photo" in client.text(client.get(took.headers["Location"]))


def test_a_card_with_a_shot_left_is_refused_in_words(
    office: Office, client: Browser, reader: Path
) -> None:
    office.visit()
    here = sign_out(office, client)
    shoot(reader, wall(), wall(1))
    steps(client, f"{here}/read")
    client.post(f"{here}/shot/{sha(wall())}", {"act": "aside", "reason": "unusable"})
    told = steps(client, f"{here}/empty")
    assert "カードに2枚、取り込み0枚、対象外1枚です。残り1枚" in str(told["sentence"])
    assert len(list(reader.rglob("*.JPG"))) == 2


def test_it_refuses_a_card_that_is_not_empty(
    office: Office, client: Browser, reader: Path
) -> None:
    office.visit()
    shoot(reader, wall())
    (trip_id,) = (t.id for t in office.kit.open_vault().trips.values() if t.kind == "field")
    values = {"label": "カード3", "trip": trip_id, "mount": str(reader)}
    answer = client.post("/cards", values)
    assert answer.status_code == 422 and "ファイルが1件あります" in says(answer)
    assert 'value="カード3"' in client.text(answer)


def test_it_asks_which_of_two_readers(
    office: Office, client: Browser, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    places = [tmp_path / "reader", tmp_path / "stick"]
    for place in places:
        place.mkdir()
    monkeypatch.setenv("KIT_MEDIA", os.pathsep.join(map(str, places)))
    office.visit()
    here = sign_out(office, client)
    shoot(places[0], wall())
    told = steps(client, f"{here}/read")
    assert "どの読み取り機" in str(told["sentence"])
    assert steps(client, f"{here}/read", mount=str(places[0]))["done"]


def test_it_asks_whose_and_why(office: Office, client: Browser, reader: Path) -> None:
    office.visit()
    here = sign_out(office, client)
    shoot(reader, wall())
    steps(client, f"{here}/read")
    shot = f"{here}/shot/{sha(wall())}"
    for values, sentence in (
        ({"act": "import"}, "だれの写真か"),
        ({"act": "aside"}, "理由を選んで"),
        ({"act": "aside", "reason": "gone"}, "理由を選んで"),
    ):
        answer = client.post(shot, values)
        assert answer.status_code == 422 and sentence in says(answer)


def test_a_shot_without_a_face_is_not_imported(
    office: Office, client: Browser, reader: Path
) -> None:
    base = office.visit()
    here = sign_out(office, client)
    shoot(reader, wall())
    steps(client, f"{here}/read")
    values = {"act": "import", "applicant": base.split("/")[-1]}
    answer = client.post(f"{here}/shot/{sha(wall())}", values)
    assert answer.status_code == 422 and "顔が見つからない" in says(answer)


def test_files_that_are_no_pictures_go_together(
    office: Office, client: Browser, reader: Path
) -> None:
    office.visit()
    here = sign_out(office, client)
    shoot(reader, b"II*\0raw", b"\0\0\0\x18ftypmp42movie", b"note")
    steps(client, f"{here}/read")
    page = client.text(client.get(here))
    assert "写真でないファイル（3件）" in page and "<canvas" not in page
    client.post(f"{here}/aside", {"rest_reason": "camera_file"})
    assert "空にする" in client.text(client.get(here))


def test_a_card_that_is_away_is_said(
    office: Office, client: Browser, reader: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    office.visit()
    here = sign_out(office, client, mount=str(reader))
    monkeypatch.setenv("KIT_MEDIA", "")
    assert "カードを読み取り機に差してください" in client.text(client.get(here))
    assert "差し直して" in str(steps(client, f"{here}/read")["sentence"])
    other = reader.with_name("other")
    other.mkdir()
    monkeypatch.setenv("KIT_MEDIA", str(other))
    assert "別のカードが差してあります" in client.text(client.get(here))


def test_no_path_but_a_readers_is_taken(office: Office, client: Browser, reader: Path) -> None:
    office.visit()
    here = sign_out(office, client)
    told = steps(client, f"{here}/read", mount=str(reader.parent))
    assert told["error"] == "card_gone"


def test_a_lost_card_shows_on_the_first_screen(
    office: Office, client: Browser, reader: Path
) -> None:
    office.visit()
    here = sign_out(office, client)
    assert client.post(f"{here}/lost", {"lost_reason": "missing"}).status_code == 422
    client.post(f"{here}/lost", {"lost_reason": "missing", "sure": "yes"})
    assert "「カード3」の紛失" in client.text(client.get("/"))
    assert "紛失（見あたらない）" in client.text(client.get("/cards"))
    assert cards.out_now(office.kit.open_vault()) == []


def test_the_desk_does_not_see_cards(office: Office, client: Browser) -> None:
    office.visit()
    sign_out(office, client)
    office.kit.put_away()
    client.log_in("sato")
    assert client.get("/cards").status_code == 403
    first = client.get("/")
    assert first.status_code == 200 and not re.search(r'href="/cards"', client.text(first))


def test_a_number_of_twelve_digits_is_no_label(
    office: Office, client: Browser, reader: Path
) -> None:
    office.visit()
    answer = client.post("/cards", {"label": "123456789018", "trip": "x"})
    assert answer.status_code == 422 and cards.board(office.kit.open_vault()) == []
