"""A proxy between the laptop and the city that counts bytes and requests, slows and cuts."""

from __future__ import annotations

import contextlib
import random
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

PIECE = 16 * 1024
REQUEST = b" HTTP/1.1\r\n"


@dataclass
class Counted:
    """What crossed: bytes each way, requests, connections, cuts."""

    up: int = 0
    down: int = 0
    requests: int = 0
    connections: int = 0
    cuts: int = 0
    streams_cut: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def since(self, before: tuple[int, int, int]) -> tuple[int, int, int]:
        now = self.now()
        return now[0] - before[0], now[1] - before[1], now[2] - before[2]

    def now(self) -> tuple[int, int, int]:
        return self.up, self.down, self.requests


def _end(line: socket.socket) -> None:
    with contextlib.suppress(OSError):
        line.shutdown(socket.SHUT_RDWR)


class Proxy:
    """Carries every connection to the city; cuts all of them whenever `cut_when()` says so.

    `rate` (bytes/s up, all connections together) makes a slow line of it.
    """

    def __init__(self, port: int, rate: float = 0.0) -> None:
        self.port_behind = port
        self.rate = rate
        self.counted = Counted()
        self.cut_when: Callable[[], bool] = lambda: False
        self._open: set[socket.socket] = set()
        self._free_from = time.monotonic()
        self._door = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.port = int(self._door.getsockname()[1])
        threading.Thread(target=self._accept, daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._door.accept()
            except OSError:
                return
            city = socket.create_connection(("127.0.0.1", self.port_behind))
            for line in (client, city):
                line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if self.rate:  # what waits in a buffer has not crossed the line
                client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, PIECE)
            with self.counted.lock:
                self.counted.connections += 1
                self._open |= {client, city}
            threading.Thread(target=self._up, args=(client, city), daemon=True).start()
            threading.Thread(target=self._down, args=(city, client), daemon=True).start()

    def _up(self, client: socket.socket, city: socket.socket) -> None:
        tail = b""
        for piece in self._pieces(client, city):
            with self.counted.lock:
                self.counted.up += len(piece)
                self.counted.requests += (tail + piece).count(REQUEST) - tail.count(REQUEST)
            tail = piece[-len(REQUEST) :]
            self._wait(len(piece))
            if self.cut_when():
                self.cut()

    def _down(self, city: socket.socket, client: socket.socket) -> None:
        for piece in self._pieces(city, client):
            with self.counted.lock:
                self.counted.down += len(piece)

    def _pieces(self, come: socket.socket, go: socket.socket) -> Iterator[bytes]:
        try:
            while piece := come.recv(PIECE):
                yield piece
                go.sendall(piece)
        except OSError:
            pass
        with self.counted.lock:
            self._open -= {come, go}
        _end(come)
        _end(go)

    def _wait(self, size: int) -> None:
        if self.rate:
            with self.counted.lock:
                self._free_from = max(self._free_from, time.monotonic()) + size / self.rate
                wait = self._free_from - time.monotonic()
            time.sleep(max(0.0, wait))

    def cut(self) -> None:
        """End every connection at once, as a line that goes away does."""
        with self.counted.lock:
            lines, self._open = self._open, set()
            self.counted.cuts += 1
            self.counted.streams_cut += len(lines) // 2
        for one in lines:
            _end(one)

    def cut_every(self, size: int, seed: int) -> None:
        """Cut after about every `size` bytes up, at a random place."""
        dice = random.Random(seed)
        next_cut = [dice.uniform(0.5, 1.5) * size]

        def now() -> bool:
            if self.counted.up < next_cut[0]:
                return False
            next_cut[0] = self.counted.up + dice.uniform(0.5, 1.5) * size
            return True

        self.cut_when = now

    def close(self) -> None:
        self._door.close()
        self.cut_when = lambda: False
        self.cut()


@contextmanager
def proxy(port: int, rate: float = 0.0) -> Iterator[Proxy]:
    made = Proxy(port, rate)
    try:
        yield made
    finally:
        made.close()
