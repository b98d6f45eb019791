"""Both engines on the same sets: every difference, told by form, node and what differs.

Compared below the kit's own layer: what ODK stores of an answer, before the kit says of an
Individual Number, of a name it cannot print, or of a mistyped value that it refuses it (ODK
silently stores such a value as blank, and so do our rules).
"""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any

from pyxform.xls2xform import convert

from fieldkit.forms import Form
from fieldkit.forms.expr import Node
from fieldkit.forms.load import _questions_of, _table_of
from fieldkit.forms.settle import Settled, settle
from tests.oracle.engine_page import Oracle, Told
from tests.oracle.sets import Sets

#: Rows about the device that the kit leaves blank on purpose (`kinds.META`); ODK fills some.
UNKEPT = ("start", "end", "deviceid", "username", "email", "phonenumber")

NAMES = ("reference", "relevant", "required", "value", "constraint kept", "choices")


def xform_of(forms_dir: Path, name: str) -> str:
    """The XForm that pyxform makes of a form's table."""
    table = _table_of(_questions_of(forms_dir, forms_dir / name))
    assert table is not None
    text = table.read_text(encoding="utf-8-sig") if table.suffix == ".md" else table.read_bytes()
    return convert(text, validate=False, file_type=table.suffix).xform


def reference(node: Node) -> str:
    """The path of a node with the numbers of its instances, as ODK's engine writes it."""
    numbers = node.key[len(node.name) :].strip("[]").split("][") if "[" in node.key else []
    steps: list[str] = []
    step: Node | None = node
    while step is not None and step.name:
        number = ""
        if step.bind is not None and step.bind.is_repeat:
            number = f"[{numbers.pop()}]"
        steps.append(step.name + number)
        step = step.parent
    return "/" + "/".join(reversed(steps))


def ours(settled: Settled) -> dict[str, list[Any]]:
    """What our engine says of every node, by reference."""
    found = {}
    for node in settled.nodes():
        leaf = not node.bind.is_group
        found[reference(node)] = [
            node.on,
            settled.is_required(node) if leaf else False,
            node.text if leaf else "",
            not (node.on and settled.breaks(node)),
            [choice.name for choice in settled.choices(node)],
        ]
    return found


def theirs(told: Told) -> dict[str, list[Any]]:
    """The same of ODK's engine; its own node for all instances of a repeat has no counterpart."""
    return {
        entry[0]: entry[1:]
        for entry in told
        if not entry[0].endswith("[]") and not entry[0].startswith("/data/meta")
    }


def differences(
    engine: Oracle, form: Form, xform: str, now: datetime, count: int, seed: int = 5
) -> list[str]:
    """Run `count` sets through both engines; one line for each thing that differs."""
    fresh = form.rules.dynamic or any("once(" in b.calculate for b in form.rules.binds)
    makers = Sets(form, seed)
    every = [makers.left_out() for _ in range(count)] if fresh else list(makers.walk(count))
    settled = [settle(form.rules, answers, now) for answers in every]
    engine.open(xform)
    turns = 2 if any(b.items and "[" in b.items.nodeset for b in form.rules.binds) else 1
    given = [_for_page(a, s) for a, s in zip(every, settled, strict=True)]
    told = engine.run(given, fresh, turns)
    return [
        f"{form.name} #{place} {where}"
        for place, (said, own) in enumerate(zip(told, settled, strict=True))
        for where in _one(theirs(said), ours(own), _unkept(form))
    ]


def _for_page(answers: dict[str, str], settled: Settled) -> dict[str, Any]:
    """Answers and numbers of instances by ODK's references, in document order."""
    given = [
        [reference(node), answers[node.key]] for node in settled.leaves() if node.key in answers
    ]
    counts = []
    for node in [settled.root.children[0], *settled.nodes()]:
        for bind in settled.rules.children.get(node.spot, []):
            if bind.is_repeat and not bind.count:
                number = sum(1 for child in node.children if child.bind is bind)
                counts.append([f"{reference(node)}/{bind.name}", number])
    return {"answers": given, "counts": counts}


def _unkept(form: Form) -> frozenset[str]:
    return frozenset(q.path for q in form.questions if q.type in UNKEPT)


def _one(
    said: dict[str, list[Any]], own: dict[str, list[Any]], unkept: frozenset[str]
) -> list[str]:
    found = [f"{where}: only in one engine" for where in sorted(said.keys() ^ own.keys())]
    for where in (said.keys() & own.keys()) - unkept:
        for name, a, b in zip(NAMES[1:], said[where], own[where], strict=True):
            if a != b:
                found.append(f"{where}: {name}: ODK {a!r}, kit {b!r}")
    return found
