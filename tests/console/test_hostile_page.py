"""A web page in the supervisor's browser, and somebody who tries the door."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import sqlalchemy as sa

from sync.server import devices, letin, quarantine, sessions, supervisors
from sync.server import store as t
from sync.server.sqlstore import SqlStore
from tests.console.cast import PASSWORD, Boss, make_laptop
from tests.console.conftest import Desk
from tests.console.test_login import acts

WRONG = "ちがう あいことば 汐見市"
SEEN = re.compile(r"(?:href|action|src)=\"([^\"]*)\"|<title>([^<]*)</title>")


def commits(store: SqlStore, one: str, code: str) -> int:
    """How many times a wrong try forces something to the disk: what a stop-watch would see."""
    changes = {"n": 0}

    def before(conn: object, cursor: object, statement: str, *_: object) -> None:
        changes["n"] += not statement.lstrip().upper().startswith(("SELECT", "BEGIN", "PRAGMA"))

    sa.event.listen(store.engine, "before_cursor_execute", before)
    assert supervisors.sign_in(store, one, WRONG, code) is None
    sa.event.remove(store.engine, "before_cursor_execute", before)
    return changes["n"]


def test_a_wrong_name_costs_what_a_wrong_password_costs(store: SqlStore, boss: Boss) -> None:
    known, unknown = commits(store, boss.id, "000000"), commits(store, "tanaka", "000000")
    assert (known > 0) == (unknown > 0)
    with store.read() as shelf:
        rows = shelf.conn.execute(sa.select(t.audit.c.body)).scalars().all()
    assert '"result":"refused"' in rows[-1] and "tanaka" not in rows[-1], "it may be a password"


@pytest.mark.parametrize("one", ["a\0b", "' OR 1=1 --", "花子", "x" * 4000, "", "\ud800"])
def test_an_odd_name_is_a_wrong_name(desk: Desk, store: SqlStore, one: str) -> None:
    told = {"id": one.encode("utf-8", "replace").decode(), "password": PASSWORD, "code": "000000"}
    assert desk.web.post("/login", data=told).status_code == 403


def test_a_session_that_somebody_planted_is_not_taken_over(desk: Desk, store: SqlStore) -> None:
    planted = "A" * 43
    desk.web.set_cookie("ksp", planted)
    assert desk.enter().status_code == 303
    cookie = desk.web.get_cookie("ksp")
    assert cookie is not None and cookie.value != planted
    assert sessions.who(store, planted) == "" and sessions.who(store, cookie.value) == "suzuki"


def test_the_next_login_ends_the_session_of_before(desk: Desk, store: SqlStore) -> None:
    desk.enter()
    first = desk.web.get_cookie("ksp")
    desk.enter()
    assert first is not None and sessions.who(store, first.value) == ""


@pytest.mark.parametrize("path", ["/", "/devices", "//evil.test/", "/\\evil.test", "/login/",
                                  "//evil.test/..", "/devices/../login"])  # fmt: skip
def test_no_answer_leads_to_another_place(desk: Desk, path: str) -> None:
    answer = desk.web.get(path, headers={"Host": "evil.test"})
    assert answer.headers.get("Location", "/login") == "/login"


def test_every_act_wants_a_post(inside: Desk) -> None:
    """A link or a picture of a foreign page does nothing; each post wants the session's token."""
    rules = [one for one in inside.web.application.url_map.iter_rules()
             if one.endpoint.startswith("console")]  # fmt: skip
    posts = [one.rule for one in rules if "POST" in (one.methods or ())]
    assert len(posts) >= 8
    for rule in posts:
        path = re.sub("<[^>]+>", "K01", rule)
        if rule != "/login":
            assert inside.web.post(path, data={}).status_code == 403, path
            same = [r for r in rules if r.rule == rule and "GET" in (r.methods or ())]
            assert same or inside.web.get(path).status_code in (404, 405), path


