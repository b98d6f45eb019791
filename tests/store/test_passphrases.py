"""What may be a passphrase, what is proposed, and the one spelling that the key comes from."""

from __future__ import annotations

import math
import shutil
from pathlib import Path

import pytest

from fieldkit import citydata
from fieldkit.demo_city import STAFF
from fieldkit.errors import BadCityData, KitError
from fieldkit.rules import passphrases
from fieldkit.rules.romaji import one_spelling
from fieldkit.settings import asset_dir
from fieldkit.store import phrasebook

FORMS = asset_dir("forms")
OWN = ("田中 実", "tanaka")

# Known answers of the spelling, for ever: a change locks people out (slots of version 2).
SPELLINGS = [
    ("siokaze hukumati minato", ["しおかぜ ふくまち みなと", "シオカゼ　フクマチ　ミナト",
     "ｼｵｶｾﾞ ﾌｸﾏﾁ ﾐﾅﾄ", "shiokaze fukumachi minato", "  siokaze  hukumati minato ",
     "ｓｈｉｏｋａｚｅ　ｆｕｋｕｍａｃｈｉ　ｍｉｎａｔｏ"]),
    ("kittin issyo mattya", ["きっちん いっしょ まっちゃ", "kitchin issho matcha",
     "kicchin issyo maccha", "kittin issyo mattya"]),
    ("sinbun senpai", ["しんぶん せんぱい", "shimbun sempai", "shinbun senpai",
     "sinnbunn sennpai", "shin'bun senpai"]),
    ("numazu hanazi zassi", ["ぬまづ はなぢ ざっし", "numazu hanaji zasshi",
     "numadu hanadi zassi", "numadzu hanazi zasshi"]),
    ("zyagaimo zyuudou tyawan syasin", ["じゃがいも じゅうどう ちゃわん しゃしん",
     "jagaimo juudou chawan shashin", "jyagaimo zyuudou cyawan syasinn"]),
    ("anai konyaku", ["あんない こんにゃく", "annnai konnyaku"]),
    ("tukue hune ittuu", ["つくえ ふね いっつう", "tsukue fune ittsuu"]),
    ("mizuo nomu ra-men", ["みずを のむ らーめん", "mizuwo nomu ra-men"]),
    ("汐見のyuu日 2026", []),
]  # fmt: skip


@pytest.mark.parametrize(("same", "typed"), SPELLINGS)
def test_it_gives_one_spelling_however_it_was_typed(same: str, typed: list[str]) -> None:
    for text in typed:
        assert one_spelling(text) == same
    assert one_spelling(same) == one_spelling(one_spelling(same))


def test_it_keeps_kanji_and_the_case_of_letters() -> None:
    assert one_spelling("汐見のＡｂｃ　１２３") == "汐見noAbc 123"
    assert one_spelling("Abc def") != one_spelling("abc def")


def verdict(text: str) -> str:
    try:
        phrasebook.check(FORMS, text, OWN)
    except KitError as error:
        assert error.code == "weak_passphrase" and not (text and text in error.sentence)
        assert "並べると、覚えやすく安全です" in error.sentence, "it says what works"
        return error.sentence
    return "ok"


@pytest.mark.parametrize(
    "text",
    [
        *(words for _, words in STAFF),
        "あおいうみのみえるまち汐見",
        "shiokaze fukumachi minato",
        "brave otter sings loudly",
        "mizugaki no ki to usagi",
        "月夜の晩に豆腐屋が歌う声を聞く",
    ],
)
def test_it_takes_long_ones_without_asking_for_signs(text: str) -> None:
    assert verdict(text) == "ok"


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "12文字以上"),
        ("みじかい合言葉です", "12文字以上"),
        ("みじかい　　　　　　　　です", "12文字以上"),
        ("otter sings 9", "15文字以上"),
        ("あ" * 129, "128文字まで"),
        ("ああああああああああああああ", "くり返し"),
        ("きたきたきたきたきたきた", "くり返し"),
        ("たなかたなかたなかたなか", "くり返し"),
        ("1234567890123456", "当てられます"),
        ("１２３４５６７８９０１２３４５６", "当てられます"),
        ("qwertyuiopasdfgh", "当てられます"),
        ("あいうえおかきくけこさし", "当てられます"),
        ("Password2024!!!", "当てられます"),
        ("ｐａｓｓｗｏｒｄ１２３４５６７８", "当てられます"),
        ("sakurasakurasakura1", "当てられます"),
        ("iloveyou12345678", "当てられます"),
        ("よろしくおねがいいたします", "当てられます"),
        ("yoroshiku onegai itashimasu", "当てられます"),
        ("いつもお世話になっております", "当てられます"),
        ("correct horse battery staple", "当てられます"),
        ("汐見市出張申請キット2026", "当てられます"),
        ("しおみし マイナンバーカード", "当てられます"),
        ("tanaka tanaka 2026", "当てられます"),
        ("田中実 tanaka 123456", "当てられます"),
    ],
)
def test_it_refuses_what_is_tried_first(text: str, why: str) -> None:
    assert why in verdict(text)


