"""The prints' screen: sheets are counted, the file goes onto a stick and is owed until erased."""

from __future__ import annotations

import os
import re
from dataclasses import replace
from pathlib import Path

import pytest

from fieldkit import blockers, handover, media, prints
from fieldkit.errors import KitError
from fieldkit.photo.exporting import online_problem
from fieldkit.store import ledger, photos
from tests.forms.form_cases import pdf_text, run_on_pdf
from tests.needs import needs
from tests.web.conftest import Browser, Office, close, do_tasks, says, take_photo

NAME = "𠮷田"


@pytest.fixture
def stick(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Two sticks that are plugged in; the first is the one of the tests."""
    first, second = tmp_path / "USB 一号", tmp_path / "USB 二号"
    first.mkdir()
    second.mkdir()
    monkeypatch.setenv("KIT_MEDIA", f"{first}{os.pathsep}{second}")
    return first


@pytest.fixture
def base(office: Office, boss: Browser) -> str:
    made = office.visit()
    take_photo(boss, made)
    return made


def acts(office: Office, *names: str) -> list[tuple[str, str]]:
    rows = ledger.rows(office.kit.open_vault().book)
    return [(r["act"], r["result"]) for r in reversed(rows) if r["act"] in names]


def hand(browser: Browser, base: str, stick: Path) -> Path:
    answer = browser.post(f"{base}/prints/file", {"drive": str(stick)})
    assert answer.status_code == 302, says(answer)
    (written,) = stick.iterdir()
    return written


def file_id(browser: Browser) -> str:
    found = re.search(r'action="/files/([^"]+)"', Browser.text(browser.get("/files")))
    assert found
    return found.group(1)


def test_it_works(boss: Browser, base: str, stick: Path) -> None:
    text = Browser.text(boss.get(f"{base}/prints"))
    for words in ("L判に印刷", "はがきに印刷", "USB 一号", "印刷した回数：L判 0回・はがき 0回"):
        assert words in text
    assert "<img" not in text and "download" not in text


@needs("poppler-utils")
@pytest.mark.parametrize("paper", ["l", "hagaki"])
def test_it_prints_both_sides_in_the_browsers_viewer(
    boss: Browser, base: str, paper: str
) -> None:
    both = boss.get(f"{base}/prints/{paper}.pdf?back=yes")
    assert both.headers["Content-Disposition"].startswith("inline")
    assert "昭和20年3月5日" in pdf_text(both.get_data())
    front = boss.get(f"{base}/prints/{paper}.pdf").get_data()
    assert NAME not in pdf_text(front)
    assert "Pages:           1" in run_on_pdf("pdfinfo", "-", pdf=front)


def test_it_counts_every_print_before_the_sheet_leaves(
    office: Office, boss: Browser, base: str
) -> None:
    for path in ("l.pdf", "l.pdf?back=yes", "hagaki.pdf"):
        assert boss.get(f"{base}/prints/{path}").status_code == 200
    assert "L判 2回・はがき 1回" in Browser.text(boss.get(f"{base}/prints"))
    printed = acts(office, "photo_printed")
    assert printed == [("photo_printed", "l:4"), ("photo_printed", "l:4"),
                       ("photo_printed", "hagaki:4")]  # fmt: skip


def test_another_paper_is_refused_and_not_counted(
    office: Office, boss: Browser, base: str
) -> None:
    assert "はがき" in says(boss.get(f"{base}/prints/a3.pdf"))
    assert acts(office, "photo_printed") == []


def test_it_says_where_to_begin_without_a_photo(
    office: Office, boss: Browser, stick: Path
) -> None:
    bare = office.visit()
    assert "写真がまだありません" in Browser.text(boss.get(f"{bare}/prints"))
    assert "写真がまだありません" in says(boss.get(f"{bare}/prints/l.pdf"))
    assert "写真がまだありません" in says(boss.post(f"{bare}/prints/file", {"drive": str(stick)}))
    assert list(stick.iterdir()) == []


def test_the_file_on_the_stick_is_what_the_online_application_takes(
    office: Office, boss: Browser, base: str, stick: Path
) -> None:
    written = hand(boss, base, stick)
    assert re.fullmatch(r"photo-[a-z]{6}\.jpg", written.name)
    assert online_problem(written.read_bytes()) is None
    assert acts(office, "photo_handed") == [("photo_handed", "begun"), ("photo_handed", "ok")]


def test_the_file_is_owed_everywhere_until_it_is_erased(
    office: Office, boss: Browser, base: str, stick: Path
) -> None:
    written = hand(boss, base, stick)
    vault = office.kit.open_vault()
    (trip,) = [t for t in vault.trips.values() if t.kind == "field"]
    assert "残っています" in Browser.text(boss.get(f"{base}/prints"))
    assert "USBメモリに写真のファイルが1件" in Browser.text(boss.get("/"))
    assert any("USBメモリ" in why for why in blockers.blockers(vault, trip.id))
    assert '<a href="/files">' in Browser.text(boss.get("/erase"))
    assert boss.post(f"/files/{file_id(boss)}", {"act": "gone"}).status_code == 302
    assert not written.exists() and list(stick.iterdir()) == []
    assert acts(office, "photo_file_gone") == [("photo_file_gone", "erased")]
    assert "USBメモリに写真のファイルが" not in Browser.text(boss.get("/"))
    assert not any("USBメモリ" in why for why in blockers.blockers(vault, trip.id))
    assert "消去済み" in Browser.text(boss.get(f"{base}/prints"))


def test_it_finds_the_file_under_another_name_and_its_copies(
    boss: Browser, base: str, stick: Path
) -> None:
    written = hand(boss, base, stick)
    (stick / "写真").mkdir()
    (stick / "写真" / "コピー.JPG").write_bytes(written.read_bytes())
    written.rename(stick / "renamed.jpg")
    (stick / "other.jpg").write_bytes(b"somebody else's")
    boss.post(f"/files/{file_id(boss)}", {"act": "gone"})
    assert [p.name for p in stick.rglob("*") if p.is_file()] == ["other.jpg"]


def test_a_file_that_a_person_deleted_is_looked_for_and_recorded(
    office: Office, boss: Browser, base: str, stick: Path
) -> None:
    hand(boss, base, stick).unlink()
    boss.post(f"/files/{file_id(boss)}", {"act": "gone"})
    assert acts(office, "photo_file_gone") == [("photo_file_gone", "not_found")]
    assert "USBメモリにないことを確認済み" in Browser.text(boss.get(f"{base}/prints"))


def test_a_stick_without_a_number_is_not_believed_to_be_the_same(
    office: Office, boss: Browser, base: str, stick: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    nameless = [replace(one, serial="") for one in media.drives()]
    monkeypatch.setattr(media, "drives", lambda: nameless)  # a reader that tells no number
    written = hand(boss, base, stick)
    away = written.rename(stick.with_name(written.name))
    vault = office.kit.open_vault()
    with pytest.raises(KitError) as told:
        handover.take_back(vault, file_id(boss))
    assert told.value.code == "stick_unsure" and len(handover.owed(vault)) == 1
    away.rename(written)
    assert handover.take_back(vault, file_id(boss)) == "erased" and not handover.owed(vault)


def test_of_two_sticks_none_is_chosen_beforehand(
    boss: Browser, base: str, stick: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    chosen = re.compile(r'name="drive" value="[^"]+" checked')
    assert not chosen.search(Browser.text(boss.get(f"{base}/prints")))
    answer = boss.post(f"{base}/prints/file")
    assert answer.status_code == 422 and "どのUSBメモリ" in says(answer)
    monkeypatch.setenv("KIT_MEDIA", str(stick))
    assert chosen.search(Browser.text(boss.get(f"{base}/prints")))


def test_it_names_the_stick_that_is_not_there(
    office: Office, boss: Browser, base: str, stick: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    written = hand(boss, base, stick)
    monkeypatch.setenv("KIT_MEDIA", str(stick.with_name("USB 二号")))
    answer = boss.post(f"/files/{file_id(boss)}", {"act": "gone"})
    assert answer.status_code == 422 and "USB 一号" in says(answer)
    assert written.exists() and len(handover.owed(office.kit.open_vault())) == 1


def test_only_a_supervisor_says_that_a_stick_is_lost(
    office: Office, boss: Browser, base: str, stick: Path
) -> None:
    hand(boss, base, stick)
    one = file_id(boss)
    office.kit.put_away()
    boss.log_in("tanaka")
    assert "監督者" in says(boss.post(f"/files/{one}", {"act": "lost"}))
    assert len(handover.owed(office.kit.open_vault())) == 1
    office.kit.put_away()
    boss.log_in("suzuki")
    assert boss.post(f"/files/{one}", {"act": "lost"}).status_code == 302
    assert acts(office, "photo_file_gone") == [("photo_file_gone", "lost")]


def test_a_sealed_photo_is_neither_printed_nor_handed_out_but_its_file_can_be_erased(
    office: Office, boss: Browser, stick: Path
) -> None:
    base = office.visit()
    do_tasks(boss, base)
    hand(boss, base, stick)
    close(boss, base)
    text = Browser.text(boss.get(f"{base}/prints"))
    assert photos.SEALED_SENTENCE in text and "うらに氏名" not in text
    assert photos.SEALED_SENTENCE in says(boss.get(f"{base}/prints/l.pdf"))
    answer = boss.post(f"{base}/prints/file", {"drive": str(stick)})
    assert photos.SEALED_SENTENCE in says(answer) and len(list(stick.iterdir())) == 1
    assert boss.post(f"/files/{file_id(boss)}", {"act": "gone"}).status_code == 302
    assert list(stick.iterdir()) == []


def test_it_writes_only_where_something_is_plugged_in(
    office: Office, boss: Browser, base: str, stick: Path, tmp_path: Path
) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    answer = boss.post(f"{base}/prints/file", {"drive": str(elsewhere)})
    assert answer.status_code == 422 and "USBメモリを読めません" in says(answer)
    assert "選んでください" in says(boss.post(f"{base}/prints/file"))
    assert list(elsewhere.iterdir()) == [] and handover.owed(office.kit.open_vault()) == []


def test_a_stick_that_takes_nothing_leaves_nothing_owed(
    office: Office, boss: Browser, base: str, stick: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(path: Path, data: bytes) -> None:
        raise KitError("disk_full", "full", "retry")

    monkeypatch.setattr(handover, "write_new", full)
    answer = boss.post(f"{base}/prints/file", {"drive": str(stick)})
    assert "書き込めませんでした" in says(answer)
    assert handover.owed(office.kit.open_vault()) == []


@needs("poppler-utils")
def test_the_contact_sheet_shows_numbers_and_no_names(office: Office, boss: Browser) -> None:
    first, second = office.book(), office.book(order=2)
    trip_id = office.take_out()
    empty = Browser.text(boss.get(f"/trip/{trip_id}/contact"))
    assert prints.NO_PHOTO in empty and NAME in empty
    assert prints.NO_PHOTO in says(boss.get(f"/trip/{trip_id}/contact.pdf"))
    take_photo(boss, f"/visit/{second[0]}/a/{second[1]}")
    assert "写真一覧を印刷（1枚）" in Browser.text(boss.get(f"/trip/{trip_id}/contact"))
    pdf = boss.get(f"/trip/{trip_id}/contact.pdf").get_data()
    text = pdf_text(pdf)
    assert NAME not in text and "全1枚2" in text, "the number stays when a photo is missing"
    assert acts(office, "photo_printed") == [("photo_printed", "contact:1")]
    assert first[0] != second[0]


def test_another_persons_work_is_refused(office: Office, boss: Browser, base: str) -> None:
    office.kit.put_away()
    boss.log_in("sato")
    assert boss.get(f"{base}/prints").status_code == 403
    assert boss.get("/files").status_code == 403
