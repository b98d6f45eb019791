"""No request leaves this machine: the kit works where there is no network at all."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent
INSIDE = 'ip link set lo up && exec "$@"'


def in_empty_network(*command: str) -> subprocess.CompletedProcess[str]:
    """Run a command in a network namespace that has a loopback device and nothing else."""
    env = dict(os.environ, PYTHONPATH=str(ROOT), PYTHONIOENCODING="utf-8")
    unshare = ["unshare", "-n"] if os.geteuid() == 0 else ["unshare", "-r", "-n"]
    return subprocess.run(
        [*unshare, "sh", "-c", INSIDE, "sh", *command],
        cwd=ROOT,
        env=env,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        encoding="utf-8",
        timeout=300,
        check=False,
    )


def allowed() -> bool:
    if sys.platform != "linux" or not shutil.which("unshare") or not shutil.which("ip"):
        return False
    return in_empty_network("true").returncode == 0


pytestmark = pytest.mark.skipif(
    not allowed(), reason="!! NOT TESTED: this machine allows no empty network namespace"
)


def test_it_is_really_cut_off_there() -> None:
    """The positive control: in the namespace even a numeric address cannot be reached."""
    code = "import socket; socket.create_connection(('192.0.2.1', 80), 3)"
    done = in_empty_network(sys.executable, "-c", code)
    assert "Network is unreachable" in done.stderr


def test_it_starts_and_shows_the_first_page_without_network(tmp_path: Path) -> None:
    words = ("-m", "fieldkit", "demo", "--check", "--no-browser", "--data", str(tmp_path / "demo"))
    done = in_empty_network(sys.executable, *words)
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_doctor_needs_no_network(tmp_path: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from fieldkit.doctor import run;"
        "bad = [c for c in run(Path(sys.argv[1])) if not c.ok]; print(bad); sys.exit(bool(bad))"
    )
    done = in_empty_network(sys.executable, "-c", code, str(tmp_path))
    assert done.returncode == 0, done.stdout + done.stderr
