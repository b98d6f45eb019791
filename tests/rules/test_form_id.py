"""申請書ID: what is taken from a QR and from two typings, and what never is."""

from __future__ import annotations

import pytest

from fieldkit.errors import BadCityData
from fieldkit.rules.form_id import (
    OFFICIAL_HOSTS,
    FormId,
    from_qr,
    from_qrs,
    from_typed,
    has_number,
    hosts_from,
    typed_twice,
)
from fieldkit.rules.verdict import Refused

ID = "40718293650127483916205"
OTHER = "40718293650127483916206"
NUMBER = "123456789018"
SITE = "https://net.kojinbango-card.go.jp"


def sentence(found: FormId | Refused) -> str:
    assert isinstance(found, Refused), "taken, but it should have been refused"
    return found.sentence + " ".join(found.nearest)


@pytest.mark.parametrize(
    "payload",
    [
        f"{SITE}/SS_SERVICE_OUT/FA01S001Action.do?id={ID}",
        f"https://kojinbango-card.go.jp/{ID}",
        f"http://net.kojinbango-card.go.jp/x#{ID}",
        f"HTTPS://NET.KOJINBANGO-CARD.GO.JP/X?ID={ID}",
        f"{SITE}?a={ID}&b={ID}",
        f"{SITE}/x?t=202607011030&id={ID}&v=2",
        f"{SITE}/x?id=%34{ID[1:]}",
        f"{SITE}/x?mail=a@b.example&id={ID}",
    ],
)
def test_it_takes_the_one_run_of_23_digits(payload: str) -> None:
    assert from_qr(payload) == FormId(ID)


@pytest.mark.parametrize(
    "payload",
    [
        f"https://kojinbango-card.go.jp@evil.example/{ID}",
        f"https://kojinbango-card.go.jp:443@evil.example/{ID}",
        f"https://user:word@net.kojinbango-card.go.jp/{ID}",
        f"https://net.kojinbango-card.go.jp:8443/{ID}",
        f"https://evilkojinbango-card.go.jp/{ID}",
        f"https://kojinbango-card.go.jp.evil.example/{ID}",
        f"https://evil.example/net.kojinbango-card.go.jp/{ID}",
        f"https://evil.example?kojinbango-card.go.jp/{ID}",
        f"https://evil.example#.kojinbango-card.go.jp/{ID}",
        f"https://net.kojinbango-card.go.jp./{ID}",
        f"https://.kojinbango-card.go.jp/{ID}",
        f"https://a..kojinbango-card.go.jp/{ID}",
        f"https://-a.kojinbango-card.go.jp/{ID}",
        f"https://xn--kojinbango-card-abc.go.jp/{ID}",
        f"https://xn--net-abc.kojinbango-card.go.jp/{ID}",
        f"https://ｋojinbango-card.go.jp/{ID}",
        f"https://kojinbangо-card.go.jp/{ID}",  # a Cyrillic о
        f"https://net%2ekojinbango-card.go.jp/{ID}",
        f"https://evil.example%2f.kojinbango-card.go.jp/{ID}",
        f"https://evil.example\\.kojinbango-card.go.jp/{ID}",
        f"https:\\\\kojinbango-card.go.jp\\{ID}",
        f"https://evil.example\t.kojinbango-card.go.jp/{ID}",
        f"https://kojinbango-card.go.jp\n/{ID}",
        f"{SITE}/{ID}\n",
        f" {SITE}/{ID}",
        f"{SITE}/\x00{ID}",
        f"{SITE}/%00{ID}",
        f"{SITE}/%0a{ID}",
        f"{SITE}/%ff{ID}",
        f"https:kojinbango-card.go.jp/{ID}",
        f"https:///kojinbango-card.go.jp/{ID}",
        f"//net.kojinbango-card.go.jp/{ID}",
        f"javascript://net.kojinbango-card.go.jp/{ID}",
        f"ftp://net.kojinbango-card.go.jp/{ID}",
        f"{SITE}/{ID}1",
        f"{SITE}/{ID[:-1]}",
        f"{SITE}/{ID[:11]}-{ID[11:]}",
        f"{SITE}/x?id=%25{ord(ID[0]):x}{ID[1:]}",
        f"{SITE}/x?id=%EF%BC%94{ID[1:]}",
        f"{SITE}/%EF%BC%91{ID}",
        f"{SITE}/{ID}?id={OTHER}",
        f"{SITE}/{ID}" + "x" * 3000,
        f"{SITE}/",
        ID,
        NUMBER,
        f"{SITE}/{NUMBER}",
        "https://shop.example/coupon",
        "9WK4-ZQ2M-7T1P-5XBD-3R8N-6YHC-0V",
        "",
    ],
)
def test_it_refuses_every_other_qr_and_repeats_no_digit_of_it(payload: str) -> None:
    says = sentence(from_qr(payload))
    assert "2回入力" in says
    assert not any(run in says for run in (ID[1:20], NUMBER, "evil", "shop"))


