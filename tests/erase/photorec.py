"""PhotoRec (Debian package testdisk) on the bytes of a disk: the tool that anybody can use."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterable
from pathlib import Path

from tests.erase.disks import Piece

KINDS = ("jpg", "png", "pdf", "sqlite", "txt", "zip")


def recovered(pieces: Iterable[Piece], folder: Path) -> list[Path]:
    """Lay the pieces one after another on block borders and let PhotoRec recover files."""
    image = folder / "pieces.img"
    with image.open("wb") as file:
        for place, data in pieces:
            begin = -place % 512
            file.write(data[begin:] + bytes(-(len(data) - begin) % 4096))
        file.write(bytes(1 << 20))
    kinds = ",".join(f"{kind},enable" for kind in KINDS)
    steps = f"partition_none,options,paranoid,fileopt,everything,disable,{kinds},wholespace,search"
    out = folder / "recovered"
    subprocess.run(
        ["photorec", "/d", str(out), "/cmd", str(image), steps],
        check=True,
        cwd=folder,
        env={**os.environ, "TERM": "xterm"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        timeout=120,
    )
    image.unlink()
    found = [file for file in folder.glob("recovered*/*") if file.name != "report.xml"]
    return sorted(found)
