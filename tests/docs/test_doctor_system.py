"""The statements about the machine, on both systems, from the values that a machine would give."""

from __future__ import annotations

from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import Any

import pytest

from fieldkit import doctor_system
from fieldkit.doctor_system import WORDS, Machine, run


class Fake(Machine):
    """A machine made of values: files, folders, registry, answers of programs."""

    def __init__(self, system: str, folder: Any, values: dict[str, Any]) -> None:
        self.system, self.data_dir, self.values = system, folder, values

    def read(self, path: str) -> str | None:
        return self.values.get(path)

    def names(self, folder: str) -> list[str] | None:
        found = self.values.get(folder + "/")
        return found.split() if found is not None else None

    def registry(self, key: str, name: str) -> Any | None:
        return self.values.get(f"{key}\\{name}")

    def run(self, *words: str) -> str | None:
        return self.values.get("bitlocker")

    def env(self, name: str) -> str:
        return str(self.values.get(f"${name}", ""))

    def temp(self) -> Any:
        return type(self.data_dir)(self.values.get("temp", "/tmp"))

    def device(self, path: Path) -> str | None:
        return self.values.get("device")


class Posix(PurePosixPath):
    def absolute(self) -> Posix:
        return self


class Windows(PureWindowsPath):
    def absolute(self) -> Windows:
        return self


def answers(machine: Machine) -> dict[str, str]:
    return {found.name: found.state for found in run(Path(), machine)}


MOUNTS = """\
25 1 252:1 / / rw,relatime - ext4 /dev/mapper/root rw
30 25 0:30 / /tmp rw - tmpfs tmpfs rw
"""
LIMITS = "Limit                     Soft Limit           Hard Limit           Units\n"
SWAPS = "Filename Type Size Used Priority\n"
GOOD_LINUX = {
    "/proc/self/mountinfo": MOUNTS,
    "device": "252:1",
    "/sys/dev/block/252:1/": "dm slaves",
    "/sys/dev/block/252:1/dm/uuid": "CRYPT-LUKS2-0123-root",
    "/proc/swaps": SWAPS + "/dev/zram0 partition 4000 0 100\n",
    "/sys/block/zram0/backing_dev": "none\n",
    "/sys/power/state": "freeze mem\n",
    "/proc/sys/kernel/core_pattern": "|/bin/false\n",
    "/proc/": "1 2",
    "/proc/1/comm": "systemd\n",
    "temp": "/tmp",
}
PLAIN_DISK = {"/sys/dev/block/252:1/dm/uuid": None, "/sys/dev/block/252:1/slaves/": ""}
ON_LUKS = {
    "/sys/dev/block/252:1/dm/uuid": "LVM-abc",
    "/sys/dev/block/252:1/slaves/": "dm-0",
    "/sys/dev/block/252:1/slaves/dm-0/dev": "252:0\n",
    "/sys/dev/block/252:0/": "dm slaves",
    "/sys/dev/block/252:0/dm/uuid": "CRYPT-LUKS2-0123-pv",
}
PARTITION = SWAPS + "/dev/sda2 partition 4000 0 -2\n"
CORE = {"/proc/sys/kernel/core_pattern": "core\n"}
CORES = LIMITS + "Max core file size        {}                    unlimited            bytes\n"
LINUX: list[tuple[dict[str, Any], dict[str, str]]] = [
    ({}, {}),
    (ON_LUKS, {}),
    (PLAIN_DISK, {"disk": "no"}),
    ({"/sys/dev/block/252:1/": None}, {"disk": "unknown"}),
    ({"/proc/self/mountinfo": None}, {"disk": "unknown", "temp": "unknown"}),
    ({"/proc/swaps": SWAPS}, {}),
    ({"/proc/swaps": None}, {"swap": "unknown"}),
    ({"/proc/swaps": PARTITION}, {"swap": "unknown"}),
    (
        {"/proc/swaps": PARTITION, "/sys/class/block/sda2/dev": "8:2", "/sys/dev/block/8:2/": "x"},
        {"swap": "no"},
    ),
    ({"/proc/swaps": SWAPS + "/swapfile file 4000 0 -2\n"}, {}),
    (
        {"/proc/swaps": SWAPS + "/swapfile file 4000 0 -2\n", **PLAIN_DISK},
        {"swap": "no", "disk": "no"},
    ),
    ({"/sys/block/zram0/backing_dev": "/dev/sda3\n"}, {"swap": "unknown"}),
    ({"/sys/power/state": "freeze mem disk\n"}, {"hibernation": "no"}),
    ({"/sys/power/state": "mem disk", "/sys/power/disk": "[disabled]"}, {}),
    ({"/sys/power/state": "mem disk", "/sys/power/resume": "0:0\n"}, {}),
    ({"/sys/power/state": None}, {"hibernation": "unknown"}),
    ({"/proc/sys/kernel/core_pattern": None}, {"crash_dumps": "unknown"}),
    ({"/proc/sys/kernel/core_pattern": "|/lib/systemd/systemd-coredump"}, {"crash_dumps": "no"}),
    ({**CORE, "/proc/self/limits": CORES.format(0)}, {}),
    ({**CORE, "/proc/self/limits": CORES.format("unlimited")}, {"crash_dumps": "no"}),
    (CORE, {"crash_dumps": "unknown"}),
    ({"temp": "/var/tmp", **PLAIN_DISK}, {"temp": "no", "disk": "no"}),
    ({"temp": "/var/tmp"}, {}),
    ({"/proc/1/comm": "baloo_file\n"}, {"index": "no"}),
    ({"/proc/": None}, {"index": "unknown"}),
]
ALL_LINUX = {
    "disk": "yes",
    "swap": "yes",
    "hibernation": "yes",
    "crash_dumps": "yes",
    "temp": "yes",
    "index": "yes",
    "screen_history": "unknown",
    "synced": "yes",
}


