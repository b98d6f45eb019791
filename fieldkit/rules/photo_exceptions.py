"""Lawful ways around a photo that meets every rule: a declared reason, or no photo at all.

Why: a photo that cannot be better for an unavoidable reason is accepted where the reason is
declared, and how depends on the channel of the application: by telephone with the 申請書ID
(online), in the name box of the form (paper), by the city to its help desk (counter). It is a
note to the application, not the 顔写真証明書, which is an identity paper. Sources: J-LIS
「顔写真のチェックポイント」; 福祉施設団体向けマニュアル 資料編 p.21. A person under 1 year old at
the application has no photo on the card since 2024-12-02 (municipal notices of the law).

Promise: pure, no clock; every refusal names the field and what would work. The wording, the
telephone numbers, the default and the dates are `forms/photo_exceptions.toml`.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from fieldkit.errors import BadCityData, BadInput
from fieldkit.rules.photo_limits import REASONS, Limits
from fieldkit.rules.tables import maybe, need, no_twins, rows, words
from fieldkit.rules.wareki import age_on

FILE = "photo_exceptions.toml"
DRAWN = ("hat", "mask", "glasses", "hair", "frames", "others")
"""The pictures that the screen can draw."""
CHANNELS = ("paper", "online", "counter")


@dataclass(frozen=True)
class Picture:
    """One thing that must not be in the photo, as a drawing with its caption."""

    code: str
    caption: str


@dataclass(frozen=True)
class Channel:
    """How a reason is declared. `task` is empty where printing it on the form is all."""

    code: str
    label: str
    act: str
    task: str
    phone: str
    needs_form_id: bool


@dataclass(frozen=True)
class NoPhoto:
    """Who needs no photo: younger than `under_age` on the application date, from `since` on."""

    under_age: int
    since: date
    says: str
    printed: str


@dataclass(frozen=True)
class PhotoExceptions:
    """The city's table. `examples` are sentences by reason code, `lying` codes in order."""

    pictures: tuple[Picture, ...]
    channels: Mapping[str, Channel]
    default_channel: str
    min_text: int
    max_text: int
    short: str
    lying: tuple[str, ...]
    examples: Mapping[str, str]
    no_photo: NoPhoto


def reasons_offered(stops: Sequence[str], limits: Limits) -> dict[str, str]:
    """Reason codes and labels that fit at least one stop; all of them where nothing stops.

    Without a stop a reason is still declared for what only a person sees (say, a head cover).
    """
    if not stops:
        return dict(limits.reasons)
    fit: dict[str, str] = {}
    for code in stops:
        fit |= limits.reasons_for(code)
    return {code: label for code, label in limits.reasons.items() if code in fit}


def covers(reason: str, stops: Iterable[str], limits: Limits) -> tuple[str, ...]:
    """The stops that one reason can be declared for."""
    return tuple(code for code in stops if reason in limits.reasons_for(code))


def preselected(
    pose: str, stops: Sequence[str], limits: Limits, table: PhotoExceptions
) -> tuple[str, ...]:
    """What is ticked at first for a photo of a lying person: the city's reason that covers most."""
    if pose != "lying":
        return ()
    fit = [code for code in table.lying if code in reasons_offered(stops, limits)]
    return (max(fit, key=lambda code: len(covers(code, stops, limits))),) if fit else ()


def problems(
    stops: Mapping[str, str],
    reasons: Sequence[str],
    text: str,
    channel: str,
    form_id: str,
    limits: Limits,
    table: PhotoExceptions,
) -> list[BadInput]:
    """What is wrong with a declaration; empty when it may be used.

    `stops`: mark code → its advice. Each stop must be covered by one of the reasons; several
    reasons may be given together.
    """
    found: list[BadInput] = []
    offered = reasons_offered([*stops], limits)
    if not reasons or any(code not in offered for code in reasons):
        found.append(BadInput("reasons", "事情を、あてはまるものから選んでください。"))
    else:
        left = [code for code in stops if not set(reasons) & set(limits.reasons_for(code))]
        if left:
            says = f"選んだ事情では、次の指摘が残ります：「{stops[left[0]]}」{_ways(left, limits)}"
            found.append(BadInput("reasons", says))
    if not table.min_text <= len(text) <= table.max_text:
        says = table.short if len(text) < table.min_text else (
            f"理由は{table.max_text}文字までです（いま{len(text)}文字）。"
            "申請書の氏名の欄に印刷するため、短くしてください。")
        found.append(BadInput("reason_text", says))
    way = table.channels.get(channel)
    if way is None:
        found.append(BadInput("channel", "理由の伝え方を選んでください。"))
    elif way.needs_form_id and not form_id:
        found.append(BadInput(
            "channel", f"「{way.label}」では申請書IDを電話で伝えます。"
            f"申請書の画面で23けたを入れるか、「{table.channels[_other(table)].label}」を選んでください。"))
    return found


