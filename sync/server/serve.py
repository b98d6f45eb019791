"""`serve`: the city server as a process. What stands before the app, and how it ends.

Plain HTTP only on the machine itself, or behind the city's TLS proxy. It ends politely: no new
request is let in, those that are under way are answered, then the process is gone with 0.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import ssl
import sys
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from ipaddress import ip_address
from pathlib import Path
from typing import Any

from sync.server.app import create_server
from sync.server.limits import Limits
from sync.server.lines import LAST_REQUESTS, CityServer, Tls

KNOWN = frozenset({"info", "enrol", "ops", "photos", "trips", "days", "settings"})
PAGES = frozenset(
    {"login", "logout", "devices", "parked", "clashes", "handover", "ledger", "console.css"}
)
Log = Callable[[str], None]


def path_class(path: str) -> str:
    """What the log may say of a path: the kind of request, never an id."""
    parts = [part for part in path.split("/") if part]
    if parts[:2] == ["ksp", "v1"] and len(parts) > 2 and parts[2] in KNOWN:
        return "/ksp/v1/" + parts[2] + ("/*" if len(parts) > 3 else "")
    if not parts:
        return "/"
    if parts[0] in PAGES:
        return "/" + parts[0] + ("/*" if len(parts) > 1 else "")
    return "other"


class Front:
    """Before the app: who asks and over what, whether it is too often, and one line in the log."""

    def __init__(
        self, app: Any, limits: Limits | None = None, log: Log | None = None, proxied: bool = False
    ) -> None:
        self.app, self.limits, self.log, self.proxied = app, limits, log, proxied

    def __call__(self, environ: dict[str, Any], start: Any) -> Iterable[bytes]:
        begun = time.monotonic()
        if self.proxied:
            self._believe(environ)
        told: list[Any] = ["000", "0"]

        def started(status: str, headers: list[tuple[str, str]], *more: Any) -> Any:
            told[0] = status[:3]
            told[1] = next((v for k, v in headers if k.lower() == "content-length"), "-")
            return start(status, headers, *more)

        wait = self._too_often(environ)
        answer = _busy(wait, started) if wait else self.app(environ, started)
        if self.log is not None:
            took = round((time.monotonic() - begun) * 1000)
            where = path_class(environ["PATH_INFO"])
            got = environ.get("CONTENT_LENGTH") or "-"
            method = environ["REQUEST_METHOD"]
            method = method if method in ("GET", "HEAD", "POST", "PUT") else "?"
            self.log(line(method, where, told[0], took, got, told[1]))
        return answer

    def _believe(self, environ: dict[str, Any]) -> None:
        """What the city's own proxy says: the last address that it put down, and the scheme."""
        heard = environ.get("HTTP_X_FORWARDED_FOR", "").split(",")[-1].strip()
        environ["REMOTE_ADDR"] = heard or environ.get("REMOTE_ADDR", "")
        secure = environ.get("HTTP_X_FORWARDED_PROTO", "").strip().lower() == "https"
        environ["wsgi.url_scheme"] = "https" if secure else "http"

    def _too_often(self, environ: dict[str, Any]) -> float:
        if self.limits is None:
            return 0.0
        who, path = environ.get("REMOTE_ADDR", ""), environ["PATH_INFO"]
        if wait := self.limits.wait("address", who):
            return wait
        if path == "/ksp/v1/enrol":
            return self.limits.wait("enrol", who)
        if path.startswith("/ksp/"):
            return self.limits.wait("device", f"{who} {environ.get('HTTP_KSP_DEVICE', '')[:20]}")
        if path == "/login" and environ["REQUEST_METHOD"] == "POST":
            return self.limits.wait("login", who)
        return self.limits.wait("page", who)


def _busy(wait: float, start: Any) -> list[bytes]:
    body = json.dumps({"error": "busy"}).encode()
    start(
        "429 Too Many Requests",
        [
            ("Content-Type", "application/json"),
            ("Content-Length", str(len(body))),
            ("Retry-After", str(int(wait) + 1)),
        ],
    )
    return [body]


