"""The real app with a real vault and a real city, and a client that behaves as a browser does."""

from __future__ import annotations

import html
import json
import re
import secrets
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import cache
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from werkzeug.test import Client, TestResponse

from fieldkit import checkout, reserve
from fieldkit.app import create_app
from fieldkit.city import enrol_device
from fieldkit.demo import free_port
from fieldkit.guard import LAUNCH_COOKIE, HostGuard
from fieldkit.kit import Kit
from fieldkit.settings import Settings
from fieldkit.store import opening, records
from fieldkit.store.keyslots import User
from sync.ids import code_of, new_id
from tests.conftest import FAST, NOW, CityServer, start_city
from tests.photo.frames import astronaut_frame, jpeg_bytes

HOST = "kit0123456789ab.localhost:5600"
ORIGIN = f"http://{HOST}"
WORDS = "あおいうみのみえるまち汐見"
CAST = {
    "suzuki": User("suzuki", "鈴木 一郎", "supervisor"),
    "sato": User("sato", "佐藤 花", "operator"),
    "tanaka": User("tanaka", "田中 実", "field"),
    "mori": User("mori", "森 進", "booth"),
    "kato": User("kato", "加藤 学", "auditor"),
}
DAY = "2026-07-15"
PAGE = "text/html,application/xhtml+xml,*/*;q=0.8"
Values = dict[str, Any]
SHEETS = (str(number) for number in count(90_001))
"""Numbers of a paper receipt book that was never used."""
ANSWERS: Values = {
    "name": "𠮷田 髙子",
    "kana": "ヨシダ タカコ",
    "alt_char": "no",
    "birth": "昭和20年3月5日",
    "sex": "f",
    "foreign": "no",
    "zip": "０４７－００２４",
    "address": "北海道汐見市花園1丁目2番3号",
    "tel": "0134-00-0000",
    "kind": "reissue",
    "reason": "lost",
    "express": "yes",
    "notice_card": "none",
    "juki_card": "no",
    "old_card": "yes",
    "card_until": "令和8年9月1日",
    "face_only": "no",
    "no_sign_cert": "no",
    "no_auth_cert": "no",
    "braille": "no",
    "send_kind": "home",
    "hokensho": "yes",
    "has_agent": "no",
    "scribed": "no",
    "agree": "OK",
}


class Watch:
    """The clock of the test: `watch.move(seconds)` lets time pass."""

    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> datetime:
        return self.now

    def move(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)


@cache
def portrait() -> bytes:
    return jpeg_bytes(astronaut_frame(1600, 1200, eye_px=150))


def slip_values(**changes: Any) -> Values:
    """What the call screen posts for one person at home."""
    return {
        "caller_name": "𠮷田 一郎",
        "caller_relation": "household",
        "phone": "０９０－００００－００００",
        "reason_cannot_go": "足が不自由",
        "place": "home",
        "postal": "047-0024",
        "district": "花園",
        "address": "北海道汐見市花園1丁目2番3号",
        "katagaki": "",
        "parking": "yes",
        "notes": "玄関の段差に気をつける",
        "applicant-0-name": "𠮷田 髙子",
        "applicant-0-kana": "ヨシダ タカコ",
        "applicant-0-birth": "昭和20年3月5日",
        "applicant-0-sex": "f",
        "applicant-0-kind": "lost",
        "applicant-0-photo_ok": "yes",
        "applicant-0-can_write": "yes",
        "offer": f"{DAY}|am|1",
        **changes,
    }


