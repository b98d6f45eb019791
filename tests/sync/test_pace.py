"""How a run adapts to its line: part sizes, number of lanes, pauses; and lanes that only carry."""

from __future__ import annotations

import random
import threading
import time

from sync import pace
from sync.lanes import ThreadLanes
from sync.pace import MANY, SMALLEST, USUAL, Pace, pause, tries
from sync.road import Answer, NoAnswer, Request

PHOTO, MOST = 300_000, 4 * 1024 * 1024


def test_a_near_line_takes_a_whole_photo_and_a_far_one_a_part_first() -> None:
    near, far, unknown = Pace(MOST), Pace(MOST), Pace(MOST)
    near.heard(0.001)
    far.heard(0.3)
    assert near.piece(PHOTO) == PHOTO and far.piece(PHOTO) == unknown.piece(PHOTO) == USUAL
    assert (near.lanes, far.lanes) == (4, MANY)


def test_it_learns_from_what_the_line_carried() -> None:
    made = Pace(MOST)
    made.good(USUAL, 0.1)
    assert made.piece(PHOTO) == PHOTO, "650 kB/s: the photo takes less than two seconds"
    made = Pace(MOST)
    made.good(USUAL, 4.2)
    assert made.piece(PHOTO) == SMALLEST
    made = Pace(MOST)
    made.good(USUAL, 0.8)
    assert made.piece(PHOTO) == 2 * USUAL


def test_it_halves_after_failures_and_grows_again() -> None:
    made = Pace(MOST)
    made.heard(0.001)
    made.bad()
    assert made.piece(PHOTO) == SMALLEST and made.lanes == 4
    made.bad()
    assert made.piece(PHOTO) == SMALLEST and made.lanes == MANY
    made.good(SMALLEST, 0.9)
    assert made.size == USUAL and made.piece(PHOTO) == USUAL
    made.too_large(USUAL)
    assert made.piece(PHOTO) == USUAL // 2


def test_no_piece_is_larger_than_what_is_left_or_taken() -> None:
    made = Pace(1000)
    made.heard(0.001)
    assert made.piece(PHOTO) == 1000 and made.piece(7) == 7


def test_pauses_grow_to_half_a_minute_and_differ() -> None:
    dice = random.Random(1)
    first = [pause(1, dice) for _ in range(50)]
    assert 0.05 <= min(first) < max(first) <= 0.15 and len(set(first)) > 10
    assert all(15 <= pause(30, dice) <= 45 for _ in range(50))
    assert sum(0.1 * 2**i for i in range(tries(NoAnswer("x")) - 1)) > 10, "a gap of ten seconds"
    assert tries(NoAnswer("x", brief=True)) == pace.BRIEF_TRIES


class Slow:
    """A road that says which thread used it."""

    rtt = 0.25

    def __init__(self, used: list[int]) -> None:
        self.used, self.closed = used, False

    def send(self, method: str, path: str, body: bytes, headers: dict[str, str]) -> Answer:
        self.used.append(threading.get_ident())
        time.sleep(0.01)
        if path == "dead":
            raise NoAnswer(path)
        if path == "odd":
            raise RuntimeError("a broken line")
        return Answer(200, {"path": path})

    def close(self) -> None:
        self.closed = True


def test_each_lane_has_a_road_of_its_own_and_hands_every_end_back() -> None:
    used: list[int] = []
    made: list[Slow] = []

    def road() -> Slow:
        made.append(Slow(used))
        return made[-1]

    lanes = ThreadLanes(road, 3)
    paths = ["a", "dead", "b", "odd", "c", "d"]
    for path in paths:
        lanes.start(path, Request("GET", path, b"", {}))
    ends = []
    while len(ends) < len(paths):
        ends += lanes.finished(1.0)
    lanes.close()
    assert len(made) == 3 == len(set(used)) and threading.get_ident() not in used
    told = {done.tag: (done.answer is not None, done.rtt) for done in ends}
    assert told == {path: (path not in ("dead", "odd"), 0.25) for path in paths}
    assert lanes.finished(0.0) == []
    for _ in range(100):
        if all(one.closed for one in made):
            break
        time.sleep(0.01)
    assert all(one.closed for one in made), "a run leaves no connection open"
