"""Each kind of field by example: what stands, what waits, who is asked."""

from __future__ import annotations

from typing import Any

import pytest

from sync.field_kinds import kind_of, leaves, path_of, to_send
from sync.merge import Doc, decide, merge
from tests.merge.world import RECORD, Told, play, save_of


def short(clashes: Told) -> list[tuple[Any, ...]]:
    return [(c.rule, c.state, c.kept_by.device, c.other_by.device, *c.names) for c in clashes]


def test_two_field_laptops_answer_one_application() -> None:
    doc, clashes = play(
        "application",
        ("F1", 0, {"answers": {"phone": "1", "pin": ""}, "state": "doing"}),
        ("F2", 0, {"answers": {"kind": "new", "pin": ""}, "state": "doing"}),
    )
    assert doc.body == {"answers": {"phone": "1", "pin": "", "kind": "new"}, "state": "doing"}
    assert not clashes and set(doc.revs) == {
        "answers.phone", "answers.pin", "answers.kind", "state"
    }  # fmt: skip


def test_an_empty_box_gives_way_in_either_order_and_is_history() -> None:
    for first, second in (("", "1"), ("1", "")):
        doc, clashes = play(
            "application",
            ("F1", 0, {"answers": {"phone": first}}),
            ("F2", 0, {"answers": {"phone": second}}),
        )
        assert doc.get("answers.phone") == "1"
        assert [c.state for c in clashes] == ["ruled"]
        assert clashes[0].kept == {"answers.phone": "1"} and clashes[0].names == ("answers.phone",)


@pytest.mark.parametrize(
    ("entity", "fields", "winner", "loser"),
    [
        ("application", lambda v: {"answers": {"phone": v}}, "F1", "D1"),
        ("application", lambda v: {"sheet_a": {"answers": {"q": v}}}, "F1", "O1"),
        ("reservation", lambda v: {"notes": v}, "D1", "F1"),
        ("reservation", lambda v: {"postal": v, "address": v}, "D1", "F1"),
        ("reservation", lambda v: {"visit_date": v, "half": v}, "O1", "F1"),
        ("applicant", lambda v: {"helper": v}, "D1", "F1"),
    ],
)
def test_a_kind_of_trip_wins_in_either_order(
    entity: str, fields: Any, winner: str, loser: str
) -> None:
    for order in ((winner, loser), (loser, winner)):
        doc, clashes = play(entity, *[(kit, 0, fields(kit)) for kit in order])
        assert doc.body == fields(winner)
        assert [(c.state, c.kept_by.device, c.other_by.device) for c in clashes] == [
            ("ruled", winner, loser)
        ]


@pytest.mark.parametrize(
    ("entity", "names", "rule"),
    [
        ("application", ("id_check",), "evidence"),
        ("application", ("consent",), "evidence"),
        ("application", ("photo_id", "photo_checked"), "evidence"),
        ("application", ("receipt_no", "fee", "payer_name"), "money"),
        ("applicant", ("name", "birth"), "identity"),
        ("application", ("made_up",), "other"),
        ("custody", ("made_up",), "other"),
        ("reservation", ("notes",), "booking"),
    ],
)
def test_the_first_stays_and_the_second_waits_whole(
    entity: str, names: tuple[str, ...], rule: str
) -> None:
    one, two = ("D1", "O1") if rule == "booking" else ("F1", "F2")
    doc, clashes = play(
        entity, (one, 0, dict.fromkeys(names, "a")), (two, 0, dict.fromkeys(names, "b"))
    )
    assert doc.body == dict.fromkeys(names, "a")
    assert short(clashes) == [(rule, "waiting", one, two, *sorted(names))]
    assert clashes[0].other == dict.fromkeys(names, "b")


def test_who_has_seen_it_may_change_it_and_a_kit_its_own() -> None:
    doc, clashes = play(
        "application",
        ("F1", 0, {"id_check": "a"}),
        ("F1", 0, {"id_check": "b"}),
        ("F2", 2, {"id_check": "c"}),
    )
    assert doc.body == {"id_check": "c"} and not clashes