@dataclass
class Browser:
    """Sends what a browser sends: Host, Origin, Sec-Fetch-Site, Accept and the page's token.

    `seen` keeps every address asked for and every answer's head, for the tests of leaks.
    """

    client: Client
    csrf: str = ""
    seen: list[str] = field(default_factory=list)

    def open(self, method: str, path: str, **more: Any) -> TestResponse:
        given: dict[str, str] = {
            "Host": HOST,
            "Accept": PAGE,
            "Sec-Fetch-Site": "same-origin",
            **({"Origin": ORIGIN} if method == "POST" else {}),
            **more.pop("headers", {}),
        }
        headers = {k: v for k, v in given.items() if v is not None}
        answer = self.client.open(
            path, method=method, base_url=ORIGIN, headers=headers, buffered=True, **more
        )
        self.seen += [f"{method} {path}", str(answer.headers)]
        found = re.search(r'name="csrf" value="([^"]+)"', self.text(answer))
        self.csrf = found.group(1) if found else self.csrf
        return answer

    @staticmethod
    def text(answer: TestResponse) -> str:
        return answer.get_data().decode("utf-8", "replace")

    def get(self, path: str, **headers: str) -> TestResponse:
        return self.open("GET", path, headers=headers)

    def post(self, path: str, values: Values | None = None, /, **headers: Any) -> TestResponse:
        return self.open("POST", path, data={"csrf": self.csrf, **(values or {})}, headers=headers)

    def send(self, path: str, body: bytes = b"", **headers: str) -> TestResponse:
        """What a script posts: the token in a header, the body as it is, JSON back."""
        told = {"X-CSRF-Token": self.csrf, "Accept": "application/json", **headers}
        return self.open("POST", path, data=body, headers=told, content_type="image/jpeg")

    def log_in(self, who: str, words: str = WORDS, back: str = "/") -> TestResponse:
        self.get("/login")
        answer = self.post("/login", {"user": who, "passphrase": words, "next": back})
        if answer.status_code == 302:
            self.get("/")
        return answer


@dataclass
class Office:
    """One laptop: its settings, its running app, its browser. `restart()` is a power cut."""

    settings: Settings
    watch: Watch
    city: CityServer
    app: Any = None
    browser: Browser = field(init=False)

    def __post_init__(self) -> None:
        self.start()

    @property
    def kit(self) -> Kit:
        found: Kit = self.app.extensions["kit"]
        return found

    def start(self) -> None:
        self.app = create_app(self.settings)
        wsgi: Callable[..., Any] = HostGuard(self.app, frozenset({HOST}))
        self.browser = Browser(Client(wsgi))
        self.let_in(self.browser)

    def let_in(self, browser: Browser, kind: str = "window") -> None:
        """Give a client the launch cookie, as the kit's own window gets it by its token."""
        cookie = self.kit.gate.admit(kind, secrets.token_hex(32))
        browser.client.set_cookie(LAUNCH_COOKIE, cookie, domain=HOST.split(":")[0])

    def restart(self) -> Browser:
        """Nothing is closed: the disk as it is now goes to a new process (a copy of the folder)."""
        there = self.settings.data_dir.with_name(self.settings.data_dir.name + "x")
        shutil.copytree(self.settings.data_dir, there)
        self.settings = replace(self.settings, data_dir=there)
        self.start()
        return self.browser

    def book(self, **changes: Any) -> tuple[str, str]:
        """A reservation without the screen: (reservation id, applicant id)."""
        vault = self.kit.open_vault()
        rid, aid = new_id(), new_id()
        fields = {"visit_date": DAY, "half": "am", "order": 1, "address": "汐見市花園1丁目",
                  "postal": "0470024", "phone": "0134-00-0000", "district": "花園",
                  **changes}  # fmt: skip
        person = {"name": "𠮷田 髙子", "kana": "ヨシダ タカコ", "birth": "1945-03-05",
                  "sex": "f", "kind": "lost", **fields.pop("person", {})}  # fmt: skip
        reserve.reserve(vault, reserve.open_desk(vault), rid, fields, [(aid, person)])
        return rid, aid

    def take_out(self) -> str:
        vault = self.kit.open_vault()
        return checkout.check_out(vault, reserve.open_desk(vault), DAY).id

    def visit(self, **changes: Any) -> str:
        """A booked and checked-out visit; returns the applicant's address `/visit/…/a/…`."""
        rid, aid = self.book(**changes)
        self.take_out()
        return f"/visit/{rid}/a/{aid}"

    def draft(self, record_id: str, form: str) -> dict[str, Any] | None:
        for trip in self.kit.open_vault().trips.values():
            found = records.draft(trip, record_id, form)
            if found is not None:
                return found
        return None

    def cut_the_line(self) -> None:
        """The city cannot be reached any more: its address is a port where nobody answers."""
        away = replace(self.settings, server_url=f"http://127.0.0.1:{free_port()}")
        self.kit.settings = self.settings = away
        self.kit.open_vault().settings = away

    def code(self, trip_id: str) -> str:
        return code_of(self.kit.open_vault().trip(trip_id).secret)


