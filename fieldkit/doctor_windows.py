"""The statements of fieldkit/doctor_system.py on Windows, read from the registry.

Written from the documented values and tested with those values as data; no line of it has run on
a Windows machine yet. Where a value is absent and Windows' own default is not certain, the answer
is 「分かりません」.
"""

from __future__ import annotations

from collections.abc import Callable

from fieldkit.doctor_system import Finding, Machine

CONTROL = r"HKLM\SYSTEM\CurrentControlSet\Control"
MEMORY = rf"{CONTROL}\Session Manager\Memory Management"
WER = r"Software\Microsoft\Windows\Windows Error Reporting"
POLICY = r"Software\Policies\Microsoft\Windows"
ASK = "情報部門に確かめてください。"
BITLOCKER = (
    "powershell", "-NoProfile", "-Command",
    "(New-Object -ComObject Shell.Application).NameSpace('{drive}\\').Self"
    ".ExtendedProperty('System.Volume.BitLockerProtection')",
)  # fmt: skip


def _bitlocker(machine: Machine, drive: str) -> bool | None:
    """As the shell tells it to an ordinary user: 1 is on; off, under way, suspended are not."""
    told = machine.run(*(word.replace("{drive}", drive) for word in BITLOCKER))
    state = (told or "").strip()
    return True if state == "1" else False if state in ("2", "3", "4", "5", "8") else None


def disk(machine: Machine) -> Finding:
    drive = machine.data_dir.drive or "C:"
    on = _bitlocker(machine, drive)
    if on:
        return "yes", f"ディスク（{drive}）は BitLocker で暗号化されています。"
    if on is False:
        return (
            "no",
            f"ディスク（{drive}）の BitLocker が働いていません（または一時停止中です）。"
            "回復キーと PIN を決めて有効にしてください。",
        )
    return "unknown", f"ディスク（{drive}）が暗号化されているか分かりません。{ASK}"


def swap(machine: Machine) -> Finding:
    files = machine.registry(MEMORY, "PagingFiles")
    if files is None:
        return "unknown", f"仮想メモリーの設定が分かりません。{ASK}"
    named = [str(line).strip() for line in files if str(line).strip()]
    if not named:
        return "yes", "仮想メモリー（ページファイル）は使われていません。"
    for key in (rf"{CONTROL}\FileSystem", r"HKLM\SYSTEM\CurrentControlSet\Policies"):
        if machine.registry(key, "NtfsEncryptPagingFile") == 1:
            return "yes", "仮想メモリー（ページファイル）は暗号化されています。"
    home = machine.env("SystemDrive") or "C:"
    bound = machine.registry(MEMORY, "PagefileOnOsVolume") == 1
    drives = {home if bound or line.startswith("?") else line[:2] for line in named}
    states = [_bitlocker(machine, drive) for drive in sorted(drives)]
    if all(states) and (bound or not any(line.startswith("?") for line in named)):
        return "yes", "仮想メモリー（ページファイル）は BitLocker のディスクの中にあります。"
    if False in states:
        return (
            "no",
            "仮想メモリー（ページファイル）が暗号化されていません。BitLocker を有効にするか、"
            "fsutil behavior set EncryptPagingFile 1 を実行して再起動してください。",
        )
    return "unknown", f"仮想メモリー（ページファイル）が暗号化されているか分かりません。{ASK}"


def hibernation(machine: Machine) -> Finding:
    asleep = machine.registry(rf"{CONTROL}\Power", "HibernateEnabled")
    if asleep is None:
        asleep = machine.registry(rf"{CONTROL}\Power", "HibernateEnabledDefault")
    fast = machine.registry(rf"{CONTROL}\Session Manager\Power", "HiberbootEnabled")
    if asleep == 0:  # fast startup needs hibernation
        return "yes", "休止状態と高速スタートアップは止められています。"
    if asleep is None:
        return "unknown", f"休止状態の設定が分かりません。{ASK}"
    also = "高速スタートアップも有効です。" if fast != 0 else ""
    return (
        "no",
        f"休止状態が使えます。{also}鍵を含むメモリーがディスクに書かれます。"
        "管理者の画面で powercfg /h off を実行してください。",
    )


