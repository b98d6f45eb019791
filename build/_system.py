"""The programs outside Python that the tests drive: are they here, and how to get them.

Read by build/test.py (which installs what is missing on Debian) and by tests/needs.py (which
skips, loudly, what cannot run). Only the standard library; syntax of Python 3.8.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

# Debian package -> what is left out of the tests without it.
NEEDED = {
    "chromium": "画面・カメラのテスト / screens and camera in a real browser",
    "poppler-utils": "印刷した PDF を読むテスト / reading the printed PDFs back",
    "7zip": "暗号化書庫を別の道具で開くテスト / opening archives with another tool",
    "postgresql": "市のサーバーを PostgreSQL で動かすテスト / the city server on PostgreSQL",
    "testdisk": "消去後に PhotoRec で探すテスト / looking with PhotoRec after erasing",
    "fuse3": "書き込みを忘れないディスクのテスト / a disk that keeps every version of a block",
    "e2fsprogs": "消去のテスト用のディスク / making the disks of the erase tests",
    "exfatprogs": "カメラのカードを空にするテスト / emptying a camera card (exFAT)",
    "exfat-fuse": "カメラのカードを空にするテスト / emptying a camera card (exFAT)",
    "dosfstools": "カメラのカードを空にするテスト / emptying a camera card (FAT)",
    "strace": "書き込みを一つずつ見るテスト / looking at each write of the kit",
    "fonts-noto-cjk": "ブラウザの日本語表示のテスト / Japanese text in browser pictures",
    "fonts-ipamj-mincho": "市の文字フォントで印刷するテスト / printing rare letters of a city font",
}
PROGRAMS = {
    "chromium": ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable"),
    "poppler-utils": ("pdftotext",),
    "7zip": ("7zz", "7z"),
    "testdisk": ("photorec",),
    "fuse3": ("fusermount3",),
    "e2fsprogs": ("mkfs.ext4",),
    "exfatprogs": ("mkfs.exfat",),
    "exfat-fuse": ("mount.exfat-fuse",),
    "dosfstools": ("mkfs.vfat",),
    "strace": ("strace",),
}
# Debian package -> a file of the fonts that it brings.
FONTS = {"fonts-noto-cjk": "NotoSansCJK*", "fonts-ipamj-mincho": "ipamjm.ttf"}


def program(name: str) -> str | None:
    """Return the path of the program that a package of PROGRAMS brings, or None."""
    for candidate in PROGRAMS[name]:
        found = shutil.which(candidate)
        if found:
            return found
    return None


def postgres_bin() -> Path | None:
    """Return the folder with initdb and postgres (Debian keeps them off PATH), or None."""
    found = shutil.which("initdb")
    if found:
        return Path(found).parent
    folders = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    return folders[-1].parent if folders else None


def is_here(name: str) -> bool:
    """True when the named need of NEEDED is installed."""
    if name == "postgresql":
        return postgres_bin() is not None
    if name == "fonts-noto-cjk" and os.name == "nt":
        return True  # Windows brings its own Japanese fonts
    if name in FONTS:
        return any(Path("/usr/share/fonts").rglob(FONTS[name]))
    return program(name) is not None


def missing() -> list[str]:
    """Return the names of NEEDED that are not installed, in their order."""
    return [name for name in NEEDED if not is_here(name)]


def can_install() -> bool:
    """True on a Debian or Ubuntu where we are root."""
    root = hasattr(os, "geteuid") and os.geteuid() == 0
    return root and bool(shutil.which("apt-get")) and bool(shutil.which("dpkg"))


def install(names: list[str]) -> None:
    """Install Debian packages without asking anything; one by one if all together fail."""
    env = dict(os.environ, DEBIAN_FRONTEND="noninteractive")
    tool = ["apt-get", "-qq", "-o", "DPkg::Lock::Timeout=120"]
    put = [*tool, "install", "-y", "--no-install-recommends"]
    _run([*tool, "update"], env)
    if _run([*put, *names], env) and len(names) > 1:
        for name in names:
            _run([*put, name], env)


def _run(command: list[str], env: dict[str, str]) -> int:
    done = subprocess.run(
        command, env=env, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, check=False
    )
    return done.returncode
