"""What is done with a file that is not what it was: name it, keep it, go on without it.

A damaged file that the kit would write into is copied to `damaged/` beside it, before anything
else happens; nothing there is ever overwritten. Photos and `saves.rec` are not copied: nobody
writes over them, they stay where they are (and end with their trip). A copy of a trip's store lies
in the trip's own folder, so that it ends with the trip.
"""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Iterable
from pathlib import Path

from fieldkit.errors import KitError
from fieldkit.store.files import remove, write_atomic
from sync.ids import is_id

FOLDER = "damaged"
KEPT = "壊れたファイルの写しは damaged フォルダーに残してあります。"
OURS = (
    "ledger.db",
    "slots.json",
    "slots.begun.json",
    "login-delay.json",
    "kit.toml",
    "settings-incoming",
    "in-use.lock",
    "running.json",
    "launch",
    "trips",
    FOLDER,
)
BESIDE = ("-wal", "-shm", ".part")
IN_TRIP = ("store.db", "saves.rec", "saves.torn", "open", FOLDER)


def keep(path: Path) -> Path | None:
    """Copy a damaged file to `damaged/<8 characters of its hash>-<name>`, once.

    None where that cannot be done (a full disk): the file itself is still there then.
    """
    try:
        data = path.read_bytes()
        copy = path.parent / FOLDER / f"{hashlib.sha256(data).hexdigest()[:8]}-{path.name}"
        if not copy.exists():
            copy.parent.mkdir(exist_ok=True)
            write_atomic(copy, data)
        return copy
    except (OSError, KitError):
        return None


def kept_for_now(*files: Path) -> list[Path]:
    """Keep these; returns the copies that were not there before, for `drop`."""
    folder = files[0].parent / FOLDER
    before = set(folder.iterdir()) if folder.is_dir() else set()
    copies = [keep(file) for file in files]
    return [copy for copy in copies if copy is not None and copy not in before]


def drop(copies: list[Path]) -> None:
    """Remove copies of what turned out to be whole."""
    for copy in copies:
        remove(copy)
        with contextlib.suppress(OSError):
            copy.parent.rmdir()


def name_of(path: Path) -> str:
    """The name that a person is told: with its trip, where it belongs to one."""
    return f"trips/{path.parent.name}/{path.name}" if is_id(path.parent.name) else path.name


def damaged(path: Path, *others: Path) -> KitError:
    """Keep the file (and those beside it) and say which one it is."""
    for file in (path, *others):
        if is_there(file):
            keep(file)
    what = (
        "この日の訪問データだけが使えません。ほかの作業と送信は続けられます。"
        if is_id(path.parent.name)
        else "キットの使用を中止してください。"
    )
    says = f"暗号化された保管庫（{name_of(path)}）が壊れています。{what}{KEPT}"
    return KitError("vault_damaged", says, "stop")


def missing(path: Path) -> KitError:
    return KitError(
        "vault_missing",
        f"暗号化された保管庫（{name_of(path)}）がありません。新しく作らずに、止めました。",
        "stop",
    )


def is_there(path: Path) -> bool:
    """Whether a store has any content; SQLite would make a new one in the place of an empty one."""
    return path.exists() and path.stat().st_size > 0


# Each gives the sentence for the screens, and the name and result for the ledger.
def torn(store: Path) -> tuple[str, str, str]:
    name = f"{name_of(store)}-wal"
    says = (
        f"前回の終わり方が正しくなかったため、{name}の最後を読めませんでした。"
        f"最後に保存した内容を確かめてください。{KEPT}"
    )
    return says, name, "torn"


def slots() -> tuple[str, str, str]:
    says = (
        "鍵のファイル（slots.json）の一部が壊れています。開けなくなった人がいないか、"
        f"監督者が確かめてください。{KEPT}"
    )
    return says, "slots.json", "damaged"


def not_ours(found: list[Path]) -> tuple[str, str, str]:
    names = "、".join(path.name for path in found[:3]) + ("など" if len(found) > 3 else "")
    says = (
        f"データのフォルダーに、キットのものではないファイルが{len(found)}件あります（{names}）。"
        "監督者が確かめて、別の場所へ移してください。"
    )
    return says, "data_dir", f"foreign {len(found)}"


def foreign(data_dir: Path, known_trips: Iterable[str], also: Iterable[str] = ()) -> list[Path]:
    """Files in the data folder that are not the kit's: somebody else writes here.

    Their names may say anything about anybody: show them to a person, never write them down.
    """
    ours = {*OURS, *also}
    found = [p for p in sorted(data_dir.iterdir()) if not _is_ours(p.name, ours)]
    trips = data_dir / "trips"
    known = set(known_trips)
    for folder in sorted(trips.iterdir()) if trips.is_dir() else []:
        if folder.name not in known:
            found.append(folder)
            continue
        with contextlib.suppress(NotADirectoryError):
            found += [p for p in sorted(folder.iterdir()) if not _is_trip_file(p)]
    return found


def _is_ours(name: str, ours: set[str]) -> bool:
    if name.startswith(("browser-", "forms-")):  # the kit's window; the city's pushed settings
        return True
    base = name.split(".before-")[0]
    for end in BESIDE:
        base = base.removesuffix(end)
    return base in ours


def _is_trip_file(path: Path) -> bool:
    if path.suffix in (".rec", ".ph", ".seal") and is_id(path.stem):
        return True
    return _is_ours(path.name, set(IN_TRIP)) or path.suffix == ".part"
