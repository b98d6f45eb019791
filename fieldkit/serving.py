"""A kit that runs for a person at a terminal: its window or its links, until Ctrl-C.

`serve` and `demo` share it; `fieldkit open` opens one more window on a kit that already runs.
"""

from __future__ import annotations

import queue
import signal
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from fieldkit import alone, browser, launch
from fieldkit.browser import Window
from fieldkit.clock import system_clock
from fieldkit.errors import KitError
from fieldkit.kit import Kit

LOOK = 1.0
AT_FIRST, LATER = 2.0, 30.0
"""How often the profile's bytes are looked at: in the first half minute, and afterwards."""
GONE = "キットは動いていません。先に serve（または demo）で始めてください。"


@contextmanager
def announced(kit: Kit) -> Iterator[None]:
    """While inside, `fieldkit open` finds this kit. The caller is alone on the data folder."""
    data = kit.settings.data_dir
    browser.clear_leftovers(data)
    launch.begin(data, kit.settings.host)
    try:
        yield
    finally:
        launch.end(data)


def new_link(kit: Kit) -> str:
    """A link for a person, good for one use within ten minutes."""
    return launch.link(kit.settings.host, kit.gate.mint(launch.LINK))


class Screens:
    """What the person at the terminal gets: a private window, or where none opens, a link."""

    def __init__(self, kit: Kit, wanted: bool) -> None:
        self.kit = kit
        self.data = kit.settings.data_dir
        self.program = browser.find() if wanted else None
        self.why_not = browser.why_not(self.program) if wanted else ""
        self.opens = wanted and not self.why_not
        self.window: Window | None = None
        self.digest = ""
        self.look_at = self.calm_from = 0.0

    def first_line(self) -> str:
        """What stands after 「画面」: the full link, or that the window was opened."""
        if self.opens and self.open_window():
            return f"窓を開きました（http://{self.kit.settings.host}/）"
        return new_link(self.kit)

    def more_lines(self) -> list[str]:
        lines = [self.why_not] if self.why_not else []
        if self.window is not None:
            lines.append("窓を閉じると、画面はロックされます。")
        else:
            lines += [
                "このリンクは一度だけ、10分のあいだ使えます。プライベート（シークレット・InPrivate）",
                "ウィンドウで開いてください。ふつうの窓は記録を端末に残します。",
            ]
        if sys.stdin.isatty():
            what = "窓を開き直します" if self.opens else "新しいリンクを出します"
            lines.append(f"Enter を押すと、{what}。")
        command = open_command(self.data, self.window is None)
        lines.append(f"別の端末画面から（キットのフォルダーで）: {command}")
        return lines

    def open_window(self) -> bool:
        assert self.program is not None
        token = self.kit.gate.mint(launch.WINDOW)
        window = Window(self.data, self.program)
        try:
            window.open(self.kit.settings.host, token)
        except OSError:
            window.close()
            self.opens, self.why_not = False, "ブラウザーを起動できませんでした。"
            return False
        self.window, self.digest = window, launch.digest_of(token)
        self.look_at = time.monotonic() + AT_FIRST
        self.calm_from = time.monotonic() + LATER
        return True

    def again(self) -> None:
        """Enter was pressed."""
        if self.opens and self.window is None and self.open_window():
            print("窓を開きました。", flush=True)
        elif self.window is None:
            print(new_link(self.kit), flush=True)

    def look(self) -> None:
        """Each second: is the window still there, and is it a private one?"""
        if self.window is None:
            return
        if not self.window.alive:
            self.end_window()
            print("窓が閉じられました。画面をロックしました。", flush=True)
        elif time.monotonic() >= self.look_at:
            calm = time.monotonic() >= self.calm_from
            self.look_at = time.monotonic() + (LATER if calm else AT_FIRST)
            if not self.window.is_private():
                self.end_window()
                self.opens = False

    def end_window(self) -> None:
        """Close the window if it is open, forget its cookie, delete its profile, lock."""
        window, self.window = self.window, None
        if window is not None:
            self.kit.gate.end(self.digest)
            result = window.close()
            self.kit.lock_if_deserted()
            if result != "ok":
                print(browser.SAYS[result], file=sys.stderr, flush=True)


def wait(screens: Screens, stop: threading.Event | None = None) -> None:
    """Serve the terminal until Ctrl-C (or the end of the process by a polite signal)."""
    said: queue.Queue[str] = queue.Queue()
    if sys.stdin.isatty():
        threading.Thread(target=_listen, args=(said,), daemon=True, name="enter").start()
    with _polite_end():
        try:
            while stop is None or not stop.is_set():
                screens.look()
                try:
                    said.get(timeout=LOOK)
                except queue.Empty:
                    continue
                screens.again()
        except KeyboardInterrupt:
            print("終了します。", flush=True)
        finally:
            screens.end_window()


def _listen(said: queue.Queue[str]) -> None:
    for line in sys.stdin:
        said.put(line)


@contextmanager
def _polite_end() -> Iterator[None]:
    """A closed terminal or `kill` ends the kit as Ctrl-C does: nothing stays behind."""

    def stop(_number: int, _frame: Any) -> None:
        raise KeyboardInterrupt

    names = [n for n in ("SIGTERM", "SIGHUP", "SIGBREAK") if hasattr(signal, n)]
    before = {n: signal.signal(getattr(signal, n), stop) for n in names}
    try:
        yield
    finally:
        for name, handler in before.items():
            signal.signal(getattr(signal, name), handler)


# -- fieldkit open ------------------------------------------------------------------------------
def open_command(data: Path, only_print: bool) -> str:
    """The command that opens this kit once more, as one types it."""
    python = f'"{sys.executable}"' if " " in sys.executable else sys.executable
    return f'{python} -m fieldkit open --data "{data}"' + (" --print" if only_print else "")


def open_running(data: Path, only_print: bool) -> int:
    """One more window (or link) on the kit that runs over `data`; KitError where none runs."""
    folder = data if (data / launch.RUNNING).exists() else data / "kit"
    found = launch.running(folder)
    if found is None or not alone.is_running(folder):
        raise KitError("not_running", GONE, "retry")
    program = None if only_print else browser.find()
    why_not = "" if only_print else browser.why_not(program)
    if only_print or program is None or why_not:
        print(launch.link(found.host, launch.mint(folder, launch.LINK, system_clock)))
        if why_not:
            print(why_not, file=sys.stderr)
        return 0
    return _hold_window(folder, found.host, program)


def _hold_window(folder: Path, host: str, program: Path) -> int:
    """Keep the window until it is closed, then delete its profile and tell the kit."""
    token = launch.mint(folder, launch.WINDOW, system_clock)
    window = Window(folder, program)
    with _polite_end():
        try:
            window.open(host, token)
            looks = 0
            while window.alive and not window.traces:
                time.sleep(LOOK)
                looks += 1
                if looks < LATER or looks % int(LATER) == 0:
                    window.is_private()
        except KeyboardInterrupt:
            pass
        finally:
            launch.tell_closed(folder, launch.digest_of(token))
            result = window.close()
    if result != "ok":
        raise KitError("browser_left", browser.SAYS[result], "ask_supervisor")
    return 0
