"""How two people's changes of one record become one: per field, by the kind of the field.

Pure: no store, no clock. A change is compared with what its author had seen (`base`, the city's
revision), never by time. A value is *unseen* where somebody else said it after that revision. A
device never clashes with itself, and equal values never clash. Kinds: sync/field_kinds.py.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from sync import field_kinds as kinds
from sync import states
from sync.clash import RULED, WAITING, Clash, Doc, Rev, newest
from sync.decide import Stale, decide, outrun, renewed
from sync.field_kinds import SUPERVISOR, Kind, path_of, same, value_at, with_value, without

__all__ = ["Clash", "Doc", "Rev", "Stale", "decide", "merge", "outrun", "renewed"]
APART = ("list", "stamp", "status", "map", "once")
"""Rules that have a method of their own."""


def merge(
    doc: Doc | None, save: dict[str, Any], seq: int, device: str, trip_kind: str
) -> tuple[Doc, tuple[Clash, ...]]:
    """Apply one save (PROTOCOL.md §3) as the city's number `seq`; the record and its clashes.

    The record is the very same object where nothing changed, else its `rev` is `seq`. With `n` in
    the save, an older save of a device that comes late does not undo a newer one of its own.
    """
    old = doc or Doc(str(save["id"]), str(save["entity"]), str(save.get("parent", "")))
    n = save.get("n")
    mine = Rev(
        seq, device, trip_kind, str(save["actor"]), str(save["at"]), n if isinstance(n, int) else 0
    )
    if old.state == "removed":
        return old, _late(old, save, mine)
    if save.get("remove"):
        return replace(
            old, body={}, revs={}, rev=seq, state="removed", actor=mine.actor, at=mine.at
        ), ()
    work = _Work(old, save, mine)
    work.apply(save["set"])
    changed = doc is None or work.body != old.body or work.revs != old.revs
    return (work.doc() if changed else old), tuple(work.clashes)


def _late(doc: Doc, save: dict[str, Any], mine: Rev) -> tuple[Clash, ...]:
    """What is said of a removed record: the names of the fields, and no value of any."""
    nothing: dict[str, Any] = dict.fromkeys(sorted(save.get("set") or {}))
    if save.get("remove") or not nothing:
        return ()
    gone = Rev(doc.rev, "", "", doc.actor, doc.at)
    return (
        Clash(doc.id, str(save["op_id"]), tuple(nothing), nothing, dict(nothing), gone, mine,
              "removed"),
    )  # fmt: skip


def _blank(values: dict[str, Any]) -> bool:
    return all(value in (None, "") for value in values.values())


class _Work:
    """One save on its way into a record."""

    def __init__(self, old: Doc, save: dict[str, Any], mine: Rev) -> None:
        self.old, self.mine = old, mine
        self.base, self.op_id = int(save["base"]), str(save["op_id"])
        self.body, self.revs = old.body, dict(old.revs)
        self.clashes: list[Clash] = []
        self.written: list[str] = []

    def doc(self) -> Doc:
        mine, old = self.mine, self.old
        actor, at = (mine.actor, mine.at) if self.written else (old.actor, old.at)
        return replace(
            old, body=self.body, revs=self.revs, rev=mine.seq,
            actor=actor or mine.actor, at=at or mine.at,
        )  # fmt: skip

    def apply(self, said: dict[str, Any]) -> None:
        """Unit by unit: a field, or the fields of a group together."""
        units: dict[str, dict[str, Any]] = {}
        for top, value in said.items():
            for name, one in kinds.leaves(self.old.kind, top, value).items():
                kind = self.kind(name)
                if not self.old.rev and one is not None and kind.alone:
                    self._write({name: one})  # nobody said anything before
                elif not self._own_newer(name, kind):
                    key = f"group {kind.group}" if kind.group else name
                    units.setdefault(key, {})[name] = one
        for unit in units.values():
            self._unit(unit)
        self._confirmed_unseen()

    def kind(self, name: str) -> Kind:
        return kinds.kind_of(self.old.kind, name)

    def now(self, name: str) -> Any:
        return value_at(self.body, path_of(self.old.kind, name))

    def unseen(self, names: Iterable[str]) -> list[Rev]:
        """Who else said the values of these fields after what this save's author had seen."""
        found = [self.old.revs[name] for name in names if name in self.old.revs]
        others = [other for rev in found for other in rev.others(self.mine.device)]
        return [rev for rev in others if rev.seq > self.base]

    def _own_newer(self, name: str, kind: Kind) -> bool:
        last = self.old.revs.get(name)
        if last is None or last.device != self.mine.device or kind.rule in ("list", "stamp"):
            return False
        return last.n > self.mine.n > 0

    def _unit(self, unit: dict[str, Any]) -> None:
        kind = self.kind(next(iter(unit)))
        if all(same(self.now(name), value) for name, value in unit.items()):
            self._said_too(unit)
        elif kind.rule in APART:
            name, value = next(iter(unit.items()))
            getattr(self, f"_{kind.rule}")(name, value, kind)
        else:
            self._plain(unit, kind)

    def _said_too(self, unit: dict[str, Any]) -> None:
        """The same value a second time: it is now this device's value too, and nothing else."""
        mine = self.mine
        for name in unit:
            last = self.revs.get(name)
            if last and not last.by(mine.device):
                also = (*last.also, (mine.seq, mine.device, mine.trip_kind))
                self.revs[name] = replace(last, also=also)

    def _plain(self, unit: dict[str, Any], kind: Kind) -> None:
        names = list(unit)
        if kind.group:
            names = kinds.group_names(self.old.kind, kind.group, [*self.old.revs, *unit])
        unseen = self.unseen(names)
        if not unseen:
            return self._write(unit)
        names = [n for n in names if n in unit or self.now(n) is not None]
        theirs = {name: self.now(name) for name in names}
        ours = {name: unit[name] if name in unit else self._left(name) for name in names}
        last = newest(unseen)
        stands, state = self._stands(kind, unseen, ours, theirs)
        if stands:
            self._write(ours)
            self._clash(ours, theirs, self.mine, last, kind.name, state)
        else:
            self._clash(theirs, ours, last, self.mine, kind.name, state)

    def _left(self, name: str) -> Any:
        """A field of a group that the save does not name: what its author had seen there."""
        return None if self.unseen([name]) else self.now(name)

    def _stands(
        self, kind: Kind, unseen: list[Rev], ours: dict[str, Any], theirs: dict[str, Any]
    ) -> tuple[bool, str]:
        """Whether the new value stands against unseen ones, and what becomes of the other."""
        if any(r.trip_kind == SUPERVISOR for r in unseen):
            return False, WAITING
        win = self.mine.trip_kind in kind.wins
        lose = any(r.trip_kind in kind.wins for r in unseen)
        if win != lose:
            return win, RULED
        if kind.blank_yields and (_blank(ours) != _blank(theirs)):
            return _blank(theirs), RULED
        return False, RULED if kind.rule == "ruled" else WAITING

    def _once(self, name: str, value: Any, kind: Kind) -> None:
        last, now = self.revs.get(name), self.now(name)
        others = last.others(self.mine.device) if last else []
        if not others or now in (None, ""):
            return self._write({name: value})
        self._clash({name: now}, {name: value}, newest(others), self.mine, kind.name, WAITING)

    def _map(self, name: str, value: Any, kind: Kind) -> None:
        """Not the shape of a map: kept for a person, never put in."""
        if value not in (None, ""):
            nobody = Rev(self.old.rev, "")
            self._clash({name: None}, {name: value}, nobody, self.mine, kind.name, WAITING)

    def _list(self, name: str, value: Any, kind: Kind) -> None:
        now = self.now(name)
        had, more = (x if isinstance(x, list) else [] if x in (None, "") else [x]
                     for x in (now, value))  # fmt: skip
        both = kinds.joined(had, more)
        if both != now:
            self._write({name: both})

    def _stamp(self, name: str, value: Any, kind: Kind) -> None:
        if self.now(name) is None or str(value) > str(self.now(name)):
            self._write({name: value})

    def _status(self, name: str, value: Any, kind: Kind) -> None:
        entity, now = self.old.kind, self.now(name)
        last, unseen = self.revs.get(name), self.unseen([name])
        shown = self._shown_unseen() if value == states.CONFIRMED else []
        kept, other = {name: now}, {name: value}
        if shown:
            return self._clash(kept, other, newest(shown), self.mine, kind.name, WAITING)
        own = last is None or last.device == self.mine.device
        if not unseen and (own or states.may_follow(entity, now, value)):
            return self._write(other)
        last = newest(unseen) if unseen else last
        assert last is not None
        free = unseen and all(rev.trip_kind != SUPERVISOR for rev in unseen)
        stands, state = states.meet(entity, now, value) if free else (False, WAITING)
        if stands:
            self._write(other)
        if state and stands:
            self._clash(other, kept, self.mine, last, kind.name, state)
        elif state:
            self._clash(kept, other, last, self.mine, kind.name, state)

    def _shown_unseen(self) -> list[Rev]:
        if self.old.kind != "application":
            return []
        return self.unseen(name for name in self.old.revs if self.kind(name).shown)

    def _confirmed_unseen(self) -> None:
        """An application that was confirmed without what this save brings is open again."""
        unseen = self.unseen(["state"])
        kept, other = {"state": states.DOING}, {"state": states.CONFIRMED}
        if self.old.kind != "application" or self.now("state") != states.CONFIRMED or not unseen:
            return
        if any(self.kind(name).shown for name in self.written):
            self._write(kept)
            self._clash(kept, other, self.mine, newest(unseen), "status", WAITING)

    def _write(self, unit: dict[str, Any]) -> None:
        """Put values in; None takes a field out."""
        for name, value in unit.items():
            path = path_of(self.old.kind, name)
            gone = value is None
            self.body = without(self.body, path) if gone else with_value(self.body, path, value)
            self.revs[name] = self.mine
            self.written.append(name)

    def _clash(
        self, kept: dict[str, Any], other: dict[str, Any], kept_by: Rev, other_by: Rev, rule: str,
        state: str,
    ) -> None:  # fmt: skip
        self.clashes.append(
            Clash(self.old.id, self.op_id, tuple(kept), kept, other, kept_by, other_by, rule, state)
        )