def test_the_address_for_laptops_is_the_citys_word(inside: Desk, folder: Path) -> None:
    """Where server.toml names it, no Host that a browser was led to stands in the file."""
    (folder / "server.toml").write_text('url = "https://shiomi.example"\n', encoding="utf-8")
    told = {"csrf": inside.token(), "profile": "field", "how": "file"}
    cookie = inside.web.get_cookie("ksp")
    assert cookie is not None
    inside.web.set_cookie("ksp", cookie.value, domain="evil.test")
    answer = inside.web.post("/devices/code", data=told, base_url="http://evil.test")
    assert answer.status_code == 200
    assert "evil.test" not in answer.get_data(as_text=True)


def test_no_page_names_a_person_in_its_address_or_title(inside: Desk, store: SqlStore) -> None:
    laptop = make_laptop(store)
    laptop.case("1" * 23)
    devices.revoke(store, laptop.device)
    laptop.send(laptop.batch([laptop.save("reservation", "0" * 36, "", {"notes": "汐見 花子"})]))
    seen: set[str] = set()
    todo = {"/"}
    while todo:
        path = todo.pop()
        seen.add(path)
        page = inside.page(path)
        assert "花子" not in page, path
        for link, title in SEEN.findall(page):
            assert re.fullmatch(r"[\w /.…、：-]*", link + title), (path, link, title)
            new = link.startswith("/") and not link.endswith((".css", ".jsonl"))
            if new and link not in seen and inside.web.get(link).status_code == 200:
                todo.add(link)
    assert {"/", "/devices", "/parked", "/clashes", "/handover"} <= seen


def test_what_was_dropped_meanwhile_is_not_let_in(
    store: SqlStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two supervisors at once: the one who drops comes while the other's replay is under way."""
    laptop = make_laptop(store)
    devices.revoke(store, laptop.device)
    for n in range(2):
        laptop.send(laptop.batch([laptop.save("reservation", f"{n:036d}", "", {"notes": "x"})]))

    def between(name: str) -> None:
        if name == "parked.marked":
            quarantine.drop(store, laptop.device, "盗難", "sato")

    monkeypatch.setattr(letin.fail, "point", between)
    told = letin.accept(store, laptop.device, "suzuki")
    monkeypatch.undo()
    with store.read() as shelf:
        found = [row.state for row in shelf.conn.execute(sa.select(t.packet).order_by("no"))]
    assert found == ["accepted", "dropped"] and told.packets == 1
    with store.read() as shelf:
        assert len(shelf.conn.execute(sa.select(t.record)).all()) == 1
    assert ("parked_drop", "1") in acts(store)


def test_a_session_row_that_somebody_wrote_lets_nobody_in(store: SqlStore) -> None:
    """Who may write to the database but has no server.key makes neither a session nor a code."""
    import hashlib

    from sync.server.receipts import now

    planted = "B" * 43
    for digest in (hashlib.sha256(b"ksp1-session\0" + planted.encode()).hexdigest(),
                   hashlib.sha256(planted.encode()).hexdigest(), planted):  # fmt: skip
        with store.write() as shelf:
            row = {"id_sha256": digest, "who": "suzuki", "made_at": now(), "seen_at": now()}
            shelf.conn.execute(t.session.insert().values(**row))
        assert sessions.who(store, planted) == ""


def test_a_code_that_somebody_wrote_enrols_nobody(store: SqlStore) -> None:
    import hashlib

    from sync import wire
    from sync.ids import code_of
    from sync.server.receipts import now

    code = bytes(16)
    digest = hashlib.sha256(b"ksp1-enrolment\0" + code).hexdigest()
    with store.write() as shelf:
        row = {"code_sha256": digest, "expires_at": "9", "profile": "office", "made_at": now()}
        shelf.conn.execute(t.enrolment.insert().values(**row))
    keys = [wire.b64(wire.new_signing_key()[1]), wire.b64(wire.new_sealing_key()[1])]
    asked = {"code": code_of(code), "name": "A", "sign_public": keys[0], "seal_public": keys[1]}
    with pytest.raises(wire.WireError, match="bad_code"):
        devices.enrol(store, asked)
