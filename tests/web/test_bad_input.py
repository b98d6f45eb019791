"""Whatever is typed wrongly: the sentence that says so, and nothing typed is lost."""

from __future__ import annotations

import html
import io
import json
import re
import zipfile
from typing import Any

import pytest

from fieldkit.rules.personal_number import check_digit
from fieldkit.store import photos, records
from sync.ids import new_id
from tests.web.conftest import (
    ANSWERS,
    DAY,
    WORDS,
    Browser,
    Office,
    close,
    do_tasks,
    fill_form,
    portrait,
    says,
    slip_values,
)

NUMBER = "12345678901" + str(check_digit("12345678901"))
OTHER_12 = NUMBER[:11] + str((int(NUMBER[11]) + 1) % 10)
DESK_TEXTS = [
    "caller_name", "phone", "reason_cannot_go", "postal", "district", "address", "katagaki",
    "notes", "applicant-0-name", "applicant-0-kana", "applicant-0-birth",
]  # fmt: skip
FORM_TEXTS = {
    1: ["name", "kana", "alt_name", "alias"],
    3: ["zip", "address", "katagaki", "tel"],
    4: ["police_no"],
}
NAMES = [
    "𠮷田 髙子",
    "葛󠄀城 花",
    "ヴァージニア・ウルフ゠スティーヴン",
    "渡邉　" + "ｱﾚｸｻﾝﾄﾞﾗ" * 6,
    "神󠄀﨑 﨑",
    "JOSÉ MARÍA ÑANDÚ",
]


def unescaped(browser: Browser, answer: Any) -> str:
    return html.unescape(browser.text(answer))


def desk(browser: Browser, **changes: Any) -> tuple[str, Any]:
    """Post the call screen of a new slip; (its id, the answer)."""
    rid = new_id()
    return rid, browser.post(f"/desk/{rid}", slip_values(**changes))


def slip_of(office: Office, rid: str) -> dict[str, Any]:
    trip = next(t for t in office.kit.open_vault().trips.values() if t.kind == "desk")
    return records.get(trip, rid).body


# -- the passphrase ---------------------------------------------------------------------------
def test_a_wrong_passphrase_says_nothing_about_which_part(office: Office) -> None:
    browser = office.browser
    said = set()
    for who, words in (("sato", "ちがうあいことばです長い"), ("nobody", WORDS)):
        answer = browser.log_in(who, words)
        assert answer.status_code == 403 and office.kit.vault is None
        said.add(says(answer))
        assert words not in browser.text(answer)
    assert len(said) == 1 and "利用者名または合言葉が違います" in said.pop()


def test_the_delay_grows_and_a_restart_does_not_shorten_it(office: Office) -> None:
    browser = office.browser
    for wait in (0, 0, 2, 4, 8):
        answer = browser.log_in("sato", "ちがうあいことばです長い")
        assert (f"あと{wait}秒" in says(answer)) == bool(wait), says(answer)
        if wait:
            assert "お待ちください" in says(browser.log_in("sato"))
            office.watch.move(wait)
    browser.log_in("sato", "ちがうあいことばです長い")
    browser = office.restart()
    assert "あと16秒" in says(browser.log_in("sato"))
    office.watch.move(16)
    assert browser.log_in("sato").status_code == 302


