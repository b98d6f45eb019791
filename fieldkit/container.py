"""A container that a kit keeps beside its trips: made once, reopened, renewed (fieldkit/renew.py).

The desk has one for its slips, a kit of the office one for all that the city holds. Its secret
comes from the city server, or from 26 characters on paper, and is never on the disk.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from fieldkit.city import connect, refusal
from fieldkit.errors import KitError
from fieldkit.store.opentrip import OpenTrip
from fieldkit.store.vault import Vault
from sync import fail
from sync.client import Refused
from sync.ids import new_id, secret_of
from sync.road import NoAnswer
from sync.wire import WireError

DESK, OFFICE = "desk", "office"
KINDS = (DESK, OFFICE)
NAMES = {DESK: "受付データ", OFFICE: "全体の状況のデータ"}


@dataclass(frozen=True)
class Words:
    """What is said where the key is not at hand: before the first use, and later."""

    none: KitError
    locked: KitError


def row(vault: Vault, kind: str) -> Any | None:
    """The container in use in the book, or None before its first use."""
    return vault.book.one("SELECT * FROM trip WHERE kind = ? AND state = 'out'", kind)


def if_open(vault: Vault, kind: str) -> OpenTrip | None:
    """The container in use where it is open now; asks nobody."""
    found = row(vault, kind)
    return vault.trips.get(found["id"]) if found is not None else None


def opened(vault: Vault, kind: str, words: Words, code: str = "") -> OpenTrip:
    """The container, opened by the city's word or by 26 characters; made at its first use.

    One of `words` where neither is at hand: nothing is lost, the work with it only waits.
    """
    found = row(vault, kind)
    if found is not None and found["id"] in vault.trips:
        return vault.trips[found["id"]]
    try:
        if found is None:
            return _first(vault, kind)
        if code:
            return vault.open_trip(found["id"], secret_of(code))
        return vault.open_trip(found["id"], connect(vault).fetch_secret(found["id"]))
    except NoAnswer:
        raise (words.none if found is None else words.locked) from None
    except KitError as error:
        if error.code != "no_server":
            raise
        raise (words.none if found is None else words.locked) from None
    except Refused as error:
        raise refusal(error.code) from None
    except (WireError, ValueError):
        raise KitError(
            "wrong_code", "26文字を確かめて、もう一度入れてください。", "retry"
        ) from None


def _first(vault: Vault, kind: str) -> OpenTrip:
    """Ask the city for the container once; a repeated request gets the same one."""
    request_id = request_for(vault, kind)
    fail.point("desk.request")
    made = connect(vault).make_trip(request_id, kind, vault.now()[:10], [])
    fail.point("desk.made")
    return vault.add_trip(made.id, kind, made.day, made.public, made.secret)


def request_for(vault: Vault, kind: str, old_id: str = "") -> str:
    """The id of the request for the first container, or for the one that follows `old_id`."""
    key = _key(kind, old_id)
    with vault.book.write() as conn:
        conn.execute("INSERT OR IGNORE INTO meta VALUES (?, ?)", (key, new_id()))
        found = conn.execute("SELECT value FROM meta WHERE key = ?", (key,)).fetchone()
    return str(found["value"])


def forget_request(conn: Any, kind: str, old_id: str) -> None:
    """The next request is a new one: what the old one made is never used."""
    conn.execute("DELETE FROM meta WHERE key = ?", (_key(kind, old_id),))


def _key(kind: str, old_id: str) -> str:
    return f"{kind}_request:{old_id}" if old_id else f"{kind}_request"
