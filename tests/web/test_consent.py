"""見せる画面: the wordings, the answers that stay, languages, a text that changed, nobody else."""

from __future__ import annotations

import hashlib
import html
import json
import re
from pathlib import Path
from typing import Any

from fieldkit.forms import load_form
from fieldkit.store import records
from tests.web.conftest import Browser, Office, close, do_tasks, fill_form, says
from tests.web.test_resume import cut_power
from tests.web.test_sheets import saved


def shown(browser: Browser, base: str, lang: str = "ja") -> str:
    return html.unescape(browser.text(browser.get(f"{base}/show?lang={lang}")))


def section(text: str, form: str) -> str:
    return text.split(f'id="consent-{form}"')[1].split("</section>")[0]


def press(browser: Browser, base: str, answer: str, form: str, lang: str = "ja") -> Any:
    """What pressing a button of the shown page sends."""
    part = section(shown(browser, base, lang), form)
    sent = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', part))
    return browser.post(f"{base}/show", {**sent, "csrf": browser.csrf, "consent": answer})


def ledger(office: Office) -> list[dict[str, Any]]:
    rows = office.kit.open_vault().book.all("SELECT body FROM ledger ORDER BY seq")
    return [json.loads(row["body"]) for row in rows]


def test_each_answer_keeps_which_words_were_read_by_whom(boss: Browser, office: Office) -> None:
    base = office.visit()
    fill_form(boss, base)
    forms = office.settings.forms_dir
    assert press(boss, base, "yes", "kofu_shinsei").status_code == 302
    assert press(boss, base, "no", "hoken_doi", "easy").status_code == 302
    assert press(boss, base, "yes", "hoken_doi", "en").status_code == 302
    told = saved(office, base)["consents"]
    assert [(one["form"], one["answer"], one["language"]) for one in told] == [
        ("kofu_shinsei", "yes", "ja"), ("hoken_doi", "no", "easy"), ("hoken_doi", "yes", "en")
    ]  # fmt: skip
    for one in told:
        wording = load_form(forms, one["form"]).wording("consent", one["language"])
        assert wording is not None
        assert one["text_sha256"] == hashlib.sha256(wording.text.encode()).hexdigest()
        assert one["version"] == wording.version and one["read_by"] == "suzuki" and one["at"]
    rows = [row for row in ledger(office) if row["act"] == "consented"]
    aid = base.split("/")[4]
    assert [(row["object"], row["result"]) for row in rows] == [
        (aid, f"{one['form']}:{one['answer']}:{one['version']}") for one in told
    ]
    press(boss, base, "yes", "hoken_doi", "en")
    assert len(saved(office, base)["consents"]) == 3, "the same answer again says nothing new"
    browser = cut_power(office, "suzuki")
    part = section(shown(browser, base, "en"), "hoken_doi")
    assert re.search(r'value="yes" aria-pressed="true"', part)
    assert saved(office, base)["consents"] == told


def test_the_two_answers_are_of_one_size_and_nothing_is_chosen_before(
    boss: Browser, office: Office
) -> None:
    base = office.visit()
    fill_form(boss, base)
    part = section(shown(boss, base), "kofu_shinsei")
    found = re.findall(r'<button class="([^"]+)"[^>]* value="(yes|no)" aria-pressed="(\w+)"', part)
    assert [one[1] for one in found] == ["yes", "no"]
    assert found[0][0] == found[1][0] and {one[2] for one in found} == {"false"}
    assert boss.post(f"{base}/show", {"consent": "maybe"}).status_code == 422
    assert "consents" not in saved(office, base)


def test_a_changed_text_is_asked_again_and_the_old_answer_stays(
    boss: Browser, office: Office, own_forms: Path
) -> None:
    base = office.visit()
    fill_form(boss, base)
    press(boss, base, "yes", "hoken_doi")
    text = own_forms / "hoken_doi" / "consent.ja.md"
    old = text.read_text(encoding="utf-8")
    version = re.search(r"version: (\S+)", old)
    assert version
    text.write_text(old.replace(version[1], "2027-04-01"), encoding="utf-8")
    part = section(shown(boss, base), "hoken_doi")
    assert "お答え" not in part and 'aria-pressed="true"' not in part
    listed = html.unescape(boss.text(boss.get(f"{base}/papers")))
    assert "同意文が新しくなりました" in listed
    assert "（まだ）" in boss.text(boss.get(f"{base}/check"))
    press(boss, base, "no", "hoken_doi")
    told = [one for one in saved(office, base)["consents"] if one["form"] == "hoken_doi"]
    assert [(one["answer"], one["version"]) for one in told] == [
        ("yes", version[1]), ("no", "2027-04-01")
    ]  # fmt: skip
    # Without a new version: words that changed are other words all the same.
    text.write_text(old.replace(version[1], "2027-04-01") + "\nもう一文。", encoding="utf-8")
    assert "お答え" not in section(shown(boss, base), "hoken_doi")


