"""Which roles work with which screens (001 特記1, 5). The guard asks, and so do the menus.

A key of ALLOWED is a blueprint; a screen that is not in it is for everybody who is logged in. A
view in SHARED is for everybody though its blueprint is not.
"""

from __future__ import annotations

FIELD = frozenset({"field", "booth", "supervisor"})
ALLOWED = {
    "desk": frozenset({"operator", "supervisor"}),
    "returned": frozenset({"operator", "supervisor"}),
    "checkout": FIELD,
    "visits": FIELD,
    "show": FIELD,
    "outcome": FIELD,
    "idcheck": FIELD,
    "forms": FIELD,
    "photo": FIELD,
    "camera": FIELD,
    "cards": FIELD,
    "prints": FIELD,
    "form_qr": FIELD,
    "money": FIELD,
    "papers": FIELD,
    "sheets": FIELD,
    "form_shelf": FIELD | {"operator"},
    "tally": FIELD,
    "incentives": FIELD,
    "outbox": FIELD | {"operator"},
    "parked": frozenset({"supervisor"}),
    "citysettings": frozenset({"supervisor"}),
    "sent": FIELD | {"operator", "auditor"},
    "carry": FIELD | {"operator"},
    "erase": FIELD,
    "conflicts": frozenset({"supervisor"}),
    "office": frozenset({"supervisor"}),
    "people": frozenset({"supervisor"}),
    "deletion": frozenset({"supervisor", "auditor"}),
    "safe": frozenset({"supervisor"}),
}
SHARED = frozenset(
    {
        "desk.towns",
        "desk.read_date",
        "checkout.ask",
        "checkout.unlock",
        "checkout.scan",
        "checkout.fetch",
        "people.own_page",
        "people.own",
        "deletion.trip_pdf",
    }
)


def may(role: str, screen: str) -> bool:
    """Whether a role works with a kind of screen (a key of ALLOWED; others are for everybody)."""
    return role in ALLOWED.get(screen, frozenset({role}))


def may_open(role: str, endpoint: str) -> bool:
    """Whether a role may use one view, named as Flask names it (`blueprint.view`)."""
    return endpoint in SHARED or may(role, endpoint.split(".")[0])
