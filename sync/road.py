"""The road to the city: the only place in the kit that opens a network connection."""

from __future__ import annotations

import http.client
import json
import ssl
from dataclasses import dataclass
from typing import Any, Protocol
from urllib.parse import urlsplit

TIMEOUT = 60


class NoAnswer(Exception):
    """The city did not answer in a way that can be read. Never changes what the laptop holds."""


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


class HttpRoad:
    """HTTP(S) with one kept connection; a broken one is opened again for the next send."""

    def __init__(self, base_url: str) -> None:
        parts = urlsplit(base_url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise NoAnswer("no address")
        self._parts = parts
        self._conn: http.client.HTTPConnection | None = None

    def _connect(self) -> http.client.HTTPConnection:
        host, port = self._parts.hostname or "", self._parts.port
        if self._parts.scheme == "https":
            context = ssl.create_default_context()
            context.minimum_version = ssl.TLSVersion.TLSv1_3
            return http.client.HTTPSConnection(host, port, timeout=TIMEOUT, context=context)
        return http.client.HTTPConnection(host, port, timeout=TIMEOUT)

    def send(self, method: str, path: str, body: bytes, headers: dict[str, str]) -> Answer:
        """One exchange. NoAnswer for a dead line, a captive portal, anything that is not ours."""
        try:
            if self._conn is None:
                self._conn = self._connect()
            self._conn.request(method, self._parts.path + path, body, headers)
            response = self._conn.getresponse()
            data = response.read()
            value = json.loads(data)
        except (OSError, http.client.HTTPException, ValueError):
            self.close()
            raise NoAnswer(path) from None
        if not isinstance(value, dict):
            raise NoAnswer(path)
        return Answer(response.status, value)

    def close(self) -> None:
        if self._conn is not None:
            self._conn.close()
            self._conn = None
