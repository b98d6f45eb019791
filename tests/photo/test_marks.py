"""The pure rules: which number gives which mark, what a reason may lift (001 §9(2)イ(キ))."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from fieldkit.errors import BadCityData
from fieldkit.photo import load_limits
from fieldkit.rules.photo_limits import DEFAULT_CHECKS, NEVER_OVERRIDABLE, REASONS
from fieldkit.rules.photo_marks import Limits, Measured, decide, limits_from, verdict_of, worst_two

FORMS = Path(__file__).resolve().parents[2] / "forms"


def marks(**numbers: float) -> list[tuple[str, str]]:
    measured = Measured(1280, 960, **{"faces": 1, **numbers})  # type: ignore[arg-type]
    return [(f.code, f.severity) for f in decide(measured)]


CASES = [
    ({"faces": 0}, [("noface", "stop")]),
    ({"second_face": 0.39}, []),
    ({"second_face": 1.0}, [("two", "stop")]),
    ({"eye_px": 127}, []),
    ({"eye_px": 126}, [("small", "advise")]),
    ({"eye_px": 89}, [("small", "stop")]),
    ({"roll": 4}, []),
    ({"roll": 8}, [("roll", "advise")]),
    ({"roll": 10.1}, [("roll", "stop")]),
    ({"yaw": 13}, [("yaw", "advise")]),
    ({"yaw": 21}, [("yaw", "stop")]),
    ({"eyes_open": 0.15}, [("eyes", "advise")]),
    ({"eyes_open": 0.10}, [("eyes", "advise")]),
    ({"eyes_open": 0.06}, [("eyes", "advise")]),
    ({"eyes_open": 0.04}, [("eyes", "stop")]),
    ({"eyes_open": 0.10, "eyes_shut": 0.10}, [("eyes", "stop")]),
    ({"mouth_bare": 0.12}, [("mask", "stop")]),
    ({"mouth_bare": 0.15}, [("mask", "advise")]),
    ({"mouth_bare": 0.23, "mask_colour": 8.5}, []),
    ({"mask_colour": 20}, [("mask", "advise")]),
    ({"mask_colour": 23}, [("mask", "stop")]),
    ({"lens_tint": 0.69}, [("sunglasses", "stop")]),
    ({"lens_tint": 0.79}, [("sunglasses", "advise")]),
    ({"lens_light": 0.5}, []),
    ({"eye_shine": 0.13}, [("glare", "stop")]),
    ({"forehead_cloth": 20}, [("hat", "stop")]),
    ({"forehead_colour": 40}, [("hat", "advise")]),
    ({"hair_low": 0.3}, [("hair", "advise")]),
    ({"eye_shade": 0.59}, [("light", "advise")]),
    ({"eye_shade": 0.61}, [("light", "stop")]),
    ({"background_step": 3.1}, [("background", "stop")]),
    ({"background_folds": 1.0}, [("background", "advise")]),
    ({"detail": 0.4}, [("enlarged", "advise")]),
    ({"blockiness": 9}, [("compression", "advise")]),
    ({"jpeg_quality": 20}, [("compression", "advise")]),
    ({"crop_fits": 0, "missing_top": 1}, [("cut_top", "stop")]),
    ({"crop_fits": 0}, [("cut_margin", "stop")]),
    ({"face_light": 54}, [("dark", "stop")]),
    ({"face_clipped": 0.05}, [("over", "advise")]),
    ({"uneven_light": 43}, [("light", "stop")]),
    ({"wall_shadow": -6}, [("shadow", "advise")]),
    ({"wall_shadow": -13}, [("shadow", "stop")]),
    ({"sharpness": 1.2}, [("blur", "advise")]),
    ({"face_clipped": 0.14}, [("over", "advise")]),
    ({"background_light": 8}, [("background", "advise")]),
    ({"background_colour": 4.5}, [("background", "advise")]),
    ({"missing_top": 0.61}, [("cut_top", "stop")]),
    ({"crop_fits": 0.0}, [("cut_margin", "stop")]),
    ({"forehead_colour": 40}, [("hat", "advise")]),
]


@pytest.mark.parametrize(("numbers", "expected"), CASES)
def test_it_marks_by_the_limits(numbers: dict[str, float], expected: list) -> None:
    assert marks(**numbers) == expected


def test_it_gives_no_mark_for_what_was_not_measured() -> None:
    assert marks() == []
    assert verdict_of(()) == "pass"


def test_it_says_nothing_of_faces_where_nothing_looked_for_them() -> None:
    found = decide(Measured(1280, 960, None, sharpness=0.5))
    assert [f.code for f in found] == ["blur"]


@pytest.mark.parametrize(("numbers", "word"), [
    ({"pitch": 25, "tipped": 25}, "あごが上がって"),
    ({"pitch": 25, "tipped": -25}, "あごが下がって"),
    ({"pitch": 25}, "上がって（下がって）"), ({"yaw": 25, "turned": 25}, "本人の左"),
    ({"yaw": 25, "turned": -25}, "本人の右"),
    ({"roll": 12, "straightened": 12}, "ご本人の左）に傾"),
    ({"roll": 12, "straightened": -12}, "ご本人の右）に傾"),
    ({"uneven_light": 50, "shade": 50}, "右側"), ({"uneven_light": 50, "shade": -50}, "左側"),
])
def test_it_names_the_side_where_it_is_known(numbers: dict[str, float], word: str) -> None:
    measured = Measured(1280, 960, 1, **numbers)  # type: ignore[arg-type]
    assert word in decide(measured)[0].advice


@pytest.mark.parametrize(("numbers", "picture"), [
    ({"forehead_light": -30}, "hat"), ({"mouth_bare": 0.2}, "mask"), ({"mask_colour": 15}, "mask"),
    ({"lens_tint": 0.75}, "glasses"), ({"hair_low": 0.3}, "hair"),
])
def test_it_asks_a_person_where_it_cannot_know(numbers: dict[str, float], picture: str) -> None:
    found = decide(Measured(1280, 960, 1, **numbers))  # type: ignore[arg-type]
    assert [(f.severity, f.ask) for f in found] == [("advise", picture)]


def test_it_asks_nothing_where_it_is_certain() -> None:
    found = decide(Measured(1280, 960, 1, forehead_cloth=40, mouth_bare=0.05))
    assert [(f.severity, f.ask) for f in found] == [("stop", ""), ("stop", "")]


def test_it_names_the_worst_first_and_shows_two() -> None:
    found = decide(Measured(1280, 960, 1, eye_px=120, yaw=15, face_light=40, sharpness=0.5))
    assert [f.code for f in found] == ["dark", "blur", "small", "yaw"]
    assert [f.code for f in worst_two(found)] == ["dark", "blur"]
    assert verdict_of(found) == "stop" and verdict_of(found[2:]) == "advise"


def test_it_gives_one_mark_for_one_code_and_keeps_the_worse() -> None:
    assert marks(background_colour=3, background_light=9.5) == [("background", "stop")]


@pytest.mark.parametrize("code", sorted(NEVER_OVERRIDABLE))
def test_it_never_lets_a_reason_lift_a_defect(code: str) -> None:
    assert Limits().reasons_for(code) == {}
    key = next(c.key for c in DEFAULT_CHECKS if c.code == code)
    with pytest.raises(BadCityData):
        limits_from({"check": {key: {"reasons": ["EX_RELIGION"]}}})


@pytest.mark.parametrize("code", ["roll", "yaw", "pitch", "eyes", "mouth", "hat", "mask"])
def test_it_lets_a_reason_lift_pose_eyes_expression_and_cover(code: str) -> None:
    assert set(Limits().reasons_for(code)) <= set(REASONS) and Limits().reasons_for(code)


def test_it_ships_a_city_file_equal_to_the_built_in_rows() -> None:
    table = tomllib.loads((FORMS / "photo.toml").read_text(encoding="utf-8"))
    assert limits_from(table) == Limits() == load_limits(FORMS)
    assert set(table["check"]) == {c.key for c in DEFAULT_CHECKS}


def test_it_works_without_the_city_file(tmp_path: Path) -> None:
    assert load_limits(tmp_path) == Limits()


def test_it_obeys_the_city(tmp_path: Path) -> None:
    path = tmp_path / "photo.toml"
    path.write_text('[check.yaw]\nadvise = false\nstop = 30\nadvice = "前へ"', encoding="utf-8")
    limits = load_limits(tmp_path)
    assert decide(Measured(1, 1, 1, yaw=25), limits) == ()
    assert decide(Measured(1, 1, 1, yaw=31), limits)[0].advice == "前へ"


@pytest.mark.parametrize("text", [
    "[check.nose]\nstop = 1", "[check.yaw]\nstop = 'x'", "[check.yaw]\nadvise = 40",
    "[check.yaw]\nstop = true", "[check.yaw]\nlimit = 3", "[check.yaw]\nreasons = ['EX_NO']",
    "[check.yaw]\nadvice = ''", "[check]\nyaw = 3", "check = 1", "[reasons]\nEX_NEW = 1", "[[[",
    "[check.hair]\nask = 'nose'", "[check.small]\nadvice_minus = '左'", "[check.hair]\nask = 1",
    "[check.yaw]\nreasons = 3", "[check.yaw]\nreasons = [['a']]",
])
def test_it_names_the_place_of_a_mistake_in_the_file(tmp_path: Path, text: str) -> None:
    (tmp_path / "photo.toml").write_text(text, encoding="utf-8")
    with pytest.raises(BadCityData) as caught:
        load_limits(tmp_path)
    assert caught.value.file == "photo.toml"


def test_it_lets_the_city_say_one_sentence_for_both_sides() -> None:
    limits = limits_from({"check": {"yaw": {"advice": "前を向いてください。"}}})
    for side in (-25, 25):
        found = decide(Measured(1, 1, 1, yaw=25, turned=side), limits)
        assert found[0].advice == "前を向いてください。"


def test_its_advice_is_japanese_and_ends_as_a_sentence() -> None:
    assert all(c.advice.endswith(("。", "）")) for c in DEFAULT_CHECKS)


def test_a_slip_in_the_name_of_a_part_is_told() -> None:
    with pytest.raises(BadCityData, match="chek"):
        limits_from({"chek": {"small": {"stop": 100}}})
