"""The doors of the camera page in the real app: bursts, how a shot was taken, which camera."""

from __future__ import annotations

import json
from typing import Any

import pytest

from fieldkit import shot
from fieldkit.store import photos
from tests.photo.defects import eyes_painted_shut
from tests.photo.frames import jpeg_bytes
from tests.web.conftest import Browser, Office, portrait


def told(answer: Any) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(answer.get_data())
    return found


def burst(boss: Browser, base: str, *frames: bytes, **headers: str) -> dict[str, Any]:
    lengths = ",".join(str(len(frame)) for frame in frames)
    told_headers = {"X-Frames": lengths, **headers}
    return told(boss.send(f"{base}/photo/shoot", b"".join(frames), **told_headers))


def tried(office: Office, base: str) -> dict[str, Any]:
    found = office.draft(base.rsplit("/", 1)[1], shot.DRAFT)
    assert found
    return found


def test_the_best_frame_of_a_burst_is_judged_and_only_it_is_sealed(
    boss: Browser, office: Office
) -> None:
    base = office.visit()
    shut = jpeg_bytes(eyes_painted_shut())
    answer = burst(boss, base, shut, portrait(), shut)
    assert (answer["taken"], answer["frames"]) == (1, 3)
    assert answer["verdict"] != "stop" and answer["next"] == f"{base}/photo"
    rows = office.kit.open_vault().book.all("SELECT id FROM photo WHERE state = 'sealed'")
    assert [row["id"] for row in rows] == [answer["photo_id"]]


def test_another_frame_replaces_the_proposed_one(boss: Browser, office: Office) -> None:
    base = office.visit()
    first = burst(boss, base, portrait(), portrait())
    second = told(boss.send(f"{base}/photo/shoot", portrait()))
    vault = office.kit.open_vault()
    assert photos.row_of(vault, first["photo_id"])["state"] == "erased"
    assert photos.row_of(vault, second["photo_id"])["state"] == "sealed"
    assert tried(office, base)["id"] == second["photo_id"]


def test_it_keeps_how_a_shot_was_taken(boss: Browser, office: Office) -> None:
    base = office.visit()
    answer = told(boss.send(f"{base}/photo/shoot", portrait()))
    assert answer["afterwards"] == ""
    assert (tried(office, base)["source"], tried(office, base)["pose"]) == ("camera", "sitting")
    burst(boss, base, portrait(), **{"X-Pose": "lying"})
    assert tried(office, base)["pose"] == "lying"
    answer = told(boss.send(f"{base}/photo/shoot", portrait(), **{"X-Source": "file"}))
    assert tried(office, base)["source"] == "file"
    assert "元の写真" in answer["afterwards"] and "消してください" in answer["afterwards"]


@pytest.mark.parametrize("headers", [
    {"X-Frames": ""}, {"X-Frames": "7"}, {"X-Frames": "1,1,1,1,1,1"}, {"X-Frames": "-1,3"},
    {"X-Source": "moon"}, {"X-Pose": "flying"}])
def test_hostile_headers_get_a_sentence_and_nothing_is_kept(
    boss: Browser, office: Office, headers: dict[str, str]
) -> None:
    base = office.visit()
    answer = boss.send(f"{base}/photo/shoot", portrait(), **headers)
    assert answer.status_code == 400 and "ください" in told(answer)["sentence"]
    row = office.kit.open_vault().book.one("SELECT count(*) AS n FROM photo")
    assert row and row["n"] == 0


def test_the_camera_is_remembered_by_its_name_also_after_a_restart(
    boss: Browser, office: Office
) -> None:
    base = office.visit()
    door = f"{base}/photo/camera"
    assert told(boss.get(door, Accept="application/json")) == {"label": ""}
    name = "USB カメラ (046d:0825)"
    for label in (name, "Integrated Camera", name):
        body = json.dumps({"label": label}).encode()
        assert told(boss.send(door, body)) == {"label": label}
    again = office.restart()
    again.log_in("suzuki")
    assert shot.camera_name(office.kit.open_vault()) == name


@pytest.mark.parametrize("body", [
    b"", b"[]", b"{", b'{"label": 7}', b'{"label": ""}', b'{"label": "   "}',
    b'{"label": "a\\nb"}', json.dumps({"label": "x" * 201}).encode(),
    json.dumps({"label": "123456789018"}).encode()])
def test_what_is_no_name_of_a_camera_is_refused(
    boss: Browser, office: Office, body: bytes
) -> None:
    door = f"{office.visit()}/photo/camera"
    answer = boss.send(door, body)
    assert answer.status_code == 400 and told(answer)["sentence"]
    assert told(boss.get(door, Accept="application/json")) == {"label": ""}
