"""One direction of imports: web → records → store and rules; fieldkit → sync, never back.

Read from the source by `ast`, so that an import inside a function counts too.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
FILES = sorted(p for top in ("fieldkit", "sync") for p in (ROOT / top).rglob("*.py"))
TOP = (
    "fieldkit.web",
    "fieldkit.app",
    "fieldkit.guard",
    "fieldkit.demo",
    "fieldkit.cli",
    "fieldkit.__main__",
)
BELOW_STORE = (
    "fieldkit.store",
    "fieldkit.rules",
    "fieldkit.errors",
    "fieldkit.clock",
    "fieldkit.settings",
)
NETWORK = (
    "asyncio",
    "ftplib",
    "http.client",
    "http.server",
    "httpx",
    "requests",
    "smtplib",
    "socket",
    "socketserver",
    "ssl",
    "urllib.request",
    "urllib3",
    "xmlrpc",
)
MAY_CONNECT = ("sync.road", "sync.server", "fieldkit.demo")
IMPURE = (
    "io",
    "locale",
    "os",
    "pathlib",
    "random",
    "secrets",
    "shutil",
    "subprocess",
    "tempfile",
    "threading",
    "time",
    "uuid",
    *NETWORK,
)


def module_name(path: Path) -> str:
    parts = list(path.relative_to(ROOT).with_suffix("").parts)
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def imports(source: str, module: str, is_package: bool = False) -> Iterator[str]:
    """Every dotted name that the source imports; `from a import b` gives both a and a.b."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                here = module.split(".")
                kept = here[: len(here) - node.level + is_package]
                base = ".".join([*kept, base] if base else kept)
            yield base
            yield from (f"{base}.{alias.name}" for alias in node.names)


def under(name: str, tops: tuple[str, ...]) -> bool:
    return any(name == top or name.startswith(top + ".") for top in tops)


def wrong_arrows(module: str, names: set[str]) -> list[str]:
    """The imports of `module` that go against the direction, each with the rule it breaks."""
    wrong: list[str] = []

    def refuse(rule: str, bad: Iterator[str]) -> None:
        wrong.extend(f"{module} imports {name}: {rule}" for name in sorted(bad))

    ours = {name for name in names if under(name, ("fieldkit",))} - {"fieldkit"}
    if under(module, ("sync",)):
        refuse("sync never imports fieldkit", (n for n in names if under(n, ("fieldkit",))))
    if under(module, ("fieldkit.rules",)):
        pure = ("fieldkit.rules", "fieldkit.errors")
        refuse("rules import only rules and errors", (n for n in ours if not under(n, pure)))
        refuse("rules import no sync", (n for n in names if under(n, ("sync",))))
        known = {*sys.stdlib_module_names, "jaconv", "fieldkit", "sync"}
        foreign = (n for n in names if n and n.split(".")[0] not in known)
        refuse("rules import only the standard library and jaconv", foreign)
        refuse("rules are pure: no I/O, no clock", (n for n in names if under(n, IMPURE)))
    if under(module, ("fieldkit.store",)):
        refuse("store is below the records", (n for n in ours if not under(n, BELOW_STORE)))
    if under(module, ("fieldkit.forms",)):
        below = ("fieldkit.forms", "fieldkit.rules", "fieldkit.errors", "fieldkit.clock")
        refuse("forms are below paper and records", (n for n in ours if not under(n, below)))
    if under(module, ("fieldkit",)) and not under(module, TOP):
        refuse("only the top imports the top", (n for n in ours if under(n, TOP)))
        refuse("only web, guard and app know flask", (n for n in names if under(n, ("flask",))))
    if not under(module, MAY_CONNECT):
        refuse("only sync.road opens connections", (n for n in names if under(n, NETWORK)))
    return wrong


def clock_reads(source: str) -> list[str]:
    """Calls such as `datetime.now()` and `date.today()`, by line."""
    return [
        f"line {node.lineno}: .{node.attr}"
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Attribute) and node.attr in {"now", "today", "utcnow"}
    ]


@pytest.mark.parametrize("path", FILES, ids=[module_name(p) for p in FILES])
def test_it_imports_in_one_direction(path: Path) -> None:
    module = module_name(path)
    source = path.read_text(encoding="utf-8")
    names = set(imports(source, module, path.name == "__init__.py"))
    assert wrong_arrows(module, names) == []
    if under(module, ("fieldkit.rules",)):
        assert clock_reads(source) == []
        assert not [
            node.lineno
            for node in ast.walk(ast.parse(source))
            if isinstance(node, ast.Call)
            and isinstance(node.func, ast.Name)
            and node.func.id in {"open", "print", "input"}
        ], "rules do no I/O"


@pytest.mark.parametrize(
    ("module", "source"),
    [
        ("sync.client", "import fieldkit.errors"),
        ("sync.client", "import http.client"),
        ("fieldkit.rules.fees", "from fieldkit.store import db"),
        ("fieldkit.rules.fees", "from fieldkit import clock"),
        ("fieldkit.rules.fees", "def f():\n    import os"),
        ("fieldkit.rules.fees", "from time import time"),
        ("fieldkit.rules.fees", "import numpy"),
        ("fieldkit.rules.fees", "from ..store import db"),
        ("fieldkit.store.db", "from fieldkit.web import views"),
        ("fieldkit.store.db", "from fieldkit import visit"),
        ("fieldkit.visit", "from fieldkit.web.pages import show"),
        ("fieldkit.visit", "from flask import g"),
        ("fieldkit.outbox", "from urllib.request import urlopen"),
        ("fieldkit.outbox", "import socket"),
        ("fieldkit.forms.form", "def f():\n    from fieldkit.paper import problems"),
    ],
)
def test_it_finds_a_planted_wrong_arrow(module: str, source: str) -> None:
    assert wrong_arrows(module, set(imports(source, module)))


@pytest.mark.parametrize(
    ("module", "source"),
    [
        ("fieldkit.web.visit", "from flask import Blueprint\nfrom fieldkit import visit"),
        ("fieldkit.visit", "from fieldkit.store import db\nfrom sync import packet"),
        ("sync.road", "import http.client"),
        ("sync.client", "from sync import road\nfrom urllib.parse import urlsplit"),
        ("fieldkit.rules.slots", "from datetime import date, time\nimport jaconv"),
    ],
)
def test_it_lets_the_right_arrows_pass(module: str, source: str) -> None:
    assert wrong_arrows(module, set(imports(source, module))) == []


def test_it_finds_a_planted_clock() -> None:
    assert clock_reads("from datetime import date\nx = date.today()")
