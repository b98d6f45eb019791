"""The names of `layout.toml` against the form, both ways, and against where answers come from."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from fieldkit.errors import KitError
from fieldkit.forms.form import SILENT, Form, Question
from fieldkit.forms.kinds import APPLICATION
from fieldkit.forms.load import load_form
from fieldkit.forms.text import read_text
from fieldkit.rules.tables import perhaps

Found = tuple[str, str]
"""Where, and what is wrong."""

_TEXT = "_text"
_KNOWN = {"visit": ("day",), "receipt": ("no", "yen")}


def name_problems(forms_dir: Path, form: Form) -> Iterator[Found]:
    """Each printed name is a question, and each question is printed or listed as not."""
    if not form.layout:
        return
    fields = form.layout.get("field", [])
    special = set(form.layout.get("special", []))
    names = {q.name for q in form.questions} | {repeat.name for repeat in form.repeats}
    for place, entry in enumerate(fields, start=1):
        where = f"layout.toml [[field]] {place}番目"
        name = str(entry.get("name", ""))
        bare, inside = name.partition("[")[0], "[" in name
        if name not in special and bare not in names:
            yield where, f"「{name}」という質問は様式にありません{perhaps(bare, names)}。"
        elif name not in special and inside != _repeated(form, bare):
            says = "繰り返しの中なので、「名前[1]」のように何番目かを書いてください"
            says = "繰り返しの中ではないので、[ ] を消してください" if inside else says
            yield where, f"「{name}」は{says}。"
    for name in sorted(special):
        kind = name.removesuffix(_TEXT)
        if name.endswith(_TEXT) and form.wording(kind) is None:
            yield "layout.toml special", f"「{name}」の文面（{kind}.ja.md）がありません。"
    printed = {str(entry.get("name")).partition("[")[0] for entry in fields}
    unprinted = set(form.layout.get("unprinted", []))
    for name in sorted(unprinted - names):
        yield (
            "layout.toml unprinted",
            f"「{name}」という質問は様式にありません{perhaps(name, names)}。",
        )
    for question in form.questions:
        if question.type not in SILENT and question.name not in printed | unprinted:
            yield (
                f"layout.toml（{question.name}）",
                f"「{question.label}」の印刷位置がありません。"
                "印刷しない質問は unprinted に書いてください。",
            )


def _repeated(form: Form, name: str) -> bool:
    return any(q.name == name and q.repeat for q in form.questions)


def copied_problems(forms_dir: Path, form: Form) -> Iterator[Found]:
    """Each `[copied]` source exists, and its answers fit the question that takes them."""
    copied: Mapping[str, Any] = form.layout.get("copied", {})
    for name, source in copied.items():
        where = f"layout.toml [copied] {name}"
        root, _, rest = str(source).partition(".")
        if root in _KNOWN and rest not in _KNOWN[root]:
            known = "・".join(f"{root}.{one}" for one in _KNOWN[root])
            yield where, f"写し元「{source}」はありません。{known} のどれかにしてください。"
        elif root == "city" and not _city_has(forms_dir, rest):
            yield where, f"写し元「{source}」が offices.toml にありません。"
        elif root == "application":
            own = next((q for q in form.questions if q.name == name), None)
            yield from ((where, says) for says in _application(forms_dir, own, rest))


def _application(forms_dir: Path, own: Question | None, name: str) -> Iterator[str]:
    """What speaks against taking the answer `name` of the application for the question `own`."""
    try:
        application = load_form(forms_dir, APPLICATION)
    except KitError:
        yield f"写し元の様式 {APPLICATION} を読めません。先にその様式を直してください。"
        return
    names = [q.name for q in application.questions]
    if name not in names:
        near = perhaps(name, names)
        yield f"写し元「application.{name}」という質問は申請書にありません{near}。"
        return
    source = application.question(name)
    if own is None or source.type == "calculate" or own.type in SILENT:
        return
    if source.choices:
        offered = {choice.name for choice in own.choices}
        if lost := [c.name for c in source.choices if c.name not in offered]:
            yield f"写し元「{source.label}」の選択肢「{lost[0]}」が「{own.label}」にありません。"
    elif own.choices or own.type not in ("text", source.type):
        yield (
            f"写し元「{source.label}」（{source.type}）と「{own.label}」（{own.type}）の"
            "種類がちがいます。同じ種類にしてください。"
        )


def _city_has(forms_dir: Path, name: str) -> bool:
    """Whether offices.toml holds a value under `table.key`."""
    value: Any
    try:
        value = tomllib.loads(read_text(forms_dir / "offices.toml"))
    except (OSError, KitError, tomllib.TOMLDecodeError):
        return True  # that file has its own check
    for key in name.split("."):
        value = value.get(key) if isinstance(value, Mapping) else None
    return value is not None and not isinstance(value, Mapping)
