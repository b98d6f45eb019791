"""Forms and settings that the city pushes: fetched, and proved before anybody meets them.

The city's word on a version comes with the news (fieldkit/settings_told.py); the bytes follow over
the line or on a USB memory, part by part. Every form and table is tried as `fieldkit forms check`
does, in a folder of its own. Switching is another matter (fieldkit/settings_switch.py).
"""

from __future__ import annotations

import contextlib
import os
import shutil
import threading
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from fieldkit import citydata
from fieldkit.city import connect
from fieldkit.errors import KitError
from fieldkit.form_check import check_form
from fieldkit.forms import list_forms
from fieldkit.settings import asset_dir
from fieldkit.settings_told import folder_name, hear, in_state, rows, set_state
from fieldkit.store.files import private_dir, refused, remove, sync_dir
from fieldkit.store.vault import Vault
from sync import fail
from sync import settings_bundle as bundle
from sync.client import Client, Refused
from sync.road import NoAnswer, Request
from sync.wire import WireError, canonical, sha256, unb64

INCOMING = "settings-incoming"
BROUGHT = ("fonts", "data", "print")
"""What the kit brings itself, where the city does not send its own."""
_ONE = threading.Lock()


# -- its bytes ------------------------------------------------------------------------------------
def zip_path(vault: Vault, row: Any) -> Path:
    return vault.settings.data_dir / INCOMING / f"{row['no']}-{row['digest'][:8]}.zip"


def files_of(vault: Vault, row: Any) -> dict[str, bytes]:
    """The files of a fetched version, as the city signed them; OSError, WireError."""
    data = zip_path(vault, row).read_bytes()
    if sha256(data) != row["digest"]:
        raise WireError("other_bytes")
    return bundle.unpack(data)


def _part_path(vault: Vault, row: Any) -> Path:
    return zip_path(vault, row).with_suffix(".part")


def _have(vault: Vault, row: Any) -> int:
    part = _part_path(vault, row)
    return part.stat().st_size if part.exists() else 0


def request(client: Client, digest: str, start: int, held: str = "") -> Request:
    """Asks for a version of the settings from a byte on; "" is the newest one."""
    body = canonical({"digest": digest, "start": start, "held": held})
    return client.request("POST", "/ksp/v1/settings", "settings-request", body)


def ask(client: Client, digest: str, start: int) -> dict[str, Any]:
    """`{"settings", "start", "data"}` as it came: its digest says whether it is true."""
    answer = client.road.send(*request(client, digest, start))
    if answer.status != 200:
        raise Refused(str(answer.value.get("error", "refused")))
    return dict(answer.value)


def requests(vault: Vault, client: Client) -> list[Request]:
    """What to ask by USB memory: the missing parts, or whether there is something newer."""
    row = in_state(vault, "told")
    if row is None or _have(vault, row) >= row["size"]:
        found = rows(vault)
        return [request(client, "", 0, str(found[0]["digest"]) if found else "")]
    starts = range(_have(vault, row), row["size"], bundle.PART)
    return [request(client, row["digest"], start) for start in starts]


def take_part(vault: Vault, told: Any) -> bool:
    """One answer of the city: its word, and a part of the bytes; whether something was added."""
    if not isinstance(told, dict) or not isinstance(told.get("settings"), dict):
        return False
    hear(vault, told["settings"])
    row = in_state(vault, "told")
    if row is None or row["digest"] != told["settings"].get("digest"):
        return False
    try:
        data = unb64(str(told.get("data")))
    except WireError:
        return False
    if not data or told.get("start") != _have(vault, row):
        return False
    part = _part_path(vault, row)
    try:
        private_dir(part.parent)
        with part.open("ab") as file:
            file.write(data[: row["size"] + 1])
            file.flush()
            os.fsync(file.fileno())
        fail.point("settings.part")
        _whole(vault, row)
    except OSError as error:
        raise refused(error) from None
    return True


