"""What the photo's page shows: two findings with their places, the pictures of the tick, the
declared exception. Shapes for templates/visit/photo.html, made of what was judged and saved."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from fieldkit import photo_calls
from fieldkit.apply import Case
from fieldkit.rules.photo_exceptions import PhotoExceptions
from fieldkit.rules.photo_limits import Limits
from fieldkit.web.common import say_moment

VERDICT = {"pass": "ok", "advise": "warn", "stop": "stop"}
SHOWN = 2
"""More findings at once would not be read."""


def judged(tried: Mapping[str, Any]) -> dict[str, Any]:
    """The verdict and the two worst findings; `no` numbers those whose place is drawn."""
    findings: list[dict[str, Any]] = []
    places: list[list[float]] = []
    for found in tried["findings"][:SHOWN]:
        number = len(places) + 1 if found.get("place") else 0
        if number:
            places.append([number, *found["place"]])
        severity = VERDICT.get(found["severity"], "ok")
        value = format(float(found.get("value", 0)), ".3g")
        findings.append({**found, "severity": severity, "no": number, "value": value})
    return {
        "id": tried["id"],
        "verdict": VERDICT[tried["verdict"]],
        "findings": findings,
        "places": places,
        "left": [f["advice"] for f in tried["findings"][SHOWN:] if f["severity"] == "stop"],
    }


def pictures_shown(tried: Mapping[str, Any], table: PhotoExceptions) -> dict[str, Any]:
    """The city's pictures; `asked` marks what a finding asks about, `asks` are the questions that
    are not among the findings shown (also one that has no picture)."""
    asked = {str(f["ask"]): str(f["advice"]) for f in tried["findings"] if f.get("ask")}
    above = [f["advice"] for f in tried["findings"][:SHOWN]]
    drawn = [{"code": p.code, "caption": p.caption, "asked": p.code in asked}
             for p in table.pictures]
    return {"drawn": drawn, "asks": [says for says in asked.values() if says not in above]}


def call_shown(call: photo_calls.Call, names: Mapping[str, str]) -> dict[str, Any]:
    """One call: what to do, where, with which number, and when it was done by whom."""
    base = f"/visit/{call.slip.reservation.id}/a/{call.applicant.id}/photo"
    done = call.done
    return {
        "task": call.channel.task,
        "phone": call.channel.phone,
        "office": call.channel.code == "counter",
        "form_id": call.form_id,
        "reception_no": call.slip.reservation.get("reception_no"),
        "name": call.applicant.get("name"),
        "at": say_moment(done["at"]) if done else "",
        "by": names.get(done.get("by", ""), done.get("by", "")) if done else "",
        "url": base,
    }


def calls_shown(calls: Iterable[photo_calls.Call]) -> list[dict[str, Any]]:
    return [call_shown(call, {}) for call in calls]


def exception_shown(
    case: Case, table: PhotoExceptions, limits: Limits, names: Mapping[str, str]
) -> dict[str, Any] | None:
    """The declared exception of the kept photo, with its call where there is one."""
    saved = case.body.get("photo_exception") or {}
    channel = table.channels.get(str(saved.get("channel", "")))
    if channel is None or not case.body.get("photo_id"):
        return None
    call = photo_calls.call_of(case.trip, case.slip, case.applicant, table)
    return {
        "reasons": [limits.reasons.get(code, code) for code in saved["reasons"]],
        "text": saved["text"],
        "channel": channel.label,
        "act": channel.act,
        "call": call_shown(call, names) if call else None,
    }