# -- dates and digits -------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ("令和元年4月1日", "令和元年は5月1日からです。平成31年4月1日ではありませんか"),
        ("昭和64年2月1日", "昭和64年は1月7日までです。平成元年2月1日ではありませんか"),
        ("昭和64年2月", "日付として読み取れません"),
        ("昭和20年2月30日", "1945年2月は28日までです。30日はありません"),
        ("2027-01-01", "まだ来ていません"),
        ("きのう", "日付として読み取れません"),
        ("", "生年月日を入れてください"),
        ("9" * 100_000, "日付として読み取れません"),
        ("十" * 5000, "日付として読み取れません"),
    ],
)
def test_a_wrong_date_is_explained_and_stays(
    boss: Browser, office: Office, typed: str, sentence: str
) -> None:
    rid, answer = desk(boss, **{"applicant-0-birth": typed})
    assert answer.status_code == 422 and sentence in says(answer)
    assert f'name="applicant-0-birth" type="text" value="{typed}"' in boss.text(answer)
    if typed and len(typed) < 99 and typed != "2027-01-01":
        part = boss.post("/date", {"text": typed}, **{"HX-Request": "1"})
        assert sentence in boss.text(part)
    draft = office.draft(rid, "desk")
    assert draft and draft["applicant-0-birth"] == typed
    browser = office.restart()
    browser.log_in("suzuki")
    assert typed in browser.text(browser.get(f"/desk/{rid}"))


def test_a_wrong_date_in_the_form(boss: Browser, office: Office) -> None:
    base = office.visit()
    typed = {**ANSWERS, "birth": "令和元年4月1日"}
    answer = boss.post(f"{base}/form/2", {**typed, "act": "next"})
    assert "令和元年は5月1日からです" in says(answer) and typed["birth"] in boss.text(answer)
    assert boss.post(f"{base}/form/2", {**typed, "act": "later"}).status_code == 302
    for path in (f"{base}/form/2", f"{base}/check", f"{base}/show", base, f"{base}/id"):
        assert boss.get(path).status_code == 200, path
    assert typed["birth"] in boss.text(boss.get(f"{base}/form/2"))


def test_digits_of_any_width_are_the_same(boss: Browser, office: Office) -> None:
    pairs = (("0470024", "090-0000-0000"), ("０４７－００２４", "０９０－００００－００００"))
    bodies = []
    for n, (postal, phone) in enumerate(pairs):
        rid, answer = desk(boss, postal=postal, phone=phone, offer=f"{DAY}|am|{n + 1}")
        assert answer.status_code == 302, says(answer)
        bodies.append({k: slip_of(office, rid)[k] for k in ("postal", "phone")})
    assert bodies[0] == bodies[1] == {"postal": "0470024", "phone": "090-0000-0000"}


# -- the Individual Number --------------------------------------------------------------------
def test_an_individual_number_is_refused_in_every_text_of_the_desk(
    boss: Browser, office: Office
) -> None:
    texts = [(name, NUMBER) for name in DESK_TEXTS]
    texts.append(("notes", "個人番号は １２３４ ５６７８ ９０１" + NUMBER[11]))
    for name, typed in texts:
        rid, answer = desk(boss, **{name: typed})
        assert answer.status_code == 422, name
        assert "個人番号（マイナンバー）と思われる12けたの数字があります" in says(answer), name
        assert typed in unescaped(boss, answer), name
        draft = office.draft(rid, "desk")
        assert draft and "●" * 4 in draft[name] and NUMBER not in json.dumps(draft), name
        assert boss.post(f"/desk/{rid}/draft", slip_values(**{name: typed})).status_code < 300
        assert NUMBER not in json.dumps(office.draft(rid, "desk"))
    assert boss.text(boss.get("/desk")).count("予約") and "受付番号 1" not in boss.text(
        boss.get("/desk")
    )


def test_an_individual_number_is_refused_in_every_text_of_the_form(
    boss: Browser, office: Office
) -> None:
    base = office.visit()
    aid = base.split("/")[4]
    for number, names in FORM_TEXTS.items():
        for name in names:
            typed = {**ANSWERS, "alt_char": "yes", "alt_name": "山", name: NUMBER}
            for act in ("next", "later", "back"):
                answer = boss.post(f"{base}/form/{number}", {**typed, "act": act})
                assert answer.status_code == 422, (name, act)
                assert "個人番号" in says(answer), name
                assert f'name="{name}" type="text" value="{NUMBER}"' in boss.text(answer)
            draft = office.draft(aid, "kofu_shinsei") or {}
            assert draft[name] == "●" * 12
            boss.post(f"{base}/form/draft", {name: NUMBER})
            assert (office.draft(aid, "kofu_shinsei") or {})[name] == "●" * 12
    do_tasks(boss, base)
    paid = {"tendered": "2000", "payer_name": NUMBER, "paper_receipt_no": NUMBER}
    assert "個人番号" in says(boss.post(f"{base}/fee", paid))


