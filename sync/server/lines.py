"""cheroot with patience for bad lines and none for those who only hold a thread.

What cheroot does not do by itself: a connection waits for its first byte without a thread, TLS
shakes hands in a worker and not where everybody else is let in, a request must keep coming, what is
left of a body is taken in before a refusal (the sender would not read it otherwise), and every
answer of its own is JSON. Nothing that a request held is ever written to a log.
"""

from __future__ import annotations

import io
import json
import socket
import ssl
import threading
import time
from collections import Counter
from pathlib import Path
from typing import Any

from cheroot.server import HeaderReader, HTTPConnection, HTTPRequest
from cheroot.ssl.builtin import BuiltinSSLAdapter
from cheroot.wsgi import Server

HANDSHAKE = 10.0
PATIENCE, SLOWEST = 90.0, 1024
"""A request may stand still for so many seconds in all, and then brings so many bytes a second."""
PIECE = 64 * 1024
BODY_LIMIT = 32 * 1024 * 1024
LINES, LINES_OF_ONE = 400, 128
"""Open connections in all and of one address (an office with 16 laptops behind one)."""
THREADS = 32
LAST_REQUESTS = 30
SAYS = {"404": "unknown_path", "405": "unknown_path", "413": "too_large", "414": "too_large",
        "408": "too_slow", "503": "busy", "500": "internal", "400": "malformed"}  # fmt: skip


class _Clocked(io.RawIOBase):
    """A socket as a raw stream; a request that comes too slowly ends it."""

    def __init__(self, sock: Any) -> None:
        self.line = sock
        self.whole = 0
        self.begin()

    def begin(self) -> None:
        self.begun, self.count = time.monotonic(), 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        left = self.begun + PATIENCE + self.count / SLOWEST - time.monotonic()
        if left <= 0:
            raise TimeoutError("timed out")
        usual = self.line.gettimeout()
        self.line.settimeout(left if usual is None else min(usual, left))
        try:
            got = int(self.line.recv_into(buffer))
        finally:
            self.line.settimeout(usual)
        self.count += got
        self.whole += got
        return got


class _Reader(io.BufferedReader):
    """What cheroot reads from. Its own reader is written in Python, which photos feel."""

    def __init__(self, raw: _Clocked, size: int) -> None:
        super().__init__(raw, size)
        self._line = raw
        self.bytes_read = 0
        self._taken = 0

    def read(self, size: int | None = -1, /) -> bytes:
        data = super().read(size)
        self.bytes_read += len(data)
        self._taken += len(data)
        return data

    def readline(self, size: int | None = -1, /) -> bytes:
        data = super().readline(size)
        self._taken += len(data)
        return data

    def has_data(self) -> bool:
        """Whether something of the next request is here already, also opened by TLS and unread."""
        unread = getattr(self._line.line, "pending", int)
        return self._line.whole > self._taken or unread() > 0


class _Headers(HeaderReader):
    """`X_Forwarded_Proto` would stand in the environment as `X-Forwarded-Proto` does."""

    def _allow_header(self, key_name: bytes) -> bool:
        return b"_" not in key_name


class Request(HTTPRequest):
    """One request. No two lengths of one body, no header that a proxy would read otherwise."""

    header_reader = _Headers()

    def read_request_headers(self) -> bool:
        if not super().read_request_headers():
            return False
        length = self.inheaders.get(b"Content-Length", b"0")
        if not length.isdigit() or (self.chunked_read and b"Content-Length" in self.inheaders):
            self.simple_response("400 Bad Request")
            return False
        return True

    def send_headers(self) -> None:
        """Take in what is left of the body first: who is still sending does not read."""
        self._take_in()
        super().send_headers()

    def _take_in(self) -> None:
        left = getattr(self.rfile, "remaining", 0)
        try:
            if self.chunked_read:
                while not getattr(self.rfile, "closed", True) and self.rfile.read(PIECE):
                    pass
            while getattr(self.rfile, "remaining", 0) and self.rfile.read(PIECE):
                pass
        except Exception:  # too slow, too much, gone: the answer is sent and the line ends
            self.close_connection = True
        if left and getattr(self.rfile, "remaining", 0):
            self.rfile.remaining = 0
            self.close_connection = True

    def simple_response(self, status: str, msg: str = "") -> None:
        """cheroot's own answers, as JSON; the line ends."""
        code = str(status)[:3]
        body = json.dumps({"error": SAYS.get(code, "malformed")}).encode()
        head = (
            f"{self.server.protocol} {status}\r\nContent-Type: application/json\r\n"
            f"Content-Length: {len(body)}\r\nConnection: close\r\n\r\n"
        )
        self.close_connection = True
        self.server.told(self, int(code), len(body))
        try:
            self.conn.wfile.write(head.encode("ascii") + body)
            if code == "413":
                self._hang_up_politely()
        except OSError:
            pass

    def _hang_up_politely(self) -> None:
        """Who is sending too much gets a moment to notice before the line is cut."""
        self.conn.wfile.flush()
        until = time.monotonic() + 5
        while time.monotonic() < until and self.conn.rfile.read1(PIECE):
            pass


