"""The statements of fieldkit/doctor_system.py on Linux, read from /proc and /sys."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from fieldkit.doctor_system import Finding, Machine

MEMORY_ONLY = ("tmpfs", "ramfs")


def encrypted(machine: Machine, device: str | None) -> bool | None:
    """Whether a block device (`major:minor`) is, or lies on, a dm-crypt device; None if unknown."""
    if device is None or machine.names(f"/sys/dev/block/{device}") is None:
        return None
    uuid = machine.read(f"/sys/dev/block/{device}/dm/uuid")
    if uuid is not None and uuid.startswith("CRYPT-"):
        return True
    below = machine.names(f"/sys/dev/block/{device}/slaves") or []
    numbers = [machine.read(f"/sys/dev/block/{device}/slaves/{name}/dev") for name in below]
    found = [encrypted(machine, number.strip()) for number in numbers if number]
    if found and all(found):
        return True
    return None if any(one is None for one in found) else False


def _mount(machine: Machine, path: Path) -> tuple[str, str] | None:
    """(device number, kind of file system) of the mount that holds this path."""
    best: tuple[int, str, str] | None = None
    for line in (machine.read("/proc/self/mountinfo") or "").splitlines():
        left, _, right = line.partition(" - ")
        words = left.split()
        place = words[4].replace("\\040", " ")
        if path == Path(place) or Path(place) in path.parents:
            size = len(Path(place).parts)
            if best is None or size >= best[0]:
                best = (size, words[2], right.split()[0])
    return best[1:] if best else None


def disk(machine: Machine) -> Finding:
    found = _mount(machine, machine.data_dir.absolute())
    if found is None:
        return "unknown", "データの置き場所のディスクが分かりません。情報部門に確かめてください。"
    if found[1] in MEMORY_ONLY:
        return "no", "データの置き場所がメモリーの上にあります。電源を切ると消えます。"
    on_disk = encrypted(machine, machine.device(machine.data_dir) or found[0])
    if on_disk is None:
        on_disk = encrypted(machine, found[0])
    if on_disk:
        return "yes", "データの置き場所のディスクは暗号化されています（dm-crypt）。"
    if on_disk is None:
        return "unknown", "ディスクが暗号化されているか分かりません。情報部門に確かめてください。"
    return "no", "ディスク全体が暗号化されていません。LUKS で暗号化した端末を使ってください。"


def swap(machine: Machine) -> Finding:
    told = machine.read("/proc/swaps")
    if told is None:
        return "unknown", "スワップがあるか分かりません。情報部門に確かめてください。"
    rows = [line.split() for line in told.splitlines()[1:] if line.strip()]
    states: list[bool | None] = []
    for row in rows:
        name = row[0].removeprefix("/dev/")
        if name.startswith("zram"):
            backing = (machine.read(f"/sys/block/{name}/backing_dev") or "none").strip()
            states.append(True if backing == "none" else None)
        elif row[1] == "partition":
            number = machine.read(f"/sys/class/block/{Path(row[0]).name}/dev")
            states.append(encrypted(machine, number.strip() if number else None))
        else:
            found = _mount(machine, Path(row[0]))
            states.append(encrypted(machine, found[0]) if found else None)
    if not rows:
        return "yes", "スワップは使われていません。"
    if all(states):
        return "yes", "スワップはメモリーの中か、暗号化されたディスクにあります。"
    if False in states:
        return (
            "no",
            "暗号化されていないスワップがあり、画面の内容がディスクに残るおそれがあります。"
            "swapoff で止めるか、暗号化してください。",
        )
    return "unknown", "スワップが暗号化されているか分かりません。情報部門に確かめてください。"


def hibernation(machine: Machine) -> Finding:
    states = machine.read("/sys/power/state")
    if states is None:
        return "unknown", "休止状態が使えるか分かりません。情報部門に確かめてください。"
    if "disk" not in states.split():
        return "yes", "休止状態（メモリーをディスクに書く）は使えません。"
    mode = machine.read("/sys/power/disk")
    if mode is not None and "[disabled]" in mode:
        return "yes", "休止状態（メモリーをディスクに書く）は止められています。"
    if (machine.read("/sys/power/resume") or "").strip() == "0:0":
        return "yes", "休止状態の書き込み先がないため、休止状態にはなりません。"
    return (
        "no",
        "休止状態が使えます。鍵を含むメモリーがディスクに書かれます。"
        "systemctl mask hibernate.target hybrid-sleep.target で止めてください。",
    )


def crash_dumps(machine: Machine) -> Finding:
    """The kit switches its own dumps off (fieldkit/harden.py); this is about the machine."""
    pattern = machine.read("/proc/sys/kernel/core_pattern")
    if pattern is None:
        return "unknown", "異常終了のときの記録先が分かりません。情報部門に確かめてください。"
    soft = _core_limit(machine)
    if pattern.strip() in ("|/bin/false", "|/bin/true", "/dev/null"):
        return "yes", "異常終了したプログラムのメモリーは保存されません。"
    if pattern.startswith("|"):
        return (
            "no",
            "異常終了したプログラムのメモリーを集めるプログラムが動いています。キット自身は対象から"
            "外れますが、ブラウザーは外れません。"
            "kernel.core_pattern を |/bin/false にしてください。",
        )
    if soft == "0":
        return "yes", "異常終了したプログラムのメモリーは保存されません。"
    if soft is None:
        return "unknown", "異常終了のときの記録の上限が分かりません。情報部門に確かめてください。"
    return (
        "no",
        "異常終了したプログラムのメモリーがファイルになります（キット自身は止めています）。"
        "ulimit -c 0 を全員に設定してください。",
    )


def _core_limit(machine: Machine) -> str | None:
    """The limit that programs get here (the doctor does not lower its own first)."""
    for line in (machine.read("/proc/self/limits") or "").splitlines():
        if line.startswith("Max core file size"):
            return line.split()[4]
    return None


def temp(machine: Machine) -> Finding:
    place = machine.temp()
    found = _mount(machine, place)
    if found and found[1] in MEMORY_ONLY:
        return "yes", "一時ファイルの場所はメモリーの上にあります。"
    state = encrypted(machine, found[0]) if found else None
    if state:
        return "yes", "一時ファイルの場所は暗号化されたディスクにあります。"
    says = "一時ファイルの場所が暗号化されていないディスクにあります。tmpfs にしてください。"
    if state is None:
        return "unknown", "一時ファイルの場所が暗号化されているか分かりません。"
    return "no", says


def index(machine: Machine) -> Finding:
    """Thumbnails and search see nothing of use in sealed files; hidden names are left out."""
    running = {"tracker-miner-f", "tracker-miner-fs-3", "localsearch-3", "baloo_file"}
    folders = machine.names("/proc")
    if folders is None:
        return "unknown", "ファイルの検索機能が動いているか分かりません。"
    names = {(machine.read(f"/proc/{pid}/comm") or "").strip() for pid in folders if pid.isdigit()}
    if names & running:
        return "no", "ファイルの検索機能が動いています。データの置き場所を対象から外してください。"
    return "yes", "ファイルの検索機能は動いていません。"


def screen_history(_machine: Machine) -> Finding:
    return "unknown", "画面を記録するプログラムがないか、情報部門に確かめてください。"


CHECKS: dict[str, Callable[[Machine], Finding]] = {
    "disk": disk,
    "swap": swap,
    "hibernation": hibernation,
    "crash_dumps": crash_dumps,
    "temp": temp,
    "index": index,
    "screen_history": screen_history,
}
