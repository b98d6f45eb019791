"""A burst: how it travels, and which of its frames is judged."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from fieldkit.errors import BadInput
from fieldkit.photo.burst import MOST, Look, best_frame, best_of, looks, split
from fieldkit.photo.engine import NoEngine, shared_engine
from tests.photo.defects import blurred, eyes_painted_shut
from tests.photo.frames import astronaut_frame, jpeg_bytes


def look(eyes: float | None = 0.3, sharp: float = 100.0, moved: float = 0.0,
         pixels: int = 2_073_600) -> Look:
    return Look(eyes, sharp, moved, pixels)


RANKED = {
    "open eyes before a sharper blink": ([look(0.10, 300), look(0.30, 100)], 1),
    "narrow eyes are measured against the same person": ([look(0.14), look(0.10, 900)], 0),
    "equally open: the sharper": ([look(0.30, 50), look(0.29, 100)], 1),
    "equally open and sharp: the stiller": ([look(moved=0.2), look(0.29, 95, moved=0.1)], 1),
    "all alike: the first": ([look(), look()], 0),
    "no face is last": ([look(None, 900), look(0.1, 1)], 1),
    "no face anywhere: the sharpest": ([look(None, 9), look(None, 90)], 1),
    "what cannot be read is last": ([look(None, 0, 0, 0), look(None, 5)], 1),
    "nothing can be read: the first": ([look(None, 0, 0, 0), look(None, 0, 0, 0)], 0),
    "the camera's larger still picture": ([look(0.3, 200), look(0.29, 60, pixels=8_000_000)], 1),
    "not a larger one with shut eyes": ([look(0.3), look(0.1, pixels=8_000_000)], 0),
}


@pytest.mark.parametrize("name", RANKED)
def test_it_ranks(name: str) -> None:
    seen, best = RANKED[name]
    assert best_of(seen) == best


def test_it_finds_the_open_eyes_in_real_frames() -> None:
    shut, awake = jpeg_bytes(eyes_painted_shut()), jpeg_bytes(astronaut_frame())
    for place in range(3):
        frames = [shut] * 3
        frames[place] = awake
        assert best_frame(frames) == place


def test_it_finds_the_sharp_frame_and_the_still_one() -> None:
    sharp, soft = jpeg_bytes(astronaut_frame()), jpeg_bytes(blurred(3))
    assert best_frame([soft, sharp, soft]) == 1
    aside = jpeg_bytes(astronaut_frame(at=(0.6, 0.43)))
    assert best_frame([aside, sharp, sharp]) == 1
    moved = [one.moved for one in looks([aside, sharp, sharp], shared_engine())]
    assert moved[0] > 0.5 and max(moved[1:]) < 0.1


def test_a_broken_frame_costs_only_itself() -> None:
    whole = jpeg_bytes(astronaut_frame())
    assert best_frame([b"\xff\xd8 broken", whole[:2000], whole]) == 2
    assert best_frame([b"x", b"y"]) == 0


def test_without_an_engine_the_sharpest_is_taken() -> None:
    frames = [jpeg_bytes(blurred(3)), jpeg_bytes(astronaut_frame())]
    assert best_frame(frames, NoEngine()) == 1


def test_frames_are_compared_at_reduced_size() -> None:
    large = cv2.resize(astronaut_frame(), (3840, 2880), interpolation=cv2.INTER_CUBIC)
    small, big = looks(
        [jpeg_bytes(astronaut_frame()), jpeg_bytes(np.asarray(large, np.uint8))], shared_engine())
    assert big.pixels == 9 * small.pixels
    assert big.eyes and small.eyes and abs(big.eyes - small.eyes) < 0.05


def test_it_splits_by_the_lengths() -> None:
    assert split(b"aabbbc", "2,3, 1") == (b"aa", b"bbb", b"c")
    assert split(b"x" * MOST, ",".join("1" * MOST)) == (b"x",) * MOST


@pytest.mark.parametrize(("body", "lengths", "sentence"), [
    (b"", "1", "写真が空です"),
    (b"", "", "写真が空です"),
    (b"abc", "", "一部が届きません"),
    (b"abc", "1,1", "一部が届きません"),
    (b"abc", "2,2", "一部が届きません"),
    (b"abc", "3,0", "一部が届きません"),
    (b"abc", "4,-1", "一部が届きません"),
    (b"abc", "１,２", "一部が届きません"),
    (b"abc", "1e0,2", "一部が届きません"),
    (b"abc", "9" * 5000, "一部が届きません"),
    (b"abcdef", "1,1,1,1,1,1", f"{MOST}枚まで"),
])
def test_hostile_lengths_get_a_sentence(body: bytes, lengths: str, sentence: str) -> None:
    with pytest.raises(BadInput) as caught:
        split(body, lengths)
    assert sentence in caught.value.sentence and "もう一度" in caught.value.sentence
