"""A supervisor's word on two values, and what needs none."""

from __future__ import annotations

import pytest

from sync.merge import Clash, Doc, Stale, decide, merge, outrun, renewed
from tests.merge.world import play, save_of


def _two_fees() -> tuple[Doc, Clash]:
    doc, clashes = play(
        "application",
        ("F1", 0, {"receipt_no": "K01-00001", "fee": {"yen": 1000}, "payer_name": "A"}),
        ("F2", 0, {"receipt_no": "K02-00001", "fee": {"yen": 800}}),
    )
    return doc, clashes[0]


def test_a_supervisor_takes_the_other_whole_and_no_rule_goes_over_it() -> None:
    doc, clash = _two_fees()
    after = decide(doc, clash, "other", 3, "O1", "boss", "x")
    assert after.body == {"receipt_no": "K02-00001", "fee": {"yen": 800}} and after.rev == 3
    again, late = merge(after, save_of("application", {"fee": {"yen": 5}}, 2), 4, "F1", "field")
    assert again.body == after.body and late[0].state == "waiting"
    seen, none = merge(after, save_of("application", {"fee": {"yen": 5}}, 3), 4, "F1", "field")
    assert seen.body["fee"] == {"yen": 5} and not none


def test_a_decided_fact_is_not_overruled_by_a_field_laptop() -> None:
    doc, clashes = play(
        "application", ("F1", 0, {"answers": {"a": "1"}}), ("F2", 0, {"answers": {"a": "2"}})
    )
    doc = decide(doc, clashes[0], "kept", 3, "O1", "boss", "x")
    after, late = merge(doc, save_of("application", {"answers": {"a": "3"}}, 0), 4, "F2", "field")
    assert after.get("answers.a") == "1" and late[0].state == "waiting"


def test_a_decided_cancellation_waits_for_nobody_else_to_undo_it() -> None:
    doc, clashes = play(
        "reservation", ("F1", 0, {"state": "visited"}), ("D1", 0, {"state": "cancelled"})
    )
    doc = decide(doc, clashes[0], "other", 3, "O1", "boss", "x")
    after, late = merge(doc, save_of("reservation", {"state": "visited"}, 0), 4, "F2", "field")
    assert after.body == {"state": "cancelled"} and late[0].state == "waiting"


def test_a_decision_brings_nothing_removed_back() -> None:
    doc, clash = _two_fees()
    gone, _ = merge(doc, {**save_of("application", {}, 2), "remove": True}, 3, "O1", "office")
    assert decide(gone, clash, "other", 4, "O1", "boss", "x") is gone
    assert decide(gone, clash, "kept", 4, "O1", "boss", "x") is gone


def test_what_was_said_since_is_not_taken_for_the_word_of_who_decided() -> None:
    """F1 says something newer, then an office that has not seen it decides for what F1 said first:
    the newer value stays F1's, and the office cannot go over it unasked."""
    doc, (clash,) = play("support", ("F1", 0, {"what": "A"}), ("O1", 0, {"what": "B"}))
    doc, _ = merge(doc, save_of("support", {"what": "C"}, 2, n=2), 3, "F1", "field")
    after = decide(doc, clash, "kept", 4, "O1", "boss", "x")
    assert after.body == {"what": "C"} and after.revs["what"].device == "F1"
    last, late = merge(after, save_of("support", {"what": "D"}, 2), 5, "O1", "office")
    assert last.body == {"what": "C"} and late[0].other == {"what": "D"}


def test_a_decision_on_what_has_changed_since_must_look_again() -> None:
    doc, clash = _two_fees()
    doc, _ = merge(doc, save_of("application", {"payer_name": "B"}, 2), 3, "O1", "office")
    with pytest.raises(Stale):
        decide(doc, clash, "other", 4, "O1", "boss", "x")
    fresh = renewed(doc, clash)
    assert fresh.kept["payer_name"] == "B" and fresh.kept_by.seq == 3
    assert decide(doc, fresh, "other", 4, "O1", "boss", "x").body["receipt_no"] == "K02-00001"
    with pytest.raises(ValueError):
        decide(doc, fresh, "mine", 4, "O1", "boss", "x")


def test_a_later_word_of_the_loser_replaces_its_earlier_one() -> None:
    _, clashes = play("application", ("F1", 0, {"id_check": "a"}), ("F2", 0, {"id_check": "b"}),
                      ("F2", 0, {"id_check": "c"}))  # fmt: skip
    assert outrun(clashes) == clashes[:1]
