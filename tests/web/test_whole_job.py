"""The whole job in a real browser: reservation, check-out, visit, photo, fee, papers, sync, erase.

Leaves a picture of every screen and every printed page in tests/output/.
"""

from __future__ import annotations

import re
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from fieldkit import demo
from fieldkit.demo_city import STAFF
from sync.verify_ledger import verify_file
from tests import city_rows
from tests.needs import needs
from tests.photo.frames import astronaut_frame, write_y4m
from tests.web.browser import OUTPUT, Watch, no_storage, open_browser

NAME = "𠮷田葛󠄀 髙子ヴ"
KANA = "ヨシダカサイ タカコ"
ADDRESS = "北海道小樽市花園９丁目８７番６号"
WORDS = {user.id: words for user, words in STAFF}


def log_in(w: Watch, who: str) -> None:
    w.page.locator(f"input[name=user][value={who}]").check()
    w.fill("passphrase", WORDS[who])
    w.press("開く")
    w.page.wait_for_url(re.compile(r"^(?!.*/login).*$"))


def change_person(w: Watch, who: str) -> None:
    w.page.keyboard.press("F9")
    w.page.wait_for_url("**/login**")
    log_in(w, who)


def take_reservation(w: Watch) -> None:
    """The desk: one wrong date on the way, and everything typed stays."""
    w.go("/desk")
    w.snap("desk-list")
    w.go("/desk/new")
    w.fill("caller_name", "𠮷田 一郎")
    w.choose("caller_relation", "household")
    w.fill("phone", "０９０－００００－００００")
    w.fill("reason_cannot_go", "足が不自由")
    w.choose("place", "home")
    w.fill("postal", "047-0024")
    w.page.locator("#address-suggest button").first.click()
    w.fill("address", ADDRESS)
    w.choose("parking", "yes")
    w.fill("notes", "玄関の段差に気をつける")
    w.fill("applicant-0-name", NAME)
    w.fill("applicant-0-kana", KANA)
    w.fill("applicant-0-birth", "令和元年4月1日")
    w.choose("applicant-0-sex", "f")
    w.choose("applicant-0-kind", "lost")
    w.page.locator("#script li").nth(2).wait_for()
    w.choose("applicant-0-photo_ok", "yes")
    w.choose("applicant-0-can_write", "yes")
    w.page.locator("input[name=offer]").first.check()
    w.snap("desk-form")
    w.press("予約を確定する")
    w.page.locator("#error-summary").wait_for()
    assert "令和元年は5月1日から" in w.page.locator("#error-summary").inner_text()
    assert w.page.locator("[name='applicant-0-name']").input_value() == NAME
    assert w.page.title().startswith("エラー：")
    w.snap("desk-error")
    w.fill("applicant-0-birth", "昭和20年3月5日")
    w.fill("notes", "個人番号は 1234 5678 9018")
    w.press("予約を確定する")
    assert "個人番号" in w.page.locator("#error-summary").inner_text()
    w.fill("notes", "玄関の段差に気をつける")
    w.press("予約を確定する")
    w.page.wait_for_url("**/desk")
    assert NAME in w.page.inner_text("main")


def check_out(w: Watch) -> tuple[str, bytes]:
    """The last day of the list is the new reservation's; returns (trip id, visit sheet)."""
    w.go("/checkout")
    w.page.locator("input[name=day]").last.check()
    w.snap("checkout")
    w.press("持ち出しの用意をする")
    w.page.wait_for_url("**trip=**")
    w.snap("checked-out")
    trip_id = w.page.url.split("trip=")[1]
    return trip_id, w.bytes_of(f"/trip/{trip_id}/sheet.pdf")


def pages_of(pdf: bytes, name: str) -> str:
    """Keep the PDF and its pages as pictures; returns its text."""
    folder = OUTPUT / "print"
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / f"{name}.pdf"
    file.write_bytes(pdf)
    subprocess.run(["pdftoppm", "-r", "80", "-png", file, folder / name], check=True)
    text = subprocess.run(["pdftotext", "-layout", file, "-"], check=True, capture_output=True)
    return text.stdout.decode()


