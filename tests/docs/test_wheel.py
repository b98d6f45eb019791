"""The wheel holds everything: built without network, installed into an empty place, started."""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent


def run_python(
    *words: str, cwd: Path, path: Path | None = None
) -> subprocess.CompletedProcess[str]:
    env = {k: v for k, v in os.environ.items() if k not in {"PYTHONPATH", "PYTHONSAFEPATH"}}
    env["PYTHONIOENCODING"] = "utf-8"
    if path:
        env["PYTHONPATH"] = str(path)
    return subprocess.run(
        [sys.executable, *words],
        cwd=cwd,
        env=env,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        encoding="utf-8",
        timeout=300,
        check=False,
    )


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    done = run_python("-m", "hatchling", "build", "-t", "wheel", "-d", str(folder), cwd=ROOT)
    assert done.returncode == 0, done.stdout + done.stderr
    (made,) = folder.glob("fieldkit-*-py3-none-any.whl")
    return made


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel in an empty place: by pip, or unpacked where the venv has no pip of its own."""
    place = tmp_path_factory.mktemp("installed")
    if run_python("-c", "import pip", cwd=place).returncode:
        with zipfile.ZipFile(wheel) as archive:
            archive.extractall(place)
        return place
    pip = ("-m", "pip", "install", "--no-deps", "--no-index", "--target", str(place), str(wheel))
    done = run_python(*pip, cwd=place)
    assert done.returncode == 0, done.stdout + done.stderr
    return place


@pytest.mark.parametrize("name", ["templates", "static", "forms"])
def test_it_has_every_asset_inside(installed: Path, name: str) -> None:
    ours = {
        path.relative_to(ROOT / name).as_posix(): path.read_bytes()
        for path in (ROOT / name).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts and path.suffix != ".pyc"
    }
    inside = installed / "fieldkit" / "_assets" / name
    theirs = {
        p.relative_to(inside).as_posix(): p.read_bytes() for p in inside.rglob("*") if p.is_file()
    }
    assert ours
    assert theirs == ours


def test_it_has_every_module_and_nothing_of_the_tests(wheel: Path) -> None:
    names = set(zipfile.ZipFile(wheel).namelist())
    modules = {
        path.relative_to(ROOT).as_posix()
        for top in ("fieldkit", "sync")
        for path in (ROOT / top).rglob("*.py")
    }
    assert modules <= names
    tops = {name.split("/")[0] for name in names}
    assert {top for top in tops if not top.endswith(".dist-info")} == {"fieldkit", "sync"}
    assert any(name.endswith("/licenses/LICENSE") for name in names)


def test_it_finds_its_assets_there(installed: Path, tmp_path: Path) -> None:
    code = "from fieldkit.settings import asset_dir; print(asset_dir('forms'))"
    done = run_python("-c", code, cwd=tmp_path, path=installed)
    assert done.returncode == 0, done.stderr
    assert Path(done.stdout.strip()) == installed / "fieldkit" / "_assets" / "forms"


def test_it_answers_to_help(installed: Path, tmp_path: Path) -> None:
    done = run_python("-m", "fieldkit", "--help", cwd=tmp_path, path=installed)
    assert done.returncode == 0, done.stderr
    assert "demo" in done.stdout
    assert "doctor" in done.stdout


def test_it_opens_the_first_page_from_there(installed: Path, tmp_path: Path) -> None:
    words = ("-m", "fieldkit", "demo", "--check", "--no-browser", "--data", str(tmp_path / "data"))
    done = run_python(*words, cwd=tmp_path, path=installed)
    assert done.returncode == 0, done.stdout + done.stderr
