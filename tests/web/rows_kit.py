"""The kit as a process of its own, for the tests that look at it from outside.

Run as a program it serves an existing vault at the tests' time; it is hardened as `serve` is, but
stays open to a parent that reads its memory. It is given no passphrase, secret or name: whoever
drives it sends them as a browser does. As a module it offers that driver.
"""

from __future__ import annotations

import http.client
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

from tests.needs import ROOT


def serve(data_dir: Path, idle_seconds: int) -> None:
    from dataclasses import replace
    from datetime import datetime

    from fieldkit import harden, serving
    from fieldkit.app import create_app, make_http
    from fieldkit.clock import JST
    from fieldkit.demo import free_port
    from fieldkit.guard import new_host_label
    from fieldkit.settings import Argon2, load_settings
    assert harden.return_memory() and harden.no_core()
    port, now = free_port(), datetime(2026, 7, 1, 9, 30, tzinfo=JST)
    settings = load_settings(data_dir, argon2=Argon2(64, 1, 1), clock=lambda: now)
    settings = replace(settings, idle_seconds=idle_seconds)
    settings = settings.with_host(f"{new_host_label()}.localhost:{port}")
    app = create_app(settings)
    server = make_http(app, settings, port)
    server.prepare()
    threading.Thread(target=server.serve, daemon=True).start()
    with serving.announced(app.extensions["kit"]):
        print("ready", settings.host, flush=True)
        sys.stdin.read()
    server.stop()


class ServedKit:
    """The running child. `host` is its authority; `wsgi` hands a test client's requests on to it,
    so that the helpers of tests/web/conftest.py drive another process."""

    def __init__(
        self,
        data_dir: Path,
        idle_seconds: int = 300,
        before: tuple[str, ...] = (),
        env: Mapping[str, str] | None = None,
    ) -> None:
        told = {"PYTHONPATH": str(ROOT), "PYTHONIOENCODING": "utf-8"}
        env = {**os.environ, **told, **(env or {})}
        words = [sys.executable, "-m", "tests.web.rows_kit", str(data_dir), str(idle_seconds)]
        self.process = subprocess.Popen(
            [*before, *words],
            cwd=ROOT,
            env=env,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        assert self.process.stdout is not None
        said = self.process.stdout.readline().decode().split()
        assert said[:1] == ["ready"], self.process.communicate()[1].decode()
        self.host = said[1]

    @property
    def port(self) -> int:
        return int(self.host.rsplit(":", 1)[1])

    def wsgi(self, environ: dict[str, Any], start: Callable[..., Any]) -> Iterable[bytes]:
        """Send a request as it is, but under the name that the child listens to."""
        line = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        headers = {
            k[5:].replace("_", "-").title(): v for k, v in environ.items() if k.startswith("HTTP_")
        }
        headers["Host"] = self.host
        if "Origin" in headers:
            headers["Origin"] = f"http://{self.host}"
        if environ.get("CONTENT_TYPE"):
            headers["Content-Type"] = environ["CONTENT_TYPE"]
        path = environ["PATH_INFO"] + (
            f"?{environ['QUERY_STRING']}" if environ["QUERY_STRING"] else ""
        )
        size = int(environ.get("CONTENT_LENGTH") or 0)
        body = environ["wsgi.input"].read(size) if size else b""
        line.request(environ["REQUEST_METHOD"], path, body, headers)
        answer = line.getresponse()
        data = answer.read()
        start(f"{answer.status} {answer.reason}", answer.getheaders())
        line.close()
        return [data]

    def stop(self) -> tuple[str, str]:
        """End it; returns what it has said on its two streams."""
        out, err = self.process.communicate(b"", timeout=60)
        return out.decode(), err.decode()


if __name__ == "__main__":
    serve(Path(sys.argv[1]), int(sys.argv[2]))
