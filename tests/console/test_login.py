"""Who may come in: two things that only the supervisor has, each code once, not many tries."""

from __future__ import annotations

import json
import time
from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa

from sync.server import audit, sessions, supervisors
from sync.server import store as t
from sync.server.sqlstore import SqlStore
from tests.console.cast import PASSWORD, Boss, make_boss
from tests.console.conftest import Desk

WRONG = "ちがう あいことば 汐見市"
PAGES = ["/", "/devices", "/parked", "/clashes", "/handover", "/ledger/server.jsonl"]


def acts(store: SqlStore) -> list[tuple[str, str]]:
    with store.read() as shelf:
        told = [json.loads(body) for body, _ in audit.rows(shelf)]
    return [(row["act"], row["result"]) for row in told]


def test_it_lets_in_with_both_and_out_again(desk: Desk) -> None:
    answer = desk.enter()
    cookie = answer.headers["Set-Cookie"]
    assert answer.status_code == 303 and answer.headers["Location"] == "/"
    assert "HttpOnly" in cookie and "SameSite=Strict" in cookie and "Secure" not in cookie
    for page in PAGES[:-1]:
        assert "汐見市" in desk.page(page)
    assert desk.act("/logout").status_code == 303
    assert desk.web.get("/").headers["Location"] == "/login"


@pytest.mark.parametrize("path", PAGES)
def test_nobody_sees_a_page_without_it(desk: Desk, path: str) -> None:
    assert desk.web.get(path).headers["Location"] == "/login"


@pytest.mark.parametrize("path", ["/devices/code", "/devices/K01/stop", "/handover/erase"])
def test_nobody_acts_without_it(desk: Desk, path: str) -> None:
    assert desk.web.post(path, data={"csrf": "0" * 64}).status_code == 403


def test_it_refuses_one_of_two(desk: Desk) -> None:
    right = desk.boss.code()
    for told in ({"password": WRONG, "code": right}, {"code": "000000"}, {"code": "x"},
                 {"one": "nobody", "code": right}, {"password": "", "code": right}):  # fmt: skip
        assert desk.enter(**told).status_code == 403
    assert desk.web.get("/").status_code == 302 or desk.web.get("/").status_code == 303


def test_a_code_counts_once_also_at_another_process(store: SqlStore, boss: Boss) -> None:
    at = time.time()
    code = boss.code(at)
    assert supervisors.sign_in(store, "suzuki", PASSWORD, code, at)
    assert supervisors.sign_in(store, "suzuki", PASSWORD, code, at) is None
    assert supervisors.sign_in(store, "suzuki", PASSWORD, code, at + 20) is None
    older = boss.code(at - 30)
    assert supervisors.sign_in(store, "suzuki", PASSWORD, older, at) is None
    assert supervisors.sign_in(store, "suzuki", PASSWORD, boss.code(at + 30), at)


@pytest.mark.parametrize(("late", "fine"), [(-30, True), (30, True), (-90, False), (90, False)])
def test_a_clock_may_be_half_a_minute_off(
    store: SqlStore, boss: Boss, late: int, fine: bool
) -> None:
    at = time.time()
    assert bool(supervisors.sign_in(store, "suzuki", PASSWORD, boss.code(at + late), at)) is fine


def test_five_wrong_tries_lock_the_account_for_a_quarter_of_an_hour(
    store: SqlStore, boss: Boss
) -> None:
    at = time.time()
    for _ in range(5):
        assert supervisors.sign_in(store, "suzuki", PASSWORD, "000000", at) is None
    assert supervisors.sign_in(store, "suzuki", PASSWORD, boss.code(at), at) is None
    with store.read() as shelf:
        assert [one.locked for one in supervisors.every(shelf)] == [True]
    soon, later = at + 14 * 60, at + 16 * 60
    assert supervisors.sign_in(store, "suzuki", PASSWORD, boss.code(soon), soon) is None
    assert supervisors.sign_in(store, "suzuki", PASSWORD, boss.code(later), later)
    assert ("console_login", "locked") in acts(store)


def test_reset_opens_a_locked_account_and_ends_its_sessions(store: SqlStore, boss: Boss) -> None:
    session = supervisors.sign_in(store, "suzuki", PASSWORD, boss.code())
    assert session and sessions.who(store, session) == "suzuki"
    supervisors.add(store, "suzuki", "", WRONG, "test", again=True)
    assert sessions.who(store, session) == ""
    assert supervisors.sign_in(store, "suzuki", PASSWORD, boss.code(time.time() + 30)) is None


