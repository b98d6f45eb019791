"""Removable media on Windows: drive letters of type "removable", by the system's own calls."""

from __future__ import annotations

import ctypes
import shutil
from contextlib import suppress
from pathlib import Path
from typing import Any

REMOVABLE = 2  # GetDriveTypeW: DRIVE_REMOVABLE
NO_DIALOG = 0x0001 | 0x8000  # an empty reader is no reason for a window "insert a disk"


def removable() -> list[dict[str, Any]]:
    """The fields of a `media.Drive` for each removable drive that has a medium in it."""
    kernel = ctypes.WinDLL("kernel32")  # type: ignore[attr-defined]
    before = kernel.SetErrorMode(NO_DIALOG)
    try:
        letters = kernel.GetLogicalDrives()
        roots = [f"{chr(65 + n)}:\\" for n in range(26) if letters >> n & 1]
        rows = [_volume(kernel, root) for root in roots if _is_removable(kernel, root)]
    finally:
        kernel.SetErrorMode(before)
    return [row for row in rows if row]


def _is_removable(kernel: Any, root: str) -> bool:
    return bool(kernel.GetDriveTypeW(ctypes.c_wchar_p(root)) == REMOVABLE)


def _volume(kernel: Any, root: str) -> dict[str, Any]:
    """Empty where no medium is in the reader."""
    label, system = ctypes.create_unicode_buffer(261), ctypes.create_unicode_buffer(261)
    serial = ctypes.c_uint32()
    known = kernel.GetVolumeInformationW(
        ctypes.c_wchar_p(root), label, 261, ctypes.byref(serial), None, None, system, 261
    )
    with suppress(OSError):
        room = shutil.disk_usage(root)
        if known:
            return {
                "mount": Path(root),
                "label": label.value,
                "size": room.total,
                "free": room.free,
                "kind": "removable",
                "filesystem": system.value,
                "serial": f"{serial.value:08x}",
                "device": f"\\\\.\\{root[:2]}",
            }
    return {}