# -- the proposal ------------------------------------------------------------------------------
def test_a_proposal_has_the_bits_that_it_says() -> None:
    words = phrasebook.load(FORMS).words
    assert len(words) == len({one_spelling(word) for word in words}) == 2048
    asked: list[int] = []
    made = passphrases.propose(words, lambda n: asked.append(n) or 7)  # type: ignore[func-returns-value]
    assert asked == [2048] * 5, "each word is drawn from the whole list"
    assert made.bits == 5 * math.log2(2048) == 55
    assert one_spelling(made.latin) == one_spelling(made.text) == made.latin


def test_every_proposal_may_be_used_in_kana_and_in_letters() -> None:
    seen = set()
    for _ in range(200):
        made = phrasebook.propose(FORMS)
        assert verdict(made.text) == verdict(made.latin) == "ok", made
        seen.add(made.text)
    assert len(seen) == 200


# -- what the city edits -------------------------------------------------------------------------
def edited(tmp_path: Path, name: str, old: str, new: str) -> Path:
    folder = tmp_path / "forms"
    folder.mkdir()
    for path in FORMS.glob("*.*"):
        shutil.copy(path, folder)
    text = (folder / name).read_text(encoding="utf-8")
    assert old in text
    (folder / name).write_text(text.replace(old, new, 1), encoding="utf-8")
    return folder


@pytest.mark.parametrize(
    ("name", "old", "new", "key"),
    [
        ("passphrases.toml", "shortest = 12", "shortest = 8", "length.shortest"),
        ("passphrases.toml", "shortest_latin = 15", "shortest_latin = 9", "shortest_latin"),
        ("passphrases.toml", "longest = 128", "longest = 20", "length.longest"),
        ("passphrases.toml", "distinct = 6", 'distinct = "6"', "refuse.distinct"),
        ("passphrases.toml", "[refuse]", "[refused]", "refuse"),
        ("passphrases.toml", '"password",', "12,", "refuse.common"),
        ("passphrase_words.txt", "ほんまち", "hommachi", "4行目"),
        ("passphrase_words.txt", "ほんまち", "しんまち", "5行目"),
        ("passphrase_words.txt", "ほんまち", "本町", "4行目"),
    ],
)
def test_a_wrong_table_names_its_key(
    tmp_path: Path, name: str, old: str, new: str, key: str
) -> None:
    with pytest.raises(BadCityData) as caught:
        citydata.load(edited(tmp_path, name, old, new))
    assert caught.value.file == name and key in caught.value.key


def test_a_short_word_list_is_refused(tmp_path: Path) -> None:
    folder = edited(tmp_path, "passphrases.toml", "shortest = 12", "shortest = 13")
    (folder / "passphrase_words.txt").write_text("うみ\nやま\n", encoding="utf-8")
    with pytest.raises(BadCityData) as caught:
        phrasebook.load(folder)
    assert "1024語" in caught.value.sentence


def test_what_the_city_adds_is_refused_from_then_on(tmp_path: Path) -> None:
    words = "ゆきあかりのみちまつり"
    phrasebook.check(FORMS, words + "です", OWN)
    folder = edited(tmp_path, "passphrases.toml", '"password",', f'"password", "{words}",')
    with pytest.raises(KitError):
        phrasebook.check(folder, words + "です", OWN)


def test_a_folder_from_before_gets_the_kits_own_table(tmp_path: Path) -> None:
    assert phrasebook.load(tmp_path).rules == phrasebook.load(FORMS).rules
