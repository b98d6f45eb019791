"""`create_app(kit)`: the local web app of one laptop."""

from __future__ import annotations

import io
import logging
from collections.abc import Callable, Iterable
from typing import IO, Any

from flask import Flask
from htmx_flask import Htmx
from htmx_flask.requests import HtmxAwareRequest

from fieldkit import guard, web
from fieldkit.kit import Kit
from fieldkit.patience import PatientServer
from fieldkit.settings import Settings

BODY_LIMIT = 24 * 1024 * 1024
FORM_LIMIT = 4 * 1024 * 1024


class MemoryRequest(HtmxAwareRequest):
    """A request whose uploaded files stay in memory: Werkzeug would put larger ones on the disk."""

    def _get_file_stream(self, *told: Any, **named: Any) -> IO[bytes]:
        return io.BytesIO()

    def close(self) -> None:
        """At the end of a request: forget its body, and the circle that would keep it alive."""
        super().close()
        self.__dict__.pop("_cached_data", None)
        self.environ.pop("werkzeug.request", None)


def create_app(settings: Settings) -> Flask:
    """The Flask app over one data folder. Bodies stay in memory: nothing is spooled to disk."""
    app = Flask(
        "fieldkit",
        template_folder=str(settings.templates_dir),
        static_folder=str(settings.static_dir),
    )
    logging.getLogger("PIL").setLevel(logging.INFO)  # its debug lines quote a picture's Exif
    app.config["MAX_CONTENT_LENGTH"] = BODY_LIMIT
    app.config["MAX_FORM_MEMORY_SIZE"] = FORM_LIMIT
    app.jinja_env.trim_blocks = True
    kit = Kit(settings)
    app.extensions["kit"] = kit
    Htmx(app)
    app.request_class = MemoryRequest
    guard.install(app, kit)
    web.install(app)
    return app


def make_http(app: Flask, settings: Settings, port: int) -> PatientServer:
    """cheroot on 127.0.0.1 behind the Host check; a request must arrive in half a minute."""
    hosts = frozenset({settings.host.lower()})
    wsgi: Callable[..., Iterable[bytes]] = guard.HostGuard(app, hosts)
    server: Any = PatientServer(("127.0.0.1", port), wsgi, numthreads=8, server_name="fieldkit")
    server.max_request_body_size = 8 * BODY_LIMIT  # up to there the app says in words what is wrong
    server.max_request_header_size = 64 * 1024
    kit: Kit = app.extensions["kit"]
    kit.watch_idle()
    return server