@pytest.mark.parametrize(("changes", "differs"), LINUX)
def test_linux(changes: dict[str, Any], differs: dict[str, str]) -> None:
    machine = Fake("linux", Posix("/srv/kit"), {**GOOD_LINUX, **changes})
    assert answers(machine) == {**ALL_LINUX, **differs}


CONTROL = r"HKLM\SYSTEM\CurrentControlSet\Control"
MEMORY = rf"{CONTROL}\Session Manager\Memory Management"
REPORTS = r"Software\Microsoft\Windows\Windows Error Reporting"
EXPLORER = r"HKCU\Software\Microsoft\Windows\CurrentVersion\Explorer\Advanced"
RECALL = r"Software\Policies\Microsoft\Windows\WindowsAI"
GOOD_WINDOWS = {
    "bitlocker": "1\r\n",
    rf"{MEMORY}\PagingFiles": [r"C:\pagefile.sys 0 0"],
    rf"{CONTROL}\FileSystem\NtfsEncryptPagingFile": 1,
    rf"{CONTROL}\Power\HibernateEnabled": 0,
    rf"{CONTROL}\CrashControl\CrashDumpEnabled": 0,
    rf"HKLM\{REPORTS}\Disabled": 1,
    rf"HKLM\{RECALL}\DisableAIDataAnalysis": 1,
    rf"{EXPLORER}\Start_TrackDocs": 0,
    r"HKLM\Software\Policies\Microsoft\Windows\System\AllowClipboardHistory": 0,
    "temp": r"C:\Users\佐藤 花\AppData\Local\Temp",
}
ALL_WINDOWS = {
    **dict.fromkeys(("disk", "swap", "hibernation", "crash_dumps", "temp"), "yes"),
    "index": "unknown",
    **dict.fromkeys(("screen_history", "recent_files", "clipboard", "synced"), "yes"),
}
NO_PAGE_KEY = {rf"{CONTROL}\FileSystem\NtfsEncryptPagingFile": None}
WINDOWS: list[tuple[dict[str, Any], dict[str, str]]] = [
    ({}, {}),
    ({"bitlocker": "2"}, {"disk": "no", "temp": "unknown"}),
    ({"bitlocker": "5"}, {"disk": "no", "temp": "unknown"}),
    ({"bitlocker": None}, {"disk": "unknown", "temp": "unknown"}),
    ({"bitlocker": "?"}, {"disk": "unknown", "temp": "unknown"}),
    (NO_PAGE_KEY, {}),
    ({**NO_PAGE_KEY, "bitlocker": "2"}, {"swap": "no", "disk": "no", "temp": "unknown"}),
    ({**NO_PAGE_KEY, rf"{MEMORY}\PagingFiles": [r"?:\pagefile.sys"]}, {"swap": "unknown"}),
    ({rf"{MEMORY}\PagingFiles": []}, {}),
    ({rf"{MEMORY}\PagingFiles": None}, {"swap": "unknown"}),
    ({rf"{CONTROL}\Power\HibernateEnabled": 1}, {"hibernation": "no"}),
    ({rf"{CONTROL}\Power\HibernateEnabled": None}, {"hibernation": "unknown"}),
    ({rf"{CONTROL}\CrashControl\CrashDumpEnabled": 7}, {"crash_dumps": "no"}),
    ({rf"{CONTROL}\CrashControl\CrashDumpEnabled": None}, {"crash_dumps": "unknown"}),
    ({rf"HKLM\{REPORTS}\LocalDumps\DumpType": 2}, {"crash_dumps": "no"}),
    ({rf"HKLM\{REPORTS}\Disabled": None}, {"crash_dumps": "unknown"}),
    ({rf"HKLM\{RECALL}\DisableAIDataAnalysis": None}, {"screen_history": "unknown"}),
    ({rf"{EXPLORER}\Start_TrackDocs": None}, {"recent_files": "no"}),
    (
        {r"HKLM\Software\Policies\Microsoft\Windows\System\AllowClipboardHistory": None},
        {"clipboard": "unknown"},
    ),
    ({"$OneDrive": r"C:\kit"}, {"synced": "no"}),
]