def test_other_twelve_digits_are_asked_about_once(boss: Browser, office: Office) -> None:
    rid, values = new_id(), slip_values(notes=f"会員番号 {OTHER_12}")
    answer = boss.post(f"/desk/{rid}", values)
    assert answer.status_code == 422 and "まちがいなければ、もう一度保存" in says(answer)
    assert OTHER_12 in boss.text(answer)
    assert boss.post(f"/desk/{rid}", values).status_code == 302
    assert slip_of(office, rid)["notes"] == values["notes"]


# -- names ------------------------------------------------------------------------------------
def test_names_are_kept_code_point_for_code_point(boss: Browser, office: Office) -> None:
    for n, name in enumerate(NAMES):
        offer = f"{['2026-07-15', '2026-07-16', '2026-07-17'][n // 2]}|am|{n % 2 + 1}"
        rid, answer = desk(boss, offer=offer, **{"applicant-0-name": name, "caller_name": name})
        assert answer.status_code == 302, says(answer)
        assert slip_of(office, rid)["caller_name"] == name
        trip = next(iter(office.kit.open_vault().trips.values()))
        assert records.find(trip, "applicant", rid)[0].get("name") == name
        assert name in unescaped(boss, boss.get(f"/desk/{rid}"))
    base = office.visit(half="pm")
    aid = base.split("/")[4]
    for name in NAMES:
        fill_form(boss, base, name=name)
        trip = next(t for t in office.kit.open_vault().trips.values() if t.kind == "field")
        assert records.find(trip, "application", aid)[0].get("answers")["name"] == name


def test_a_private_character_is_refused_with_a_hint(boss: Browser, office: Office) -> None:
    rid, answer = desk(boss, **{"applicant-0-name": "山\ue000 花"})
    assert "代替文字で入力し" in says(answer) and "2文字目" in says(answer)
    assert "山\ue000 花" in boss.text(answer)
    assert (office.draft(rid, "desk") or {})["applicant-0-name"] == "山\ue000 花"
    base = office.visit()
    answer = boss.post(f"{base}/form/1", {**ANSWERS, "name": "山\ue000 花", "act": "next"})
    assert answer.status_code == 422 and "代替文字" in says(answer)


def test_markup_is_text_on_every_screen(boss: Browser, office: Office) -> None:
    evil = '"><script>alert(1)</script><img src=x onerror=alert(1)>{{123457*8101}}'
    texts = ("caller_name", "reason_cannot_go", "address", "katagaki", "notes", "district")
    typed = dict.fromkeys((*texts, "applicant-0-name", "applicant-0-kana"), evil)
    rid, answer = desk(boss, **typed)
    assert answer.status_code == 302, says(answer)
    office.take_out()
    vault = office.kit.open_vault()
    trip = next(t for t in vault.trips.values() if t.kind == "field")
    aid = records.find(trip, "applicant", rid)[0].id
    base = f"/visit/{rid}/a/{aid}"
    boss.post(f"{base}/form/1", {**ANSWERS, "name": evil, "alias": evil, "act": "later"})
    paths = ["/", "/desk", f"/desk/{rid}", f"/visit/{rid}", base, f"{base}/id", f"{base}/photo"]
    paths += [f"{base}/{name}" for name in ("form/1", "form/3", "papers", "check", "show")]
    paths += [f"/visit/{rid}/close", "/list", "/ledger", "/outbox", "/erase", "/checkout"]
    for path in paths:
        text = boss.text(boss.get(path))
        assert "<script>alert" not in text and "<img src=x" not in text, path
        assert ">1000125157" not in text, path
    assert evil in unescaped(boss, boss.get(f"/desk/{rid}"))
    said = boss.text(boss.post("/date", {"text": evil}))
    said += boss.text(boss.post("/postal", {"postal": evil}))
    said += boss.text(boss.get(f"/desk/script?kind={evil}"))
    assert "<script>alert" not in said
    for path in (f"/desk/{rid}/slip.pdf", f"/trip/{trip.id}/sheet.pdf"):
        assert boss.get(path).get_data().startswith(b"%PDF"), path


