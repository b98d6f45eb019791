"""A city that publishes, a small folder of its own forms, a laptop that takes them."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from fieldkit.settings import asset_dir
from sync.server import publish
from tests.conftest import CityServer

Publish = Callable[..., publish.Published]
KEPT = ("kofu_shinsei", "mochimono")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The city's folder: its tables and two forms (the proof of all of them takes seconds)."""
    there = tmp_path / "city-forms"
    there.mkdir()
    for path in asset_dir("forms").iterdir():
        if path.is_file():
            shutil.copy(path, there)
    for name in KEPT:
        shutil.copytree(asset_dir("forms") / name, there / name)
    return there


@pytest.fixture
def push(city: CityServer, folder: Path) -> Publish:
    """Publish the folder, with another phone number in it: a version a number."""

    def act(phone: str = "0134-00-1111", **files: str) -> publish.Published:
        path = folder / "offices.toml"
        text = path.read_text(encoding="utf-8")
        path.write_text(_with_phone(text, phone), encoding="utf-8")
        for name, content in files.items():
            (folder / name.replace("__", ".")).write_text(content, encoding="utf-8")
        return publish.publish(city.store, folder, "test")

    return act


def _with_phone(text: str, phone: str) -> str:
    lines, inside = [], False
    for line in text.splitlines():
        inside = line.strip() == "[supervisor]" if line.startswith("[") else inside
        lines.append(f'phone = "{phone}"' if inside and line.startswith("phone") else line)
    return "\n".join(lines) + "\n"
