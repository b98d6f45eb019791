"""Japanese-era dates: reading what people type, writing what papers show.

Era borders are exact to the day: 明治45年7月29日 / 大正元年7月30日, 大正15年12月24日 /
昭和元年12月25日, 昭和64年1月7日 / 平成元年1月8日, 平成31年4月30日 / 令和元年5月1日. A date that
never existed is refused with a sentence that says why and what was probably meant.

Before 明治6年1月1日 (1873) Japan used another calendar; such dates are accepted and shown in the
western form only.
"""

from __future__ import annotations

import calendar
import re
import unicodedata
from dataclasses import dataclass
from datetime import date

from fieldkit.errors import BadInput


@dataclass(frozen=True)
class Era:
    """One era: its name, its letter, its first day, and its last day (None while it lasts)."""

    name: str
    letter: str
    first: date
    last: date | None

    @property
    def base(self) -> int:
        """Western year of the era's year 0."""
        return self.first.year - 1


ERAS = (
    Era("令和", "R", date(2019, 5, 1), None),
    Era("平成", "H", date(1989, 1, 8), date(2019, 4, 30)),
    Era("昭和", "S", date(1926, 12, 25), date(1989, 1, 7)),
    Era("大正", "T", date(1912, 7, 30), date(1926, 12, 24)),
    Era("明治", "M", date(1868, 10, 23), date(1912, 7, 29)),
)
GREGORIAN_FROM = date(1873, 1, 1)
YEARS = (1800, 2199)
WEEKDAYS = "月火水木金土日"

_HOW = "「昭和20年3月5日」「S20.3.5」「1945-03-05」のように入力してください。"
_ERA_DATE = re.compile(
    r"(明治|大正|昭和|平成|令和|[MTSHR明大昭平令])(元|\d{1,3})[年./-](\d{1,2})[月./-](\d{1,2})日?"
)
_ERA_COMPACT = re.compile(r"(明治|大正|昭和|平成|令和|[MTSHR])(\d\d)(\d\d)(\d\d)")
_WESTERN = re.compile(r"(?:西暦)?(\d{4})[年./-](\d{1,2})[月./-](\d{1,2})日?")
_EIGHT = re.compile(r"(\d{4})(\d\d)(\d\d)")
_KANJI = {c: i for i, c in enumerate("〇一二三四五六七八九")}
_KANJI_NUMBER = re.compile("[〇一二三四五六七八九十]+")


def parse_date(text: str, field: str = "date") -> date:
    """The day that `text` names; BadInput (with the reason and the nearest day) otherwise.

    Accepts 昭和20年3月5日, 昭20.3.5, S20.3.5, S20・3・5, 令和元年5月1日, R1/5/1, S200305,
    1945-03-05, 1945年3月5日, 19450305; full-width characters, blanks, kanji numerals, ㍻-type
    letters, a trailing （水） or 生.
    """
    plain = _plain(text)
    if not plain:
        raise BadInput(field, f"日付が空です。{_HOW}")
    for pattern in (_ERA_DATE, _ERA_COMPACT):
        if found := pattern.fullmatch(plain):
            name, year, month, day = found.groups()
            number = 1 if year == "元" else int(year)
            return _era_day(_era(name), number, int(month), int(day), field)
    found = _WESTERN.fullmatch(plain) or _EIGHT.fullmatch(plain)
    if found:
        year, month, day = found.groups()
        return _western_day(int(year), int(month), int(day), field)
    raise BadInput(field, f"日付として読み取れません。{_HOW}")


def wareki(day: date, weekday: bool = False) -> str:
    """令和8年7月1日, or 令和8年7月1日(水) with the day of the week. The first year is 元年."""
    tail = f"{day.month}月{day.day}日" + (f"({WEEKDAYS[day.weekday()]})" if weekday else "")
    era = _era_of(day)
    if era is None:
        return f"{day.year}年{tail}"
    number = day.year - era.base
    return f"{era.name}{'元' if number == 1 else number}年{tail}"


def birth_text(birth: date, today: date) -> str:
    """A birth date as a desk reads it back: 昭和20年3月5日（1945年・81歳）."""
    return f"{wareki(birth)}（{birth.year}年・{age_on(birth, today)}歳）"


