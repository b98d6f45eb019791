"""A city, some kits, random histories, and a judge that knows nothing of the rules' inner life."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from hypothesis import strategies as st

from sync.merge import Clash, Doc, merge

Merge = Callable[..., tuple[Doc, tuple[Clash, ...]]]
Told = tuple[Clash, ...]
RECORD = "0190a000-0000-7000-8000-000000000001"
KITS = {"F1": "field", "F2": "field", "D1": "desk", "O1": "office"}
GROUPS = {
    "photo": ("photo_id", "photo_checked", "photo_exception"),
    "money": ("receipt_no", "paper_receipt_no", "fee"),
    "id_check": ("id_check",),
}
LADDER = ["booked", "shared", "visited"]


def save_of(entity: str, said: dict[str, Any], base: int, op: str = "op", n: int = 0) -> Any:
    found = {"op_id": op, "entity": entity, "id": RECORD, "parent": "", "base": base, "set": said,
             "actor": "u", "at": "2026-07-01T10:00:00+09:00"}  # fmt: skip
    return {**found, "n": n} if n else found


def play(entity: str, *saves: tuple[str, int, dict[str, Any]]) -> tuple[Doc, Told]:
    """(kit, base, fields) one after the other, as the city's 1, 2, 3 …"""
    doc, clashes = None, ()
    for seq, (kit, base, said) in enumerate(saves, 1):
        doc, made = merge(doc, save_of(entity, said, base, f"op{seq}"), seq, kit, KITS[kit])
        clashes += made
    assert doc is not None
    return doc, clashes


def flat(body: Any, before: str = "") -> dict[str, Any]:
    """The leaves of a body's maps, by dotted names (the test's own idea of what a map is)."""
    found: dict[str, Any] = {}
    for name, value in body.items():
        whole = before + name
        if whole in ("answers", "papers_printed") or whole.startswith("sheet_") and (
            "." not in whole or whole.endswith(".answers")
        ):
            found |= flat(value, whole + ".")
        else:
            found[whole] = value
    return found


def free(name: str) -> bool:
    """Lists and stamps join without a word."""
    return name in ("consents", "spoiled") or name.startswith("sheet_") and name.endswith(".at")


def _group(token: int, name: str) -> dict[str, Any]:
    return {field: {"by": token} for field in GROUPS[name]}


_VALUE = st.sampled_from(["1", "2", "3"])
APPLICATION = st.one_of(
    st.builds(lambda k, v: {"answers": {k: v}}, st.sampled_from(["phone", "pin"]), _VALUE),
    st.builds(lambda v: {"sheet_a": {"answers": {"q": v}, "at": v}}, _VALUE),
    st.builds(lambda v: {"papers_printed": {"a": v}}, _VALUE),
    st.builds(lambda v: {"unknown": v}, _VALUE),
    st.builds(lambda v: {"consents": [{"form": "a", "answer": v}]}, _VALUE),
    st.builds(lambda v: {"state": v}, st.sampled_from(["doing", "confirmed", "declined"])),
    st.sampled_from(sorted(GROUPS)),
)
RESERVATION = st.one_of(
    st.builds(lambda v: {"phone": v}, _VALUE),
    st.builds(lambda v: {"unknown": v}, _VALUE),
    st.builds(lambda v: {"visit_date": v, "half": v, "order": v}, _VALUE),
    st.builds(lambda v: {"reception_no": v}, _VALUE),
    st.builds(lambda v: {"state": v}, st.sampled_from([*LADDER, "cancelled"])),
)


def histories(entity: str) -> st.SearchStrategy[list[tuple[str, str, Any]]]:
    """Steps of kits: make a save, send the oldest unsent one, look at the city's record."""
    said = APPLICATION if entity == "application" else RESERVATION
    kit = st.sampled_from(sorted(KITS))
    step = st.one_of(
        st.tuples(kit, st.just("save"), said),
        st.tuples(kit, st.just("send"), st.none()),
        st.tuples(kit, st.just("look"), st.none()),
    )
    return st.lists(step, min_size=4, max_size=30)


@dataclass
class World:
    """Plays a history and judges every step."""

    entity: str
    merge: Merge
    doc: Doc | None = None
    seq: int = 0
    seen: dict[str, int] = field(default_factory=lambda: dict.fromkeys(KITS, 0))
    queue: dict[str, list[Any]] = field(default_factory=lambda: {kit: [] for kit in KITS})
    clashes: list[Clash] = field(default_factory=list)
    said_by: dict[str, dict[str, int]] = field(default_factory=dict)
    tokens: Any = field(default_factory=lambda: itertools.count(1))

    def play(self, steps: list[tuple[str, str, Any]]) -> None:
        for kit, act, said in steps:
            if act == "save":
                values = _group(next(self.tokens), said) if isinstance(said, str) else said
                self.queue[kit].append((values, self.seen[kit]))
            elif act == "look":
                self.seen[kit] = self.seq
            elif self.queue[kit]:
                self.send(kit)
        for kit in KITS:
            while self.queue[kit]:
                self.send(kit)

    def send(self, kit: str) -> None:
        values, base = self.queue[kit].pop(0)
        self.seq += 1
        save = save_of(self.entity, values, base, f"op{self.seq}")
        before = flat(self.doc.body) if self.doc else {}
        self.doc, made = self.merge(self.doc, save, self.seq, kit, KITS[kit])
        self.judge(kit, base, flat(values), before, flat(self.doc.body), made)
        self.clashes += made

    def judge(self, kit: str, base: int, said: Any, before: Any, after: Any, made: Any) -> None:
        """Nothing is silently overwritten, and nothing that is said is silently dropped."""
        told = [(name, side[name]) for c in made for side in (c.kept, c.other) for name in c.names]
        for name, old in before.items():
            others = [s for who, s in self.said_by.get(name, {}).items() if who != kit]
            if after.get(name) != old and not free(name):
                known = base >= max(others, default=0) or (name, old) in told
                assert known or _climbed(old, after.get(name)), f"overwritten: {name}"
            if free(name) and isinstance(old, list):
                assert all(one in after[name] for one in old), f"taken out: {name}"
        for name, value in said.items():
            now = after.get(name)
            kept = now == value or (name, value) in told or _climbed(value, now)
            inside = isinstance(now, list) and all(one in now for one in value)
            assert kept or inside or (free(name) and now >= value), f"dropped: {name}"
            if before.get(name) == value and name in self.said_by:
                mine = [c for c in made if name in c.names and c.rule not in ("status", "evidence")]
                assert not mine or len(mine[0].names) > 1, "the same value clashes"
        for name, now in after.items():
            if name not in before or now != before[name]:
                self.said_by[name] = {kit: self.seq}
            elif name in said and said[name] == now:
                self.said_by.setdefault(name, {}).setdefault(kit, self.seq)
        for one in made:
            assert all(after.get(name) == one.kept[name] for name in one.names), "kept is not there"
            assert one.kept_by.device != one.other_by.device, "clashes with itself"
            whole(one.kept)
            whole(one.other)
        whole(after)


def whole(values: dict[str, Any]) -> None:
    """Evidence and money: every field of a group is from one save."""
    for names in GROUPS.values():
        tokens = {str(values[name]) for name in names if values.get(name) is not None}
        assert len(tokens) <= 1, "half of one author, half of another"


def _climbed(lower: Any, higher: Any) -> bool:
    if lower not in LADDER or higher not in LADDER:
        return False
    return LADDER.index(lower) < LADDER.index(higher)
