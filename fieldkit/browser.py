"""The kit's own browser window: private, with a profile of its own that is deleted afterwards.

Why: an ordinary window writes addresses, forms and even `no-store` pictures to the disk; a private
one of Chrome, Chromium or Edge wrote nothing (measured on raw disk images). A page cannot tell a
private window from another (Chromium 156 gives both the same quota and stores), but the program
that started it can: it looks for the kit's random host name in the bytes of the profile. The
promise: a window that leaves traces is closed, and each profile's end is in the ledger.
"""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from fieldkit import launch
from fieldkit.store.files import private_dir

PROFILE = "browser-"
START = "start.html"
TEMP = "t"
SOCKET_NAME = len("/org.chromium.Chromium.XXXXXX/SingletonSocket")
NONE_FOUND = (
    "Chrome・Edge・Chromium が見つかりません。次のリンクを、ほかのブラウザーの"
    "プライベート ウィンドウで開いてください（ふつうの窓は記録を端末に残します）。"
)
NO_SCREEN = "この端末には画面（ディスプレイ）がないため、窓を開けません。リンクを使ってください。"
NOT_PRIVATE = (
    "プライベート ウィンドウで開けませんでした（端末の規則で禁止されているかもしれません）。"
    "窓を閉じ、その記録を消しました。監督者に連絡してください。"
)
NOT_CLEARED = (
    "ブラウザーの記録を消しきれませんでした。次にキットを始めるときに、もう一度消します。"
)
SAYS = {"traces": NOT_PRIVATE, "left": NOT_CLEARED}
"""What a person is told of a `Window.close()` that was not `ok`."""
FLAGS = (
    "--no-first-run",
    "--no-default-browser-check",
    "--disable-background-networking",
    "--disable-breakpad",
    "--disable-client-side-phishing-detection",
    "--disable-component-update",
    "--disable-crash-reporter",
    "--disable-default-apps",
    "--disable-domain-reliability",
    "--disable-extensions",
    "--disable-features=Translate,AutofillServerCommunication,MediaRouter,OptimizationHints",
    "--disable-save-password-bubble",
    "--disable-sync",
    "--no-pings",
    "--password-store=basic",
)
PREFERENCES = {
    "autofill": {"credit_card_enabled": False, "profile_enabled": False},
    "credentials_enable_service": False,
    "profile": {"password_manager_enabled": False},
    "search": {"suggest_enabled": False},
    "translate": {"enabled": False},
}
WINDOWS = (
    ("chrome.exe", "Google/Chrome/Application/chrome.exe"),
    ("msedge.exe", "Microsoft/Edge/Application/msedge.exe"),
    ("chromium.exe", "Chromium/Application/chrome.exe"),
)
MAC = (
    "Google Chrome.app/Contents/MacOS/Google Chrome",
    "Microsoft Edge.app/Contents/MacOS/Microsoft Edge",
    "Chromium.app/Contents/MacOS/Chromium",
)
LINUX = (
    "google-chrome-stable",
    "google-chrome",
    "chromium",
    "chromium-browser",
    "microsoft-edge-stable",
    "microsoft-edge",
)
LARGEST = 64 * 1024 * 1024


def find(platform: str = sys.platform, env: Mapping[str, str] = os.environ) -> Path | None:
    """The first Chrome, Chromium or Edge of this machine; None where there is only another."""
    for path in _candidates(platform, env):
        if path.is_file():
            return path
    return None


def has_screen(platform: str = sys.platform, env: Mapping[str, str] = os.environ) -> bool:
    """Whether a window can appear: a Linux without X or Wayland shows none."""
    if platform == "win32" or platform == "darwin":
        return True
    return bool(env.get("DISPLAY") or env.get("WAYLAND_DISPLAY"))


def why_not(found: Path | None) -> str:
    """The sentence for a machine on which no window can be opened; empty where one can."""
    if not has_screen():
        return NO_SCREEN
    return "" if found else NONE_FOUND


def _candidates(platform: str, env: Mapping[str, str]) -> Iterator[Path]:
    if platform == "win32":
        for name, below in WINDOWS:
            yield from _registered(name)
            for base in ("PROGRAMFILES", "PROGRAMFILES(X86)", "PROGRAMW6432", "LOCALAPPDATA"):
                if env.get(base):
                    yield Path(env[base]) / below
        names: tuple[str, ...] = tuple(name for name, _ in WINDOWS)
    elif platform == "darwin":
        for folder in (Path("/Applications"), Path(env.get("HOME", "/")) / "Applications"):
            yield from (folder / below for below in MAC)
        names = ()
    else:
        names = LINUX
    for name in names:
        on_path = shutil.which(name, path=env.get("PATH"))
        if on_path:
            yield Path(on_path)


