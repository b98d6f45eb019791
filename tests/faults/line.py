"""A line that does to one exchange exactly what a test asks: cut it at a byte, change it, answer
for the city, say it twice, hold it back. It knows just enough of HTTP to see where a message ends.
"""

from __future__ import annotations

import contextlib
import re
import socket
import struct
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field

LENGTH = re.compile(rb"content-length: *(\d+)", re.IGNORECASE)
NOW = struct.pack("ii", 1, 0)


@dataclass
class Asked:
    """One request as it came over the line."""

    number: int
    head: bytes
    body: bytes
    answer: bytes = b""

    @property
    def raw(self) -> bytes:
        return self.head + self.body

    @property
    def what(self) -> str:
        """The kind of request: batch, part, whole, trip or info."""
        method, path = self.head.split(b" ", 2)[:2]
        found = {b"/ksp/v1/ops": "batch", b"/ksp/v1/photos": "whole", b"/ksp/v1/info": "info"}
        if path in found:
            return found[path]
        return "part" if method == b"PUT" else "trip"


@dataclass
class Fate:
    """What happens to an exchange. `up`, `down`: so many bytes of the request or of the answer
    pass, then the line is cut (`hard`: with a reset). `change`, `answer`: other bytes go on."""

    up: int | None = None
    down: int | None = None
    hard: bool = False
    change: Callable[[bytes], bytes] | None = None
    answer: Callable[[bytes], bytes] | None = None
    instead: bytes | None = None
    twice: bool = False
    before: Callable[[], object] | None = None
    pause: float = 0.0
    drip: float = 0.0


Plan = Callable[[Asked], Fate | None]


@dataclass
class Line:
    """The proxy. `dead`: nobody is let in; `plan` says what happens to each request."""

    behind: int
    plan: Plan | None = None
    dead: bool = False
    asked: list[Asked] = field(default_factory=list)
    errors: list[Exception] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._lock = threading.Lock()
        self._open: set[socket.socket] = set()
        self._door = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.url = f"http://127.0.0.1:{self._door.getsockname()[1]}"
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        self.dead = True
        self._door.close()
        self.cut()

    def cut(self) -> None:
        """End every line that is open."""
        with self._lock:
            lines, self._open = self._open, set()
        for one in lines:
            end(one)

    def once(self, wanted: Callable[[Asked], bool], fate: Callable[[Asked], Fate],
             then_dead: bool = False) -> list[Asked]:  # fmt: skip
        """Only the first request that is wanted has this fate; `then_dead`: the line with it.

        The list that comes back holds the request when it happened.
        """
        met: list[Asked] = []

        def plan(asked: Asked) -> Fate | None:
            with self._lock:
                if met or not wanted(asked):
                    return None
                met.append(asked)
                self.dead = then_dead
            return fate(asked)

        self.plan = plan
        return met

    def heal(self) -> None:
        self.plan, self.dead = None, False

    # -- the work ---------------------------------------------------------------------------------
    def _accept(self) -> None:
        while True:
            try:
                line, _ = self._door.accept()
            except OSError:
                return
            with self._lock:
                self._open.add(line)
            threading.Thread(target=self._serve, args=(line,), daemon=True).start()

    def _serve(self, line: socket.socket) -> None:
        line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        try:
            while not self.dead and (message := receive(line)):
                with self._lock:
                    asked = Asked(len(self.asked), *message)
                    self.asked.append(asked)
                if not self._exchange(line, asked, (self.plan and self.plan(asked)) or Fate()):
                    break
        except OSError:
            pass
        except Exception as error:  # of the test's own plan
            self.errors.append(error)
        end(line)

    def _exchange(self, line: socket.socket, asked: Asked, fate: Fate) -> bool:
        if fate.before is not None:
            fate.before()
        time.sleep(fate.pause)
        if fate.instead is not None:
            line.sendall(fate.instead)
            return False
        raw = fate.change(asked.raw) if fate.change else asked.raw
        for _ in range(2 if fate.twice else 1):
            answer = self.ask(raw[: fate.up], fate.hard and fate.up is not None)
        asked.answer = answer
        if fate.up is not None:
            cut(line, fate.hard)
            return False
        if fate.answer is not None:
            answer = fate.answer(answer)
        if fate.drip:
            for at in range(0, len(answer), 64):
                line.sendall(answer[at : at + 64])
                time.sleep(fate.drip)
        else:
            line.sendall(answer[: fate.down])
        if fate.down is not None:
            cut(line, fate.hard)
        return fate.down is None

    def ask(self, raw: bytes, hard: bool = False) -> bytes:
        """What the city answers to these very bytes; b"" where it hangs up, or was cut off."""
        with socket.create_connection(("127.0.0.1", self.behind)) as city:
            if raw:
                city.sendall(raw)
            if hard:
                city.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, NOW)
                return b""
            with contextlib.suppress(OSError):
                if not whole(raw):
                    city.shutdown(socket.SHUT_WR)
                return b"".join(receive(city) or ())
        return b""


def whole(raw: bytes) -> bool:
    head, middle, body = raw.partition(b"\r\n\r\n")
    length = LENGTH.search(head)
    return bool(middle) and len(body) >= (int(length[1]) if length else 0)


def receive(line: socket.socket) -> tuple[bytes, bytes] | None:
    """One message (head, body); None where the other end is gone."""
    data = b""
    while b"\r\n\r\n" not in data:
        piece = line.recv(65536)
        if not piece:
            return None
        data += piece
    head, _, body = data.partition(b"\r\n\r\n")
    head += b"\r\n\r\n"
    length = LENGTH.search(head)
    while len(body) < (int(length[1]) if length else 0):
        piece = line.recv(65536)
        if not piece:
            break
        body += piece
    return head, body


def cut(line: socket.socket, hard: bool) -> None:
    if hard:
        line.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, NOW)
        line.close()
    else:
        end(line)


def end(line: socket.socket) -> None:
    with contextlib.suppress(OSError):
        line.shutdown(socket.SHUT_RDWR)
    line.close()


def message(status: str, body: bytes, *headers: str) -> bytes:
    """An answer of HTTP."""
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", *headers, "", ""]
    return "\r\n".join(lines).encode() + body