def test_a_formula_stays_text_in_the_weekly_file(boss: Browser, office: Office) -> None:
    formula = '=HYPERLINK("http://evil.example.com","x")'
    base = office.visit(district=formula, person={"name": formula})
    do_tasks(boss, base)
    close(boss, base)
    data = boss.get("/report/weekly.xlsx?week=2026-06-29").get_data()
    with zipfile.ZipFile(io.BytesIO(data)) as book:
        sheets = "".join(
            book.read(n).decode() for n in book.namelist() if n.startswith("xl/worksheets/")
        )
        strings = book.read("xl/sharedStrings.xml").decode()
    assert "HYPERLINK" in strings and "HYPERLINK" not in sheets
    assert all(f.startswith("SUM(") for f in re.findall(r"<f>(.*?)</f>", sheets))


def test_a_very_long_text_breaks_nothing(boss: Browser, office: Office) -> None:
    long = "あ" * 34_000
    rid, answer = desk(boss, **{"applicant-0-name": long, "notes": long})
    assert answer.status_code == 422 and "名前が長すぎます" in says(answer)
    assert (office.draft(rid, "desk") or {})["notes"] == long
    base = office.visit()
    for name in ("name", "alias"):
        answer = boss.post(f"{base}/form/1", {**ANSWERS, name: long, "act": "next"})
        assert answer.status_code == 422 and "文字" in says(answer)
        assert long in boss.text(answer)
    fill_form(boss, base)
    answer = boss.post(f"{base}/fee", {"tendered": "9" * 100_000, "payer_name": long})
    assert answer.status_code == 422
    assert boss.post("/postal", {"postal": "9" * 100_000}).status_code == 200


@pytest.mark.parametrize(
    "odd",
    [
        {"applicant-x-name": "a"},
        {"applicant--name": "a"},
        {"applicant-99999999999-name": "a"},
        {"count": "abc"},
        {"count": "-5"},
        {"id-0": "../../x"},
        {"offer": "a|b|c"},
        {"offer": f"{DAY}|noon|1"},
        {"place": "moon"},
        {"applicant-0-kind": "=1+1"},
    ],
)
def test_odd_fields_are_no_fault(boss: Browser, office: Office, odd: dict[str, str]) -> None:
    _, answer = desk(boss, **odd)
    assert answer.status_code in (302, 422), says(answer)


