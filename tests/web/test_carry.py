"""「USBで運ぶ」 on the screen: number, write, reply, empty, and who may."""

from __future__ import annotations

import re
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from fieldkit import carry, outbox
from sync.server import folder
from sync.server.handle import Handler
from tests.web.conftest import DAY, Browser, Office, says


@pytest.fixture
def stick(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    place = tmp_path / "stick"
    place.mkdir()
    monkeypatch.setenv("KIT_MEDIA", str(place))
    return place


def at_city(office: Office, stick: Path) -> None:
    store = office.city.store
    for taken in folder.import_folder(store, Handler(store), stick, office.city.folder):
        assert taken.code == "" and not taken.refused


def test_the_five_steps(office: Office, client: Browser, stick: Path) -> None:
    office.visit()
    vault = office.kit.open_vault()
    waits = outbox.waiting(vault)["waiting"]
    assert waits and 'href="/carry"' in client.get("/outbox").get_data(as_text=True)
    page = client.text(client.get("/carry"))
    assert "USBで運ぶ" in page and f"送信待ち {waits}件" in page and "stick" in page
    answer = client.post("/carry/write", {"medium": "", "mount": str(stick)})
    assert answer.status_code == 422 and "番号を、20文字までで" in client.text(answer)
    assert client.post("/carry/write", {"medium": "USB-03"}).status_code == 302
    page = client.text(client.get("/carry"))
    assert "1番として書き込みました" in page and "USB-03" in page and "返事待ち" in page
    assert "1番として書き込みました" not in client.text(client.get("/carry"))
    assert outbox.waiting(vault)["waiting"] == waits
    client.post("/carry/read", {})
    assert "市の返事のファイルはありません" in client.text(client.get("/carry"))
    at_city(office, stick)
    client.post("/carry/read", {"mount": str(stick)})
    page = client.text(client.get("/carry"))
    assert f"新しく{waits}件が、市にあることを確かめました" in page and "返事あり" in page
    assert outbox.waiting(vault)["waiting"] == 0
    client.post("/carry/read", {"mount": str(stick)})  # the same reply again
    assert "新しく確かめたものはありません" in client.text(client.get("/carry"))
    answer = client.post("/carry/confirm", {"no": "1"})
    assert answer.status_code == 422 and "印を付けてください" in client.text(answer)
    answer = client.post("/carry/confirm", {"no": "1", "confirm": "1"})
    assert answer.status_code == 400 and "まだあります" in says(answer)
    assert client.post("/carry/empty", {"no": "1"}).status_code == 302
    assert "ファイル2件を消し" in client.text(client.get("/carry"))
    assert list(stick.iterdir()) == [] and carry.to_empty(vault) == []
    log = client.text(client.get("/ledger"))
    for act in ("USBメモリへ書き出し", "返事を読み取り", "USBメモリを空にして確認"):
        assert act in log


def test_it_chooses_among_sticks_and_takes_no_other_place(
    office: Office, client: Browser, stick: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = tmp_path / "other"
    other.mkdir()
    monkeypatch.setenv("KIT_MEDIA", f"{stick}:{other}")
    answer = client.post("/carry/write", {"medium": "USB-03"})
    assert answer.status_code == 422 and "どのUSBメモリか" in client.text(answer)
    answer = client.post("/carry/write", {"medium": "USB-03", "mount": str(tmp_path)})
    assert answer.status_code == 400 and not list(tmp_path.glob("*.kspb"))  # not by this field
    assert client.post("/carry/write", {"medium": "U", "mount": str(other)}).status_code == 302
    assert [p.suffix for p in other.iterdir()] == [".kspb"] and not list(stick.iterdir())
    monkeypatch.delenv("KIT_MEDIA")
    shutil.rmtree(other)
    answer = client.post("/carry/read", {"mount": str(other)})
    assert answer.status_code == 400 and "差し直して" in says(answer)
    for path in ("empty", "confirm"):
        for no in ("", "7", "x", "9" * 30):
            answer = client.post(f"/carry/{path}", {"no": no, "confirm": no, "mount": str(stick)})
            assert answer.status_code in (400, 404, 422)


def test_a_number_that_is_somebodys_is_refused(
    office: Office, client: Browser, stick: Path
) -> None:
    answer = client.post("/carry/write", {"medium": "123456789018"})
    assert answer.status_code == 422 and not list(stick.iterdir())


@pytest.mark.parametrize("who, status", [("tanaka", 200), ("sato", 200), ("kato", 403)])
def test_who_may(office: Office, stick: Path, who: str, status: int) -> None:
    office.browser.log_in(who)
    assert office.browser.get("/carry").status_code == status


def test_a_typed_folder_is_taken_and_offered_again(
    office: Office, client: Browser, tmp_path: Path
) -> None:
    share = tmp_path / "共有 1"
    answer = client.post("/carry/write", {"medium": "共有", "folder": str(share)})
    assert answer.status_code == 422 and "つながっているか" in client.text(answer)
    answer = client.post("/carry/write", {"medium": "共有", "folder": "ksp"})
    assert answer.status_code == 422 and "はじめから全部" in client.text(answer)
    own = client.post("/carry/write", {"medium": "共有", "folder": str(office.settings.data_dir)})
    assert own.status_code == 400 and "このキットのデータ" in says(own)
    answer = client.post("/carry/write", {"medium": "共有"})
    assert answer.status_code == 422 and "ほかの場所を入れて" in client.text(answer)
    share.mkdir()
    assert client.post("/carry/write", {"medium": "共有", "folder": str(share)}).status_code == 302
    assert [p.suffix for p in share.iterdir()] == [".kspb"]
    page = client.text(client.get("/carry"))
    assert "前に使った場所" in page and str(share) in page
    assert client.post("/carry/read", {}).status_code == 302  # the only place there is
    shutil.rmtree(share)
    assert "いまはありません" in client.text(client.get("/carry"))


def test_a_day_is_taken_out_by_usb_on_the_screens(
    office: Office, client: Browser, stick: Path
) -> None:
    home, _ = office.book()
    vault = office.kit.open_vault()
    page = client.text(client.get("/checkout"))
    assert "USBで頼む" in page and "持ち出しの用意をする" in page
    assert client.post("/checkout/usb", {"day": ""}).status_code == 422
    answer = client.post("/checkout/usb", {"day": DAY})
    assert answer.status_code == 302 and answer.headers["Location"].endswith("/carry")
    page = client.text(client.get("/carry"))
    assert "市に頼むことに加えました" in page and "の持ち出し（予約1件）" in page
    found = re.search(r'name="key" value="(ask:[^"]+)"', page)
    assert found and client.post("/carry/withdraw", {"key": found[1]}).status_code == 302
    assert "頼んでいることはありません" in client.text(client.get("/carry"))
    client.post("/checkout/usb", {"day": DAY})
    assert client.post("/checkout/usb/list", {"ask": "きのう"}).status_code == 422
    assert client.post("/checkout/usb/list", {"ask": DAY}).status_code == 302
    client.post("/carry/write", {"medium": "USB-03"})
    page = client.text(client.get("/carry"))
    assert "返事待ち" in page and "取り消す" not in page
    at_city(office, stick)
    client.post("/carry/read", {})
    page = client.text(client.get("/carry"))
    assert "訪問予定表を印刷してください" in page and "予約の一覧が届きました" in page
    (trip,) = [one for one in vault.trips.values() if one.kind == "field"]
    assert f"/checkout?trip={trip.id}" in page and f"/checkout?list={DAY}" in page
    assert f"/trip/{trip.id}/sheet.pdf" in client.text(client.get(f"/checkout?trip={trip.id}"))
    listed = client.text(client.get(f"/checkout?list={DAY}"))
    assert "令和8年7月15日" in listed and home not in listed  # it is here
    vault.forget_trip(trip.id)
    assert "USBで頼む" in client.text(client.get(f"/trip/{trip.id}/unlock"))
    for what in ("x", "key:nobody", ""):
        assert client.post("/carry/ask", {"what": what}).status_code in (400, 404, 422)
    assert client.post("/carry/ask", {"what": f"key:{trip.id}"}).status_code == 302
    client.post("/carry/write", {"medium": "USB-03"})
    at_city(office, stick)
    client.post("/carry/read", {})
    assert "届き、開きました" in client.text(client.get("/carry")) and trip.id in vault.trips


def test_a_laptop_without_any_line_is_led_to_the_stick(
    office: Office, client: Browser, stick: Path
) -> None:
    vault = office.kit.open_vault()
    with vault.book.write() as conn:
        conn.execute("UPDATE device SET server_url = ''")
    office.kit.settings = vault.settings = replace(office.settings, server_url="")
    answer = client.get("/desk")
    assert answer.status_code == 400 and "受付データを頼んで" in says(answer)
    page = client.text(client.get("/carry"))
    assert "受付データの用意を頼む" in page
    client.post("/carry/ask", {"what": "desk"})
    client.post("/carry/write", {"medium": "USB-03"})
    at_city(office, stick)
    client.post("/carry/read", {})
    assert "受付データの用意ができました" in client.text(client.get("/carry"))
    assert client.get("/desk").status_code == 200
    page = client.text(client.get("/checkout"))
    assert "USBで頼む" in page and "持ち出しの用意をする" not in page
    vault.forget_trip(next(iter(vault.trips)))
    answer = client.get("/desk")
    assert answer.status_code == 302 and answer.headers["Location"].endswith("/unlock")