def says(answer: TestResponse) -> str:
    """The sentences of the error summary (or the notice) of a page, for a test to read."""
    text = re.sub(r"<svg.*?</svg>", "", Browser.text(answer), flags=re.S)
    found = re.search(r'id="error-summary".*?</ul>|class="notice notice-bad".*?</div>', text, re.S)
    words = re.sub(r"<[^>]+>", " ", found.group() if found else text)
    return html.unescape(re.sub(r"\s+", " ", words))


def fill_form(browser: Browser, base: str, **changes: Any) -> None:
    """Every page of the application form, as typed."""
    answers = {**ANSWERS, **changes}
    answers.setdefault("form_id_again", answers.get("form_id", ""))
    for number in range(1, 15):
        answer = browser.post(f"{base}/form/{number}", {**answers, "act": "next"})
        assert answer.status_code == 302, says(answer)
        if not answer.headers["Location"].endswith(f"/form/{number + 1}"):
            return
    raise AssertionError("the form did not end")


def take_photo(browser: Browser, base: str) -> str:
    """Shoot and keep; returns the photo id."""
    made = json.loads(browser.send(f"{base}/photo/shoot", portrait()).get_data())
    assert made["photo_id"], made
    chosen = {"photo_id": made["photo_id"], "act": "keep", "checked": "yes"}
    kept = browser.post(f"{base}/photo", chosen)
    assert kept.headers["Location"] == base
    return str(made["photo_id"])


def do_tasks(browser: Browser, base: str, **changes: Any) -> str:
    """ID papers, form, photo, fee; returns the photo id."""
    papers = ["driving_licence", "kaigo_hokensho"]
    assert browser.post(f"{base}/id", {"papers": papers, "verified": "yes"}).status_code == 302
    fill_form(browser, base, **changes)
    photo_id = take_photo(browser, base)
    paid = {"tendered": "２０００", "payer_name": "𠮷田 髙子", "reason_code": "SELF_LOSS",
            "paper_receipt_no": next(SHEETS)}  # fmt: skip
    page = Browser.text(browser.get(f"{base}/fee"))
    chosen = re.search(r'<option value="([^"]+)" selected', page)
    paid["reason_code"] = chosen.group(1) if chosen else ""
    answer = browser.post(f"{base}/fee", paid)
    assert answer.status_code == 302, says(answer)
    return photo_id


def close(browser: Browser, base: str) -> None:
    rid = base.split("/")[2]
    done = browser.post(f"{base}/check")
    assert done.headers["Location"] == f"/visit/{rid}", says(done)
    ticks = dict.fromkeys(("returned", "envelope", "signed", "nothing_left"), "yes")
    assert browser.post(f"/visit/{rid}/close", ticks).headers["Location"] == "/outbox"


@pytest.fixture(scope="module")
def city(tmp_path_factory: pytest.TempPathFactory) -> Iterator[CityServer]:
    """One city for all laptops of a file; each laptop has its own number there."""
    made = start_city(tmp_path_factory.mktemp("city"))
    yield made
    made.stop()  # type: ignore[operator]


def new_office(folder: Path, city: CityServer) -> Office:
    """A laptop of the city with five people, enrolled, nobody logged in; its data in `folder`."""
    watch = Watch()
    settings = Settings(
        data_dir=folder / "kit", host=HOST, server_url=city.url, argon2=FAST, clock=watch
    )
    first, *others = CAST.values()
    opened, _ = opening.create(settings, first, WORDS)
    for user in others:
        opened.add_user(user, WORDS)
    enrol_device(opened, city.url, city.code(), city.fingerprint(), "訪問用A")
    opened.close()
    return Office(settings, watch, city)


@pytest.fixture
def office(tmp_path: Path, city: CityServer) -> Iterator[Office]:
    made = new_office(tmp_path, city)
    yield made
    made.kit.put_away()


@pytest.fixture
def boss(office: Office) -> Browser:
    """The supervisor, logged in: the one role that may do everything."""
    assert office.browser.log_in("suzuki").status_code == 302
    return office.browser


@pytest.fixture
def client(boss: Browser) -> Browser:
    return boss


@pytest.fixture
def own_forms(office: Office, tmp_path: Path) -> Path:
    """The city's forms in a folder of the test, to be changed."""
    there = tmp_path / "forms"
    shutil.copytree(office.settings.forms_dir, there)
    office.settings = replace(office.settings, forms_dir=there)
    office.kit.settings = office.settings
    office.kit.open_vault().settings = office.settings
    return there
