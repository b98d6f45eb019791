"""食い違い: two values of one field, or two records of one person, and what a supervisor decides.

The city finds them and keeps both; they come down with the records of a trip (fieldkit/pull.py). A
decision is a save like any other: it goes up sealed, and the city puts it into the record or says
that somebody had decided before. Nothing is settled here.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from fieldkit.errors import BadInput, NotAllowed, NotFound, NotReady
from fieldkit.store import records
from fieldkit.store.opentrip import OpenTrip
from fieldkit.store.record_rows import Record
from fieldkit.store.vault import Vault
from sync import fail
from sync.ids import child_id

WAITING = "waiting"
LONGEST = 300


@dataclass(frozen=True)
class Case:
    """A clash or a pair as the city told it. `own` is what was decided on this laptop."""

    trip: OpenTrip
    id: str
    state: str
    told: dict[str, Any]
    own: Record | None

    @property
    def waits(self) -> bool:
        """Whether somebody still has to decide."""
        return self.state == WAITING and self.own is None

    @property
    def too_late(self) -> bool:
        """Whether somebody else had decided before, so that the decision of here counts for
        nothing (`already_decided`)."""
        decided = self.told.get("decided")
        if self.own is None or not decided:
            return False
        return bool(decided["op"] not in json.loads(self._mine()).values())

    def _mine(self) -> str:
        assert self.own is not None
        row = self.trip.db.one("SELECT mine FROM record WHERE id = ?", self.own.id)
        return str(row["mine"]) if row else "{}"


def clashes(vault: Vault) -> list[Case]:
    """Every clash of what is open here, oldest first."""
    return _cases(vault, "clash", "decision")


def twins(vault: Vault) -> list[Case]:
    """Every pair of likely one and the same person."""
    return _cases(vault, "twin", "twin_decision")


def _cases(vault: Vault, table: str, kind: str) -> list[Case]:
    """One laptop may hold a record in two containers: each case is shown once, where it is newest
    or was decided."""
    found: dict[str, Case] = {}
    for trip in vault.trips.values():
        own = {str(one.get(table)): one for one in records.find(trip, kind)}
        for row in trip.db.all(f"SELECT * FROM {table}"):
            said = own.get(row["id"])
            if said and row["state"] == WAITING and said.get("rev") != row["rev"]:
                said = None  # it was said of other values: those of the record have changed since
            one = Case(trip, row["id"], row["state"], json.loads(row["body"]), said)
            known = found.get(one.id)
            if known is None or _rank(one) > _rank(known):
                found[one.id] = one
    return sorted(found.values(), key=lambda one: (str(one.told["at"]), one.id))


def _rank(one: Case) -> tuple[int, bool]:
    return int(one.told["rev"]), one.own is not None


def waiting(vault: Vault) -> int:
    """How many cases wait for a supervisor."""
    return sum(one.waits for one in [*clashes(vault), *twins(vault)])


def decide(vault: Vault, clash_id: str, take: str, why: str) -> None:
    """Let one of the two values stand. `take` is `kept` (what the record says) or `other`."""
    case = _open(vault, clashes(vault), clash_id, why)
    fits = take == "kept" or (take == "other" and case.told["rule"] not in ("map", "removed"))
    if not fits:
        raise BadInput("take", "どちらにするかを選んでください。")
    said = {"clash": clash_id, "take": take, "why": why.strip()}
    vault.note("clash_decided", case.told["record"], take)
    _say(vault, case, "decision", said, case.told["record"])


def decide_twin(vault: Vault, twin_id: str, same: bool, why: str) -> None:
    """Say whether two records are of one person. Nothing is put together by this."""
    case = _open(vault, twins(vault), twin_id, why)
    said = {"twin": twin_id, "same": same, "why": why.strip()}
    vault.note("twin_decided", case.told["a"]["id"], "same" if same else "other")
    _say(vault, case, "twin_decision", said, case.told["a"]["id"])


def _open(vault: Vault, cases: list[Case], case_id: str, why: str) -> Case:
    if vault.user.role != "supervisor":
        raise NotAllowed("食い違いを判断できるのは監督者だけです。")
    case = next((one for one in cases if one.id == case_id), None)
    if case is None:
        raise NotFound("この食い違いは、いま開いているデータにありません。開き直してください。")
    if not case.waits:
        raise NotReady("この食い違いは、もう判断されています。開き直して確かめてください。")
    if not why.strip():
        raise BadInput("why", "そう判断した理由を入れてください。")
    if len(why.strip()) > LONGEST:
        raise BadInput("why", f"理由は{LONGEST}文字までにしてください。")
    return case


def _say(vault: Vault, case: Case, kind: str, said: dict[str, Any], about: str) -> None:
    """One save for what a case says now, however often it is pressed. The ledger said so first: a
    kill in between leaves a case that still waits."""
    fail.point("decide.noted")
    rev = case.told["rev"]
    own_id = child_id(f"{case.id}|{rev}", kind)
    records.save(vault, case.trip, kind, {**said, "rev": rev}, own_id, about)