# -- the camera -------------------------------------------------------------------------------
def test_bytes_that_are_no_picture(boss: Browser, office: Office) -> None:
    base = office.visit()
    whole = portrait()
    for data, sentence in (
        (b"", "写真のファイルが空です"),
        (b"GIF89a" + b"x" * 500, "動く画像"),
        (b"<script>alert(1)</script>", "写真のファイルではありません"),
        (whole[: len(whole) // 3], "途中で切れています"),
        (b"\0\0\0\x18ftypheic" + b"\0" * 99, "HEIC"),
    ):
        answer = boss.send(f"{base}/photo/shoot", data)
        assert answer.status_code == 400 and sentence in json.loads(answer.get_data())["says"]
        guide = json.loads(boss.send(f"{base}/photo/guide", data).get_data())
        assert guide["state"] == "none" and sentence in guide["says"]
        trip = office.kit.open_vault().book.one("SELECT id FROM trip WHERE kind = 'field'")
        assert trip
        scan = boss.send(f"/trip/{trip['id']}/scan", data)
        assert "カメラの画像を読めません" in json.loads(scan.get_data())["says"]
    row = office.kit.open_vault().book.one("SELECT count(*) AS n FROM photo")
    assert row and row["n"] == 0
    assert boss.post(f"{base}/photo", {"photo_id": new_id(), "act": "keep"}).status_code == 302


# -- money ------------------------------------------------------------------------------------
def test_only_the_exact_fee_and_a_new_receipt_number(boss: Browser, office: Office) -> None:
    base = office.visit()
    early = boss.post(f"{base}/fee", {"tendered": "2000", "payer_name": "x"})
    assert "先に申請書を記入" in says(early)
    fill_form(boss, base)
    for tendered, sentence in (
        ("3000", "つり銭"),
        ("1000", "円"),
        ("二千円", "数字で"),
        ("", "数字で"),
        ("-2000", "数字で"),
    ):
        values = {"tendered": tendered, "payer_name": "𠮷田 一郎", "reason_code": "LOST"}
        answer = boss.post(f"{base}/fee", values)
        assert answer.status_code == 422 and sentence in says(answer), (tendered, says(answer))
        assert "𠮷田 一郎" in boss.text(answer)
    paid = {"tendered": "２，０００円".replace("，", ","), "payer_name": "𠮷田 一郎",
            "reason_code": "LOST", "paper_receipt_no": "１２３"}  # fmt: skip
    assert boss.post(f"{base}/fee", paid).status_code == 302
    other = office.visit(order=2)
    fill_form(boss, other)
    answer = boss.post(f"{other}/fee", {**paid, "paper_receipt_no": "123"})
    assert answer.status_code == 422 and "すでに使われています" in says(answer)
    assert boss.post(f"{other}/fee", {**paid, "paper_receipt_no": "124"}).status_code == 302


def test_a_receipt_never_changes_its_amount(boss: Browser, office: Office) -> None:
    base = office.visit()
    do_tasks(boss, base)
    fill_form(boss, base, express="no")
    for _ in range(2):
        answer = boss.post(f"{base}/fee", {"tendered": "1000", "payer_name": "x"})
        assert answer.status_code in (400, 422), says(answer)
    assert "2,000円の領収書" in says(answer) and "監督者" in boss.text(answer)
    assert "受け取った金額と手数料が合いません" in boss.text(boss.get(f"{base}/check"))


# -- the city away ----------------------------------------------------------------------------
def test_the_city_is_away(boss: Browser, office: Office) -> None:
    rid, _ = office.book()
    office.cut_the_line()
    answer = boss.post("/checkout", {"day": DAY})
    assert answer.status_code == 400 and "市サーバにつながりません" in says(answer)
    assert "残っています" in says(answer)
    assert DAY in boss.text(boss.get("/checkout")) and slip_of(office, rid)["state"] == "booked"
    boss.post("/sync")
    while office.kit.progress.running:
        pass
    assert "市サーバにつながりません" in boss.text(boss.get("/outbox"))
    row = office.kit.open_vault().book.one("SELECT count(*) n FROM outbox WHERE state = 'queued'")
    assert row and row["n"] == 2
    desk_id = next(t.id for t in office.kit.open_vault().trips.values() if t.kind == "desk")
    code = office.code(desk_id)
    browser = office.restart()
    browser.log_in("sato")
    for path in ("/desk", "/desk/new", f"/desk/{rid}"):
        assert browser.get(path).headers["Location"] == f"/trip/{desk_id}/unlock", path
    assert "金庫の控え" in browser.text(browser.get(f"/trip/{desk_id}/unlock"))
    assert "26文字" in browser.text(browser.get(f"/trip/{desk_id}/unlock"))
    assert browser.post(f"/trip/{desk_id}/unlock", {"code": code}).status_code == 302
    assert "𠮷田 髙子" in browser.text(browser.get(f"/desk/{rid}"))


def test_a_day_without_reservations(boss: Browser, office: Office) -> None:
    office.book()
    for day, sentence in (
        ("", "訪問する日を選んでください"),
        ("2026-08-01", "この日に持ち出す予約はありません"),
        ("x", "この日に持ち出す予約はありません"),
    ):
        answer = boss.post("/checkout", {"day": day})
        assert answer.status_code in (400, 422) and sentence in says(answer)


def test_wrong_26_characters(boss: Browser, office: Office) -> None:
    office.visit()
    trip_id = next(t.id for t in office.kit.open_vault().trips.values() if t.kind == "field")
    code = office.code(trip_id)
    browser = office.restart()
    browser.log_in("suzuki")
    for typed, sentence in (
        ("", "26文字になっていません"),
        (code[:-1], "26文字になっていません"),
        ("あ" * 26, "26文字になっていません"),
        ("0" * 26, "この日の26文字ではありません"),
    ):
        answer = browser.post(f"/trip/{trip_id}/unlock", {"code": typed})
        assert answer.status_code == 422 and sentence in says(answer), typed
    assert browser.post(f"/trip/{trip_id}/unlock", {"code": code.lower()}).status_code == 302


# -- addresses that do not exist, and the end of a visit ----------------------------------------
def test_unknown_ids_and_pages_get_a_sentence(boss: Browser, office: Office) -> None:
    base, other = office.visit(), new_id()
    rid, aid = base.split("/")[2], base.split("/")[4]
    for path in (
        f"/visit/{other}", "/visit/x", f"/visit/{other}/a/{aid}", f"/visit/{rid}/a/{other}",
        f"/visit/{rid}/a/{rid}/form/1", f"/visit/{aid}", f"/visit/{aid}/close",
        f"{base}/photo/{other}/view", f"{base}/photo/..%2f..%2fslots.json/view",
        f"/trip/{other}/sheet.pdf", f"/trip/{other}/unlock", "/trip/x/unlock", "/desk/x",
        f"/desk/{other}/slip.pdf", f"/desk/{aid}", "/report/weekly.xlsx?week=x",
        f"{base}/papers/receipt.pdf", f"{base}/papers/application.pdf", f"{base}/fee",
    ):  # fmt: skip
        answer = boss.get(path)
        assert answer.status_code in (400, 404), path
        assert "続けられませんでした" in boss.text(answer) and says(answer), path
    for number in ("0", "99", "999999999999999999999"):
        for answer in (boss.get(f"{base}/form/{number}"), boss.post(f"{base}/form/{number}")):
            assert answer.status_code == 302 and answer.headers["Location"] == base
    assert boss.get(f"{base}/form/-1").status_code == 404
    assert boss.get(f"/checkout?trip={other}").status_code == 200
    assert boss.post(f"/visit/{aid}/close").status_code == 404
    assert boss.post(f"{base}/id", {"papers": ["x", "passport"], "verified": "yes"})
    assert boss.get(f"{base}/check").status_code == 200


def test_nothing_but_a_checked_out_day_can_be_erased(boss: Browser, office: Office) -> None:
    office.visit()
    ids = {t.kind: t.id for t in office.kit.open_vault().trips.values()}
    names = {"shredded_by_1": "田中", "shredded_by_2": "鈴木", "confirm": "yes"}
    for trip_id in ("", "x", "../..", new_id(), ids["desk"]):
        answer = boss.post("/erase", {**names, "trip": trip_id})
        assert answer.status_code == 404 and "この訪問データは" in says(answer), trip_id
    answer = boss.post("/erase", {**names, "trip": ids["field"]})
    assert answer.status_code == 422 and "件あります" in says(answer)
    answer = boss.post("/erase", {"trip": ids["field"], "confirm": "yes"})
    assert "名前を入れてください" in says(answer)
    boss.post("/lock")
    assert boss.log_in("suzuki").status_code == 302
    assert boss.get("/desk").status_code == 200


def test_an_open_visit_cannot_be_closed_or_confirmed(boss: Browser, office: Office) -> None:
    base = office.visit()
    rid = base.split("/")[2]
    ticks = dict.fromkeys(("returned", "envelope", "signed", "nothing_left"), "yes")
    answer = boss.post(f"/visit/{rid}/close", ticks)
    assert "内容の確認がまだです" in boss.text(answer) and "髙子" in boss.text(answer)
    answer = boss.post(f"{base}/check")
    assert answer.headers["Location"] == f"{base}/check"
    page = boss.text(boss.get(f"{base}/check"))
    for left in ("本人確認書類の確認がまだです", "申請書に足りない項目", "顔写真がまだです"):
        assert left in page
    do_tasks(boss, base)
    boss.post(f"{base}/check")
    answer = boss.post(f"/visit/{rid}/close", {"returned": "yes"})
    assert answer.status_code == 422 and "暗証番号設定依頼書の封筒" in says(answer)


def test_a_closed_visit_cannot_be_changed(boss: Browser, office: Office) -> None:
    base = office.visit()
    photo_id = do_tasks(boss, base)
    close(boss, base)
    rid, aid = base.split("/")[2], base.split("/")[4]
    trip = next(t for t in office.kit.open_vault().trips.values() if t.kind == "field")
    before = records.find(trip, "application", aid)[0]
    tries = [
        boss.post(f"{base}/form/1", {**ANSWERS, "name": "別人", "act": "next"}),
        boss.post(f"{base}/form/draft", {"name": "別人"}),
        boss.post(
            f"{base}/id", {"papers": ["mynumber_card"], "verified": "yes", "act": "fallback"}
        ),
        boss.post(f"{base}/fee", {"tendered": "2000", "payer_name": "別人"}),
        boss.post(f"{base}/show", {"consent": "no"}),
        boss.post(f"{base}/photo", {"photo_id": photo_id, "act": "retake"}),
        boss.send(f"{base}/photo/shoot", portrait()),
        boss.post(f"{base}/check"),
    ]
    for answer in tries:
        assert answer.status_code == 400, (answer.request.path, says(answer))
        said = json.loads(answer.get_data())["says"] if answer.is_json else says(answer)
        assert "この訪問は終了しています" in said
    assert records.find(trip, "application", aid)[0] == before
    assert boss.get(f"{base}/photo/{photo_id}/view").status_code == 410
    assert photos.row_of(office.kit.open_vault(), photo_id)["state"] == "queued"
    answer = boss.post(f"/desk/{rid}", slip_values())
    assert answer.status_code == 400 and "持ち出し済み" in says(answer)
    assert slip_of(office, rid)["state"] != "booked"


def test_applicants_are_added_and_removed(boss: Browser, office: Office) -> None:
    rid, values = new_id(), slip_values()
    boss.post(f"/desk/{rid}", {**values, "act": "add_applicant"})
    page = boss.text(boss.get(f"/desk/{rid}"))
    assert 'name="applicant-1-name"' in page and "𠮷田 髙子" in page
    values |= {"applicant-1-name": "山田 次郎", "applicant-1-kana": "ヤマダ ジロウ"}
    boss.post(f"/desk/{rid}/draft", values)
    assert "山田 次郎" in boss.text(boss.get(f"/desk/{rid}"))
    boss.post(f"/desk/{rid}", {**values, "act": "remove_applicant"})
    page = boss.text(boss.get(f"/desk/{rid}"))
    assert "山田 次郎" not in page and 'name="applicant-1-name"' not in page
    assert boss.post(f"/desk/{rid}", slip_values()).status_code == 302
    answer = boss.post(f"/desk/{rid}", {**slip_values(), "act": "remove_applicant"})
    assert "ここでは取り消せません" in says(answer)
