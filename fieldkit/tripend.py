"""The end of a trip: what still stands in its way, its erasing, and the erases that are owed.

Intent → the desk's copies → the trip's folder → a new container for the desk → the city forgets
the secrets → the date of deletion. Each step is a row that is finished at the next login or send
where a kill, a closed desk or a missing line left it open (001 §8(2)キ, design §4).
"""

from __future__ import annotations

import contextlib
import unicodedata
from typing import Any

from fieldkit import erase, outbox, renew, reserve, slips
from fieldkit.blockers import blockers
from fieldkit.city import connect
from fieldkit.errors import KitError, NotFound, NotReady
from fieldkit.store import facts
from fieldkit.store import receipts as kept
from fieldkit.store.vault import Vault
from sync import fail
from sync.client import Refused
from sync.road import NoAnswer
from sync.wire import WireError


def owed(vault: Vault) -> list[dict[str, Any]]:
    """Erases that were begun and are not done, or that a receipt allows and nobody did."""
    begun = vault.book.all("SELECT what, object_id, reason FROM erasure WHERE done_at IS NULL")
    proved = vault.book.all("SELECT id FROM photo WHERE state = 'receipted'")
    forgotten = vault.book.all("SELECT id FROM trip WHERE state = 'wiped' AND city_forgot IS NULL")
    rows = [dict(row) for row in begun]
    known = {row["object_id"] for row in rows}
    rows += [
        {"what": "photo", "object_id": row["id"], "reason": "receipt"}
        for row in proved
        if row["id"] not in known
    ]
    rows += [{"what": "city", "object_id": r["id"], "reason": "trip_end"} for r in forgotten]
    return rows


def run_owed(vault: Vault) -> int:
    """Finish what was begun (at every login); returns how many erases are still owed."""
    erase.sweep_incomplete(vault)
    rows = owed(vault)
    for reason in {row["reason"] for row in rows if row["what"] == "photo"}:
        ids = [r["object_id"] for r in rows if r["what"] == "photo" and r["reason"] == reason]
        erase.erase_photos(vault, ids, reason)
    for row in rows:
        if row["what"] == "slips":
            slips.erase_copies(vault, row["object_id"])
        elif row["what"] == "trip":
            _wipe_folder(vault, row["object_id"])
    _erase_closed(vault)
    renew.erase_old(vault)
    date_deletions(vault)
    return len(owed(vault))


def _same_name(one: str, other: str) -> bool:
    """One person written twice: blanks and the width of the letters make no second person."""
    plain = ["".join(unicodedata.normalize("NFKC", name).split()) for name in (one, other)]
    return plain[0] == plain[1]


def two_names(shredded_by: tuple[str, str], paper: str) -> str:
    """The two people who saw a paper shredded, as they are kept; NotReady for fewer than two."""
    first, second = (name.strip() for name in shredded_by)
    if not first or not second or _same_name(first, second):
        raise NotReady(f"{paper}の裁断を確かめた人の名前を、二人分入れてください。")
    return f"{first}・{second}"


def end_trip(vault: Vault, trip_id: str, shredded_by: tuple[str, str]) -> None:
    """Erase a trip for good: its secret is forgotten, its files go, its id can never be used again.

    Two different names say that the visit sheet was shredded. The date goes into 受付一覧表 as
    個人情報削除日, for the desk's copies of these slips too.
    """
    found = vault.book.one("SELECT kind, state FROM trip WHERE id = ?", trip_id)
    if found is None or found["kind"] != "field" or found["state"] == "wiped":
        raise NotFound("この訪問データはこの端末にありません。消去の画面を開き直してください。")
    witnesses = two_names(shredded_by, "訪問予定表")
    why = blockers(vault, trip_id)
    if why:
        raise NotReady(why[0])
    desk = reserve.desk_row(vault)
    if desk is not None and desk["id"] not in vault.trips:
        raise NotReady(
            "受付データが閉じているため、受付票を一緒に消去できません。"
            "予約受付の画面を一度開いてから、もう一度どうぞ。"
        )
    _ask_once_more(vault)
    why = blockers(vault, trip_id)  # the city may have said that it was set back
    if why:
        raise NotReady(why[0])
    with renew.ONE_AT_A_TIME:  # the desk's container stays the same one meanwhile
        desk = reserve.desk_row(vault)
        with vault.book.write() as conn:
            erase.intend(vault, "slips", trip_id, "trip_end")
            erase.intend(vault, "trip", trip_id, "trip_end")
            if desk is not None:
                erase.intend(vault, "desk", desk["id"], "trip_end")
            conn.execute(
                f"INSERT OR IGNORE INTO desk_copy SELECT ?, id FROM trip WHERE {slips.HELD}",
                (trip_id,),
            )
            conn.execute(
                "UPDATE trip SET shredded_by = ? WHERE id = ?", (witnesses, trip_id)
            )
        fail.point("end.intended")
        slips.erase_copies(vault, trip_id)
    fail.point("end.slips")
    _wipe_folder(vault, trip_id)
    fail.point("end.wiped")
    tell_city(vault)


