"""Every page, in a real browser, at both sizes: no axe violation, no CSP message, no small target.

Set FIELDKIT_LOOK to a folder to keep screenshots of every look.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.needs import chromium as chromium_path
from tests.needs import needs
from tests.web.browser import FLAGS
from tests.web.style.page_cast import ID_ERROR, PAGES
from tests.web.style.page_gallery import served

SIZES = {"laptop": (1366, 768), "tablet": (820, 1180)}
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
LOOK = os.environ.get("FIELDKIT_LOOK", "")
# Everything that can be pressed, smaller than 48 px in height (links inside a sentence are text).
SMALL_TARGETS = """() => {
  const all = "button, .btn, input:not([type=hidden]), select, textarea, nav a, label.choice";
  return [...document.querySelectorAll(all)].filter(e => {
    const r = (e.closest("label.choice") || e).getBoundingClientRect();
    return e.getClientRects().length && !e.matches(".first-button") && r.height < 48;
  }).map(e => e.outerHTML.slice(0, 120));
}"""
SMALL_TEXT = """() => {
  const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT), small = [];
  while (walk.nextNode()) {
    const text = walk.currentNode.data.trim(), on = walk.currentNode.parentElement;
    if (!text || !on.getClientRects().length) continue;
    if (parseFloat(getComputedStyle(on).fontSize) < 20) small.push(text);
  }
  return small;
}"""

pytestmark = [
    pytest.mark.browser,
    needs("chromium"),
]
sync_api = pytest.importorskip("playwright.sync_api", reason="NOT CHECKED: playwright is missing")
axe_home = pytest.importorskip("axe_playwright_python", reason="NOT CHECKED: axe-core is missing")
AXE = Path(axe_home.__file__).with_name("axe.min.js")


@pytest.fixture(scope="module")
def shop() -> Iterator[tuple[str, list[dict[str, Any]]]]:
    with served() as it:
        yield it


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with sync_api.sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=chromium_path(), args=FLAGS)
        yield chromium
        chromium.close()


@pytest.fixture
def page(browser: Any, request: pytest.FixtureRequest) -> Iterator[Any]:
    width, height = SIZES[getattr(request, "param", "laptop")]
    size = {"width": width, "height": height}
    context = browser.new_context(viewport=size, locale="ja-JP", reduced_motion="reduce")
    yield context.new_page()
    context.close()


@pytest.mark.parametrize("page", SIZES, indirect=True)
@pytest.mark.parametrize("name", PAGES)
def test_it_is_accessible_and_obeys_the_csp(
    name: str, page: Any, shop: tuple[str, Any], request: pytest.FixtureRequest
) -> None:
    told: list[str] = []
    page.on("console", lambda m: told.append(m.text))
    page.on("pageerror", lambda e: told.append(str(e)))
    page.goto(f"{shop[0]}/look/{name}", wait_until="load")
    size = request.node.callspec.params["page"]
    if LOOK:
        page.screenshot(path=str(Path(LOOK) / f"{name}-{size}.png"), full_page=True)
    page.evaluate(AXE.read_text(encoding="utf-8"))
    found = page.evaluate("tags => axe.run({runOnly: tags})", TAGS)
    faults = [(v["id"], [n["html"][:160] for n in v["nodes"]]) for v in found["violations"]]
    assert faults == []
    assert told == []
    if not PAGES[name][0].rpartition("/")[2].startswith("_"):
        assert page.evaluate(SMALL_TARGETS) == []
        assert page.evaluate(SMALL_TEXT) == []
        wide = page.evaluate("document.documentElement.scrollWidth - innerWidth")
        assert wide <= 0, "the page scrolls sideways"


@pytest.mark.parametrize("page", SIZES, indirect=True)
def test_the_tick_of_a_photo_stays_in_view_when_it_was_forgotten(
    page: Any, shop: tuple[str, Any]
) -> None:
    page.goto(f"{shop[0]}/look/photo-ask")
    assert page.evaluate("document.activeElement.id") == "error-summary"
    use = page.get_by_role("button", name="この写真を使う").bounding_box()
    assert use["y"] + use["height"] <= page.viewport_size["height"]


def saved(page: Any) -> Any:
    """The status of a save made by the page itself: it shows seconds, the server's does not."""
    return page.locator("#saved", has_text=re.compile(r"保存しました \d+:\d\d:\d\d"))


def test_it_moves_the_focus_to_the_errors_and_says_so_in_the_title(
    page: Any, shop: tuple[str, Any]
) -> None:
    page.goto(f"{shop[0]}/look/form")
    assert page.title().startswith("エラー：")
    assert page.evaluate("document.activeElement.id") == "error-summary"
    assert ID_ERROR in page.locator("#shinsei_id-error").inner_text()
    page.click("#error-summary a")
    assert page.evaluate("document.activeElement.id") == "shinsei_id"


