"""The papers keep up with the code: what exists is documented, what is vendored has its digest."""

from __future__ import annotations

import argparse
import hashlib
import re
from pathlib import Path

import pytest

from fieldkit.cli import COMMANDS
from fieldkit.commands import parser as _parser
from fieldkit.demo_city import STAFF
from fieldkit.rules_try import KINDS

ROOT = Path(__file__).resolve().parents[2]
PAPERS = (
    "README.md",
    "DECISIONS.md",
    "CHANGELOG.md",
    "fieldkit/THREATS.md",
    "fieldkit/CARDS.md",
    "fieldkit/photo/CODES.md",
    "fieldkit/store/FORMATS.md",
    "sync/PROTOCOL.md",
)
LISTS = (
    "requirements.in",
    "requirements-nodeps.in",
    "requirements-dev.in",
    "requirements-dev-nodeps.in",
)
CODES = r"""(?:WireError|Refused|_no)\("([a-z_]+)"\)|"refused": "([a-z_]+)\""""


def read(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def first_cells(text: str) -> set[str]:
    """What stands in backticks, or alone, in the first column of the tables of a paper."""
    cells = re.findall(r"^\| *([^|]+?) *\|", text, flags=re.M)
    return {word.strip("` ") for cell in cells for word in [cell, *re.findall("`([^`]+)`", cell)]}


def commands(parser: argparse.ArgumentParser, before: str = "") -> set[str]:
    """Every command that `--help` names, with its inner one: `rules try`."""
    found: set[str] = set()
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            for name, inner in action.choices.items():
                found |= commands(inner, f"{before} {name}".strip())
    return found or {before}


def asked(name: str) -> set[str]:
    lines = read(f"build/{name}").splitlines()
    return {re.split(r"[=<>~!;\s]", x)[0].lower() for x in lines if x and not x.startswith("#")}


def codes() -> set[str]:
    found = [m for f in (ROOT / "sync").rglob("*.py") for m in re.findall(CODES, read(str(f)))]
    return {first or second for first, second in found}


def test_it_documents_every_command() -> None:
    assert commands(_parser()) - first_cells(read("README.md")) == set()
    assert {name.replace(" ", "_") for name in commands(_parser())} == set(COMMANDS)


def test_it_gives_an_example_of_every_command() -> None:
    readme = read("README.md")
    assert [c for c in commands(_parser()) if f"python -m fieldkit {c}" not in readme] == []


def test_it_lists_every_table_that_a_city_edits() -> None:
    tables = {path.name for path in (ROOT / "forms").glob("*.toml")}
    assert tables and tables - first_cells(read("README.md")) == set()


def test_it_documents_every_kind_of_rules_try() -> None:
    assert set(KINDS) - first_cells(read("README.md")) == set()


@pytest.mark.parametrize("name", LISTS)
def test_it_gives_a_reason_for_every_dependency(name: str) -> None:
    assert asked(name) - first_cells(read("DECISIONS.md")) == set()


def test_it_names_every_package_of_the_lock() -> None:
    locked = set(re.findall(r"^([a-z0-9][\w.-]*)==", read("build/lock.txt"), flags=re.M))
    decisions = read("DECISIONS.md")
    named = first_cells(decisions) | set(re.findall(r"\*\*([a-z0-9-]+)\*\*", decisions))
    assert locked - named == set()


def test_it_documents_every_error_code_of_the_wire() -> None:
    table = read("sync/PROTOCOL.md").split("\n## 7.")[1].split("\n## 8.")[0]
    assert len(codes()) > 10
    assert codes() - first_cells(table) == set()


def test_it_has_the_sections_that_the_code_cites() -> None:
    heads = set(re.findall(r"^## (\d+)\.", read("sync/PROTOCOL.md"), flags=re.M))
    files = [f for top in ("sync", "fieldkit") for f in (ROOT / top).rglob("*.py")]
    cited = {n for f in files for n in re.findall(r"PROTOCOL\.md §(\d+)", read(str(f)))}
    assert cited and cited <= heads


def test_it_has_the_digest_of_every_vendored_file() -> None:
    decisions = read("DECISIONS.md")
    listed = re.findall(r"^\| `([^`]+)`.*\| `([0-9a-f]{64})` \|$", decisions, flags=re.M)
    for name, digest in listed:
        assert hashlib.sha256((ROOT / name).read_bytes()).hexdigest() == digest, name
    kinds = ("static/vendor/*.js", "static/vendor/*.css", "forms/fonts/*.ttf")
    kinds += ("tests/*/vendor/*.js",)
    there = {p.relative_to(ROOT).as_posix() for kind in kinds for p in ROOT.glob(kind)}
    assert there <= {name for name, _ in listed}


def test_it_gives_the_passphrases_of_the_demo() -> None:
    readme = read("README.md")
    assert [u.name for u, words in STAFF if u.name not in readme or words not in readme] == []


@pytest.mark.parametrize("paper", PAPERS)
def test_its_links_and_files_exist(paper: str) -> None:
    text, folder = read(paper), (ROOT / paper).parent
    links = [x for x in re.findall(r"\]\(([^)#]+)\)", text) if not x.endswith(".png")]
    assert [x for x in links if not (folder / x).exists()] == []
    tests = re.findall(r"`(tests/[\w/]+\.py|build/[\w.-]+\.(?:py|txt|in))`", text)
    assert [x for x in tests if not (ROOT / x).exists()] == []


def test_it_names_only_tests_that_exist() -> None:
    named = set(re.findall(r"`(test_it_\w+|test_(?:a|the)_\w+)`", read("fieldkit/THREATS.md")))
    there = "".join(p.read_text(encoding="utf-8") for p in (ROOT / "tests").rglob("test_*.py"))
    assert [name for name in named if f"def {name}(" not in there] == []


@pytest.mark.parametrize("paper", PAPERS)
def test_it_cites_only_tests_that_exist(paper: str) -> None:
    """`tests/a/test_b.py::test_c`: a claim names the very test that shows it."""
    cited = re.findall(r"`(tests/[\w/]+\.py)::(test_\w+)`", read(paper))
    assert [f"{file}::{name}" for file, name in cited if f"def {name}(" not in read(file)] == []
