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
    forms,
    idcheck,
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
        outbox,
        erase,
        lists,
        deletion,
        safe,
        people,
    ):
        app.register_blueprint(module.screens)