@pytest.mark.parametrize(("changes", "differs"), WINDOWS)
def test_windows(changes: dict[str, Any], differs: dict[str, str]) -> None:
    machine = Fake("windows", Windows(r"C:\kit\data"), {**GOOD_WINDOWS, **changes})
    assert answers(machine) == {**ALL_WINDOWS, **differs}


@pytest.mark.parametrize(
    ("folder", "state"),
    [
        (r"C:\Users\佐藤 花\OneDrive - 汐見市\kit", "no"),
        (r"C:\Users\佐藤 花\Documents\kit", "no"),
        (r"C:\Users\佐藤 花\デスクトップ\kit", "no"),
        (r"D:\Dropbox\kit", "no"),
        (r"C:\kit-data", "yes"),
    ],
)
def test_it_knows_folders_that_are_copied_elsewhere(folder: str, state: str) -> None:
    assert answers(Fake("windows", Windows(folder), {}))["synced"] == state


def test_an_unknown_system_is_never_good() -> None:
    found = answers(Fake("darwin", Posix("/srv/kit"), {}))
    assert {name for name, state in found.items() if state == "yes"} == {"synced"}


@pytest.mark.parametrize("system", ["linux", "windows"])
def test_a_machine_that_tells_nothing_is_never_good(system: str) -> None:
    folder = Posix("/srv/kit") if system == "linux" else Windows(r"C:\kit")
    found = run(Path(), Fake(system, folder, {}))
    assert {s.name for s in found if s.state == "yes"} == {"synced"}
    assert "分からない" in WORDS["unknown"] and all(s.says for s in found)


def test_this_machine_is_read_without_an_error(tmp_path: Path) -> None:
    found = doctor_system.run(tmp_path)
    assert found and not [s for s in found if "止まりました" in s.says]
