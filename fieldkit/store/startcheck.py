"""Before anything is opened: may the kit start here? Otherwise one sentence that says why not.

It refuses where it cannot write, erase or encrypt, and where the clock cannot be right. A clock
that was set back is found out by the ledger, so that is looked at when the vault is open; a
supervisor may say that it is right now, because it may have been wrong before (001 特記15: the
record of handling must show true times).
"""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

from fieldkit.clock import is_sane, say
from fieldkit.errors import KitError
from fieldkit.settings import Settings
from fieldkit.store import selftest
from fieldkit.store.db import Database
from fieldkit.store.files import private_dir, remove, write_atomic

PROBE = "start-test"
BACK = timedelta(minutes=10)


def check_place(settings: Settings) -> None:
    """Refuse to start where the kit cannot write, erase or encrypt, or the clock is absurd."""
    if not is_sane(settings.clock()):
        raise KitError(
            "clock",
            "この端末の時計が大きくずれています。日付と時刻を合わせてから起動してください。",
            "stop",
        )
    try:
        private_dir(settings.data_dir)
    except OSError:
        raise KitError(
            "cannot_write", "データの保存先を作れません。監督者へ連絡してください。", "stop"
        ) from None
    _can_write_and_erase(settings.data_dir)
    _can_encrypt(settings.data_dir)


def _can_write_and_erase(data_dir: Path) -> None:
    probe = data_dir / "write-test"
    try:
        write_atomic(probe, b"fieldkit")
    except KitError as error:
        if error.code != "cannot_write":
            raise
        raise KitError(
            "cannot_write",
            "データの保存先に書き込めません（読み取り専用か、権限がありません）。"
            "キットは起動しません。監督者へ連絡してください。",
            "stop",
        ) from None
    with contextlib.suppress(OSError):
        remove(probe)
    if probe.exists():
        raise KitError(
            "cannot_erase",
            "保存先のファイルを消去できません。個人情報を消せないため、キットは起動しません。"
            "監督者へ連絡してください。",
            "stop",
        )


def _can_encrypt(data_dir: Path) -> None:
    folder = data_dir / PROBE
    shutil.rmtree(folder, ignore_errors=True)  # left by a kill; it holds only made-up data
    try:
        folder.mkdir()
        tests: tuple[Callable[[], selftest.Finding], ...] = (
            lambda: selftest.sqlcipher(folder),
            selftest.argon2id,
            selftest.hpke,
            selftest.aes_gcm,
        )
        for test in tests:
            ok, says = _tried(test)
            if not ok:
                raise KitError("not_encrypted", f"{says}キットは起動しません。", "stop")
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _tried(test: Callable[[], selftest.Finding]) -> selftest.Finding:
    """A part that breaks or is not there encrypts nothing."""
    try:
        return test()
    except Exception as error:
        if "full" in str(error):
            raise KitError(
                "disk_full", "ディスクに空きがありません。不要なファイルを消してください。", "retry"
            ) from None
        return False, "暗号化の部品が動きません。この端末を使わないでください。"


def check_clock(book: Database, now: datetime) -> None:
    """KitError("clock_back") where the clock stands well before the newest row of the ledger."""
    row = book.one("SELECT json_extract(body, '$.at') AS at FROM ledger ORDER BY seq DESC LIMIT 1")
    if row is None:
        return
    last = datetime.fromisoformat(row["at"])
    if now < last - BACK:
        raise KitError(
            "clock_back",
            f"この端末の時計は{say(now)}ですが、最後の記録は{say(last)}です。時計が戻っています。"
            "日付と時刻を合わせてください。いまの時計が正しいときは、監督者が"
            "「時計を確かめました」に印をつけて開いてください。",
            "ask_supervisor",
        )