def test_a_value_that_another_said_too_is_not_changed_unasked() -> None:
    _, one = play("application", *[("F1", 0, {"id_check": v}) for v in "ab"],
                  ("F2", 0, {"id_check": "a"}))  # fmt: skip
    _, two = play("application", ("F1", 0, {"id_check": "a"}), ("F2", 0, {"id_check": "a"}),
                  ("F1", 0, {"id_check": "b"}))  # fmt: skip
    _, three = play("application", ("F2", 0, {"id_check": "a"}),
                    *[("F1", 0, {"id_check": v}) for v in "ab"])  # fmt: skip
    assert [len(told) for told in (one, two, three)] == [1, 1, 1]


def test_an_older_save_of_a_kit_that_comes_late_undoes_nothing() -> None:
    doc, _ = merge(None, save_of("application", {"a": "2"}, 0, n=2), 1, "F1", "field")
    after, clashes = merge(doc, save_of("application", {"a": "1", "b": "1"}, 0, n=1), 2, "F1", "")
    assert after.body == {"a": "2", "b": "1"} and not clashes


def test_lists_join_and_the_order_of_arrival_is_nothing() -> None:
    old = {"answer": "0", "at": "12"}
    one, two = {"answer": "1", "at": "11"}, {"answer": "2", "at": "10"}
    ends = [
        play("application", *[("O1", 0, {"consents": [old]})],
             *[(kit, 1, {"consents": [old, x]}) for kit, x in order])
        for order in ((("F1", one), ("F2", two)), (("F2", two), ("F1", one)))
    ]  # fmt: skip
    assert [doc.body["consents"] for doc, _ in ends] == [[two, one, old]] * 2
    assert not ends[0][1]


def test_a_list_that_goes_on_keeps_its_own_order() -> None:
    later, sooner = {"answer": "1", "at": "11"}, {"answer": "2", "at": "10"}
    doc, _ = play("application", ("F1", 0, {"consents": [later]}),
                  ("F2", 1, {"consents": [later, sooner]}),
                  ("F1", 0, {"consents": [later]}))  # fmt: skip
    assert doc.body["consents"] == [later, sooner]


def test_a_field_of_a_group_that_is_not_named_is_what_its_author_had_seen() -> None:
    doc, clashes = play(
        "application",
        ("O1", 0, {"receipt_no": "1", "fee": "0"}),
        ("F1", 1, {"fee": "a"}),
        ("F2", 1, {"fee": "b"}),
    )
    assert doc.body == {"receipt_no": "1", "fee": "a"}
    assert clashes[0].other == {"receipt_no": "1", "fee": "b"}


def test_where_the_desk_wins_nothing_of_the_other_address_is_left() -> None:
    doc, clashes = play(
        "reservation", ("F1", 0, {"postal": "1", "katagaki": "1"}), ("D1", 0, {"postal": "2"})
    )
    assert doc.body == {"postal": "2"}
    assert clashes[0].other == {"postal": "1", "katagaki": "1"}


def test_the_newest_of_several_authors_is_named() -> None:
    _, clashes = play(
        "application",
        ("F1", 0, {"photo_id": "a"}),
        ("O1", 0, {"photo_id": "a"}),
        ("F2", 0, {"photo_id": "b"}),
    )
    assert clashes[0].kept_by.device == "O1"


def test_true_is_not_one() -> None:
    _, clashes = play("application", ("F1", 0, {"made_up": True}), ("F2", 0, {"made_up": 1}))
    assert len(clashes) == 1


def test_numbers_that_are_given_once_never_change() -> None:
    doc, clashes = play(
        "reservation", ("D1", 0, {"reception_no": 7}), ("O1", 1, {"reception_no": 8})
    )
    assert doc.body == {"reception_no": 7}
    assert short(clashes) == [("once", "waiting", "D1", "O1", "reception_no")]


def test_a_paper_that_two_printed_asks_nobody() -> None:
    said = [("F1", 0, {"papers_printed": {"a": "x", "b": "x"}}),
            ("F2", 0, {"papers_printed": {"a": "y", "c": "y"}})]  # fmt: skip
    doc, clashes = play("application", *said)
    assert doc.body["papers_printed"] == {"a": "x", "b": "x", "c": "y"}
    assert [c.state for c in clashes] == ["ruled"]