def code_on(sheet: bytes) -> str:
    text = pages_of(sheet, "visit-sheet")
    found = re.search(r"([0-9A-Z]{4}[ -]+){6}[0-9A-Z]{2}", text)
    assert found, text
    return found.group()


def fill_form(w: Watch) -> None:
    """Every page of the application form; what is asked and not known yet is answered."""
    for number in range(1, 12):
        w.page.locator("h1").wait_for()
        if "/form/" not in w.page.url:
            return
        answers = {"reason": "lost", "express": "yes", "send_kind": "home", "hokensho": "yes"}
        answers |= {"notice_card": "none", "old_card": "yes"}
        for name, value in {**answers, "has_agent": "no", "scribed": "no"}.items():
            box = w.page.locator(f"input[name={name}][value={value}]")
            if box.count() and not w.page.locator(f"input[name={name}]:checked").count():
                box.check()
        agree = w.page.locator("input[name=agree]")
        if agree.count():
            agree.check()
        w.snap(f"form-{number}")
        w.press("保存して")
        w.page.wait_for_load_state()
        assert not w.page.locator("#error-summary").count(), w.page.inner_text("main")
    raise AssertionError("the form did not end")


def take_photo(w: Watch, base: str) -> tuple[str, bytes]:
    w.go(f"{base}/photo")
    w.page.locator("#camera[data-state=live]").wait_for()
    w.page.wait_for_timeout(1500)
    w.snap("camera")
    w.press("撮影")
    w.page.locator("#camera[data-state=taken]").wait_for()
    w.page.get_by_role("button", name="切り抜きを見る").click()
    w.page.locator("canvas[data-photo]").wait_for()
    w.page.wait_for_timeout(500)
    w.snap("photo-judged")
    address = w.page.locator("canvas[data-photo]").get_attribute("data-photo")
    assert address
    jpeg = w.bytes_of(address)
    assert jpeg.startswith(b"\xff\xd8")
    w.page.locator("input[name=checked]").first.check()
    w.press("この写真を使う")
    w.page.wait_for_url(f"**{base}")
    return address.split("/")[-2], jpeg


def do_visit(w: Watch) -> tuple[str, bytes]:
    w.go("/")
    w.snap("today")
    w.page.get_by_role("link", name=re.compile("訪問を始める|つづきから")).click()
    w.snap("visit")
    w.page.locator("h3.visit-name a").first.click()
    w.page.wait_for_url("**/a/**")
    base = "/" + w.page.url.split("/", 3)[3]
    w.snap("tasks")
    w.go(f"{base}/id")
    w.choose("papers", "driving_licence")
    w.page.locator("#id-result .notice").first.wait_for()
    w.choose("papers", "kaigo_hokensho")
    w.page.locator("input[name=verified]").check()
    w.page.wait_for_timeout(400)
    w.snap("id-check")
    w.press("保存して次へ")
    w.page.wait_for_url(f"**{base}")
    w.go(f"{base}/outcome")
    w.snap("outcome")
    w.go(f"{base}/form")
    fill_form(w)
    photo_id, jpeg = take_photo(w, base)
    w.go(f"{base}/fee")
    w.fill("tendered", "3000")
    w.press("受け取りました")
    assert "お釣り" in w.page.inner_text("main") or "つり銭" in w.page.inner_text("main")
    w.snap("fee-refused")
    w.fill("tendered", "２０００")
    w.fill("paper_receipt_no", "A-101")
    w.press("受け取りました")
    w.page.get_by_text("領収書番号").first.wait_for()
    w.snap("fee")
    w.go(f"{base}/papers")
    w.snap("papers")
    application = pages_of(w.bytes_of(f"{base}/papers/application.pdf"), "application")
    assert NAME.split()[1] in application.replace(" ", "") and "昭和20年3月5日" in application
    w.go(f"{base}/fee")
    assert "紙の領収書 A-101" in w.page.inner_text("main")
    w.go(f"{base}/show")
    w.snap("show")
    w.press("同意しない")
    w.go(f"{base}/check")
    assert "同意していません" in w.page.inner_text("main")
    w.go(f"{base}/show")
    w.press("同意する")
    w.go(f"{base}/check")
    w.snap("check")
    w.press("この内容で確定する")
    w.page.wait_for_url("**/visit/*")
    w.page.get_by_role("link", name="訪問終了へ進む").click()
    for box in w.page.locator("main input[type=checkbox]").all():
        box.check()
    w.snap("close")
    w.press("訪問を終える")
    w.page.wait_for_url("**/outbox")
    return photo_id, jpeg


