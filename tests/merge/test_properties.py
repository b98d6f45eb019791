"""What must hold for every history; and that each of these tests can fail."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from sync import field_kinds
from sync.field_kinds import FIELDS, Kind
from sync.merge import Doc, merge
from tests.merge.world import (
    APPLICATION,
    GROUPS,
    KITS,
    RESERVATION,
    World,
    flat,
    histories,
    save_of,
)

ENTITIES = ("application", "reservation")
SOME = settings(max_examples=400, deadline=None, database=None, report_multiple_bugs=False,
                suppress_health_check=list(HealthCheck))  # fmt: skip


CONTROL = settings(SOME, phases=[Phase.generate])
"""To find something is enough; the smallest example of it takes seconds and is read by nobody."""


def _try(entity: str, rules: Any, how: settings = SOME) -> None:
    @how
    @given(histories(entity))
    def run(steps: Any) -> None:
        World(entity, rules).play(steps)

    run()


@pytest.mark.parametrize("entity", ENTITIES)
def test_nothing_is_silently_overwritten_or_dropped_or_halved(entity: str) -> None:
    _try(entity, merge)


def _last_writer_wins(doc: Doc | None, save: Any, seq: int, device: str, kind: str) -> Any:
    return merge(doc, {**save, "base": seq}, seq, device, kind)


def _first_writer_wins(doc: Doc | None, save: Any, seq: int, device: str, kind: str) -> Any:
    made, clashes = merge(doc, save, seq, device, kind)
    return (doc, ()) if clashes and doc else (made, ())


def _forgets_one_clash(doc: Doc | None, save: Any, seq: int, device: str, kind: str) -> Any:
    made, clashes = merge(doc, save, seq, device, kind)
    return made, tuple(c for c in clashes if c.rule != "visit_fact")


def _own_saves_clash(doc: Doc | None, save: Any, seq: int, device: str, kind: str) -> Any:
    made, clashes = merge(doc, save, seq, f"{device}#{seq}", kind)
    return made, tuple(
        replace(
            c,
            kept_by=replace(c.kept_by, device=c.kept_by.device[:2]),
            other_by=replace(c.other_by, device=c.other_by.device[:2]),
        )
        for c in clashes
    )


@pytest.mark.parametrize(
    "rules", [_last_writer_wins, _first_writer_wins, _forgets_one_clash, _own_saves_clash]
)
def test_the_judge_finds_wrong_rules(rules: Callable[..., Any]) -> None:
    with pytest.raises(AssertionError):
        _try("application", rules, CONTROL)


def test_the_judge_finds_fields_that_should_be_one_unit(monkeypatch: pytest.MonkeyPatch) -> None:
    apart = {n: replace(k, group="", wins=frozenset({"field"})) if k.group else k
             for n, k in FIELDS["application"].items()}  # fmt: skip
    monkeypatch.setitem(FIELDS, "application", apart)

    def only_some(doc: Doc | None, save: Any, seq: int, device: str, kind: str) -> Any:
        first = dict(list(save["set"].items())[: 1 + seq % 3])
        return merge(doc, {**save, "set": first}, seq, device, kind)

    with pytest.raises(AssertionError):
        _try("application", only_some, CONTROL)


@pytest.mark.parametrize("group", ["photo", "money"])
def test_a_part_of_a_group_never_joins_a_part_of_another(group: str) -> None:
    """Two authors who saw nothing of each other, each with any part of the group."""
    names = GROUPS[group]
    parts = [c for k in (1, 2, 3) for c in itertools.combinations(names, k)]
    for one, two in itertools.product(parts, parts):
        doc, _ = merge(None, save_of("application", dict.fromkeys(one, "A"), 0), 1, "F1", "field")
        doc, made = merge(
            doc, save_of("application", dict.fromkeys(two, "B"), 0), 2, "F2", "field"
        )
        assert set(doc.body.values()) == {"A"}
        assert len(made) == 1 and set(made[0].names) == {*one, *two}
        assert {v for v in made[0].other.values() if v} == {"B"}


def test_without_groups_the_halves_do_join(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(field_kinds, "kind_of", lambda entity, name: Kind("other"))
    with pytest.raises(AssertionError):
        test_a_part_of_a_group_never_joins_a_part_of_another("money")


def _saves(entity: str) -> Any:
    said = APPLICATION if entity == "application" else RESERVATION
    return st.lists(said, min_size=2, max_size=4)


def _in_order(entity: str, start: Doc, saves: Any, order: Any) -> tuple[Doc, list[Any]]:
    doc, clashes = start, []
    for i, place in enumerate(order):
        values, kit = saves[place]
        save = save_of(entity, values, start.rev, f"op{place}")
        doc, made = merge(doc, save, start.rev + 1 + i, kit, KITS[kit])
        clashes += made
    return doc, clashes


@pytest.mark.parametrize("entity", ENTITIES)
def test_where_nobody_is_asked_the_order_does_not_matter(entity: str) -> None:
    start = {"phone": "0"} if entity == "reservation" else {"answers": {"phone": "0"}}
    doc, _ = merge(None, save_of(entity, start, 0), 1, "O1", "office")

    @SOME
    @given(_saves(entity), st.permutations(sorted(KITS)))
    def run(said: Any, kits: Any) -> None:
        said = [{n: i for n in GROUPS[s]} if isinstance(s, str) else s for i, s in enumerate(said)]
        saves = list(zip(said, kits, strict=False))
        ends = []
        for order in itertools.permutations(range(len(saves))):
            end, clashes = _in_order(entity, doc, saves, order)
            asked = any(c.state == "waiting" or c.rule == "printed" for c in clashes)
            ends.append(None if asked else flat(end.body))
        unasked = [end for end in ends if end is not None]
        assert all(end == unasked[0] for end in unasked)
        assert len(saves) > 2 or len(unasked) in (0, 2)

    run()


def test_two_kits_with_two_saves_each_meet_in_one_record() -> None:
    """Where a kit changes its mind, also over a value that both said: every order without a clash
    ends the same."""

    @SOME
    @given(st.lists(APPLICATION.filter(lambda s: isinstance(s, dict)), min_size=4, max_size=4))
    def run(said: Any) -> None:
        start, _ = merge(None, save_of("application", {"unknown": "0"}, 0), 1, "O1", "office")
        ends = []
        for order in ((0, 1, 2, 3), (0, 2, 1, 3), (0, 2, 3, 1), (2, 0, 1, 3), (2, 0, 3, 1),
                      (2, 3, 0, 1)):  # fmt: skip
            saves = [(said[i], "F1" if i < 2 else "F2") for i in range(4)]
            end, clashes = _in_order("application", start, saves, order)
            if not clashes:
                ends.append(flat(end.body))
        assert all(end == ends[0] for end in ends)

    run()


def test_a_tombstone_stays_one() -> None:
    @SOME
    @given(st.lists(st.one_of(APPLICATION, st.just("remove")), min_size=1, max_size=6))
    def run(steps: Any) -> None:
        doc, _ = merge(None, save_of("application", {"id_check": {"x": "secret"}}, 0), 1, "F1", "")
        gone, _ = merge(doc, {**save_of("application", {}, 1), "remove": True}, 2, "O1", "office")
        assert (gone.body, gone.revs, gone.state) == ({}, {}, "removed")
        for i, step in enumerate(steps):
            said = {"id_check": {"x": "secret"}} if isinstance(step, str) else step
            save = save_of("application", said, i)
            after, made = merge(
                gone, {**save, "remove": step == "remove"}, 3 + i, sorted(KITS)[i % 4], "field"
            )
            assert after is gone
            for one in made:
                assert (one.rule, one.state) == ("removed", "waiting")
                assert {*one.kept.values(), *one.other.values()} == {None}

    run()