def line(method: str, where: str, status: str, ms: int, got: str, gave: str) -> str:
    """One line of the access log: no address, no id, no name."""
    at = datetime.now(UTC).isoformat(timespec="seconds")
    return f"{at} {method} {where} {status} {ms}ms in={got} out={gave}"


def to_stderr(text: str) -> None:
    sys.stderr.write(text + "\n")
    sys.stderr.flush()


class LoggingServer(CityServer):
    """Also what cheroot refuses by itself gets its line."""

    def told(self, request: Any, status: int, size: int) -> None:
        to_stderr(line("?", "refused", str(status), 0, "-", str(size)))


def add(commands: Any) -> None:
    """The arguments of `serve`."""
    made = commands.add_parser("serve", help="市サーバを動かす")
    made.add_argument("dir", type=Path)
    made.add_argument("--host", default="127.0.0.1")
    made.add_argument("--port", type=int, default=5700)
    made.add_argument("--cert", type=Path, help="TLSの証明書（PEM）。--key といっしょに使う")
    made.add_argument("--key", type=Path, help="証明書の秘密鍵（PEM）")
    made.add_argument(
        "--behind-proxy", action="store_true", help="市のTLS中継の後ろで動かす（その言葉を信じる）"
    )
    made.add_argument(
        "--plain", action="store_true", help="試験用：ほかの機械からも暗号化なしで受ける"
    )


def _unsafe(given: argparse.Namespace) -> str:
    """Why this would send people's data in the clear, or ""."""
    if bool(given.cert) != bool(given.key):
        return "--cert と --key は、いっしょに指定してください。"
    if given.cert and given.behind_proxy:
        return "--cert と --behind-proxy は、どちらか一方にしてください。"
    if given.cert or given.behind_proxy or given.plain or _here(given.host):
        return ""
    return (
        "暗号化なしでは、この機械の中（127.0.0.1）だけで動かせます。--cert と --key で証明書を"
        "指定するか、市のTLS中継の後ろで --behind-proxy を付けてください。"
    )


def _here(host: str) -> bool:
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False


def run(given: argparse.Namespace) -> int:
    """Serve until SIGTERM, Ctrl-C or Ctrl-Break; the exit code."""
    if why := _unsafe(given):
        print(why)
        return 2
    try:
        tls = Tls(given.cert, given.key) if given.cert else None
    except (OSError, ssl.SSLError):
        print("証明書か秘密鍵を読めません。PEM形式で、組になっているか確かめてください。")
        return 2
    with _told_to_end() as asked:
        app = create_server(given.dir)
        app.extensions["city"].sweep()
        front = Front(app, Limits(), to_stderr, given.behind_proxy)
        server = LoggingServer(front, given.host, given.port, tls)
        try:
            server.prepare()
        except (OSError, OverflowError):
            where = f"{given.host}:{given.port}"
            print(f"{where} では始められません。ほかで使われていないか確かめてください。")
            return 1
        scheme = "https" if tls else "http"
        print(f"市サーバ: {scheme}://{given.host}:{server.bind_addr[1]}/", flush=True)
        serving = threading.Thread(target=server.serve, name="serve")
        serving.start()
        while not asked and serving.is_alive():
            time.sleep(0.2)
    _end(server)
    serving.join()
    return 0


@contextmanager
def _told_to_end() -> Iterator[list[int]]:
    """The signals that asked for an end. Who sleeps in small pieces sees them on every system;
    afterwards a second signal ends the process at once."""
    asked: list[int] = []
    names = [n for n in ("SIGINT", "SIGTERM", "SIGBREAK") if hasattr(signal, n)]
    for name in names:
        signal.signal(getattr(signal, name), lambda number, _frame: asked.append(number))
    try:
        yield asked
    finally:
        for name in names:
            signal.signal(getattr(signal, name), signal.SIG_DFL)


def _end(server: CityServer) -> None:
    """Let nobody in, answer what is under way; what still hangs then is cut off, with 1."""
    hung = threading.Timer(LAST_REQUESTS + 10, os._exit, (1,))
    hung.daemon = True
    hung.start()
    server.stop()
    hung.cancel()
