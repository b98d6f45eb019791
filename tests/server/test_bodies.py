"""Requests as they come over a line: two in one packet, a body that ends in its middle."""

from __future__ import annotations

import json
import socket
import ssl
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from sync.server import lines
from sync.server.app import app_over
from tests.server.kit import make_city, opened
from tests.sync.test_tls import certificate

INFO = b"GET /ksp/v1/info HTTP/1.1\r\nHost: x\r\n\r\n"


class Running:
    """A server of one city on a port of this machine; `line()` is a new line to it."""

    def __init__(self, folder: Path, secure: bool) -> None:
        self.store = opened(make_city(folder / "city"))
        self.pem, key = certificate(folder)
        tls = lines.Tls(self.pem, key) if secure else None
        self.secure = secure
        self.server = lines.CityServer(app_over(self.store), "127.0.0.1", 0, tls)
        self.server.expiration_interval = 0.05
        self.server.prepare()
        threading.Thread(target=self.server.serve, daemon=True).start()

    def line(self) -> socket.socket:
        made = socket.create_connection(self.server.bind_addr, timeout=5)
        if not self.secure:
            return made
        context = ssl.create_default_context(cafile=str(self.pem))
        return context.wrap_socket(made, server_hostname="127.0.0.1")

    def stop(self) -> None:
        self.server.stop()
        self.store.close()


@pytest.fixture(params=["plain", "tls"])
def running(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Running]:
    made = Running(tmp_path, request.param == "tls")
    yield made
    made.stop()


def answer(stream: Any) -> tuple[int, dict[str, Any]]:
    """The next answer of a line."""
    status = int(stream.readline().split()[1])
    length = 0
    while (head := stream.readline()) not in (b"\r\n", b""):
        name, _, value = head.partition(b":")
        length = int(value) if name.lower() == b"content-length" else length
    return status, json.loads(stream.read(length))


def padded(size: int) -> bytes:
    """A request of so many bytes."""
    head = b"GET /ksp/v1/info HTTP/1.1\r\nHost: x\r\nX-Pad: %b\r\n\r\n"
    return head % (b"a" * (size - len(head) + 2))


@pytest.mark.parametrize("first", [0, 8192, 16384])
def test_two_requests_in_one_packet_are_both_answered(running: Running, first: int) -> None:
    """Also where the first one fills exactly what is read at once."""
    ask = padded(first) if first else INFO
    assert not first or len(ask) == first
    with running.line() as line:
        stream = line.makefile("rb")
        line.sendall(ask + INFO + INFO[:20])
        assert [answer(stream)[0] for _ in range(2)] == [200, 200]
        line.sendall(INFO[20:])
        assert answer(stream)[0] == 200


def test_a_body_and_the_next_request_in_one_packet(running: Running) -> None:
    body = b'{"v":2}'
    ask = b"POST /ksp/v1/ops HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n" % len(body)
    chunk = b"POST /ksp/v1/ops HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
    with running.line() as line:
        stream = line.makefile("rb")
        line.sendall(ask + body + chunk + b"7\r\n" + body + b"\r\n0\r\n\r\n" + INFO)
        assert [answer(stream)[0] for _ in range(3)] == [401, 401, 200]


@pytest.mark.parametrize("way", ["length", "chunked"])
def test_a_body_that_stands_still_is_no_answer_to_the_laptop(
    running: Running, monkeypatch: pytest.MonkeyPatch, way: str
) -> None:
    """Not `malformed`: a laptop on a slow line would stop and call for a supervisor."""
    monkeypatch.setattr(lines, "PATIENCE", 0.5)
    head = "Content-Length: 1000" if way == "length" else "Transfer-Encoding: chunked"
    with running.line() as line:
        stream = line.makefile("rb")
        start = f"POST /ksp/v1/ops HTTP/1.1\r\nHost: x\r\n{head}\r\n\r\n".encode()
        line.sendall(start + (b"{" if way == "length" else b"5\r\n{"))
        assert answer(stream) == (408, {"error": "too_slow"})
