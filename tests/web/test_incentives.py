"""謝礼 on the screens: off by default, one a person, the stock, the list for signatures."""

from __future__ import annotations

import shutil
import threading
from dataclasses import replace

import pytest

from fieldkit import incentive
from fieldkit.errors import BadCityData
from fieldkit.rules.gifts import gift_from
from fieldkit.settings import asset_dir
from tests.forms.form_cases import pdf_text
from tests.needs import needs
from tests.web.conftest import Browser, Office, do_tasks, says

ON = {"enabled": True, "name": "商品券", "yen": 2000, "stock": 2}


@pytest.mark.parametrize(
    ("changes", "key"),
    [
        ({"yen": 2001}, "yen"),
        ({"yen": 0}, "yen"),
        ({"yen": 1500, "limit_yen": 1000}, "yen"),
        ({"limit_yen": 2001}, "limit_yen"),
        ({"name": " "}, "name"),
    ],
)
def test_a_wrong_gift_is_refused_at_load(changes: dict[str, object], key: str) -> None:
    with pytest.raises(BadCityData) as caught:
        gift_from({**ON, **changes})
    assert caught.value.key == key
    assert key == "name" or "003 §4(1)" in caught.value.sentence


def test_it_is_off_by_default(boss: Browser, office: Office) -> None:
    base = office.visit()
    assert gift_from({}) is None and "謝礼" not in boss.text(boss.get("/"))
    assert "謝礼" not in boss.text(boss.get(base))
    for answer in (boss.get("/incentives"), boss.get(f"{base}/gift"), boss.post(f"{base}/gift")):
        assert answer.status_code == 400 and "incentive.toml" in says(answer)
    assert office.kit.open_vault().book.all("SELECT 1 FROM incentive") == []


def switch_on(office: Office, stock: int = 2) -> None:
    forms = office.settings.data_dir.with_name("forms")
    shutil.copytree(asset_dir("forms"), forms)
    told = f'enabled = true\nname = "商品券"\nyen = 2000\nstock = {stock}\n'
    (forms / "incentive.toml").write_text(told, encoding="utf-8")
    changed = replace(office.settings, forms_dir=forms)
    office.settings = office.kit.settings = changed
    office.kit.open_vault().settings = changed
    office.kit._city = None


def applied(boss: Browser, office: Office, **changes: object) -> str:
    base = office.visit(**changes)
    do_tasks(boss, base)
    assert boss.post(f"{base}/check").status_code == 302
    return base


def test_one_person_gets_one_gift(boss: Browser, office: Office) -> None:
    base = applied(boss, office)
    switch_on(office)
    assert f'href="{base}/gift"' in boss.text(boss.get(base))
    found: list[int] = []
    threads = [
        threading.Thread(target=lambda: found.append(boss.post(f"{base}/gift").status_code))
        for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [302] * 4
    vault = office.kit.open_vault()
    (row,) = vault.book.all("SELECT * FROM incentive")
    assert (row["item"], row["yen"], row["state"]) == ("商品券", 2000, "given")
    gift = office.kit.city().gift
    assert gift is not None and incentive.left(vault, gift) == 1
    page = boss.text(boss.get("/incentives"))
    assert "𠮷田 髙子 様" in page and 'href="/incentives"' in boss.text(boss.get("/"))


def test_it_waits_for_the_application_and_ends_with_the_stock(
    boss: Browser, office: Office
) -> None:
    early = office.visit()
    switch_on(office, stock=1)
    assert "内容の確認" in says(boss.post(f"{early}/gift"))
    first, second = applied(boss, office, order=2), applied(boss, office, order=3)
    assert boss.post(f"{first}/gift").status_code == 302
    assert "残りがありません" in says(boss.post(f"{second}/gift"))
    assert "取り消す理由" in says(boss.post(f"{first}/gift/undo", {"why": "x"}))
    assert boss.post(f"{first}/gift/undo", {"why": "refused"}).status_code == 302
    assert boss.post(f"{second}/gift").status_code == 302
    page = boss.text(boss.get("/incentives"))
    assert "ご本人が受け取らなかった" in page and page.count("受付番号") == 1


@needs("poppler-utils")
def test_the_list_for_signatures_has_the_names_of_the_open_day(
    boss: Browser, office: Office
) -> None:
    base = applied(boss, office)
    switch_on(office)
    vault = office.kit.open_vault()
    trip = next(one for one in vault.trips.values() if one.kind == "field")
    address = f"/incentives/{trip.id}/list.pdf"
    assert boss.get(address).status_code == 400
    boss.post(f"{base}/gift")
    text = pdf_text(boss.get(address).get_data())
    for words in ("謝礼の受領簿", "𠮷田髙子", "商品券", "2,000円", "署名"):
        assert words in text, words
    vault.forget_trip(trip.id)
    page = boss.text(boss.get("/incentives"))
    assert "髙子" not in page and "訪問データが閉じています" in page
    assert boss.get(address).status_code == 404
    for row in vault.book.all("SELECT * FROM incentive"):
        assert not any("髙子" in str(value) for value in tuple(row))
