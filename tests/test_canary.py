"""A person nobody else is called like goes through the whole job; then every place is searched.

Files of the laptop, temporary files, printed output, logs, the exported ledger, answers' heads and
addresses: the name, the kana, the address and the telephone may be in none of them.
"""

from __future__ import annotations

import io
import tempfile
import unicodedata
import zipfile
from pathlib import Path
from urllib.parse import quote

import pytest

from fieldkit.store import ledger, records
from sync.ids import new_id
from tests.web.conftest import (
    ANSWERS,
    DAY,
    Browser,
    Office,
    boss,
    city,
    close,
    do_tasks,
    office,
    portrait,
    says,
    slip_values,
)

__all__ = ["boss", "city", "office"]

NAME, KANA = "鷽鳥谷 𠮷乃葛󠄀", "ウソドリヤ ヨシノ"
ADDRESS, PHONE = "北海道汐見市鷽鳥町９８丁目７６番５号", "09098769876"
WORDS = (NAME, "鷽鳥谷", KANA, "ウソドリヤ", ADDRESS, PHONE, "090-9876-9876", "0134-98-7698")


def forms_of(word: str) -> list[bytes]:
    """A word in every coding in which it could lie on a disk or in an address."""
    texts = {word, unicodedata.normalize("NFKC", word), word.replace(" ", "")}
    found: list[bytes] = []
    for text in texts:
        found += [text.encode(code, "ignore") for code in ("utf-8", "utf-16-le", "cp932")]
        found += [quote(text).encode(), text.encode("unicode_escape")]
    return [data for data in found if len(data) > 5]


NEEDLES = {needle for word in WORDS for needle in forms_of(word)}


def seen_in(data: bytes) -> list[bytes]:
    return [needle for needle in NEEDLES if needle in data]


def the_job(boss: Browser, office: Office) -> bytes:
    """Reserve, check out, visit, faults on the way, send, erase; returns the exported files."""
    rid = new_id()
    typed = slip_values(
        caller_name=NAME, address=ADDRESS, phone=PHONE, notes=f"{NAME} {ADDRESS}",
        **{"applicant-0-name": NAME, "applicant-0-kana": KANA},
    )  # fmt: skip
    boss.post(f"/desk/{rid}/draft", {**typed, "applicant-0-birth": "昭和64"})
    assert boss.post(f"/desk/{rid}", {**typed, "applicant-0-birth": NAME}).status_code == 422
    assert boss.post(f"/desk/{rid}", typed).status_code == 302
    boss.post("/date", {"text": NAME})
    boss.post("/postal", {"postal": NAME})
    made = [boss.get(f"/desk/{rid}/slip.pdf").get_data()]
    trip_id = boss.post("/checkout", {"day": DAY}).headers["Location"].split("trip=")[1]
    made.append(boss.get(f"/trip/{trip_id}/sheet.pdf").get_data())
    trip = office.kit.open_vault().trip(trip_id)
    base = f"/visit/{rid}/a/{records.find(trip, 'applicant', rid)[0].id}"
    for number in (1, 2, 3):
        wrong = {**ANSWERS, "name": NAME, "birth": NAME, "tel": "0134-98-7698x"}
        boss.post(f"{base}/form/{number}", {**wrong, "act": "later"})
    boss.send(f"{base}/photo/shoot", NAME.encode() + portrait()[:2000])
    answers = {"name": NAME, "kana": KANA, "address": ADDRESS, "tel": "0134-98-7698"}
    do_tasks(boss, base, **answers)
    boss.post("/lock", {"back": f"{base}/check"})
    boss.log_in("suzuki")
    made += [boss.get(f"{base}/papers/{n}.pdf").get_data() for n in ("application", "set")]
    made += papers_and_cash(boss, base)
    assert all(data.startswith(b"%PDF") for data in made)
    broken = office.app.view_functions["lists.reception"]
    office.app.view_functions["lists.reception"] = lambda: int(NAME)
    assert boss.get("/list").status_code == 500
    office.app.view_functions["lists.reception"] = broken
    close(boss, base)
    boss.get("/desk")
    boss.post("/sync")
    while office.kit.progress.running:
        pass
    names = {"trip": trip_id, "shredded_by_1": "田中", "shredded_by_2": "鈴木", "confirm": "yes"}
    done = boss.post("/erase", names)
    assert done.headers.get("Location") == "/list", says(done)
    exported = boss.get("/ledger.jsonl").get_data()
    weekly = boss.get("/report/weekly.xlsx?week=2026-06-29").get_data()
    with zipfile.ZipFile(io.BytesIO(weekly)) as book:
        exported += b"".join(book.read(name) for name in book.namelist())
    for path in ("/", "/list", "/ledger", "/outbox", "/erase", "/desk"):
        exported += boss.get(path).get_data()
    return exported


