"""What stops one thing stops nothing else, and no run is done while something waits."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from fieldkit import outbox, sending
from fieldkit.city import connect
from fieldkit.errors import KitError
from fieldkit.store import facts
from fieldkit.store.vault import Vault
from sync import pace, sender
from sync.lanes import ThreadLanes
from sync.road import Answer, HttpRoad
from sync.wire import WireError
from tests.conftest import CityServer
from tests.flow.test_one_visit import take_reservation
from tests.sync.lines import Line, line, told
from tests.sync.test_sender import DAY, a_day, city, states, stored, vault

__all__ = ["city", "line", "vault"]
Change = Callable[[str, dict[str, Any], Answer], Answer]


@pytest.fixture
def say(line: Line, monkeypatch: pytest.MonkeyPatch) -> Callable[[Change], None]:
    """`say(change)`: what the laptop hears is `change(path, batch, answer)` from now on."""

    def begin(change: Change) -> None:
        real = HttpRoad.send

        def send(road: HttpRoad, method: str, path: str, body: bytes, head: Any) -> Answer:
            return change(path, told(body), real(road, method, path, body, head))

        monkeypatch.setattr(HttpRoad, "send", send)

    return begin


def is_declaration(batch: dict[str, Any]) -> bool:
    return bool(batch.get("photos"))


def waits(vault: Vault) -> int:
    return sum(one["entity"] != "photo" for one in outbox.items(vault))


def more_saves(vault: Vault) -> None:
    """Several saves, each a batch of its own."""
    take_reservation(vault)
    take_reservation(vault)
    assert waits(vault) > 3


# -- a photo stops no save, and no other photo ----------------------------------------------------
def test_a_declaration_that_is_refused_stops_no_save(
    vault: Vault, say: Callable[[Change], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sending, "OPS_A_BATCH", 1)
    a_day(vault, 1)
    more_saves(vault)

    def change(_path: str, batch: dict[str, Any], answer: Answer) -> Answer:
        no = Answer(400, {"error": "not_stored"})
        return no if is_declaration(batch) else answer

    say(change)
    with pytest.raises(KitError):
        outbox.sync(vault)
    assert waits(vault) == 0 and states(vault) == {"queued"}


def test_one_photo_that_never_gets_through_holds_nothing_else_back(
    vault: Vault, city: CityServer, line: Line, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A proxy of the city does not like its bytes: the others go, and the news are heard."""
    monkeypatch.setattr(pace, "pause", lambda failures, dice: 0.001)
    monkeypatch.setattr(sender, "DECLARED", 2)
    ids = a_day(vault, 5)
    line.fate = lambda _method, path, body: "lost" if ids[0] in path else ""
    with pytest.raises(KitError) as caught:
        outbox.sync(vault)
    assert caught.value.code == "no_server"
    assert stored(city, ids) == 4 and waits(vault) == 0
    assert any(told(body).get("pull") for body in line.bodies), "the news came"


def test_saves_that_failed_once_do_not_wait_for_the_photos(
    vault: Vault, line: Line, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sending, "OPS_A_BATCH", 1)
    monkeypatch.setattr(pace, "TOGETHER", 0)
    monkeypatch.setattr(pace, "pause", lambda failures, dice: 0.001)
    a_day(vault, 24)
    more_saves(vault)
    batches = 0

    def fate(_method: str, _path: str, body: bytes) -> str:
        nonlocal batches
        batches += bool(told(body).get("ops"))
        return "lost" if told(body).get("ops") and batches == 2 else ""

    line.fate = fate
    line.delay = 0.02
    line.bodies.clear()
    outbox.sync(vault)
    kinds = ["save" if told(body).get("ops") else "part" if not told(body) else ""
             for body in line.bodies]  # fmt: skip
    again = kinds.index("save", kinds.index("save") + 1)  # the second one was lost
    assert "part" in kinds[again:], kinds
    assert states(vault) == {"erased"} and waits(vault) == 0


