"""What the city told of its forms and settings: one row a version, and what became of it.

A version goes `told` (the city's signed word came) → `here` (its bytes fit the word) → `proved` →
`taken`; or `refused`, `declined` (an official keeps the own folder), `passed` (a newer one came
first), `former` and `put_back` after a switch. Only a higher number than all that were ever told
counts: an old answer that is played back changes nothing.
"""

from __future__ import annotations

from typing import Any

from fieldkit.store.vault import Vault
from sync import fail
from sync import settings_bundle as bundle
from sync.settings_bundle import Statement
from sync.wire import WireError

WAITS = ("told", "here", "proved")


def folder_name(row: Any) -> str:
    """The folder of a version in the data folder."""
    return f"forms-{row['no']}-{row['digest'][:8]}"


def rows(vault: Vault) -> list[dict[str, Any]]:
    """Every version that the city told of, newest first."""
    found = vault.book.all("SELECT * FROM city_setting ORDER BY epoch DESC, no DESC")
    return [dict(row) for row in found]


def in_state(vault: Vault, *states: str) -> dict[str, Any] | None:
    """The newest version in one of these states."""
    return next((row for row in rows(vault) if row["state"] in states), None)


def set_state(vault: Vault, row: Any, state: str, reason: str = "") -> None:
    """In the caller's transaction or its own."""
    with vault.book.write() as conn:
        conn.execute(
            "UPDATE city_setting SET state = ?, reason = ?, at = ? WHERE epoch = ? AND no = ?",
            (state, reason, vault.now(), row["epoch"], row["no"]),
        )


def held(vault: Vault) -> str:
    """The digest of the version in use, as every batch tells the city; "" for none."""
    row = in_state(vault, "taken")
    return str(row["digest"]) if row else ""


def hear(vault: Vault, told: Any) -> None:
    """Take the newest version's statement out of the news (or of an answer from a medium)."""
    device = vault.device
    if not isinstance(told, dict) or device is None:
        return
    keys = [device["city_public"], *(r["old"] for r in vault.book.all("SELECT old FROM city_key"))]
    try:
        said = bundle.read(
            keys, device["city"], str(told.get("statement")), str(told.get("signature"))
        )
    except WireError as error:
        vault.note("settings_refused", f"settings-{told.get('no')!s:.12}", error.code)
        return
    with vault.book.write() as conn:
        last = conn.execute(
            "SELECT epoch, no FROM city_setting ORDER BY epoch DESC, no DESC LIMIT 1"
        ).fetchone()
        if last is not None and said.order <= (last["epoch"], last["no"]):
            return
        conn.execute("UPDATE city_setting SET state = 'passed' WHERE state IN (?, ?, ?)", WAITS)
        _add(vault, conn, said)
    fail.point("settings.told")


def _add(vault: Vault, conn: Any, said: Statement) -> None:
    conn.execute(
        "INSERT INTO city_setting (epoch, no, digest, size, statement, signature, state, at)"
        " VALUES (?, ?, ?, ?, ?, ?, 'told', ?)",
        (said.epoch, said.no, said.digest, said.size, said.body, said.signature, vault.now()),
    )
