"""The road to the city: the only place in the kit that opens a network connection."""

from __future__ import annotations

import http.client
import json
import ssl
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple, Protocol
from urllib.parse import urlsplit

TIMEOUT = 60
CONNECT_TIMEOUT = 15
BUSY, BROKEN = (408, 429), 500
NOT_YET_VALID, EXPIRED = 9, 10  # OpenSSL's X509_V_ERR codes


class NoAnswer(Exception):
    """The city did not answer in a way that can be read. Never changes what the laptop holds.

    `brief`: another try a moment later is of no use (nobody listens there, somebody else answers).
    """

    def __init__(self, about: str, brief: bool = False) -> None:
        super().__init__(about)
        self.brief = brief


class BadCertificate(NoAnswer):
    """The other end cannot show that it is the city. `clock`: by its dates, which this laptop's
    clock may cause; otherwise by its name or its issuer."""

    def __init__(self, about: str, clock: bool) -> None:
        super().__init__(about, brief=True)
        self.clock = clock


class Request(NamedTuple):
    """A signed request, as `Road.send` takes it: `road.send(*request)`."""

    method: str
    path: str
    body: bytes
    headers: dict[str, str]


@dataclass(frozen=True)
class Answer:
    """An answer of the city: HTTP status and its JSON object."""

    status: int
    value: dict[str, Any]


class Road(Protocol):
    """Carries bytes to the city and its answer back."""

    def send(
        self, method: str, path: str, body: bytes, headers: dict[str, str]
    ) -> Answer: ...  # pragma: no cover - a protocol has no body

    def close(self) -> None: ...  # pragma: no cover - a protocol has no body


def tls_context(ca: Path | None) -> ssl.SSLContext:
    """TLS 1.3 with the system's authorities, or with the one certificate of a file alone (an
    authority's, or the city server's own)."""
    context = ssl.create_default_context(cafile=str(ca) if ca else None)
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    if ca:
        context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
    return context


class HttpRoad:
    """HTTP(S) with one kept connection; a broken one is opened again for the next send.

    `rtt` is how long a packet took there and back when the connection was opened (0: not yet).
    """

    def __init__(self, base_url: str, ca: Path | None = None) -> None:
        parts = urlsplit(base_url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise NoAnswer("no address")
        self.rtt = 0.0
        self._parts = parts
        self._ca = ca
        self._conn: http.client.HTTPConnection | None = None

    def _connect(self) -> http.client.HTTPConnection:
        host, port = self._parts.hostname or "", self._parts.port
        secure = self._parts.scheme == "https"
        if secure:
            conn: http.client.HTTPConnection = http.client.HTTPSConnection(
                host, port, timeout=CONNECT_TIMEOUT, context=tls_context(self._ca)
            )
        else:
            conn = http.client.HTTPConnection(host, port, timeout=CONNECT_TIMEOUT)
        begun = time.monotonic()
        conn.connect()
        self.rtt = (time.monotonic() - begun) / (2 if secure else 1)  # TLS 1.3 asks once more
        conn.sock.settimeout(TIMEOUT)
        return conn

    def send(self, method: str, path: str, body: bytes, headers: dict[str, str]) -> Answer:
        """One exchange. NoAnswer for a dead line, a captive portal, anything that is not ours."""
        try:
            if self._conn is None:
                self._conn = self._connect()
            self._conn.request(method, self._parts.path + path, body, headers)
            response = self._conn.getresponse()
            data = response.read()
        except ssl.SSLCertVerificationError as error:
            self.close()
            clock = error.verify_code in (NOT_YET_VALID, EXPIRED)
            raise BadCertificate(path, clock) from None
        except (OSError, http.client.HTTPException, ValueError) as error:
            self.close()
            raise NoAnswer(path, isinstance(error, ConnectionRefusedError)) from None
        try:
            value = json.loads(data)
        except (ValueError, RecursionError):
            value = None
        busy = response.status in BUSY or response.status >= BROKEN
        if busy or not isinstance(value, dict):
            self.close()
            raise NoAnswer(path, response.status < 400)
        return Answer(response.status, value)

    def close(self) -> None:
        if self._conn is not None:
            self._conn.close()
            self._conn = None