def _ask_once_more(vault: Vault) -> None:
    """A city that was set back to an old backup is noticed before anything is erased.

    Without a line the receipts alone decide, as they are meant to.
    """
    try:
        outbox.sync(vault)
    except KitError as error:
        if error.code != "no_server":
            raise


def drop_unused(vault: Vault) -> None:
    """End the trips of check-outs that were cut off and that another one has replaced.

    No reception points to such a trip, so nobody would work in it or end it, and a date of deletion
    would not wait for the slips in it. Where its day is checked out again, the city is asked anew.
    """
    rows = vault.book.all(
        "SELECT id, day FROM trip WHERE kind = 'field' AND state = 'out'"
        " AND NOT EXISTS (SELECT 1 FROM reception r WHERE r.trip_id = trip.id)"
        " AND NOT EXISTS (SELECT 1 FROM outbox o WHERE o.trip_id = trip.id)"
        " AND NOT EXISTS (SELECT 1 FROM photo p WHERE p.trip_id = trip.id)"
    )
    for row in rows:
        with vault.book.write() as conn:
            conn.execute("DELETE FROM meta WHERE key LIKE ?", (f"checkout:{row['day']}:%",))
            erase.intend(vault, "trip", row["id"], "trip_end")
        _wipe_folder(vault, row["id"])
    if rows:
        let_forget(vault)


def _wipe_folder(vault: Vault, trip_id: str) -> None:
    """Remove the folder, look that nothing is left, then make the trip's id unusable for ever."""
    if not erase.remove_folder(vault, trip_id):
        return
    with vault.book.write() as conn:
        conn.execute(
            "UPDATE trip SET state = 'wiped', erased_at = ? WHERE id = ?", (vault.now(), trip_id)
        )
        erase.done(vault, f"trip:{trip_id}", "trip_erased", trip_id, "trip_end")


def date_deletions(vault: Vault) -> None:
    """個人情報削除日: the day from which no key exists any more that opens what was written here.

    The trip and the desk's containers that held its slips are gone, and the city has given its
    signed word that it forgot their secrets; no sheet of them lies in the safe (001 §8(2)キ). Of a
    visit that another kit made there is the slip alone.
    """
    day = vault.now()[:10]
    with vault.book.write() as conn:
        for row in conn.execute(
            "SELECT r.reservation_id AS id FROM reception r LEFT JOIN trip t ON t.id = r.trip_id"
            " WHERE r.erased_on IS NULL AND (t.state = 'wiped' AND t.city_forgot IS NOT NULL"
            "  AND NOT EXISTS (SELECT 1 FROM erasure e"
            "   WHERE e.object_id = t.id AND e.done_at IS NULL)"
            "  OR r.trip_id = '' AND EXISTS (SELECT 1 FROM erasure e"
            "   WHERE e.id = 'slip:' || r.reservation_id AND e.done_at IS NOT NULL))"
            " AND NOT EXISTS (SELECT 1 FROM desk_copy c JOIN trip d ON d.id = c.desk_id"
            "  WHERE c.trip_id IN (r.trip_id, r.reservation_id)"
            "  AND (d.state <> 'wiped' OR d.city_forgot IS NULL"
            "  OR EXISTS (SELECT 1 FROM meta WHERE key = 'safe_sheet:' || d.id)))"
        ).fetchall():
            facts.note(vault.book, f"{row['id']}:deletion", "deletion", day, {})
            conn.execute(
                "UPDATE reception SET erased_on = ? WHERE reservation_id = ?", (day, row["id"])
            )


def _erase_closed(vault: Vault) -> None:
    """The slips of visits that other kits made; nobody renews the desk's container meanwhile."""
    with renew.ONE_AT_A_TIME:
        slips.erase_closed(vault)


def tell_city(vault: Vault) -> None:
    """What needs the line: renew the desk's container, let the city forget the ended secrets.

    What fails is owed and tried again at the next send.
    """
    _erase_closed(vault)
    renew.due(vault)
    with contextlib.suppress(KitError):
        renew.run(vault)
    let_forget(vault)


def let_forget(vault: Vault) -> None:
    """The city forgets the secrets of what was wiped here; dates follow its word."""
    rows = vault.book.all("SELECT id FROM trip WHERE state = 'wiped' AND city_forgot IS NULL")
    if rows:
        _tell_ended(vault, [row["id"] for row in rows])
    date_deletions(vault)


def _tell_ended(vault: Vault, trip_ids: list[str]) -> None:
    try:
        client = connect(vault)
    except KitError:  # no line at all
        return
    try:
        for trip_id in trip_ids:
            made = client.end_trip(trip_id)
            fail.point("end.city_answered")
            with vault.book.write() as conn:
                kept.keep(vault, made)
                conn.execute(
                    "UPDATE trip SET city_forgot = ? WHERE id = ?", (vault.now(), trip_id)
                )
            fail.point("end.city_told")
    except (NoAnswer, Refused, WireError):
        return
    finally:
        client.road.close()