def _registered(name: str) -> Iterator[Path]:
    """Where Windows says that a program is installed, for this user and for all."""
    if sys.platform != "win32":
        return
    import winreg

    key = rf"SOFTWARE\Microsoft\Windows\CurrentVersion\App Paths\{name}"
    for root in (winreg.HKEY_CURRENT_USER, winreg.HKEY_LOCAL_MACHINE):
        with contextlib.suppress(OSError), winreg.OpenKey(root, key) as opened:
            yield Path(str(winreg.QueryValue(opened, None)).strip('"'))


@dataclass
class Window:
    """One window with its own profile in the data folder. `extra`: flags of tests (no screen)."""

    data_dir: Path
    program: Path
    extra: tuple[str, ...] = ()
    private: bool = True
    profile: Path = field(init=False)
    process: subprocess.Popen[bytes] | None = None
    trace: bytes = b""
    traces: bool = False

    def __post_init__(self) -> None:
        self.profile = self.data_dir / f"{PROFILE}{secrets.token_hex(4)}"

    def open(self, host: str, token: str) -> None:
        """Start the browser on a file that leads to the kit; OSError where it does not start."""
        self.trace = host.split(".")[0].encode()
        private_dir(self.profile)
        for name in ("Default", TEMP):
            (self.profile / name).mkdir(mode=0o700)
        told = json.dumps(PREFERENCES).encode()
        launch.write_private(self.profile / "Default" / "Preferences", told)
        launch.write_private(self.profile / START, launch.start_page(host, token))
        quiet = subprocess.DEVNULL
        self.process = subprocess.Popen(
            self.command(), env=self._env(), stdin=quiet, stdout=quiet, stderr=quiet
        )

    def _env(self) -> dict[str, str]:
        """The browser's temporary files go into the profile, where its socket's name still fits."""
        temp = str((self.profile / TEMP).resolve())
        fits = os.name == "nt" or len(os.fsencode(temp)) + SOCKET_NAME < 104
        return {**os.environ, **dict.fromkeys(("TMPDIR", "TEMP", "TMP") if fits else (), temp)}

    def command(self) -> list[str]:
        """What is started. No secret stands here: other users read it in the process list."""
        edge = "edge" in self.program.name.lower()
        words = [str(self.program), *FLAGS, *self.extra, f"--user-data-dir={self.profile}"]
        if self.private:
            words.append("--inprivate" if edge else "--incognito")
        if os.name != "nt" and os.geteuid() == 0:
            # Chromium refuses to start as root with its sandbox. Staff never work as root; this
            # is for containers and tests.
            words.append("--no-sandbox")
        return [*words, f"--app={(self.profile / START).resolve().as_uri()}"]

    @property
    def alive(self) -> bool:
        return self.process is not None and self.process.poll() is None

    def is_private(self) -> bool:
        """False once the kit's host name stands in a file of the profile: an ordinary window."""
        if not self.traces:
            self.traces = any(_holds(p, self.trace) for p in _files(self.profile))
        return not self.traces

    def close(self) -> str:
        """End the browser, delete its profile, leave word for the ledger; returns the result."""
        if self.process is not None and self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(5)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait(5)
        private = self.is_private() if self.profile.exists() else True
        result = _delete(self.profile)
        if result == "ok" and not private:
            result = "traces"
        launch.tell_cleared(self.data_dir, self.profile.name, result)
        return result


def clear_leftovers(data_dir: Path) -> int:
    """Delete the profiles of starts that were killed; returns how many. Called when alone."""
    found = [p for p in data_dir.glob(f"{PROFILE}*") if p.is_dir() and not p.is_symlink()]
    for profile in found:
        launch.tell_cleared(data_dir, profile.name, _delete(profile))
    return len(found)


def _files(profile: Path) -> Iterator[Path]:
    for path in profile.rglob("*"):
        if path.name != START and path.is_file() and not path.is_symlink():
            yield path


def _holds(path: Path, needle: bytes) -> bool:
    """Whether a file holds the bytes; a file that the browser keeps to itself does not count."""
    try:
        return path.stat().st_size <= LARGEST and needle in path.read_bytes()
    except OSError:
        return False


def _delete(profile: Path) -> str:
    """`ok` when nothing is left; the browser's helpers may hold files for a moment longer."""
    for _ in range(20):
        shutil.rmtree(profile, ignore_errors=True)
        if not profile.exists():
            return "ok"
        time.sleep(0.1)
    return "left"