def test_it_saves_the_draft_and_shows_when(page: Any, shop: tuple[str, Any]) -> None:
    base, posted = shop
    page.goto(f"{base}/look/form")
    posted.clear()
    page.fill("#name", "山本 ハル子")
    saved(page).wait_for()
    draft = posted[-1]
    assert draft["path"] == "visit/r12/a/a1/form/draft"
    assert draft["form"]["name"] == "山本 ハル子" and draft["csrf"] == "t0ken"
    kept = page.evaluate("({...localStorage, ...sessionStorage})")
    assert kept in ({}, {"htmx-current-path-for-history": "/look/form"}), "the path alone, by htmx"


def test_it_says_when_it_cannot_save_and_tries_again(page: Any, shop: tuple[str, Any]) -> None:
    base, _ = shop
    page.goto(f"{base}/look/form")
    page.route("**/form/draft", lambda route: route.abort())
    page.fill("#name", "山本 ハル子")
    page.get_by_text("保存できません。").wait_for()
    assert page.input_value("#name") == "山本 ハル子"
    page.unroute("**/form/draft")
    saved(page).wait_for()


def test_it_does_not_save_in_the_middle_of_a_composition(page: Any, shop: tuple[str, Any]) -> None:
    base, posted = shop
    page.goto(f"{base}/look/form")
    posted.clear()
    ime = page.context.new_cdp_session(page)
    page.click("#name")
    ime.send("Input.imeSetComposition", {"text": "よしだ", "selectionStart": 3, "selectionEnd": 3})
    page.wait_for_timeout(1200)
    assert posted == []
    ime.send("Input.insertText", {"text": "吉田"})
    saved(page).wait_for()
    assert "吉田" in posted[-1]["form"]["name"] and "よしだ" not in posted[-1]["form"]["name"]


def test_it_saves_before_a_link_is_followed(page: Any, shop: tuple[str, Any]) -> None:
    base, posted = shop
    page.goto(f"{base}/look/form")
    posted.clear()
    page.fill("#name", "途中")
    page.click("nav.crumbs a >> nth=1")
    page.wait_for_url("**/visit/r12/a/a1")
    assert posted[-1]["form"]["name"] == "途中"


def test_it_shows_a_question_that_has_begun_to_apply(page: Any, shop: tuple[str, Any]) -> None:
    page.goto(f"{shop[0]}/look/form")
    assert not page.locator("#agent_name").is_visible()
    page.get_by_label("男", exact=True).check()
    page.locator("#agent_name").wait_for(state="visible")


def test_it_hides_the_screen_by_f9_after_saving(page: Any, shop: tuple[str, Any]) -> None:
    base, posted = shop
    page.goto(f"{base}/look/form")
    posted.clear()
    page.fill("#name", "途中")
    page.focus("#shinsei_id")
    page.keyboard.press("F9")
    page.wait_for_url("**/lock")
    assert [p["path"] for p in posted][-1] == "lock"
    assert posted[-1]["form"]["back"] == "/look/form#shinsei_id"
    assert any(p["path"].endswith("draft") and p["form"]["name"] == "途中" for p in posted)


def test_it_fills_the_town_from_the_postal_code(page: Any, shop: tuple[str, Any]) -> None:
    page.goto(f"{shop[0]}/look/desk-new")
    page.fill("#postal", "0470024")
    page.click("button[data-fill]")
    assert page.input_value("#address") == "小樽市花園"
    assert page.input_value("#district") == "hanazono"
    assert page.evaluate("document.activeElement.id") == "address"


def test_it_says_how_it_read_a_date_and_what_to_tell_by_kind(
    page: Any, shop: tuple[str, Any]
) -> None:
    page.goto(f"{shop[0]}/look/desk-new")
    page.fill("#applicant-0-birth", "S20.3.5")
    page.locator("#applicant-0-birth-says").get_by_text("S20.3.5").wait_for()
    page.get_by_label("更新", exact=True).check()
    page.locator("#script").get_by_text("renewの方へ").wait_for()


def test_enter_saves_the_slip_and_does_not_add_a_row(page: Any, shop: tuple[str, Any]) -> None:
    base, posted = shop
    page.goto(f"{base}/look/desk-form")
    posted.clear()
    page.press("#caller_name", "Enter")
    page.wait_for_url("**/desk/r12")
    assert posted[-1]["form"]["act"] == "save"