def _ways(left: Sequence[str], limits: Limits) -> str:
    """The nearest thing that works for these stops: a reason to add, or taking the photo again."""
    more = [label for code, label in limits.reasons.items() if covers(code, left, limits)]
    return f"あてはまれば「{more[0]}」も選ぶか、撮り直してください。" if more else (
        "撮り直してください。")


def _other(table: PhotoExceptions) -> str:
    """A channel that works without the 申請書ID, the city's default first."""
    codes = [table.default_channel, *CHANNELS]
    return next((c for c in codes if not table.channels[c].needs_form_id), "paper")


def no_photo(birth: date | None, applied_on: date, rule: NoPhoto) -> str:
    """Why this person needs no photo on that application date, or "" where a photo is needed."""
    if birth is None or applied_on < rule.since or applied_on < birth:
        return ""
    return rule.says if age_on(birth, applied_on) < rule.under_age else ""


def exceptions_from(
    data: Mapping[str, Any], reasons: Collection[str] = tuple(REASONS), file: str = FILE
) -> PhotoExceptions:
    """Build the table; BadCityData names the file and the key of what is wrong.

    `reasons` are the codes that photo.toml knows.
    """
    declare = need(data, "declare", dict, file)
    default = need(declare, "default_channel", str, file, "declare")
    if default not in CHANNELS:
        says = f"{'・'.join(CHANNELS)} のどれかにしてください。"
        raise BadCityData(file, "declare.default_channel", says)
    shortest, longest = (need(declare, k, int, file, "declare") for k in ("min_text", "max_text"))
    if not 1 <= shortest <= longest:
        raise BadCityData(file, "declare.min_text", "1以上で、max_text 以下にしてください。")
    lying = words(declare, "lying", file, "declare")
    told: Mapping[str, Any] = maybe(data, "example", {}, file)
    examples = {code: need(told, code, str, file, "example") for code in told}
    for key, codes in (("declare.lying", lying), ("example", tuple(examples))):
        for code in codes:
            if code not in reasons:
                says = f"「{code}」が photo.toml の [reasons] にありません。"
                raise BadCityData(file, key, says)
    return PhotoExceptions(
        pictures=_pictures(data, file),
        channels={code: _channel(data, code, file) for code in CHANNELS},
        default_channel=default,
        min_text=shortest,
        max_text=longest,
        short=need(declare, "short", str, file, "declare"),
        lying=lying,
        examples=examples,
        no_photo=_no_photo(data, file),
    )


def _pictures(data: Mapping[str, Any], file: str) -> tuple[Picture, ...]:
    pictures = []
    for i, row in enumerate(rows(data, "picture", file), start=1):
        at = f"picture[{i}]"
        code = need(row, "code", str, file, at)
        if code not in DRAWN:
            raise BadCityData(file, f"{at}.code", f"{'・'.join(DRAWN)} のどれかにしてください。")
        pictures.append(Picture(code, need(row, "caption", str, file, at)))
    no_twins([p.code for p in pictures], "picture", file)
    return tuple(pictures)


def _channel(data: Mapping[str, Any], code: str, file: str) -> Channel:
    at = f"channel.{code}"
    row = need(need(data, "channel", dict, file), code, dict, file, "channel")
    label, act, task, phone = (need(row, k, str, file, at) for k in ("label", "act", "task",
                                                                     "phone"))
    if task and not phone:
        raise BadCityData(file, f"{at}.phone", "電話番号を書いてください。")
    return Channel(code, label, act, task, phone, need(row, "needs_form_id", bool, file, at))


def _no_photo(data: Mapping[str, Any], file: str) -> NoPhoto:
    row = need(data, "no_photo", dict, file)
    return NoPhoto(
        need(row, "under_age", int, file, "no_photo"),
        need(row, "from", date, file, "no_photo"),
        need(row, "says", str, file, "no_photo"),
        need(row, "printed", str, file, "no_photo"),
    )
