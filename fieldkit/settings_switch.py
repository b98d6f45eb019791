"""Switching to a pushed version of the city's forms and settings, and back.

One small file (`forms-current.json`, fieldkit/settings.py) says which folder is in use; it is
replaced in one step, so a kill leaves the old version or the new one. Nobody's form changes under
their hands: only at a login with no visit under way, and never over a folder that an official named
in kit.toml or edited in place: there a supervisor decides.
"""

from __future__ import annotations

import contextlib
import json
import shutil
from pathlib import Path
from typing import Any

from fieldkit.citysettings import BROUGHT, INCOMING, files_of, unpack_into
from fieldkit.errors import KitError, NotAllowed, NotFound, NotReady
from fieldkit.settings import POINTER, PUSHED, forms_in_use, own_forms, read_pointer
from fieldkit.settings_told import folder_name, in_state, rows, set_state
from fieldkit.store import numbering
from fieldkit.store.files import remove, write_atomic
from fieldkit.store.vault import Vault
from sync import fail
from sync import settings_bundle as bundle
from sync.wire import WireError

VISIT = "終わっていない訪問があります。訪問が終わったあとの、次のログインで切り替わります。"


def visit_under_way(vault: Vault) -> bool:
    """Whether a visit is checked out and not finished: of today, of a day before, or of a later
    day whose applications were begun."""
    numbering.adopt_orphans(vault)
    row = vault.book.one(
        "SELECT 1 FROM reception r JOIN trip t ON t.id = r.trip_id WHERE t.kind = 'field'"
        " AND t.state = 'out' AND r.state = 'shared' AND (t.day <= ? OR EXISTS (SELECT 1"
        " FROM outbox o WHERE o.trip_id = t.id AND o.entity = 'application'))",
        vault.now()[:10],
    )
    return row is not None


def is_local(vault: Vault) -> bool:
    """Whether an official of this laptop's city edits the forms here: a folder named in kit.toml,
    or a pushed version that was changed in place."""
    data = vault.settings.data_dir
    folder, over = read_pointer(data)
    if own_forms(data) != over:
        return True
    row = _of_folder(vault, folder)
    return row is not None and (data / folder).is_dir() and not _as_pushed(vault, row)


def _of_folder(vault: Vault, folder: str) -> dict[str, Any] | None:
    return next((row for row in rows(vault) if folder_name(row) == folder), None)


def _as_pushed(vault: Vault, row: Any) -> bool:
    try:
        files = files_of(vault, row)
        there = bundle.files_of(vault.settings.data_dir / folder_name(row))
    except (OSError, WireError, bundle.BadFile):
        return False
    rest = {n: d for n, d in there.items() if n in files or n.split("/")[0] not in BROUGHT}
    return rest == files


# -- at a login -----------------------------------------------------------------------------------
def at_login(vault: Vault) -> Path | None:
    """Finish what a kill cut off, switch where something proved waits; the pushed folder that is
    in use now, None where there is none."""
    with contextlib.suppress(KitError, OSError):
        _settle(vault)
        row = in_state(vault, "proved")
        if row is not None and not visit_under_way(vault) and not is_local(vault):
            _switch(vault, row, own_forms(vault.settings.data_dir), "ok")
    found = forms_in_use(vault.settings.data_dir)
    return found if PUSHED.fullmatch(found.name) else None


def _settle(vault: Vault) -> None:
    """The file says which version is in use: the rows follow it, and a lost folder is made anew."""
    data = vault.settings.data_dir
    folder, _ = read_pointer(data)
    row = _of_folder(vault, folder)
    if row is None:
        gone = in_state(vault, "taken")
        if gone is not None and not folder:
            _put_back(vault, gone)
        return
    if not (data / folder).is_dir():
        with contextlib.suppress(OSError, WireError):
            files = files_of(vault, row)
            made = data / INCOMING / f"{folder}.try"
            unpack_into(made, files)
            made.replace(data / folder)
    if row["state"] != "taken":
        _noted(vault, row, "ok")


