"""The screen 利用者, one's own passphrase, the login by the recovery code, and the commands."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from fieldkit import demo
from fieldkit.demo_city import STAFF
from fieldkit.store import keyslots
from sync.ids import code_of
from tests.needs import needs
from tests.web.browser import Watch, open_browser
from tests.web.conftest import CAST, WORDS, Browser, Office, boss, city, office, says

__all__ = ["boss", "city", "office"]  # fixtures
NEW = "しろいやまのふもとのむら"
MORI = {"id": "goto", "name": "後藤 栞", "role": "booth", "passphrase": NEW, "again": NEW,
        "mine": WORDS}  # fmt: skip


def names(office: Office) -> list[str]:
    return [user.id for user in keyslots.users(office.settings.data_dir / "slots.json")]


def code_on(page: str) -> str:
    found = re.search(r'id="code">([0-9A-Z-]+)<', page)
    assert found, "no code on the page"
    return found.group(1)


# -- the acts -----------------------------------------------------------------------------------
def test_it_adds_somebody_who_then_logs_in(office: Office, boss: Browser) -> None:
    assert "2の55乗" in Browser.text(boss.get("/people/add"))
    done = boss.post("/people/add", MORI)
    assert done.headers["Location"] == "/people?done=add", says(done)
    page = Browser.text(boss.get("/people?done=add"))
    assert "利用者を加えました" in page and "後藤 栞" in page
    assert "ディスクの写し" in page, "one sentence on copies of the disk"
    boss.post("/lock")
    assert office.browser.log_in("goto", "shiroiyamanofumotonomura").status_code == 302


def test_it_removes_somebody(office: Office, boss: Browser) -> None:
    done = boss.post("/people/remove", {"user": "tanaka", "mine": WORDS})
    assert done.headers["Location"] == "/people?done=remove", says(done)
    assert "tanaka" not in names(office)
    boss.post("/lock")
    assert office.browser.log_in("tanaka").status_code == 403
    assert office.browser.log_in("sato").status_code == 302


def test_it_gives_a_new_passphrase_to_one_who_forgot(office: Office, boss: Browser) -> None:
    form = {"user": "tanaka", "passphrase": NEW, "again": NEW, "mine": WORDS}
    assert boss.post("/people/passphrase", form).status_code == 302
    boss.post("/lock")
    assert office.browser.log_in("tanaka").status_code == 403
    assert office.browser.log_in("tanaka", NEW).status_code == 302


@pytest.mark.parametrize("who", CAST)
def test_everybody_changes_their_own(office: Office, who: str) -> None:
    browser = office.browser
    browser.log_in(who)
    page = Browser.text(browser.get("/"))
    assert ('href="/people"' in page) == (who == "suzuki")
    assert ('href="/passphrase"' in page) == (who != "suzuki")
    wrong = browser.post("/passphrase", {"mine": NEW, "passphrase": NEW, "again": NEW})
    assert wrong.status_code == 422 and "自分の合言葉が違います" in says(wrong)
    done = browser.post("/passphrase", {"mine": WORDS, "passphrase": NEW, "again": NEW})
    assert done.headers["Location"] == "/passphrase?done=own", says(done)
    assert "次からは新しい合言葉" in Browser.text(browser.get("/passphrase?done=own"))
    assert browser.get("/").status_code == 200, "the work goes on"
    browser.post("/lock")
    assert browser.log_in(who).status_code == 403
    assert browser.log_in(who, NEW).status_code == 302


def test_the_recovery_code_is_shown_once_and_lets_a_supervisor_in(
    office: Office, boss: Browser
) -> None:
    code = code_on(Browser.text(boss.post("/people/recovery", {"mine": WORDS})))
    assert code not in Browser.text(boss.get("/people/recovery"))
    boss.post("/lock")
    browser = office.browser
    page = Browser.text(browser.get("/login"))
    assert 'href="/login?with=recovery"' in page and 'value="recovery"' not in page
    page = Browser.text(browser.get("/login?with=recovery"))
    assert 'value="recovery"' in page and "市で保管する復旧用の26文字" in page
    wrong = browser.post("/login", {"user": "recovery", "passphrase": code_of(bytes(16))})
    assert wrong.status_code == 403 and 'value="recovery"' in Browser.text(wrong)
    assert "復旧用の26文字が違います" in says(wrong)
    entered = browser.post("/login", {"user": "recovery", "passphrase": code.lower()})
    assert entered.status_code == 302 and browser.get("/").status_code == 200
    page = Browser.text(browser.get("/people"))
    assert "復旧用の26文字でログインしています" in page and 'href="/passphrase"' not in page
    form = {"user": "suzuki", "passphrase": NEW, "again": NEW, "mine": code}
    assert browser.post("/people/passphrase", form).status_code == 302
    browser.post("/lock")
    assert browser.log_in("suzuki", NEW).status_code == 302


# -- what is refused -----------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("path", "changes", "field", "sentence"),
    [
        ("/people/add", {"id": ""}, "id", "半角の英小文字"),
        ("/people/add", {"id": "recovery"}, "id", "別の番号に"),
        ("/people/add", {"id": "tanaka"}, "id", "もういます"),
        ("/people/add", {"name": ""}, "name", "名前を"),
        ("/people/add", {"name": "1234 5678 9018"}, "name", "個人番号"),
        ("/people/add", {"role": ""}, "role", "役割は"),
        ("/people/add", {"role": "admin"}, "role", "役割は"),
        ("/people/add", {"passphrase": "", "again": ""}, "passphrase", "入れてください"),
        ("/people/add", {"again": NEW + "二"}, "again", "同じではありません"),
        ("/people/add", dict.fromkeys(("passphrase", "again"), "ごとうしおり ごとうしおり"),
         "passphrase", "並べると"),
        ("/people/add", {"mine": ""}, "mine", "入れてください"),
        ("/people/add", {"mine": NEW}, "mine", "違います"),
        ("/people/remove", {"user": ""}, "user", "1人選んで"),
        ("/people/remove", {"user": "suzuki"}, "user", "自分自身は外せません"),
        ("/people/remove", {"user": "recovery"}, "user", "外せません"),
        ("/people/remove", {"user": "nobody"}, "user", "一覧を開き直して"),
        ("/people/remove", {"user": "sato", "mine": NEW}, "mine", "違います"),
        ("/people/passphrase", {"user": "suzuki"}, "user", "自分の合言葉を替える"),
        ("/people/passphrase", {"user": "recovery"}, "user", "一覧から選んで"),
        ("/people/passphrase", {"user": "sato", "mine": NEW}, "mine", "違います"),
        ("/people/recovery", {"mine": NEW}, "mine", "違います"),
        ("/passphrase", {"passphrase": WORDS, "again": WORDS}, "passphrase", "同じです"),
    ],
)  # fmt: skip
def test_it_says_at_the_field_what_is_wrong(
    office: Office, boss: Browser, path: str, changes: dict[str, str], field: str, sentence: str
) -> None:
    before = names(office)
    answer = boss.post(path, {**MORI, **changes})
    page = Browser.text(answer)
    assert answer.status_code == 422 and sentence in says(answer)
    assert f'href="#{field}"' in page and f'id="{field}"' in page
    for words in (NEW, WORDS, "ごとうしおり"):
        assert words not in page, "a passphrase came back"
    if path == "/people/add" and "name" not in changes:
        assert 'value="後藤 栞"' in page, "what was typed stays"
    assert names(office) == before


def test_the_proposal_stays_after_an_error_and_only_ours_does(boss: Browser) -> None:
    page = Browser.text(boss.get("/people/add"))
    shown = re.search(r'id="idea">([ぁ-んー ]+)<', page)
    assert shown and len(shown.group(1).split()) == 5
    again = Browser.text(boss.post("/people/add", {**MORI, "mine": "", "proposal": shown[1]}))
    assert f'id="idea">{shown[1]}<' in again and 'name="proposal"' in again
    foreign = Browser.text(boss.post("/people/add", {**MORI, "mine": "", "proposal": f"{NEW} x"}))
    assert NEW not in foreign and 'id="idea">' in foreign


def test_wrong_tries_wait_as_at_the_login(office: Office, boss: Browser) -> None:
    for _ in range(3):
        boss.post("/people/recovery", {"mine": NEW})
    held = boss.post("/people/add", MORI)
    assert held.status_code == 422 and "お待ちください" in says(held)
    office.watch.move(5)
    assert boss.post("/people/add", MORI).status_code == 302


def test_no_name_and_no_number_stands_in_an_address(boss: Browser) -> None:
    boss.post("/people/add", MORI)
    boss.post("/people/remove", {"user": "goto", "mine": WORDS})
    everything = "\n".join(boss.seen)
    assert "goto" not in everything and "tanaka" not in everything and NEW not in everything


# -- the commands ---------------------------------------------------------------------------------
def run(data: Path, *words: str, said: str = "") -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "fieldkit", *words, "--data", str(data)],
        input=said,
        env={**os.environ, "PYTHONIOENCODING": "utf-8"},
        capture_output=True,
        encoding="utf-8",
        check=False,
    )


def test_the_commands_do_the_same(office: Office) -> None:
    data = office.settings.data_dir
    listed = run(data, "user", "list")
    assert listed.stdout.splitlines()[1] == "suzuki\t監督者\t鈴木 一郎" and not listed.returncode
    who = ("--user", "suzuki")
    added = ("user", "add", *who, "--new", "goto", "--name", "後藤 栞", "--role", "booth")
    weak = run(data, *added, said=f"{WORDS}\nみじかい\n")
    assert weak.returncode == 1 and "12文字以上" in weak.stderr and "みじかい" not in weak.stderr
    assert run(data, *added, said=f"{WORDS}\n{NEW}\n").returncode == 0
    given = run(data, "user", "passphrase", *who, "--of", "goto", said=f"{WORDS}\n{NEW}二\n")
    assert given.returncode == 0, given.stderr
    own = run(data, "user", "passphrase", "--user", "goto", said=f"{NEW}二\n{NEW}三\n")
    assert own.returncode == 0, own.stderr
    other = run(data, "user", "remove", "--user", "goto", "--old", "sato", said=f"{NEW}三\n")
    assert other.returncode == 1 and "監督者だけ" in other.stderr
    gone = run(data, "user", "remove", *who, "--old", "goto", said=f"{WORDS}\n")
    assert gone.returncode == 0 and "ディスクの写し" in gone.stdout
    code = run(data, "user", "recovery", *who, said=f"{WORDS}\n").stdout.splitlines()[-1]
    assert keyslots.open_slot(data / "slots.json", "recovery", code)
    assert names(office) == ["recovery", *CAST]


# -- a real browser --------------------------------------------------------------------------------
@needs("chromium")
@pytest.mark.browser
def test_the_screens_in_a_real_browser(tmp_path: Path) -> None:
    """axe on every screen, targets of 48 px, nothing refused by the content policy."""
    running = demo.start(tmp_path / "demo")
    words = {user.id: words for user, words in STAFF}
    try:
        with open_browser(running.link(), tmp_path / "p", None, "tablet", "people") as w:
            w.enter()
            w.go("/login?with=recovery")
            w.snap("login-recovery")
            w.go("/login")
            w.choose("user", "suzuki")
            w.fill("passphrase", "shiokaze fukumachi minato")  # as it is typed without an IME
            w.press("開く")
            w.page.wait_for_url(w.origin + "/")
            for path in ("/people", "/people/add", "/people/passphrase", "/people/remove",
                         "/people/recovery", "/passphrase"):  # fmt: skip
                w.go(path)
                w.snap(path.strip("/").replace("/", "-"))
                assert small_targets(w) == [], path
            w.go("/people/add")
            w.fill("name", "後藤 栞")
            w.fill("id", "goto")
            w.choose("role", "field")
            w.fill("passphrase", "みじかい")
            w.fill("again", "みじかい")
            w.fill("mine", words["suzuki"])
            w.press("加える")
            w.page.locator("#error-summary").wait_for()
            w.snap("people-add-error")
            assert w.page.locator("#passphrase").input_value() == ""
            idea = w.page.locator("#idea").inner_text()
            for name in ("passphrase", "again"):
                w.fill(name, idea)
            w.fill("mine", words["suzuki"])
            w.press("加える")
            w.page.wait_for_url("**/people?done=add")
            w.snap("people-done")
            w.go("/people/recovery")
            w.fill("mine", words["suzuki"])
            w.press("新しい26文字をつくる")
            w.page.locator("#code").wait_for()
            w.snap("people-code")
            assert w.violations == [] and w.refused == [] and w.foreign == []
    finally:
        running.stop()


def small_targets(w: Watch) -> list[str]:
    """Links, buttons and fields of the page that are lower than 48 px."""
    found: list[str] = w.page.evaluate(
        """() => [...document.querySelectorAll("main a, main button, main .input, main .choice")]
            .filter(e => e.offsetParent && e.getBoundingClientRect().height < 47.5)
            .filter(e => !e.closest(".crumbs, .error-summary"))
            .map(e => e.outerHTML.slice(0, 80))"""
    )
    return found
