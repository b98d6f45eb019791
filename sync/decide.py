"""What a person decides about two values, and which clashes need no decision any more.

Pure, like sync/merge.py.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from sync.clash import WAITING, Clash, Doc, Rev, newest
from sync.field_kinds import SUPERVISOR, path_of, with_value, without


class Stale(ValueError):
    """A decision between values of which the record holds neither any more: look again."""


def decide(
    doc: Doc, clash: Clash, take: str, seq: int, device: str, actor: str, at: str
) -> Doc:
    """A supervisor's word on a clash: `kept` or `other`, as a change of its own.

    `kept` leaves what the record says now; what somebody said since stays that author's, who did
    not say it with a supervisor's word. `other` puts the other values in, whole; Stale where
    somebody has changed the record since the clash (show `renewed(doc, clash)`). A tombstone stays.
    """
    if take not in ("kept", "other") or clash.record != doc.id:
        raise ValueError("decide: kept or other, of a clash of this record")
    if doc.state == "removed" or clash.rule == "removed":
        return doc
    body, revs = doc.body, dict(doc.revs)
    now = {name: doc.get(name) for name in clash.names}
    if take == "kept" and now != clash.kept:
        return doc
    if take == "other":
        if clash.rule == "map":
            raise ValueError("decide: the other value has not the shape of this field")
        if now not in (clash.kept, clash.other):
            raise Stale("decide: the record has changed since")
        for name, value in clash.other.items():
            path = path_of(doc.kind, name)
            body = without(body, path) if value is None else with_value(body, path, value)
    revs |= dict.fromkeys(clash.names, Rev(seq, device, SUPERVISOR, actor, at))
    return replace(doc, body=body, revs=revs, rev=seq, actor=actor, at=at)


def renewed(doc: Doc, clash: Clash) -> Clash:
    """The clash against what the record says now."""
    kept = {name: doc.get(name) for name in clash.names}
    last = [doc.revs[name] for name in clash.names if name in doc.revs]
    return replace(clash, kept=kept, kept_by=newest(last) if last else clash.kept_by)


def outrun(clashes: Iterable[Clash]) -> tuple[Clash, ...]:
    """Of the waiting clashes of one record those whose author has since said something newer.

    They need no decision; they stay as history (`ruled`).
    """
    waiting = [one for one in clashes if one.state == WAITING]
    return tuple(
        one
        for one in waiting
        if any(
            later.record == one.record
            and later.other_by.device == one.other_by.device
            and set(one.names) & set(later.names)
            and _newer(later.other_by, one.other_by)
            for later in waiting
        )
    )


def _newer(one: Rev, other: Rev) -> bool:
    return one.n > other.n if one.n and other.n else one.seq > other.seq