def test_it_says_what_the_wrong_qr_is() -> None:
    assert "訪問予定表のQR" in sentence(from_qr("9WK4-ZQ2M-7T1P-5XBD-3R8N-6YHC-0V"))
    assert "申請書のQRではありません" in sentence(from_qr("https://shop.example/coupon"))
    assert "個人番号" in sentence(from_qr(NUMBER))
    assert "個人番号" in sentence(from_qr(f"{SITE}/x?n={NUMBER}"))
    assert "2つ以上" in sentence(from_qr(f"{SITE}/{ID}?id={OTHER}"))


def test_it_takes_the_forms_code_among_several() -> None:
    form, other = f"{SITE}/{ID}", f"{SITE}/{OTHER}"
    assert from_qrs(("https://shop.example", form, form)) == FormId(ID)
    assert "2枚以上" in sentence(from_qrs((form, other)))
    assert "申請書のQRではありません" in sentence(from_qrs(("https://shop.example",)))
    assert "見つかりません" in sentence(from_qrs(()))


@pytest.mark.parametrize(
    "typed",
    [ID, "４０７１８２９３６５０１２７４８３９１６２０５", f" {ID[:4]} {ID[4:8]}-{ID[8:]} ",
     f"{ID[:12]}　{ID[12:]}", "ー".join((ID[:8], ID[8:16], ID[16:]))],
)  # fmt: skip
def test_it_folds_what_people_type(typed: str) -> None:
    assert from_typed(typed) == FormId(ID)
    assert typed_twice(ID, typed) == FormId(ID)


@pytest.mark.parametrize(
    ("typed", "says"),
    [
        (ID[:22], "22けた"),
        (ID + "1", "24けた"),
        ("", "0けた"),
        (ID[:5] + "O" + ID[6:], "6文字目が数字ではありません"),
        (NUMBER, "個人番号"),
        ("１２３４－５６７８－９０１８", "個人番号"),
        ("000000000000", "個人番号"),
    ],
)
def test_it_says_what_is_wrong_with_one_typing(typed: str, says: str) -> None:
    told = sentence(from_typed(typed))
    assert says in told and NUMBER not in told
    assert says in sentence(typed_twice(typed, ID))


def test_it_points_at_the_place_where_two_typings_differ() -> None:
    def changed(*places: int) -> str:
        return "".join("9" if i in places and c != "9" else c for i, c in enumerate(ID, 1))

    assert "8けた目が違います" in sentence(typed_twice(ID, changed(8)))
    assert "1・8・23けた目が違います" in sentence(typed_twice(ID, changed(1, 8, 23)))
    assert "1・3・4けた目などが違います" in sentence(typed_twice(ID, changed(1, 3, 4, 8)))
    assert "22けた" in sentence(typed_twice(ID, ID[:22]))
    assert "もう一度" in sentence(typed_twice(ID, ""))
    assert "個人番号" in sentence(typed_twice(ID, NUMBER))


def test_it_shows_no_digit_where_a_value_is_printed() -> None:
    assert ID not in repr(FormId(ID)) and ID not in f"{[FormId(ID)]}"
    with pytest.raises(ValueError) as raised:
        FormId(NUMBER)
    assert NUMBER not in str(raised.value)


def test_it_knows_twelve_digits_however_they_are_written() -> None:
    for text in (NUMBER, "1234 5678 9018", "１２３４５６７８９０１８"):
        assert has_number(text)
    assert not has_number(ID) and not has_number("12345678901")


def test_the_city_may_change_the_hosts_and_a_mistake_is_named() -> None:
    assert hosts_from({}) == OFFICIAL_HOSTS
    hosts = hosts_from({"hosts": ["example.lg.jp"]})
    assert from_qr(f"https://a.example.lg.jp/{ID}", hosts) == FormId(ID)
    assert isinstance(from_qr(f"{SITE}/{ID}", hosts), Refused)
    for wrong in ([], ["https://a.go.jp"], ["A.go.jp"], ["jp"], [7], "a.go.jp"):
        with pytest.raises(BadCityData, match="form_id.toml"):
            hosts_from({"hosts": wrong})
    with pytest.raises(BadCityData, match="form_id.toml"):
        hosts_from({"host": list(OFFICIAL_HOSTS)})