class Connection(HTTPConnection):
    """One line. Each request on it has its own time."""

    RequestHandlerClass = Request

    def __init__(self, server: Any, sock: Any, *more: Any) -> None:
        super().__init__(server, sock, *more)
        self.rfile.close()
        self.raw = _Clocked(sock)
        self.rfile = _Reader(self.raw, self.rbufsize)
        self.shaken = not isinstance(sock, ssl.SSLSocket)
        self.counted = ""

    def communicate(self) -> bool:
        self.raw.begin()
        if not self.shaken and not self._shake():
            return False
        return bool(super().communicate())

    def _shake(self) -> bool:
        usual = self.socket.gettimeout()
        self.socket.settimeout(HANDSHAKE)
        try:
            self.socket.do_handshake()
        except (OSError, ValueError):
            return False
        self.socket.settimeout(usual)
        self.shaken = True
        return True

    def close(self) -> None:
        self.server.gone(self)
        super().close()


class Tls(BuiltinSSLAdapter):
    """TLS 1.3 with the city server's own certificate; the handshake is left to a worker."""

    def __init__(self, certificate: Path, key: Path) -> None:
        super().__init__(str(certificate), str(key))
        self.context.minimum_version = ssl.TLSVersion.TLSv1_3

    def wrap(self, sock: socket.socket) -> tuple[ssl.SSLSocket, dict[str, str]]:
        line = self.context.wrap_socket(sock, server_side=True, do_handshake_on_connect=False)
        return line, {"wsgi.url_scheme": "https", "HTTPS": "on"}


class CityServer(Server):
    """cheroot over one app. `tls` is None behind a proxy."""

    ConnectionClass = Connection

    def __init__(self, app: Any, host: str, port: int, tls: Tls | None = None) -> None:
        super().__init__(
            (host, port), app, numthreads=THREADS, server_name="ksp", request_queue_size=128,
            shutdown_timeout=LAST_REQUESTS,
        )  # fmt: skip
        self.ssl_adapter = tls
        self.timeout = 120
        self.max_request_body_size = BODY_LIMIT
        self.max_request_header_size = 64 * 1024
        self.keep_alive_conn_limit = LINES
        self._of: Counter[str] = Counter()
        self._counting = threading.Lock()

    def process_conn(self, conn: Any) -> None:
        """A new line waits for its first byte where it costs no thread."""
        if conn.last_used is not None:
            return super().process_conn(conn)
        who = str(conn.remote_addr)
        with self._counting:
            if self._of.total() < LINES and self._of[who] < LINES_OF_ONE:
                conn.counted = who
                self._of[who] += 1
        if not conn.counted:
            return conn.close()
        self.put_conn(conn)

    def gone(self, conn: Any) -> None:
        """A line ended: it counts no more."""
        with self._counting:
            if conn.counted:
                self._of -= Counter([conn.counted])
                conn.counted = ""

    def told(self, request: Any, status: int, size: int) -> None:
        """An answer that the app never saw; `serve` writes it into its log."""

    def error_log(self, msg: str = "", level: int = 20, traceback: bool = False) -> None:
        """Only that something happened: texts and tracebacks may hold what somebody sent."""
        if level >= 40:
            super().error_log("a connection was given up", level, False)
