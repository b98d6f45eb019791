"""`python -m fieldkit …` as its own process, and a Chromium that needs no screen."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

from tests.needs import ROOT, chromium

Words = tuple[str, ...]


def until(what: Callable[[], object], seconds: float = 30.0) -> bool:
    """Wait for something; whether it came."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if what():
            return True
        time.sleep(0.1)
    return bool(what())


def screenless_browser(folder: Path) -> Path:
    """A folder for PATH whose `chromium` is the real one, started without a screen."""
    folder.mkdir()
    program = folder / "chromium"
    program.write_text(
        f'#!/bin/sh\nexec {chromium()} --headless=new --disable-gpu "$@"\n', encoding="utf-8"
    )
    program.chmod(0o755)
    return folder


class KitProcess:
    """A running command; `text` is what it has said so far."""

    def __init__(self, *words: str | Path, path: Path | None = None) -> None:
        env = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONIOENCODING": "utf-8"}
        env["PYTHONUNBUFFERED"] = "1"
        for name in ("DISPLAY", "WAYLAND_DISPLAY"):
            env.pop(name, None)
        if path is not None:
            env.update(DISPLAY=":77", PATH=f"{path}{os.pathsep}/usr/bin{os.pathsep}/bin")
        self.process = subprocess.Popen(
            [sys.executable, "-m", "fieldkit", *map(str, words)],
            cwd=ROOT,
            env=env,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
        )
        self.text = ""
        self.reader = threading.Thread(target=self._read, daemon=True)
        self.reader.start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.text += line

    def says(self, words: str, seconds: float = 60.0) -> bool:
        return until(lambda: words in self.text or self.process.poll() is not None, seconds) and (
            words in self.text
        )

    def ended(self) -> int:
        code = self.process.wait(60)
        self.reader.join(10)
        return code

    def stop(self) -> int:
        """Ctrl-C, or whatever `terminate` is here."""
        if self.process.poll() is None:
            self.process.terminate()
        return self.ended()

    def kill(self) -> None:
        self.process.kill()
        self.ended()


def run(*words: str | Path) -> tuple[int, str]:
    """One command to its end: (exit code, what it said)."""
    made = KitProcess(*words)
    return made.ended(), made.text