def test_a_text_that_changed_while_it_was_read_is_not_agreed_to(
    boss: Browser, office: Office, own_forms: Path
) -> None:
    base = office.visit()
    fill_form(boss, base)
    part = section(shown(boss, base), "hoken_doi")
    sent = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', part))
    text = own_forms / "hoken_doi" / "consent.ja.md"
    text.write_text(text.read_text(encoding="utf-8") + "\n別の文。", encoding="utf-8")
    answer = boss.post(f"{base}/show", {**sent, "csrf": boss.csrf, "consent": "yes"})
    assert answer.status_code == 422 and "同意文が新しくなりました" in boss.text(answer)
    assert "consents" not in saved(office, base)


def test_a_no_changes_the_application_only_when_staff_confirm(
    boss: Browser, office: Office
) -> None:
    base = office.visit()
    do_tasks(boss, base, hokensho="yes")
    refused = boss.post(f"{base}/show/withdraw", {"form": "hoken_doi"})
    assert refused.status_code == 400
    press(boss, base, "no", "hoken_doi")
    assert saved(office, base)["answers"]["hokensho"] == "yes"
    listed = boss.text(boss.get(f"{base}/papers"))
    assert "取り下げる" in listed and 'id="paper-hoken_doi"' in listed
    assert boss.post(f"{base}/show/withdraw", {"form": "hoken_doi"}).status_code == 302
    assert saved(office, base)["answers"]["hokensho"] == "no"
    listed = boss.text(boss.get(f"{base}/papers"))
    assert "取り下げる" not in listed and 'id="paper-hoken_doi"' not in listed
    told = saved(office, base)["consents"]
    assert [one["answer"] for one in told] == ["no"], "what was said is not lost"
    assert boss.post(f"{base}/show/withdraw", {"form": "kofu_shinsei"}).status_code == 400
    close(boss, base)
    for path, given in ((f"{base}/show", {"consent": "yes"}),
                        (f"{base}/show/withdraw", {"form": "hoken_doi"})):  # fmt: skip
        assert "この訪問は終了しています" in says(boss.post(path, given))


def test_the_screen_is_about_one_person_in_three_languages(boss: Browser, office: Office) -> None:
    base = office.visit()
    fill_form(boss, base)
    rid = base.split("/")[2]
    trip = next(t for t in office.kit.open_vault().trips.values() if t.kind == "field")
    records.save(
        office.kit.open_vault(), trip, "applicant", {"name": "別人 太郎"}, None, parent=rid
    )
    words = {"ja": "ご確認ください", "easy": "ことばを えらぶ", "en": "Please check"}
    for lang, word in words.items():
        text = shown(boss, base, lang)
        assert word in text and f'<html lang="{"en" if lang == "en" else "ja"}"' in text
        assert "別人" not in text and "鈴木" not in text and "𠮷田 髙子" in text
        assert "職員の画面へもどる" in text, "the way back for staff"
        assert "𠮷田" not in re.findall("<title>.*?</title>", text)[0]
    english = shown(boss, base, "en")
    for words_of in ("Name in katakana", "Re-issue", "5 March 1945", "Lost or stolen"):
        assert words_of in english, words_of
    assert "再交付" not in english.split("show-consent")[0]
    assert shown(boss, base, "xx") == shown(boss, base, "ja")


def test_the_explanation_of_the_cards_is_read_in_three_languages(
    boss: Browser, office: Office
) -> None:
    base = office.visit()
    for lang, words in (
        ("ja", ("暗証番号", "コンビニ")), ("easy", ("ひみつの番号",)), ("en", ("PINs",)),
    ):  # fmt: skip
        text = boss.text(boss.get(f"{base}/show/setsumei?lang={lang}"))
        assert all(word in text for word in words), lang
        assert "${" not in text and "𠮷田" not in text and "<h1>" in text
    assert f"{base}/show/setsumei" in shown(boss, base)
    assert boss.get(f"{base}/show/setsumei", Accept="text/html").status_code == 200