def _switch(vault: Vault, row: Any, over: str, how: str) -> None:
    data = vault.settings.data_dir
    name = folder_name(row)
    if not (data / name).is_dir() or not _as_pushed(vault, row):
        set_state(vault, row, "here")  # somebody touched it: it is proved anew
        raise NotReady("この版のフォルダーが変わっています。次の送信のあとで確かめ直します。")
    text = json.dumps({"folder": name, "over": over}, ensure_ascii=False, sort_keys=True)
    write_atomic(data / POINTER, text.encode())
    fail.point("settings.pointed")
    _noted(vault, row, how)
    fail.point("settings.noted")
    _tidy(vault)


def _noted(vault: Vault, row: Any, how: str) -> None:
    with vault.book.write() as conn:
        conn.execute("UPDATE city_setting SET state = 'passed' WHERE state = 'former'")
        conn.execute("UPDATE city_setting SET state = 'former' WHERE state = 'taken'")
        set_state(vault, row, "taken")
        vault.note("settings_taken", f"settings-{row['no']}", how)


def _tidy(vault: Vault) -> None:
    """Keep the version in use, the one before, and what waits; the rest goes."""
    data = vault.settings.data_dir
    keep = {
        folder_name(row)
        for row in rows(vault)
        if row["state"] in ("taken", "former", "put_back", "here", "proved", "told", "declined")
    }
    for path in sorted(data.glob("forms-*")):
        if path.is_dir() and PUSHED.fullmatch(path.name) and path.name not in keep:
            shutil.rmtree(path, ignore_errors=True)
    for path in sorted((data / INCOMING).glob("*")):
        if path.suffix == ".try":
            shutil.rmtree(path, ignore_errors=True)
        elif f"forms-{path.stem}" not in keep:
            remove(path)


# -- a supervisor's decisions ---------------------------------------------------------------------
def _may(vault: Vault) -> None:
    if vault.user.role != "supervisor":
        raise NotAllowed("市の設定・様式を切り替えられるのは監督者だけです。")
    if visit_under_way(vault):
        raise NotReady("終わっていない訪問があります。訪問が終わってから切り替えてください。")


def take(vault: Vault, no: int) -> Path:
    """Switch to a proved version at once, also over a folder of this laptop's own."""
    _may(vault)
    states = ("proved", "former", "put_back", "declined")
    row = next((r for r in rows(vault) if r["no"] == no and r["state"] in states), None)
    if row is None:
        raise NotFound(f"切り替えられる{no}番の設定・様式は、この端末にありません。")
    _switch(vault, row, own_forms(vault.settings.data_dir), "asked")
    return forms_in_use(vault.settings.data_dir)


def decline(vault: Vault, no: int) -> None:
    """Keep this laptop's own folder; the version stays listed and can be taken later."""
    if vault.user.role != "supervisor":
        raise NotAllowed("市の設定・様式を選べるのは監督者だけです。")
    row = next((r for r in rows(vault) if r["no"] == no and r["state"] == "proved"), None)
    if row is None:
        raise NotFound(f"選ぶのを待っている{no}番の設定・様式はありません。")
    with vault.book.write():
        set_state(vault, row, "declined")
        vault.note("settings_refused", f"settings-{no}", "declined")


def back(vault: Vault) -> Path:
    """Back to the version before; where there is none, to the folder that the kit had at first.
    The newer one is not taken again by itself."""
    _may(vault)
    now, before = in_state(vault, "taken"), in_state(vault, "former")
    data = vault.settings.data_dir
    if now is None:
        raise NotReady("市から届いた設定・様式は使っていません。もどす前の版はありません。")
    if before is not None:
        _switch(vault, before, own_forms(data), "back")
        set_state(vault, now, "put_back")
    else:
        remove(data / POINTER)
        fail.point("settings.unpointed")
        _put_back(vault, now)
    return forms_in_use(data)


def _put_back(vault: Vault, row: Any) -> None:
    with vault.book.write():
        set_state(vault, row, "put_back")
        vault.note("settings_taken", f"settings-{row['no']}", "back")
