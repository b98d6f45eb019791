"""Lines between a laptop and its city that a test can look into, spoil and slow down."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest

from sync.road import Answer, HttpRoad, NoAnswer
from sync.wire import canonical

Send = Callable[..., Answer]


@dataclass
class Line:
    """Every exchange that went over it, and what may happen to one: `fate(method, path, body)` is
    "", "lost" (on the way there), "unheard" (on the way back) or "refused" (nobody listens)."""

    fate: Callable[[str, str, bytes], str] = lambda _method, _path, _body: ""
    delay: float = 0.0
    sent: list[tuple[str, str, int]] = field(default_factory=list)
    bodies: list[bytes] = field(default_factory=list)
    answers: list[int] = field(default_factory=list)
    now: int = 0
    most: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)

    def puts(self) -> list[int]:
        return [size for method, _, size in self.sent if method == "PUT"]

    def carry(self, real: Send, road: HttpRoad, method: str, path: str, body: bytes,
              headers: dict[str, str]) -> Answer:  # fmt: skip
        with self.lock:
            fate = self.fate(method, path, body)
            self.now += method == "PUT"
            self.most = max(self.most, self.now)
        try:
            time.sleep(self.delay)
            if fate == "refused":
                raise NoAnswer(path, brief=True)
            if fate == "lost":
                raise NoAnswer(path)
            answer = real(road, method, path, body, headers)
            head = sum(len(k) + len(v) + 4 for k, v in headers.items()) + len(path) + 80
            with self.lock:
                self.sent.append((method, path, len(body) + head))
                self.bodies.append(body)
                self.answers.append(len(canonical(answer.value)) + 300)
            if fate == "unheard":
                raise NoAnswer(path)
            return answer
        finally:
            with self.lock:
                self.now -= method == "PUT"


@pytest.fixture
def line(monkeypatch: pytest.MonkeyPatch) -> Line:
    """Everything that the kit sends in this test goes over it."""
    made, real = Line(), HttpRoad.send

    def send(road: HttpRoad, *message: Any) -> Answer:
        return made.carry(real, road, *message)

    monkeypatch.setattr(HttpRoad, "send", send)
    return made


def told(body: bytes) -> dict[str, Any]:
    """The batch in a request, or nothing for a part of a photo."""
    try:
        value = json.loads(body)
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}