def send_and_erase(w: Watch) -> None:
    w.snap("outbox")
    w.press("市のサーバへ送る")
    w.page.get_by_text("送信が終わりました").wait_for()
    w.go("/outbox")
    w.snap("outbox-sent")
    w.go("/erase")
    w.fill("shredded_by_1", "田中 実")
    w.fill("shredded_by_2", "鈴木 一郎")
    w.page.locator("input[name=confirm]").first.check()
    w.snap("erase")
    w.press("消去する")
    w.page.wait_for_url("**/list")
    w.snap("reception-list")


@contextmanager
def demo_at(data: Path) -> Iterator[str]:
    """The demo city on two loopback ports; the one-time link to its screens."""
    running = demo.start(data)
    try:
        yield running.link()
    finally:
        running.stop()


def every_byte(*folders: Path) -> bytes:
    found = []
    for folder in folders:
        for file in folder.rglob("*"):
            if file.is_file() and not file.is_symlink():
                found.append(file.read_bytes())
    return b"".join(found)


@pytest.fixture
def short_temp() -> Iterator[Path]:
    """A temporary folder of its own: Chromium's socket lies in it, and its whole name is short."""
    with tempfile.TemporaryDirectory(prefix="kit") as name:
        yield Path(name)


@pytest.mark.browser
@needs("chromium", "poppler-utils")
def test_it_does_the_whole_job(
    tmp_path: Path, short_temp: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    temp = short_temp
    monkeypatch.setenv("TMPDIR", str(temp))
    monkeypatch.setattr(tempfile, "tempdir", None)
    y4m = tmp_path / "face.y4m"
    write_y4m(y4m, [astronaut_frame(1920, 1080, eye_px=150)] * 5)
    data = tmp_path / "demo"
    with demo_at(data) as link, open_browser(link, tmp_path / "profile", y4m) as w:
        w.enter()
        w.snap("login")
        log_in(w, "sato")
        take_reservation(w)
        change_person(w, "tanaka")
        trip_id, sheet = check_out(w)
        code = code_on(sheet)
        assert no_storage(w.page)["local"] == {}

    with demo_at(data) as link, open_browser(link, tmp_path / "profile", y4m) as w:
        w.count = 20
        w.enter()
        log_in(w, "tanaka")
        w.snap("today-locked")
        w.go(f"/trip/{trip_id}/unlock")
        w.snap("unlock")
        w.fill("code", "1" * 26)
        w.press("鍵を開ける")
        assert w.page.locator("#error-summary").count()
        w.fill("code", code.lower())
        w.press("鍵を開ける")
        w.page.wait_for_url(w.origin + "/")
        photo_id, jpeg = do_visit(w)
        w.go("/desk")
        assert "予約受付" in w.page.inner_text("main")
        change_person(w, "suzuki")
        w.go("/desk")
        w.go("/outbox")
        send_and_erase(w)
        w.go("/ledger")
        w.snap("ledger")
        ledger = tmp_path / "ledger.jsonl"
        ledger.write_bytes(w.bytes_of("/ledger.jsonl"))
        assert verify_file(ledger)[1] is None
        monday = w.page.evaluate("() => fetch('/').then(a => a.text())")
        week = re.search(r"week=(\d{4}-\d\d-\d\d)", monday)
        assert week
        assert w.bytes_of(f"/report/weekly.xlsx?week={week.group(1)}").startswith(b"PK")
        pages_of(w.bytes_of("/list.pdf"), "reception-list")
        assert w.violations == []
        assert w.foreign == [] and w.refused == []

    with city_rows.opened(data / "city") as city:
        assert city_rows.jpeg(city, photo_id) == jpeg
    kept = every_byte(data, temp)
    assert NAME.encode() not in kept and KANA.encode() not in kept
    assert jpeg[200:600] not in kept and jpeg[-600:-200] not in kept
    profile = every_byte(tmp_path / "profile")
    assert NAME.encode() not in profile and jpeg[200:600] not in profile
