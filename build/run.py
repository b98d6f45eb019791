"""Start the demo city and the kit on this machine: one command, nothing to prepare.

    python build/run.py [--no-browser] [--port N] [--data DIR] [--fresh] [--check]

The first start makes `.venv` (from build/wheels when that is filled, else by pip) and takes a
minute; later starts take no time for it. Everything that the demo writes is in one folder,
`demo-data` unless --data names another. Ctrl-C stops it.
"""

from __future__ import annotations

import sys

if sys.version_info < (3, 8):  # noqa: UP036 - this sentence is for those who have an old Python
    sys.exit("Python 3.11 か 3.12 が必要です。 / Python 3.11 or 3.12 is needed.")

import argparse
import os
import subprocess
from pathlib import Path

import _setup


def demo_command(given: argparse.Namespace, python: Path) -> list[str]:
    """Return the command that the flags stand for; paths made absolute, for we change folder."""
    command = [str(python), "-m", "fieldkit", "demo"]
    command += ["--data", os.path.abspath(str(given.data))]
    if given.port is not None:
        command += ["--port", str(given.port)]
    for flag in ("no_browser", "fresh", "check"):
        if getattr(given, flag):
            command.append("--" + flag.replace("_", "-"))
    return command


def start(command: list[str]) -> int:
    """Become the command (Windows: wait for it) and pass its exit code on; Ctrl-C is its own."""
    os.chdir(str(_setup.ROOT))
    if os.name != "nt":
        sys.stdout.flush()
        os.execve(command[0], command, _setup.child_env())
    child = subprocess.Popen(command, env=_setup.child_env())
    while True:
        try:
            return child.wait()
        except KeyboardInterrupt:
            continue  # the console gave Ctrl-C to the child too; it closes its files and ends


def main() -> int:
    """Read the flags, make the set-up ready, start the demo."""
    parser = argparse.ArgumentParser(description="出張申請キットのデモを起動します。")
    parser.add_argument("--no-browser", action="store_true", help="ブラウザを開かない")
    parser.add_argument("--port", type=int, help="画面のポート番号")
    parser.add_argument("--data", default=_setup.ROOT / "demo-data", help="データを置くフォルダー")
    parser.add_argument("--fresh", action="store_true", help="デモのデータを作り直す")
    parser.add_argument("--check", action="store_true", help="起動を確かめてすぐ終わる")
    given = parser.parse_args()
    try:
        python = _setup.ready("lock.txt")
    except KeyboardInterrupt:
        _setup.say("", "準備を中止しました。もう一度実行すると続きから始めます。 / stopped")
        return 130
    return start(demo_command(given, python))


if __name__ == "__main__":
    sys.exit(main())
