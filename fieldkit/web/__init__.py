"""The screens: thin views that read a request, call a verb, and draw a template."""

from __future__ import annotations

from flask import Flask

from fieldkit.web import (
    camera,
    cards,
    checkout,
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
    outbox,
    outcome,
    papers,
    people,
    photo,
    prints,
    safe,
    sheets,
    show,
    tally,
    today,
    visits,
)
from fieldkit.web.common import install as install_common


def install(app: Flask) -> None:
    """Register every kind of screen."""
    install_common(app)
    for module in (
        launch,
        login,
        today,
        desk,
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
        erase,
        lists,
        deletion,
        safe,
        people,
    ):
        app.register_blueprint(module.screens)
