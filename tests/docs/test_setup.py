"""build/_setup.py makes, finishes and keeps `.venv`; tried for real with a lock of no packages."""

from __future__ import annotations

import ast
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

BUILD = Path(__file__).resolve().parent.parent.parent / "build"
READY = "import sys; sys.path.insert(0, 'build'); import _setup; print(_setup.ready('lock.txt'))"


def new_tree(place: Path) -> Path:
    """A repository with the set-up scripts, an empty lock, and a Japanese name in its path."""
    root = place / "利用者 出張"
    (root / "build" / "wheels").mkdir(parents=True)
    for script in ("_setup.py", "_python.py", "run.py"):
        shutil.copy(BUILD / script, root / "build" / script)
    (root / "build" / "lock.txt").write_text("# nothing\n", encoding="utf-8")
    return root


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A tree in which nothing was made yet."""
    return new_tree(tmp_path)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tree whose venv is complete (and which every test leaves complete again)."""
    root = new_tree(tmp_path_factory.mktemp("made"))
    assert ready(root)[0] == 0
    return root


def start(root: Path, code: str = READY) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", code],
        cwd=root,
        env=dict(os.environ, PYTHONIOENCODING="utf-8"),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
    )


def ready(root: Path, code: str = READY) -> tuple[int, str, str]:
    process = start(root, code)
    out, err = process.communicate(timeout=300)
    return process.returncode, out, err


def stamps(root: Path) -> list[Path]:
    return sorted((root / ".venv").glob(".lock-*"))


def test_it_makes_the_venv_once_and_then_only_looks(made: Path) -> None:
    code, out, err = ready(made)
    assert (code, err) == (0, "")
    python = Path(out.strip())
    assert subprocess.run([str(python), "-c", "pass"], check=False).returncode == 0
    assert len(stamps(made)) == 1
    assert not (made / ".venv" / ".making").exists()


def test_it_installs_a_changed_lock_into_the_same_venv(made: Path) -> None:
    before = stamps(made)
    (made / ".venv" / "mine").touch()
    (made / "build" / "lock.txt").write_text("# still nothing\n", encoding="utf-8")
    assert ready(made)[0] == 0
    assert len(stamps(made)) == 1
    assert stamps(made) != before
    assert (made / ".venv" / "mine").exists()


def test_it_makes_a_killed_set_up_again(made: Path) -> None:
    (made / ".venv" / ".making").touch()
    (made / ".venv" / "half a package").mkdir()
    assert ready(made)[0] == 0
    assert len(stamps(made)) == 1
    assert not (made / ".venv" / ".making").exists()
    assert not (made / ".venv" / "half a package").exists()


def test_it_lets_two_at_the_same_time_wait_for_each_other(tree: Path) -> None:
    both = [start(tree), start(tree)]
    results = [process.communicate(timeout=300) for process in both]
    assert [process.returncode for process in both] == [0, 0], results
    assert sum("lock.txt" in err for _, err in results) == 1, "installed once"


def test_it_manages_without_ensurepip(tree: Path) -> None:
    """Debian without python3-venv: the venv is made without pip and filled by the base's pip."""
    patch = "import _python; _python.imports = lambda python, module: module != 'ensurepip'; "
    code, _, err = ready(tree, READY.replace("import _setup;", patch + "import _setup;"))
    assert code == 0, err
    assert not list((tree / ".venv").rglob("site-packages/pip"))
    assert len(stamps(tree)) == 1


def test_it_says_what_to_do_when_there_is_no_python_for_it(tree: Path) -> None:
    patch = "import _python; _python.find = lambda: None; "
    code, out, err = ready(tree, READY.replace("import _setup;", patch + "import _setup;"))
    assert (code, out) == (3, "")
    assert "Python 3.11 か 3.12 が必要です" in err
    assert "Traceback" not in err


def test_it_says_which_lock_could_not_be_installed(tree: Path) -> None:
    lock = "flask==3.1.3 --hash=sha256:" + "0" * 64 + "\n"
    (tree / "build" / "lock.txt").write_text(lock, encoding="utf-8")
    (tree / "build" / "wheels" / "flask-3.1.3-py3-none-any.whl").write_bytes(b"not a wheel")
    code, _, err = ready(tree)
    assert code == 3
    assert "build/wheels の中身が足りないか、壊れています" in err
    assert stamps(tree) == []


@pytest.mark.parametrize("script", sorted(BUILD.glob("*.py")), ids=lambda path: str(path.name))
def test_it_can_be_read_by_an_old_python(script: Path) -> None:
    """So that Python 3.8 gets to the sentence that says which Python is needed."""
    ast.parse(script.read_text(encoding="utf-8"), feature_version=(3, 8))
