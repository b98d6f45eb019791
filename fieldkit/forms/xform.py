"""pyxform's XForm taken apart: binds, controls, defaults, choice lists, by path."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from lxml import etree

from fieldkit.forms.binds import Bind, Choice, Items, list_node
from fieldkit.forms.expr import Node

_XF = "{http://www.w3.org/2002/xforms}"
_JR = "{http://openrosa.org/javarosa}"
_TAGS = ("input", "select1", "select", "range", "trigger", "upload")
_INPUTS = (*(f"{_XF}{name}" for name in _TAGS), "{http://www.opendatakit.org/xforms}rank")


@dataclass(frozen=True)
class XForm:
    """What the XForm says beside the words: rules with full paths, by path of their node."""

    binds: Mapping[str, Mapping[str, str]]
    controls: Mapping[str, etree._Element]
    repeats: Mapping[str, str]
    dynamic: Mapping[str, str]
    lists: Mapping[str, list[dict[str, str]]]

    @classmethod
    def read(cls, text: str) -> XForm:
        """Read the XForm that pyxform made (our own process wrote it: no entities, no network)."""
        tree = etree.fromstring(text.encode("utf-8"), etree.XMLParser(resolve_entities=False))
        controls: dict[str, etree._Element] = {}
        for element in tree.iter(*_INPUTS):
            controls.setdefault(str(element.get("ref")), element)
        repeats = tree.iter(f"{_XF}repeat")
        return cls(
            {str(bind.get("nodeset")): dict(bind.attrib) for bind in tree.iter(f"{_XF}bind")},
            controls,
            {str(r.get("nodeset")): str(r.get(f"{_JR}count", "")) for r in repeats},
            dict(_defaults(tree)),
            {str(i.get("id")): _rows(i) for i in tree.iter(f"{_XF}instance") if i.get("id")},
        )

    def bind(self, path: str, name: str, default: str, kind: str) -> Bind:
        """The node at `path`; `kind` is `group`, `repeat`, `note` or blank."""
        found, control = self.binds.get(path, {}), self.controls.get(path)
        today = found.get(f"{_JR}preload") == "date"
        tag = "" if control is None else etree.QName(control).localname
        return Bind(
            path,
            name,
            type=found.get("type", "string"),
            relevant=found.get("relevant", "").strip(),
            required=found.get("required", "").strip(),
            constraint=found.get("constraint", "").strip(),
            calculate=found.get("calculate", "").strip(),
            readonly=found.get("readonly", "").strip(),
            default="" if path in self.dynamic else default,
            dynamic="today()" if today else self.dynamic.get(path, "").strip(),
            control=tag,
            count=self.repeats.get(path, "").strip() if kind == "repeat" else "",
            is_group=kind in ("group", "repeat"),
            is_repeat=kind == "repeat",
            is_note=kind == "note",
            items=_items(control),
            bounds=_bounds(control) if tag == "range" else None,
        )


def _defaults(tree: etree._Element) -> Iterator[tuple[str, str]]:
    """Defaults that are expressions, by path."""
    for action in tree.iter(f"{_XF}setvalue"):
        if "xforms-value-changed" not in str(action.get("event")):
            yield str(action.get("ref")), str(action.get("value", ""))


def _items(control: etree._Element | None) -> Items | None:
    found = None if control is None else control.find(f"{_XF}itemset")
    if found is None:
        return None
    parts = [str(part.get("ref")) for part in found.iter(f"{_XF}value", f"{_XF}label")]
    label = parts[1] if not parts[1].startswith("jr:itext") else parts[0]
    return Items(str(found.get("nodeset")).strip(), parts[0], label)


def _bounds(control: etree._Element) -> tuple[float, float]:
    low, high = float(control.get("start", 1)), float(control.get("end", 10))
    return (min(low, high), max(low, high))


def _rows(instance: etree._Element) -> list[dict[str, str]]:
    """The items of a choice list as expressions see them: each column's name and text."""
    return [
        {etree.QName(cell).localname: str(cell.text or "") for cell in item}
        for item in instance.iter(f"{_XF}item")
    ]


def lists_of(
    choices: Mapping[str, list[dict[str, Any]]],
    lists: Mapping[str, list[dict[str, str]]],
    words: Callable[[Any], tuple[str, dict[str, str]]],
) -> tuple[dict[str, Node], dict[str, tuple[Choice, ...]]]:
    """Every choice list as a node for expressions, and as choices; `words` reads a label."""
    nodes, known = {}, {}
    for name, rows in choices.items():
        found = []
        for row in rows:
            text, labels = words(row.get("label"))
            if row["name"] == "other" and {text, *labels.values()} == {"Other"}:
                text, labels = "その他", {}  # pyxform's own word for `or_other`
            found.append(Choice(str(row["name"]), text or str(row["name"]), labels))
        known[name] = tuple(found)
        nodes[name] = list_node(list(zip(found, lists.get(name, []), strict=False)))
    return nodes, known