def test_removing_ends_the_sessions(store: SqlStore, boss: Boss) -> None:
    session = supervisors.sign_in(store, "suzuki", PASSWORD, boss.code())
    assert session and supervisors.remove(store, "suzuki", "test")
    assert sessions.who(store, session) == "" and not supervisors.remove(store, "suzuki", "test")


def test_a_stolen_session_is_worth_nothing_after_logout(inside: Desk, store: SqlStore) -> None:
    cookie = inside.web.get_cookie("ksp")
    assert cookie is not None
    thief = inside.web.application.test_client()
    thief.set_cookie("ksp", cookie.value)
    assert thief.get("/devices").status_code == 200
    inside.act("/logout")
    assert thief.get("/devices").status_code == 303


def test_the_database_holds_no_session_and_no_secret(inside: Desk, store: SqlStore) -> None:
    cookie = inside.web.get_cookie("ksp")
    assert cookie is not None
    with store.engine.connect() as conn:
        rows = [*conn.execute(sa.select(t.session)), *conn.execute(sa.select(t.supervisor))]
    told = repr([tuple(row) for row in rows]).encode()
    for secret in (cookie.value.encode(), inside.boss.key, "鈴木".encode(), PASSWORD.encode()):
        assert secret not in told and repr(secret)[2:-1].encode() not in told


@pytest.mark.parametrize(
    ("column", "span"), [("seen_at", timedelta(minutes=31)), ("made_at", timedelta(hours=13))]
)
def test_a_session_ends_by_itself(
    inside: Desk, store: SqlStore, column: str, span: timedelta
) -> None:
    past = (datetime.now(UTC) - span).isoformat(timespec="seconds")
    with store.write() as shelf:
        shelf.conn.execute(t.session.update().values({column: past}))
    assert inside.web.get("/").status_code == 303


@pytest.mark.parametrize("told", [{}, {"csrf": ""}, {"csrf": "0" * 64}])
def test_an_act_without_the_token_does_nothing(
    inside: Desk, store: SqlStore, told: dict[str, str]
) -> None:
    answer = inside.web.post("/devices/code", data={"profile": "field", "how": "show", **told})
    assert answer.status_code == 403
    assert ("enrol_code", "field") not in acts(store)


def test_the_token_of_another_session_is_none(inside: Desk, store: SqlStore) -> None:
    other = Desk(inside.web.application.test_client(), make_boss(store, "sato"))
    assert other.enter().status_code == 303
    told = {"csrf": other.token(), "profile": "field", "how": "show"}
    assert inside.web.post("/devices/code", data=told).status_code == 403


@pytest.mark.parametrize(
    "head", [{"Origin": "https://evil.test"}, {"Sec-Fetch-Site": "cross-site"}, {"Origin": "null"}]
)
def test_a_form_from_a_foreign_page_does_nothing(inside: Desk, head: dict[str, str]) -> None:
    told = {"csrf": inside.token(), "profile": "field", "how": "show"}
    assert inside.web.post("/devices/code", data=told, headers=head).status_code == 403
    own = {"Origin": "http://localhost", "Sec-Fetch-Site": "same-origin"}
    assert inside.web.post("/devices/code", data=told, headers=own).status_code == 200


def test_every_page_says_what_a_browser_may_do(desk: Desk) -> None:
    for path in ("/login", "/", "/nothing", "/ksp/v1/nothing"):
        head = desk.web.get(path).headers
        if not path.startswith("/ksp/"):  # what a laptop hears is no page
            assert head["Content-Security-Policy"].startswith("default-src 'none'")
            assert "frame-ancestors 'none'" in head["Content-Security-Policy"]
        assert head["Cache-Control"] == "no-store"
        assert head["X-Content-Type-Options"] == "nosniff"
        assert "Strict-Transport-Security" not in head


def test_over_tls_the_cookie_is_bound_to_it(desk: Desk) -> None:
    told = {"id": "suzuki", "password": PASSWORD, "code": desk.boss.code()}
    answer = desk.web.post("/login", data=told, base_url="https://localhost")
    cookie = answer.headers["Set-Cookie"]
    assert cookie.startswith("__Host-ksp=") and "; Secure" in cookie and "Path=/" in cookie
    assert "max-age=31536000" in answer.headers["Strict-Transport-Security"]


@pytest.mark.parametrize(
    ("one", "password", "why"),
    [("Suzuki", PASSWORD, "id"), ("x", PASSWORD, "id"), ("tanaka", "みじかい", "password"),
     ("suzuki", PASSWORD, "taken")],
)  # fmt: skip
def test_it_refuses_a_bad_account(
    store: SqlStore, boss: Boss, one: str, password: str, why: str
) -> None:
    with pytest.raises(ValueError, match=why):
        supervisors.add(store, one, "田中", password, "test")
