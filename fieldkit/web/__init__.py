"""The screens: thin views that read a request, call a verb, and draw a template."""

from __future__ import annotations

from flask import Flask

from fieldkit.web import (
    camera,
    cards,
    carry,
    checkout,
    citysettings,
    conflicts,
    deletion,
    desk,
    erase,
    form_qr,
    form_shelf,
    forms,
    idcheck,
    incentives,
    launch,
    lists,
    login,
    money,
    office,
    outbox,
    outcome,
    papers,
    parked,
    people,
    photo,
    prints,
    returned,
    safe,
    sent,
    sheets,
    show,
    tally,
    today,
    visits,
)
from fieldkit.web.common import install as install_common
from fieldkit.web.refusals import install as install_refusals


def install(app: Flask) -> None:
    """Register every kind of screen."""
    install_common(app)
    install_refusals(app)
    for module in (
        launch,
        login,
        today,
        desk,
        returned,
        checkout,
        visits,
        show,
        idcheck,
        forms,
        form_qr,
        camera,
        photo,
        prints,
        cards,
        money,
        outcome,
        papers,
        sheets,
        form_shelf,
        tally,
        incentives,
        outbox,
        parked,
        sent,
        carry,
        erase,
        lists,
        deletion,
        conflicts,
        office,
        safe,
        people,
        citysettings,
    ):
        app.register_blueprint(module.screens)
