"""The screens: thin views that read a request, call a verb, and draw a template."""

from __future__ import annotations

from flask import Flask

from fieldkit.web import (
    checkout,
    desk,
    erase,
    forms,
    idcheck,
    lists,
    login,
    money,
    outbox,
    outcome,
    papers,
    photo,
    today,
    visits,
)
from fieldkit.web.common import install as install_common


def install(app: Flask) -> None:
    """Register every kind of screen."""
    install_common(app)
    for module in (
        login,
        today,
        desk,
        checkout,
        visits,
        idcheck,
        forms,
        photo,
        money,
        outcome,
        papers,
        outbox,
        erase,
        lists,
    ):
        app.register_blueprint(module.screens)
