"""The fee taken and spoiled through the real screens, as a process that a test can kill.

    python -m tests.web.cash_http_job DATA URL TRIP CODE BASE

Prints the status of every answer. It goes on from what the fee's screen shows, as a person does.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from fieldkit.settings import Settings
from tests.conftest import FAST
from tests.web.conftest import HOST, Browser, Office, Watch

PAID = {"tendered": "2000", "payer_name": "𠮷田 髙子", "reason_code": "LOST"}
SPOILED = {"spoil_why": "wrong_payer", "spoil_reason": "あて名の誤り"}


def work(browser: Browser, base: str) -> None:
    """A receipt with sheet 101, spoiled, and another one with sheet 102."""
    page = browser.text(browser.get(f"{base}/fee"))
    if "あて名や日付を書きまちがえた（" not in page:
        if "受け取りました　領収書番号" not in page:
            say(browser.post(f"{base}/fee", {**PAID, "paper_receipt_no": "101"}))
        say(browser.post(f"{base}/fee/spoil", SPOILED))
    for _ in range(2):  # pressed twice
        say(browser.post(f"{base}/fee", {**PAID, "paper_receipt_no": "102"}))


def say(answer: Any) -> None:
    print(answer.status_code, answer.headers.get("Location", ""), flush=True)


def main(data: str, url: str, trip: str, code: str, base: str) -> int:
    watch: Any = Watch()
    settings = Settings(data_dir=Path(data), host=HOST, server_url=url, argon2=FAST, clock=watch)
    nowhere: Any = None
    office = Office(settings, watch, nowhere)
    browser = office.browser
    browser.log_in("suzuki")
    browser.post(f"/trip/{trip}/unlock", {"code": code})
    work(browser, base)
    office.kit.put_away()
    return 0


if __name__ == "__main__":
    raise SystemExit(main(*sys.argv[1:]))