def papers_and_cash(boss: Browser, base: str) -> list[bytes]:
    """The other forms, consent, the set of the visit, the shelf and the tally, with faults on the
    way; returns every print."""
    rid = base.split("/")[2]
    loss = {"loss": "lost", "place_kind": "outside", "lost_when": NAME, "lost_where": ADDRESS,
            "story": f"{NAME} {PHONE}", "police": "not_yet", "suspended": "yes",
            "suspended_on": NAME, "report_date": "2月30日"}  # fmt: skip
    sheet = f"{base}/sheet/funshitsu"
    boss.post(f"{sheet}/draft", loss)
    assert boss.post(f"{sheet}/1", {**loss, "act": "next"}).status_code in (302, 422)
    dates = {"suspended_on": "令和8年6月30日", "report_date": "令和8年7月1日"}
    for number in (1, 2, 3):
        boss.post(f"{sheet}/{number}", {**loss, **dates, "act": "later"})
    for answer in (NAME, "yes"):
        boss.post(f"{base}/show", {"consent": answer})
    boss.post(f"{base}/show/withdraw", {"form": NAME})
    boss.post(f"{base}/papers/hand", {"form": NAME, "by_hand": "yes"})
    for path in (f"{base}/show", f"{base}/papers", f"/visit/{rid}/papers", "/forms", "/tally",
                 f"/forms/reservation/{rid}"):  # fmt: skip
        assert boss.get(path).status_code == 200, path
    day = "/tally/2026-07-01/1"
    boss.post(day, {"c1000": NAME, "why": NAME, "about": NAME})
    assert boss.post(day, {"c1000": "1", "why": "unknown"}).status_code == 302
    boss.post(f"{day}/check", {"other": NAME, "words": NAME})
    boss.post(f"{day}/paid-in", {"slip_no": NAME, "paid_in_on": NAME})
    printed = (f"{base}/papers/form/funshitsu.pdf", f"/visit/{rid}/papers/set.pdf",
               f"/forms/reservation/{rid}/mochimono.pdf", f"/forms/reservation/{rid}/setsumei.pdf",
               "/forms/funshitsu/sample.pdf", f"{day}/sheet.pdf",
               "/tally/month/2026-07.pdf")  # fmt: skip
    made = [boss.get(path).get_data() for path in printed]
    long = {**loss, **dates, "story": NAME * 20, "act": "later"}
    boss.post(f"{sheet}/1", long)
    boss.get(f"{base}/papers/form/funshitsu.pdf")
    return made


def test_nobody_can_be_found_afterwards(
    boss: Browser,
    office: Office,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
) -> None:
    temp = tmp_path / "temp"
    temp.mkdir()
    for name in ("TMPDIR", "TEMP", "TMP"):
        monkeypatch.setenv(name, str(temp))
    monkeypatch.setattr(tempfile, "tempdir", None)
    caplog.set_level("DEBUG")
    exported = the_job(boss, office)
    said = capfd.readouterr()
    assert seen_in((said.out + said.err + caplog.text).encode()) == []
    assert "ValueError at" in caplog.text
    assert seen_in(exported) == []
    assert seen_in("\n".join(boss.seen).encode()) == []
    files = [f for f in tmp_path.rglob("*") if f.is_file()]
    assert any(f.name == "ledger.db" for f in files)
    for file in files:
        assert seen_in(file.read_bytes()) == [], file.relative_to(tmp_path)
        assert seen_in(file.name.encode()) == []
    assert list(temp.iterdir()) == []
    assert ledger.check(office.kit.open_vault().book) is None
    rows = office.kit.open_vault().book.all("SELECT * FROM sqlite_master")
    everything = b""
    for row in rows:
        if row["type"] == "table":
            for line in office.kit.open_vault().book.all(f"SELECT * FROM {row['name']}"):
                everything += repr(tuple(line)).encode()
    assert seen_in(everything) == []


def test_the_search_would_find_it() -> None:
    """The net has no hole: each coding of each word is found."""
    for word in WORDS:
        for code in ("utf-8", "utf-16-le"):
            assert seen_in(b"x" + word.encode(code) + b"x")
        assert seen_in(f"/visit?name={quote(word)}".encode())
