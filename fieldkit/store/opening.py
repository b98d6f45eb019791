"""A vault is made once, and opened at every login: place, delay, slot, clock, what is damaged.

Nothing is opened where a step fails, and every login is a ledger row (design §4).
"""

from __future__ import annotations

import secrets

from fieldkit.errors import KitError
from fieldkit.settings import Settings
from fieldkit.store import damage, delay, keyslots, phrasebook, wipe
from fieldkit.store.files import remove, sync_dir
from fieldkit.store.keyslots import User
from fieldkit.store.startcheck import check_clock, check_place
from fieldkit.store.vault import RECOVERY, Vault
from sync.ids import code_of


def exists(settings: Settings) -> bool:
    return (settings.data_dir / "slots.json").exists()


def create(settings: Settings, user: User, passphrase: str) -> tuple[Vault, str]:
    """Make a vault with its first user; returns it and the recovery code to print for the city."""
    check_place(settings)
    if exists(settings):
        raise KitError("vault_exists", "保管庫はすでにあります。", "stop")
    phrasebook.check(settings.forms_dir, passphrase, (user.name, user.id))
    store_key, recovery = secrets.token_bytes(32), code_of(secrets.token_bytes(16))
    begun = settings.data_dir / "slots.begun.json"
    if begun.exists():  # a kill came before anybody had a key: what lies here can never be opened
        for name in ("ledger.db", "ledger.db-wal", "ledger.db-shm"):
            remove(settings.data_dir / name)
        remove(begun)
    pairs = ((RECOVERY, recovery), (user, passphrase))
    slots = [keyslots.make_slot(store_key, who, words, settings.argon2) for who, words in pairs]
    keyslots.write_slots(begun, slots)
    vault = Vault(settings, user, store_key)
    vault.note("vault_made", user.id)
    delay.clear(settings.data_dir / "login-delay.json", settings.clock())
    begun.replace(settings.data_dir / "slots.json")  # now it exists
    sync_dir(settings.data_dir)
    return vault, recovery


def unlock(
    settings: Settings, user_id: str, passphrase: str, clock_confirmed: bool = False
) -> Vault:
    """Open the vault; KitError("wrong_login") says nothing about which part was wrong.

    `clock_confirmed` is a supervisor's word that a clock that went back is right now.
    """
    check_place(settings)
    failures = settings.data_dir / "login-delay.json"
    wait = delay.seconds_left(failures, settings.clock())
    if wait:
        raise KitError("wait", delay.why(failures, settings.clock(), wait), "retry")
    opened = keyslots.open_slot(settings.data_dir / "slots.json", user_id, passphrase)
    if opened is None:
        wait = delay.note_failure(failures, settings.clock())
        more = f"あと{wait}秒たってから、もう一度どうぞ。" if wait else "もう一度どうぞ。"
        raise KitError("wrong_login", f"利用者名または合言葉が違います。{more}", "retry")
    wrong = delay.failures(failures, settings.clock())
    user, store_key = opened
    if not damage.is_there(settings.data_dir / "ledger.db"):
        raise damage.missing(settings.data_dir / "ledger.db")
    vault = Vault(settings, user, store_key)
    wipe.wipe(store_key)
    try:
        _check_clock(vault, clock_confirmed)
        with vault.book.write():
            if wrong:
                vault.note("login_failed", vault.device_id, str(wrong))
            if delay.is_missing(failures):
                vault.note("login_delay_missing", vault.device_id)
            vault.note("login", user.id)
            _note_damage(vault)
        delay.clear(failures, settings.clock())
    except BaseException:
        vault.close()
        raise
    return vault


def _check_clock(vault: Vault, confirmed: bool) -> None:
    try:
        check_clock(vault.book, vault.settings.clock())
    except KitError:
        if not confirmed or vault.user.role != "supervisor":
            raise
        vault.note("clock_confirmed", vault.device_id)


def _note_damage(vault: Vault) -> None:
    """Files that are damaged, or not ours, and that do not stop the work."""
    folder = vault.settings.data_dir
    if vault.book.wal == "torn":
        vault.found_damage(*damage.torn(folder / "ledger.db"))
    if keyslots.damaged(folder / "slots.json"):
        vault.found_damage(*damage.slots())
    trips = [row["id"] for row in vault.book.all("SELECT id FROM trip")]
    odd = damage.foreign(folder, trips)
    if odd:
        vault.found_damage(*damage.not_ours(odd))