def iso_day(text: str) -> date | None:
    """The day of an ISO text, as records keep it; None for a blank or anything else."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def age_on(birth: date, day: date) -> int:
    """Full years of age on `day`: the birthday itself counts; someone of 29 February is one
    year older on 1 March of a common year. BadInput when `day` is before the birth."""
    if day < birth:
        raise BadInput("birth", "生年月日が先の日付です。年を確かめてください。")
    return day.year - birth.year - ((day.month, day.day) < (birth.month, birth.day))


def is_under_1(birth: date, day: date) -> bool:
    """True until the day before the first birthday: the card then carries no photo."""
    return age_on(birth, day) < 1


def turns(birth: date, years: int) -> date:
    """The first day on which `age_on` is `years`."""
    year = birth.year + years
    if (birth.month, birth.day) == (2, 29) and not calendar.isleap(year):
        return date(year, 3, 1)
    return birth.replace(year=year)


def _plain(text: str) -> str:
    """Half-width, no blanks, no weekday, arabic numerals: for reading only, never stored."""
    plain = unicodedata.normalize("NFKC", text)
    plain = re.sub(r"\s|\([月火水木金土日祝]\)|生まれ$|生$", "", plain).upper()
    plain = re.sub("[‐‑‒–—―−ー]", "-", plain).replace("。", ".").replace("・", ".")
    return _KANJI_NUMBER.sub(_arabic, plain)


def _arabic(found: re.Match[str]) -> str:
    """二十 → 20, 一九四五 → 1945, 十二 → 12."""
    text = found.group()
    if "十" not in text:
        return "".join(str(_KANJI[c]) for c in text)
    tens, _, ones = text.partition("十")
    if len(tens) > 1 or len(ones) > 1:
        return text
    return str((_KANJI[tens] if tens else 1) * 10 + (_KANJI[ones] if ones else 0))


def _era(name: str) -> Era:
    return next(era for era in ERAS if name in (era.name, era.name[0], era.letter))


def _era_of(day: date) -> Era | None:
    if day < GREGORIAN_FROM:
        return None
    return next((era for era in ERAS if era.first <= day), None)


def _era_day(era: Era, number: int, month: int, day: int, field: str) -> date:
    if number < 1:
        raise BadInput(field, f"{era.name}の年は元年（1年）からです。年を確かめてください。")
    if era.base + number > YEARS[1]:
        raise BadInput(field, f"{era.name}{number}年は遠すぎます。年を確かめてください。")
    found = _calendar_day(era.base + number, month, day, field)
    year = "元" if number == 1 else str(number)
    if found < era.first:
        start = f"{era.first.month}月{era.first.day}日"
        raise BadInput(
            field, f"{era.name}{year}年は{start}からです。{wareki(found)}ではありませんか。"
        )
    if found < GREGORIAN_FROM:
        raise BadInput(field, "明治5年までは旧暦です。西暦で入力してください。")
    if era.last and found > era.last:
        end = f"{era.last.month}月{era.last.day}日"
        last_year = era.last.year - era.base
        same = number == last_year
        why = f"{era.name}{year}年は{end}まで" if same else f"{era.name}は{last_year}年{end}まで"
        raise BadInput(field, f"{why}です。{wareki(found)}ではありませんか。")
    return found


def _western_day(year: int, month: int, day: int, field: str) -> date:
    if not YEARS[0] <= year <= YEARS[1]:
        raise BadInput(
            field, f"西暦の年は{YEARS[0]}年から{YEARS[1]}年までです。年を確かめてください。"
        )
    return _calendar_day(year, month, day, field)


def _calendar_day(year: int, month: int, day: int, field: str) -> date:
    if not 1 <= month <= 12:
        raise BadInput(field, f"{month}月はありません。月は1月から12月までです。")
    last = calendar.monthrange(year, month)[1]
    if day < 1:
        raise BadInput(field, f"{day}日はありません。日は1日からです。")
    if day > last:
        end = date(year, month, last)
        raise BadInput(
            field,
            f"{year}年{month}月は{last}日までです。{day}日はありません。"
            f"{wareki(end)}ではありませんか。",
        )
    return date(year, month, day)
