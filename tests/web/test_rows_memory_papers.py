"""Row 16 with papers: sets with the photo, the answers of other forms, a name in 代替文字, consent,
the list of receipts. After the visit's end no picture, after the lock no word of them is in the
kit's memory, in no cache of forms, rules, backgrounds or of the printer.
"""

from __future__ import annotations

import pytest

from fieldkit import allocator
from tests.web import memory
from tests.web.conftest import close, do_tasks, fill_form
from tests.web.test_rows_memory import NAME, OFFERED, OPEN, Day, day

__all__ = ["day"]  # a fixture
pytestmark = pytest.mark.skipif(
    not OFFERED, reason="!! NOT TESTED: memory is read through /proc, and freed by glibc"
)
ALT, STORY, WHERE, LATE = (
    "鷽鳥谷よし乃代替",
    "鷽替神社の石段でころんだ",
    "鷽鳥谷の停留所",
    "鷽の残り",
)
SHEET = {
    "loss": "lost", "place_kind": "outside", "lost_when": "6月の終わり", "lost_where": WHERE,
    "story": STORY, "police": "not_yet", "suspended": "yes", "suspended_on": "令和8年6月30日",
    "report_date": "令和8年7月1日", "revoke_sign": "yes", "revoke_auth": "yes",
    "revoke_reason": "gone",
}  # fmt: skip


def work(day: Day) -> tuple[str, bytes]:
    """Everything that prints; returns the photo's id and its JPEG."""
    browser, base = day.browser, day.base
    rid = base.split("/")[2]
    assert browser.get("/desk").status_code == 200
    photo_id = do_tasks(browser, base, name=NAME)
    crop = browser.get(f"{base}/photo/{photo_id}/view").get_data()
    browser.post(f"{base}/sheet/funshitsu/draft", {"story": LATE})
    for number in (1, 2, 3, 4):
        browser.post(f"{base}/sheet/funshitsu/{number}", {**SHEET, "act": "next"})
    browser.get(f"{base}/show")
    assert browser.post(f"{base}/show", {"consent": "yes"}).status_code == 302
    for path in (f"{base}/papers/set.pdf", f"/visit/{rid}/papers/set.pdf",
                 f"{base}/papers/form/funshitsu.pdf", f"{base}/prints/l.pdf?back=yes",
                 f"/forms/reservation/{rid}/mochimono.pdf",
                 f"/forms/reservation/{rid}/setsumei.pdf?lang=en"):  # fmt: skip
        answer = browser.get(path)
        assert answer.get_data().startswith(b"%PDF"), path
    # a name that no font draws is refused, then printed with the other one
    fill_form(browser, base, name=f"{NAME}葛\U000e0102")
    assert browser.get(f"{base}/papers/set.pdf").status_code == 422
    fill_form(browser, base, name=f"{NAME}葛\U000e0102", alt_char="yes", alt_name=ALT)
    answer = browser.get(f"{base}/papers/set.pdf")
    assert answer.get_data().startswith(b"%PDF")
    for path in (f"{base}/papers", f"{base}/check", f"/visit/{rid}/papers", "/tally", "/forms"):
        assert browser.get(path).status_code == 200, path
    return photo_id, crop


@pytest.mark.parametrize("day", [allocator.SETTINGS], indirect=True)
def test_nothing_of_the_papers_is_left_in_memory(day: Day) -> None:
    photo_id, crop = work(day)
    needles = day.needles(photo_id, crop)
    for what, word in (("alt", ALT), ("story", STORY), ("where", WHERE), ("draft", LATE)):
        for code in ("utf-8", "utf-16-le", "utf-32-le"):
            needles[f"{what}, {code}"] = word.encode(code)
    found = day.search(needles)
    assert set(found) >= OPEN, "the control: keys that are in use are found"
    assert not {"shot", "crop"} & set(found), found
    close(day.browser, day.base)
    day.browser.get("/")
    found = day.search(needles)
    assert not {"photo key", "shot", "crop"} & set(found), found
    assert day.browser.post("/lock").status_code == 302
    assert day.search(needles) == {}


@pytest.mark.parametrize("day", [{}], indirect=True)
def test_the_search_finds_what_was_printed(day: Day) -> None:
    """The control, without the allocator that overwrites: freed words are found."""
    _, crop = work(day)
    needles = {"story, 8": STORY.encode(), "alt, 8": ALT.encode()}
    needles |= {f"crop, {i}": data for i, data in enumerate(memory.slices_of(crop))}
    assert set(day.search(needles)) >= {"story", "alt"}
