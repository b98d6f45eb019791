"""The names in `layout.toml` held against the questions of its form."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from fieldkit.errors import BadCityData
from fieldkit.forms.form import Form
from fieldkit.paper.layout_keys import DRAWN
from fieldkit.rules.tables import perhaps

_FILE = "layout.toml"


def check_names(layout: dict[str, Any], form: Form) -> None:
    """Names of questions in `when`, `[copied]` and [[field]], the values that `when` waits for and
    the options that are drawn; BadCityData with the nearest name. The keys are checked before."""
    names = {q.name for q in form.questions} | {repeat.name for repeat in form.repeats}
    for name in layout.get("copied", {}):
        if name not in names:
            says = f"「{name}」という質問は様式にありません{perhaps(name, names)}"
            raise BadCityData(_FILE, "[copied]", says)
    for where, entry in _placed(layout):
        for name, wished in entry.get("when", {}).items():
            base = name.partition("[")[0]
            if base not in names:
                says = f"when の「{name}」という質問は様式にありません{perhaps(name, names)}"
                raise BadCityData(_FILE, where, says)
            choices = _choices(form, base)
            for wish in [wished] if isinstance(wished, str) else wished:
                if choices and wish not in choices | {"*", ""}:
                    says = f"when の「{name}」に「{wish}」という選択肢はありません"
                    raise BadCityData(_FILE, where, says + perhaps(wish, choices))
    printed = names | set(layout.get("special", []))
    for place, entry in enumerate(layout.get("field", []), start=1):
        where = f"[[field]] {place}番目"
        if entry["name"].partition("[")[0] not in printed:
            says = f"「{entry['name']}」という質問は様式にありません"
            raise BadCityData(_FILE, where, says + perhaps(entry["name"], printed))
        if "options" in entry and "part" not in entry:
            _options(form, entry, where)


def _options(form: Form, entry: dict[str, Any], where: str) -> None:
    """Drawn options are choices of the question (a calculated one has none)."""
    choices = _choices(form, entry["name"].partition("[")[0])
    for option in entry["options"]:
        if choices and option["value"] not in choices:
            says = f"options の「{option['value']}」は選択肢にありません"
            raise BadCityData(_FILE, where, says + perhaps(option["value"], choices))


def _choices(form: Form, name: str) -> set[str]:
    """The values that a question can have; none for a text or a repeat."""
    return {c.name for question in form.questions if question.name == name
            for c in question.choices}  # fmt: skip


def _placed(layout: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Every entry with its place in the file."""
    for table in (*DRAWN, "field"):
        for place, entry in enumerate(layout.get(table, []), start=1):
            yield f"[[{table}]] {place}番目", entry