def _whole(vault: Vault, row: Any) -> None:
    """Where all bytes came: they are those that the city signed, or they go."""
    part = _part_path(vault, row)
    if _have(vault, row) < row["size"]:
        return
    data = part.read_bytes()
    if len(data) != row["size"] or sha256(data) != row["digest"]:
        part.unlink()
        vault.note("settings_refused", f"settings-{row['no']}", "other_bytes")
        raise WireError("other_bytes")
    part.replace(zip_path(vault, row))
    sync_dir(part.parent)
    fail.point("settings.whole")
    set_state(vault, row, "here")


def fetch(vault: Vault) -> None:
    """Fetch over the line what the city told of, and prove it. What fails is tried again after
    the next sync; nothing here stops a sync."""
    with _ONE, contextlib.suppress(NoAnswer, Refused, WireError, KitError):
        row = in_state(vault, "told")
        if row is not None:
            _whole(vault, row)  # a kill may have come just before
            _fetch(vault)
        prove(vault)


def _fetch(vault: Vault) -> None:
    client = connect(vault)
    try:
        while (row := in_state(vault, "told")) is not None:
            if not take_part(vault, ask(client, row["digest"], _have(vault, row))):
                return
    finally:
        client.road.close()


def take_answers(vault: Vault, values: Iterable[Any]) -> None:
    """The answers of a USB memory's reply: parts in their order; what is whole is proved."""
    with _ONE, contextlib.suppress(WireError, KitError):
        for value in values:
            take_part(vault, value)
        prove(vault)


# -- its proof ------------------------------------------------------------------------------------
def problems(folder: Path) -> list[str]:
    """What `fieldkit forms check` says of a folder; empty when it may be used."""
    try:
        citydata.load(folder)
    except KitError as error:
        return [error.sentence]
    names = list_forms(folder)
    if not names:
        return ["様式が一つもありません。"]
    return [f"{name}：{one.sentence}" for name in names for one in check_form(folder, name)]


def prove(vault: Vault) -> None:
    """Unpack a fetched version beside everything and try all of it; then it waits for a login."""
    row = in_state(vault, "here")
    if row is None:
        return
    try:
        files = files_of(vault, row)
    except OSError:
        set_state(vault, row, "told")
        return
    except WireError as error:
        _refuse(vault, row, error.code, "ファイルの形が正しくありません。")
        return
    trial = vault.settings.data_dir / INCOMING / f"{folder_name(row)}.try"
    unpack_into(trial, files)
    fail.point("settings.unpacked")
    try:
        wrong = problems(trial)
    except (KitError, OSError, ValueError, RecursionError) as error:
        wrong = [f"確かめられません（{type(error).__name__}）。"]
    if wrong:
        shutil.rmtree(trial, ignore_errors=True)
        more = f"ほか{len(wrong) - 1}件。" if len(wrong) > 1 else ""
        _refuse(vault, row, "broken", wrong[0] + more)
        return
    place = vault.settings.data_dir / folder_name(row)
    shutil.rmtree(place, ignore_errors=True)
    trial.replace(place)
    sync_dir(place.parent)
    fail.point("settings.placed")
    set_state(vault, row, "proved")
    fail.point("settings.proved")


def _refuse(vault: Vault, row: Any, code: str, says: str) -> None:
    with vault.book.write():
        set_state(vault, row, "refused", says)
        vault.note("settings_refused", f"settings-{row['no']}", code)
    remove(zip_path(vault, row))


def unpack_into(folder: Path, files: dict[str, bytes]) -> None:
    """A whole forms folder, durable: these files, and what the kit brings itself."""
    shutil.rmtree(folder, ignore_errors=True)
    tops = {name.split("/")[0] for name in files}
    every = dict(files)
    for name in BROUGHT:
        own = asset_dir("forms") / name
        if name not in tops and own.is_dir():
            every |= {f"{name}/{n}": data for n, data in bundle.files_of(own).items()}
    try:
        for name, data in every.items():
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            with path.open("wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
        for inner in [folder, *(p for p in folder.rglob("*") if p.is_dir())]:
            sync_dir(inner)
    except OSError as error:
        shutil.rmtree(folder, ignore_errors=True)
        raise refused(error) from None