def crash_dumps(machine: Machine) -> Finding:
    """Local dumps are off unless somebody made the key; a system crash dumps by default."""
    local = rf"HKLM\{WER}\LocalDumps"
    for name in ("DumpType", "DumpFolder", "DumpCount"):
        if machine.registry(local, name) is not None:
            return (
                "no",
                "異常終了したプログラムのメモリーを残す設定（LocalDumps）があります。"
                "外してください。",
            )
    kernel = machine.registry(rf"{CONTROL}\CrashControl", "CrashDumpEnabled")
    off = [machine.registry(rf"{hive}\{WER}", "Disabled") for hive in ("HKLM", "HKCU")]
    if kernel is None:
        return "unknown", f"異常終了のときの記録の設定が分かりません。{ASK}"
    if kernel != 0:
        return (
            "no",
            "Windows が異常終了すると、メモリーがディスクに書かれます。"
            "「起動と回復」で「デバッグ情報の書き込み」を（なし）にしてください。",
        )
    if 1 in off:
        return "yes", "異常終了のときにメモリーは保存されません。"
    return (
        "unknown",
        f"エラー報告（WER）が止められているか分かりません。キット自身は対象から外れます。{ASK}",
    )


def temp(machine: Machine) -> Finding:
    """It lies on the same kind of disk as everything; BitLocker decides."""
    if _bitlocker(machine, machine.temp().drive or "C:"):
        return "yes", "一時ファイルの場所は暗号化されたディスクにあります。"
    return "unknown", f"一時ファイルの場所が暗号化されているか分かりません。{ASK}"


def index(_machine: Machine) -> Finding:
    """Whether the folder is indexed depends on rules that an ordinary user cannot read safely."""
    return "unknown", "データの置き場所を「インデックスのオプション」の対象から外してください。"


def screen_history(machine: Machine) -> Finding:
    """Recall (snapshots of the screen): off by policy for the machine or for this person."""
    for hive in ("HKLM", "HKCU"):
        key = rf"{hive}\{POLICY}\WindowsAI"
        if machine.registry(key, "DisableAIDataAnalysis") == 1:
            return "yes", "画面を記録する機能（リコール）は止められています。"
        if machine.registry(key, "AllowRecallEnablement") == 0:
            return "yes", "画面を記録する機能（リコール）は止められています。"
    return (
        "unknown",
        "画面を記録する機能（リコール）が止められているか分かりません。"
        "ポリシー「スナップショットの保存を無効にする」を設定してください。",
    )


def recent_files(machine: Machine) -> Finding:
    where = r"HKCU\Software\Microsoft\Windows\CurrentVersion"
    if machine.registry(rf"{where}\Explorer\Advanced", "Start_TrackDocs") == 0:
        return "yes", "最近使ったファイルの一覧は残りません。"
    if machine.registry(rf"{where}\Policies\Explorer", "NoRecentDocsHistory") == 1:
        return "yes", "最近使ったファイルの一覧は残りません。"
    return "no", "最近使ったファイルの一覧が残ります。設定の「個人用設定」で止めてください。"


def clipboard(machine: Machine) -> Finding:
    allowed = machine.registry(rf"HKLM\{POLICY}\System", "AllowClipboardHistory")
    chosen = machine.registry(r"HKCU\Software\Microsoft\Clipboard", "EnableClipboardHistory")
    if allowed == 0 or chosen == 0:
        return "yes", "クリップボードの履歴は残りません。"
    if chosen is None:
        return "unknown", f"クリップボードの履歴が残るか分かりません。{ASK}"
    return "no", "クリップボードの履歴が残ります。設定の「クリップボード」で止めてください。"


CHECKS: dict[str, Callable[[Machine], Finding]] = {
    "disk": disk,
    "swap": swap,
    "hibernation": hibernation,
    "crash_dumps": crash_dumps,
    "temp": temp,
    "index": index,
    "screen_history": screen_history,
    "recent_files": recent_files,
    "clipboard": clipboard,
}