@pytest.mark.parametrize(
    ("before", "one", "two", "stands", "state"),
    [
        ("shared", "visited", "cancelled", "visited", "waiting"),
        ("booked", "visited", "shared", "visited", ""),
        ("booked", "cancelled", "shared", "cancelled", "ruled"),
    ],
)
def test_states_that_did_not_know_of_each_other(
    before: str, one: str, two: str, stands: str, state: str
) -> None:
    for order in ((one, two), (two, one)):
        doc, clashes = play(
            "reservation", ("O1", 0, {"state": before}),
            *[("F1" if s == "visited" else "D1" if s == two else "O1", 1, {"state": s})
              for s in order],
        )  # fmt: skip
        assert doc.body["state"] == stands
        assert [c.state for c in clashes] == ([state] if state else [])
        assert all(c.kept == {"state": stands} for c in clashes)


def test_a_visited_home_is_cancelled_by_nobody_else() -> None:
    doc, clashes = play(
        "reservation", ("F1", 0, {"state": "visited"}), ("D1", 1, {"state": "cancelled"})
    )
    assert doc.body["state"] == "visited" and [c.state for c in clashes] == ["waiting"]


def test_a_confirmation_counts_only_for_what_was_seen() -> None:
    answers, confirmed = {"answers": {"phone": "1"}}, {"state": "confirmed"}
    start = ("O1", 0, {"state": "doing"})
    for order in ((answers, confirmed), (confirmed, answers)):
        doc, clashes = play(
            "application", start,
            *[("F1" if said is confirmed else "F2", 1, said) for said in order],
        )  # fmt: skip
        assert doc.body == {"state": "doing", **answers}
        assert [(c.rule, c.state, c.kept, c.other) for c in clashes] == [
            ("status", "waiting", {"state": "doing"}, confirmed)
        ]
    doc, clashes = play("application", start, ("F2", 1, answers), ("F1", 2, confirmed))
    assert doc.body["state"] == "confirmed" and not clashes


def test_what_is_no_map_waits_and_is_never_put_in() -> None:
    answers = {"answers": {"a": "1"}}
    doc, clashes = play("application", ("F1", 0, answers), ("F2", 1, {"answers": 5}))
    assert doc.body == {"answers": {"a": "1"}} and short(clashes)[0][:2] == ("map", "waiting")
    with pytest.raises(ValueError):
        decide(doc, clashes[0], "other", 3, "O1", "boss", "x")


def test_a_record_without_revisions_never_clashes() -> None:
    doc = Doc(RECORD, "application", body={"id_check": "old"}, rev=9)
    after, clashes = merge(doc, save_of("application", {"id_check": "new"}, 0), 10, "F1", "field")
    assert after.body == {"id_check": "new"} and not clashes
    same, _ = merge(after, save_of("application", {"id_check": "new"}, 0), 11, "F1", "field")
    assert same is after


def test_names_with_dots() -> None:
    said = {"sheet_a": {"version": "1", "answers": {"q.1": "x"}}}
    (name, version) = sorted(leaves("application", "sheet_a", said["sheet_a"]))
    assert (name, version) == ("sheet_a.answers.q.1", "sheet_a.version")
    assert path_of("application", name) == ("sheet_a", "answers", "q.1")
    assert path_of("reservation", "answers.x") == ("answers.x",)
    assert kind_of("application", "id_check.by").group == "id_check"
    doc, _ = play("application", ("F1", 0, {"answers.phone": "1"}))
    assert doc.body == {"answers": {"phone": "1"}}


def test_a_laptop_sends_the_changed_keys_of_a_map_and_the_whole_of_a_group() -> None:
    before = {"answers": {"a": "1", "b": "1"}, "photo_id": "p1", "photo_exception": {"x": 1}}
    after = {**before, "answers": {"a": "1", "b": "2"}, "photo_id": "p2"}
    changed = {"answers": after["answers"], "photo_id": "p2"}
    assert to_send("application", before, after, changed) == {
        "answers": {"b": "2"}, "photo_id": "p2", "photo_exception": {"x": 1}
    }  # fmt: skip
    assert to_send("application", {}, before, before) == before
