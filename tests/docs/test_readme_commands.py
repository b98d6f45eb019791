"""The commands that README.md gives are run here as they stand there."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
START = "python3 build/run.py"
CHECK = "python3 build/test.py"


def run_command(command: str, *more: str, cwd: Path = ROOT) -> subprocess.CompletedProcess[str]:
    """Run a README command with this Python in the place of `python3`."""
    words = shlex.split(command)
    words[0] = sys.executable
    env = dict(os.environ, PYTHONIOENCODING="utf-8")
    return subprocess.run(
        [*words, *more],
        cwd=cwd,
        env=env,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        encoding="utf-8",
        timeout=300,
        check=False,
    )


def test_it_has_both_commands_in_the_readme() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert START in readme
    assert CHECK in readme


def test_it_starts_the_demo_and_loads_the_first_page(tmp_path: Path) -> None:
    done = run_command(START, "--check", "--no-browser", "--data", str(tmp_path / "デモ"))
    assert done.returncode == 0, done.stdout + done.stderr
    assert (tmp_path / "デモ").is_dir()


def test_it_passes_a_failure_of_the_demo_on(tmp_path: Path) -> None:
    (tmp_path / "a file").write_text("not a folder", encoding="utf-8")
    done = run_command(START, "--check", "--no-browser", "--data", str(tmp_path / "a file"))
    assert done.returncode != 0


def test_it_refuses_an_unknown_flag() -> None:
    assert run_command(START, "--no-such-flag").returncode == 2


def test_it_has_a_ci_command_that_is_the_check() -> None:
    script = (ROOT / ".ci" / "run").read_text(encoding="utf-8")
    assert CHECK in script
    assert os.name == "nt" or os.access(ROOT / ".ci" / "run", os.X_OK)
