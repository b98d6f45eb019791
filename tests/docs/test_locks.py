"""The lock files: complete, hashed, agreeing with each other and with what was asked for."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

BUILD = Path(__file__).resolve().parent.parent.parent / "build"
LOCKS = ["lock.txt", "lock-dev.txt"]


def entries(name: str) -> dict[str, tuple[str, int]]:
    """{package: (version, number of hashes)} of a lock file."""
    text = (BUILD / name).read_text(encoding="utf-8").replace("\\\n", " ")
    found = {}
    for line in text.splitlines():
        if line.strip() and not line.startswith("#"):
            match = re.match(r"([a-z0-9][a-z0-9-]*)==([^\s;]+)", line)
            assert match, f"{name}: not a pinned line: {line[:60]}"
            assert match[1] not in found, f"{name}: {match[1]} twice"
            found[match[1]] = (match[2], line.count("--hash=sha256:"))
    return found


def asked(name: str) -> set[str]:
    lines = (BUILD / name).read_text(encoding="utf-8").splitlines()
    return {re.split(r"[=<>~!;\s]", x)[0].lower() for x in lines if x and not x.startswith("#")}


@pytest.mark.parametrize("name", LOCKS)
def test_it_has_a_hash_for_every_package(name: str) -> None:
    assert [package for package, (_, hashes) in entries(name).items() if not hashes] == []


@pytest.mark.parametrize(
    ("name", "stem"), [("lock.txt", "requirements"), ("lock-dev.txt", "requirements-dev")]
)
def test_it_locks_everything_that_was_asked_for(name: str, stem: str) -> None:
    assert asked(f"{stem}.in") | asked(f"{stem}-nodeps.in") <= entries(name).keys()


def test_it_has_one_version_of_a_shared_package() -> None:
    base, dev = (entries(name) for name in LOCKS)
    shared = base.keys() & dev.keys()
    assert {n: base[n][0] for n in shared} == {n: dev[n][0] for n in shared}


@pytest.mark.parametrize("name", LOCKS)
def test_it_never_takes_the_heavy_needs_of_mediapipe(name: str) -> None:
    heavy = {"jax", "jaxlib", "scipy", "opencv-contrib-python", "sounddevice", "sentencepiece"}
    assert not heavy & entries(name).keys()
