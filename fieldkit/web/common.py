"""What every view shares: the kit, the frame of a page, errors that keep what was typed."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

from flask import Flask, Response, current_app, g, render_template, request

from fieldkit import outbox, people, tripend
from fieldkit.clock import day_of
from fieldkit.errors import BadInput, KitError
from fieldkit.kit import Kit
from fieldkit.rules import personal_number
from fieldkit.rules.verdict import Refused
from fieldkit.rules.wareki import birth_text, wareki
from fieldkit.screen_roles import may
from fieldkit.sheets import Shelf
from fieldkit.store.vault import Vault


def kit() -> Kit:
    found: Kit = current_app.extensions["kit"]
    return found


def shelf() -> Shelf:
    """The city's forms, read once for this request."""
    if "shelf" not in g:
        g.shelf = Shelf(kit().settings.forms_dir)
    found: Shelf = g.shelf
    return found


def vault() -> Vault:
    return kit().open_vault()


def today() -> date:
    return day_of(kit().settings.clock())


def page(template: str, **context: Any) -> str:
    """Draw a template with the frame that every screen has."""
    return render_template(template, **{"errors": [], "values": {}, "who": None, **context})


def error_rows(errors: Iterable[BadInput]) -> list[dict[str, str]]:
    return [{"field": e.field, "sentence": e.sentence} for e in errors]


def typed_form() -> dict[str, Any]:
    """What was typed, by name; `…papers` fields with several values are lists."""
    values: dict[str, Any] = {}
    for name in request.form:
        many = request.form.getlist(name)
        values[name] = many if name.endswith("papers") else many[-1]
    values.pop("csrf", None)
    values.pop("seen", None)
    values.pop("act", None)
    return values


def unsure(what: str) -> list[BadInput]:
    """The error where the box was not ticked that says: this (…こと) was made sure."""
    if request.form.get("confirm") == "yes":
        return []
    return [BadInput("confirm", f"{what}を確かめて、印を付けてください。")]


def confirmed(what: str) -> None:
    """BadInput where it was not ticked (see `unsure`)."""
    for error in unsure(what):
        raise error


def number_errors(values: Mapping[str, Any]) -> list[BadInput]:
    """Every text is searched for an Individual Number or a PIN before it is kept.

    What certainly is one is refused. What may be harmless is asked about once: saving the same
    text again confirms it (domain §7.6).
    """
    errors = []
    for name, text in values.items():
        if not isinstance(text, str):
            continue
        verdict = personal_number.scan(text)
        if isinstance(verdict, Refused):
            errors.append(BadInput(name, verdict.sentence))
        elif isinstance(verdict, personal_number.Ask):
            mark = hashlib.sha256(f"{name}\0{text}".encode()).hexdigest()
            if mark not in g.session.asked:
                g.session.asked.add(mark)
                errors.append(
                    BadInput(
                        name, f"{verdict.sentence}まちがいなければ、もう一度保存してください。"
                    )
                )
    return errors


def masked(values: Mapping[str, Any]) -> dict[str, Any]:
    """A draft is kept at once, but never with an Individual Number in it."""
    kept = {}
    for name, text in values.items():
        refused = isinstance(text, str) and isinstance(personal_number.scan(text), Refused)
        kept[name] = personal_number.mask(text) if refused else text
    return kept


def pdf(data: bytes, act_object: str = "") -> Response:
    """A paper to the browser's own viewer. Without `act_object` it is in the ledger already."""
    if act_object:
        vault().note("printed", act_object)
    response = Response(data, mimetype="application/pdf")
    response.headers["Content-Disposition"] = 'inline; filename="print.pdf"'
    return response


def _frame() -> dict[str, Any]:
    """The names that `base.html` needs."""
    now = kit().settings.clock()
    session = g.get("session")
    open_vault = kit().vault if session else None
    return {
        "csrf": session.csrf if session else kit().login_csrf,
        "user": session.user if session else None,
        "city": _city(),
        "saved_at": "",
        "owed": len(tripend.owed(open_vault)) if open_vault else 0,
        "damage": open_vault.damage if open_vault else [],
        "outbox": outbox.waiting(open_vault) if open_vault else None,
        "now_wareki": wareki(day_of(now), weekday=True),
        "idle_seconds": kit().settings.idle_seconds,
        "may": lambda screen: session is not None and may(session.user.role, screen),
    }


def _city() -> dict[str, str] | None:
    """The city's name and phone; None while a table is broken, so that the error can be shown."""
    try:
        city = kit().city()
    except KitError:
        return None
    return {"name": city.city_name, "supervisor_phone": city.phone("supervisor")}


def _say_date(text: Any, weekday: bool = True) -> str:
    """ISO day (or moment) to wareki; anything else is shown as it is."""
    try:
        return wareki(date.fromisoformat(str(text)[:10]), weekday=weekday)
    except ValueError:
        return str(text or "")


def say_day(text: Any) -> str:
    """ISO day to wareki without the weekday; what is no day is shown as it was typed."""
    return _say_date(text, weekday=False)


def say_moment(text: str) -> str:
    """ISO moment to wareki and the minute: 令和8年7月1日 10:42."""
    return f"{say_day(text)} {text[11:16]}"


def names_of() -> dict[str, str]:
    """The people of this laptop by their numbers."""
    return {user.id: user.name for user in people.everybody(vault())}


def size_ja(size: int) -> str:
    """Bytes as a person reads them: KB (1 for less), from one MB on MB, from one GB on GB."""
    for unit, name in ((1024**3, "GB"), (1024**2, "MB")):
        if size >= unit:
            return f"{size / unit:,.1f} {name}"
    return f"{max(size / 1024, 1 if size else 0):,.0f} KB"


def _say_birth(text: Any) -> str:
    try:
        return birth_text(date.fromisoformat(str(text)), today())
    except ValueError:
        return str(text or "")


def install(app: Flask) -> None:
    """Filters, and the frame of every screen."""
    app.context_processor(_frame)
    app.jinja_env.filters["wareki"] = _say_date
    app.jinja_env.filters["wareki_day"] = say_day
    app.jinja_env.filters["birth"] = _say_birth
    app.jinja_env.filters["yen"] = lambda n: f"{int(n):,}円"
