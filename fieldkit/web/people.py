"""利用者: who may open this laptop. Each act is a page of its own; nothing typed comes back.

Numbers and names of people never stand in an address. A passphrase is never drawn again; the
proposal is, because it is the kit's own and somebody may just be typing it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from flask import Blueprint, redirect, request
from flask.typing import ResponseReturnValue

from fieldkit import people
from fieldkit.errors import BadInput, KitError, NotFound, NotReady
from fieldkit.rules import passphrases
from fieldkit.rules.passphrases import Proposal
from fieldkit.store import phrasebook
from fieldkit.store.keyslots import RECOVERY_ID, ROLES, User
from fieldkit.web.common import error_rows, kit, number_errors, page, today, vault
from sync.ids import groups

screens = Blueprint("people", __name__)
Act = Callable[[Mapping[str, str]], None]
DONE = {
    "add": "利用者を加えました。",
    "remove": "利用者を外しました。",
    "passphrase": "合言葉を替えました。前の合言葉では、もう開けません。",
    "own": "合言葉を替えました。次からは新しい合言葉で開いてください。",
}


def _proposal() -> Proposal:
    """A new one; after an error the one that stood there, if it is made of the city's words."""
    forms_dir = kit().settings.forms_dir
    book, before = phrasebook.load(forms_dir), request.form.get("proposal", "").split()
    if len(before) > 1 and set(before) <= set(book.words):
        return passphrases.proposal_of(before, book.words)
    return phrasebook.propose(forms_dir)


def _draw(act: str, errors: list[BadInput], **more: Any) -> ResponseReturnValue:
    kept = {name: request.form.get(name, "") for name in ("id", "name", "role", "user")}
    drawn = page(
        "people_act.html",
        act=act,
        people=[
            {"value": u.id, "label": u.name, "note": f"{u.role_ja}　{u.id}"}
            for u in people.everybody(vault())
            if u.id != vault().user.id
        ],
        roles=[{"value": role, "label": ja} for role, ja in ROLES.items()],
        rules=phrasebook.load(kit().settings.forms_dir).rules,
        by_recovery=vault().user.id == RECOVERY_ID,
        copies=people.COPIES,
        errors=error_rows(errors),
        values=kept,
        **more,
    )
    return drawn, 422 if errors else 200


def _try(act: str, field: str, work: Act) -> ResponseReturnValue:
    """Do it and go back to the list, or draw the page again with the sentence at its field."""
    form = request.form
    errors = number_errors({name: form.get(name, "") for name in ("id", "name")})
    try:
        if not errors:
            work(form)
            return redirect(f"/people?done={act}" if act != "own" else "/passphrase?done=own")
    except BadInput as error:
        errors = [error]
    except (NotReady, NotFound) as error:
        errors = [BadInput(field, error.sentence)]
    except KitError as error:
        if error.code != "wait":
            raise
        errors = [BadInput("mine", error.sentence)]
    return _draw(act, errors, proposal=_proposal())


def _twice(form: Mapping[str, str]) -> str:
    """The new passphrase, typed twice."""
    new = form.get("passphrase", "")
    if not new:
        raise BadInput("passphrase", "新しい合言葉を入れてください。")
    if form.get("again", "") != new:
        raise BadInput("again", "2回の合言葉が同じではありません。2回とも入れ直してください。")
    return new


def _chosen(form: Mapping[str, str]) -> str:
    if not form.get("user"):
        raise BadInput("user", "一覧から1人選んでください。")
    return form["user"]


@screens.get("/people")
def show() -> ResponseReturnValue:
    return page(
        "people.html",
        people=people.everybody(vault()),
        me=vault().user.id,
        by_recovery=vault().user.id == RECOVERY_ID,
        copies=people.COPIES,
        done=DONE.get(request.args.get("done", ""), ""),
    )


@screens.get("/people/<any(add, remove, passphrase, recovery):act>")
def ask(act: str) -> ResponseReturnValue:
    return _draw(act, [], proposal=_proposal())


@screens.post("/people/add")
def add() -> ResponseReturnValue:
    def work(form: Mapping[str, str]) -> None:
        user = User(form.get("id", "").strip(), form.get("name", ""), form.get("role", ""))
        people.add(vault(), form.get("mine", ""), user, _twice(form))

    return _try("add", "id", work)


@screens.post("/people/remove")
def remove() -> ResponseReturnValue:
    return _try(
        "remove",
        "user",
        lambda form: people.remove(vault(), form.get("mine", ""), _chosen(form)),
    )


@screens.post("/people/passphrase")
def give() -> ResponseReturnValue:
    def work(form: Mapping[str, str]) -> None:
        user_id = _chosen(form)
        people.give_passphrase(vault(), form.get("mine", ""), user_id, _twice(form))

    return _try("passphrase", "user", work)


@screens.post("/people/recovery")
def recovery() -> ResponseReturnValue:
    """The new 26 characters, on this one page only."""
    try:
        code = people.new_recovery(vault(), request.form.get("mine", ""))
    except KitError as error:
        if not isinstance(error, BadInput) and error.code != "wait":
            raise
        return _draw("recovery", [BadInput("mine", error.sentence)])
    return page("people_code.html", code=groups(code), day=today().isoformat())


@screens.get("/passphrase")
def own_page() -> ResponseReturnValue:
    done = DONE["own"] if request.args.get("done") == "own" else ""
    return _draw("own", [], proposal=_proposal(), done=done)


@screens.post("/passphrase")
def own() -> ResponseReturnValue:
    return _try(
        "own",
        "mine",
        lambda form: people.change_own(vault(), form.get("mine", ""), _twice(form)),
    )