# -- done is done ---------------------------------------------------------------------------------
def test_facts_of_a_batch_that_failed_go_in_the_same_run(vault: Vault, line: Line) -> None:
    a_day(vault, 2)
    for i in range(facts.A_GROUP + 1):
        facts.note(vault.book, f"{i}:visit", "visit", DAY, {"place": "home"})
    failed: list[bytes] = []

    def fate(_method: str, _path: str, body: bytes) -> str:
        if len(told(body).get("facts", [])) == 1 and not failed:
            failed.append(body)
            return "lost"
        return ""

    line.fate = fate
    outbox.sync(vault)
    assert failed and vault.book.one("SELECT 1 FROM fact WHERE receipt IS NULL") is None


@pytest.mark.parametrize("left", [0, 1])
def test_a_photo_that_the_answer_does_not_name_is_not_done(
    vault: Vault, city: CityServer, say: Callable[[Change], None], left: int
) -> None:
    ids = a_day(vault, 2)

    def change(_path: str, batch: dict[str, Any], answer: Answer) -> Answer:
        said = answer.value
        few = {**said, "photos": said["photos"][:left]} if is_declaration(batch) else said
        return replace(answer, value=few)

    say(change)
    if left:  # asked for by itself it is named
        outbox.sync(vault)
        assert stored(city, ids) == 2
        return
    with pytest.raises(KitError) as caught:
        outbox.sync(vault)
    assert caught.value.code == "no_server" and stored(city, ids) == 0


# -- whatever an answer says ----------------------------------------------------------------------
def test_a_receipt_is_kept_though_the_next_word_is_none(
    vault: Vault, line: Line, say: Callable[[Change], None]
) -> None:
    ids = a_day(vault, 2)
    gone: list[str] = []

    def fate(method: str, _path: str, _body: bytes) -> str:
        if not gone and method == "PUT":
            gone.append("")
            return "unheard"
        return "refused" if gone else ""

    line.fate = fate
    with pytest.raises(KitError):
        outbox.sync(vault)
    line.fate = lambda *_message: ""

    def change(_path: str, batch: dict[str, Any], answer: Answer) -> Answer:
        if not is_declaration(batch):
            return answer
        here = [one for one in answer.value["photos"] if "receipt" in one]
        assert here
        return replace(answer, value={**answer.value, "photos": [*here, {"id": ids[1]}]})

    say(change)
    with pytest.raises(KitError):
        outbox.sync(vault)
    assert "erased" in states(vault)


def test_a_photo_that_is_named_twice_is_sent(
    vault: Vault, city: CityServer, say: Callable[[Change], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pace, "FEW", 1)
    ids = a_day(vault, 3)

    def change(_path: str, batch: dict[str, Any], answer: Answer) -> Answer:
        said = answer.value
        twice = {**said, "photos": said["photos"] * 12} if is_declaration(batch) else said
        return replace(answer, value=twice)

    say(change)
    outbox.sync(vault)
    assert stored(city, ids) == 3 and states(vault) == {"erased"}


@pytest.mark.parametrize("odd", [5, [5], [[]], {"id": 1}, [{"offset": 0}], [{"id": "x"}], None])
def test_an_odd_answer_to_whole_photos_is_no_fault(vault: Vault, odd: Any) -> None:
    with pytest.raises(WireError, match="malformed"):
        connect(vault).read_whole(Answer(200, {"photos": odd}), ["x", "y"])


def test_the_last_answers_are_waited_for_in_peace(
    vault: Vault, line: Line, say: Callable[[Change], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    """One photo ended the run, one is to be asked for again, one is still on its way."""
    monkeypatch.setattr(pace, "NEAR", 0.0)
    ids = a_day(vault, 3)
    asked: list[float] = []
    real = ThreadLanes.finished

    def finished(lanes: ThreadLanes, wait: float) -> Any:
        asked.append(wait)
        return real(lanes, wait)

    monkeypatch.setattr(ThreadLanes, "finished", finished)

    def fate(method: str, path: str, body: bytes) -> str:
        again = is_declaration(told(body)) and len(told(body)["photos"]) == 1
        return "lost" if ids[0] in path or again else ""

    def change(path: str, _batch: dict[str, Any], answer: Answer) -> Answer:
        if ids[1] in path:
            time.sleep(0.4)
            return Answer(403, {"error": "out_of_scope"})
        if ids[2] in path:
            time.sleep(2.0)
        return answer

    line.fate = fate
    say(change)
    with pytest.raises(KitError):
        outbox.sync(vault)
    assert len(asked) < 200, len(asked)
