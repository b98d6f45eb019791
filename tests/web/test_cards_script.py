"""static/cards.js in a real browser: it repeats the steps, stops, and says a refusal."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Page, Route, sync_playwright

from tests.needs import chromium, needs
from tests.web.browser import FLAGS
from tests.web.style.page_gallery import served

pytestmark = [pytest.mark.browser, needs("chromium")]


@pytest.fixture
def page() -> Iterator[Page]:
    with served() as (origin, _), sync_playwright() as play:
        browser = play.chromium.launch(executable_path=chromium(), args=FLAGS)
        made = browser.new_page()
        made.goto(f"{origin}/look/cards-unused")
        yield made
        browser.close()


def answers(page: Page, *told: tuple[int, dict[str, Any]]) -> list[str]:
    """The kit's answers to the steps, one after another, the last one for ever; what was posted."""
    posted: list[str] = []

    def answer(route: Route) -> None:
        posted.append(route.request.post_data or "")
        status, body = told[min(len(posted), len(told)) - 1]
        route.fulfill(status=status, body=json.dumps(body), content_type="application/json")

    page.route("**/cards/*/empty", answer)
    return posted


def press(page: Page) -> Any:
    form = page.locator("form[data-steps][action$='/empty']")
    form.get_by_role("button", name="空にする").click()
    return form


def test_it_repeats_until_it_is_done(page: Page) -> None:
    page.route("**/cards/c2", lambda route: route.fulfill(body="<h1>done</h1>"))
    doing = (200, {"done": False, "says": "上書きしています。", "share": 0.4})
    posted = answers(page, doing, doing, (200, {"done": True, "says": "空です。", "share": 1}))
    press(page)
    page.wait_for_url("**/cards/c2")
    assert len(posted) == 3 and all("csrf=" in body for body in posted)


def test_it_says_a_refusal_and_can_be_pressed_again(page: Page) -> None:
    refused = {"error": "not_ready", "sentence": "残り1枚を取り込んでください。"}
    posted = answers(page, (400, refused))
    form = press(page)
    form.get_by_text("残り1枚を取り込んでください。").wait_for()
    assert len(posted) == 1 and form.locator("progress").is_hidden()
    press(page)
    page.wait_for_timeout(300)
    assert len(posted) == 2


def test_a_shot_keeps_its_shape(page: Page) -> None:
    """A camera's picture is 4:3; it must not be squeezed into the 35:45 of a crop."""
    page.goto(page.url.replace("cards-unused", "cards-shot"))
    canvas = page.locator("canvas[data-photo]")
    canvas.evaluate("(one) => { one.dataset.state = 'shown'; one.width = 800; one.height = 600; }")
    box = canvas.bounding_box()
    assert box and abs(box["width"] / box["height"] - 4 / 3) < 0.02


def test_it_can_be_stopped(page: Page) -> None:
    posted = answers(page, (200, {"done": False, "says": "上書きしています。", "share": 0.4}))
    form = press(page)
    form.get_by_role("button", name="止める").click()
    form.get_by_text("止めました。").wait_for()
    page.wait_for_timeout(300)
    count = len(posted)
    page.wait_for_timeout(300)
    assert len(posted) == count
