"""The network: requests and answers get lost, doubled, late, cut, changed, swapped and forged.

The attacker on the line knows everything but the city's key: he may play back any answer of before,
give one laptop's answer to another, and sign whatever he likes with a key of his own.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from typing import Any

from sync import wire
from sync.receipt import GENESIS
from sync.road import Answer, NoAnswer
from sync.wire import canonical, sha256, unb64
from tests.sim.kernel import Cell, Kernel, Process
from tests.sim.storm import Storm

Request = tuple[str, str, bytes, dict[str, str]]
FORGER = b"forger-forger-forger-forger-for."


class Network:
    """Between all laptops and the city. `serve` handles a request in the city's process."""

    def __init__(self, kernel: Kernel, storm: Storm) -> None:
        self.kernel, self.storm = kernel, storm
        self.city: Process | None = None
        self.serve: Callable[[Request], tuple[int, dict[str, Any]]] | None = None
        self.late: list[Request] = []
        self.answers: list[tuple[str, str, Answer]] = []  # (laptop, path, answer)
        self.kinds: Counter[str] = Counter()  # what the city heard, by kind
        self.parcelled: set[str] = set()
        self.sizes: dict[str, int] = {}  # of the sealed photos

    def heard(self, request: Request) -> None:
        """Count how photos travel: whole, in parts, several together, in parts after that."""
        method, path, body, headers = request
        if method != "PUT":
            return
        if path.endswith("/photos"):
            self.kinds["parcel"] += 1
            self.parcelled |= {one["id"] for one in wire.parse(body.partition(b"\n")[0])["photos"]}
            return
        photo_id = path.rpartition("/")[2]
        whole = self.sizes.get(photo_id) == len(body) and headers["Upload-Offset"] == "0"
        self.kinds["whole" if whole else "part"] += 1
        if not whole and photo_id in self.parcelled:
            self.kinds["part after parcel"] += 1

    def deliver(self, request: Request, cell: Cell) -> None:
        """Let the city work on a request; the cell gets its answer, or None where it died."""
        if self.city is None or not self.city.alive:
            cell.put(None)
            return
        self.kernel.spawn(self.city, lambda: self._work(request, cell), lambda: cell.put(None))

    def _work(self, request: Request, cell: Cell) -> None:
        assert self.serve is not None
        try:
            status, value = self.serve(request)
            cell.put(Answer(status, value))
        except NoAnswer:
            pass  # an error of the web server comes as HTML
        finally:
            cell.put(None)

    def deliver_late(self) -> bool:
        """An old copy of a request arrives now; nobody waits for its answer."""
        if not self.late:
            return False
        request = self.late.pop(int(self.storm.dice.random() * len(self.late)))
        self.kernel.say("late copy of", request[0], request[1])
        self.deliver(request, Cell())
        return True


class SimRoad:
    """One lane of one laptop (sync/road.py: Road)."""

    def __init__(self, net: Network, laptop: str) -> None:
        self.net, self.laptop = net, laptop

    def close(self) -> None:
        pass

    def send(self, method: str, path: str, body: bytes, headers: dict[str, str]) -> Answer:
        net, storm = self.net, self.net.storm
        net.kernel.point("net.send")
        net.kernel.pause()
        request = (method, path, body, dict(headers))
        net.heard(request)
        net.kernel.say(self.laptop, method, path, len(body), headers.get("Upload-Offset", ""))
        if net.late and storm.dice.random() < 0.3:
            net.deliver_late()
        if storm.strikes("request lost"):
            raise NoAnswer(path)
        if storm.strikes("sent late"):
            net.late.append(request)
            raise NoAnswer(path)
        if storm.strikes("sent twice"):
            net.late.append(request)
        if storm.strikes("portal"):
            return self._portal(path)
        if storm.strikes("forged"):
            return Answer(200, forged(self.laptop, request))
        if storm.strikes("request flipped"):
            request = (method, path, flipped(body, storm.dice.random()), dict(headers))
        cell = Cell()
        net.deliver(request, cell)
        answer = net.kernel.wait(cell)
        net.kernel.point("net.answered")
        return self._received(path, answer)

    def _received(self, path: str, answer: Answer | None) -> Answer:
        net, storm = self.net, self.net.storm
        if answer is None:
            net.kernel.say(self.laptop, "no answer")
            raise NoAnswer(path)
        if storm.strikes("answer lost"):
            net.answers.append((self.laptop, path, answer))
            raise NoAnswer(path)
        if storm.strikes("old answer") and (old := self._older(path, mine=True)):
            return old
        if storm.strikes("answer of another") and (old := self._older(path, mine=False)):
            return old
        net.answers.append((self.laptop, path, answer))
        if storm.strikes("answer cut"):
            raise NoAnswer(path)  # half a JSON text is none
        if storm.strikes("answer flipped"):
            return self._parsed(path, flipped(canonical(answer.value), storm.dice.random()))
        if net.kernel.trace is not None:
            net.kernel.say(self.laptop, "answer", answer.status, str(answer.value)[:300])
        return answer

    def _portal(self, path: str) -> Answer:
        if self.net.storm.dice.random() < 0.5:
            raise NoAnswer(path)  # HTML
        return Answer(200, {"ok": True, "offset": 10**6, "photos": []})

    def _parsed(self, path: str, data: bytes) -> Answer:
        try:
            value = json.loads(data)
        except ValueError:
            raise NoAnswer(path) from None
        if not isinstance(value, dict):
            raise NoAnswer(path)
        return Answer(200, value)

    def _older(self, path: str, mine: bool) -> Answer | None:
        known = [a for who, p, a in self.net.answers if (who == self.laptop) == mine]
        same = [a for who, p, a in self.net.answers if (who == self.laptop) == mine and p == path]
        known = same or known
        return known[int(self.net.storm.dice.random() * len(known))] if known else None


def flipped(data: bytes, luck: float) -> bytes:
    """The same bytes with one bit changed (nothing changes where there are none)."""
    if not data:
        return data
    at = int(luck * len(data) * 8)
    return data[: at // 8] + bytes([data[at // 8] ^ 1 << at % 8]) + data[at // 8 + 1 :]


def forged(laptop: str, request: Request) -> dict[str, Any]:
    """What an attacker would answer who wants the laptop to let everything go."""
    method, path, body, _ = request
    items = []
    if path.endswith("/ops"):
        told = wire.parse(body)
        for op in told["ops"]:
            data = unb64(op["rec"])
            items.append(_taken(op["op_id"], sha256(data), len(data)))
        items += [_taken(p["id"], p["sha256"], p["size"]) for p in told["photos"]]
        ledger = {"seq": told["ledger"]["seq"], "hash": told["ledger"]["hash"]}
        made = _receipt(laptop, "ops", items, ledger)
        photos = [{"id": p["id"], "receipt": made} for p in told["photos"]]
        return {"receipt": made, "photos": photos, "now": "2026-01-01T00:00:00+00:00"}
    if path.endswith("/photos"):
        named = wire.parse(body.partition(b"\n")[0])["photos"]
        items = [_taken(one["id"], one["sha256"], one["size"]) for one in named]
        return {"receipt": _receipt(laptop, "photo", items, None), "photos": []}
    photo_id = path.rpartition("/")[2]
    return {"receipt": _receipt(laptop, "photo", [_taken(photo_id, sha256(body), len(body))], None)}


def _taken(object_id: str, digest: str, size: int) -> dict[str, Any]:
    return {"id": object_id, "sha256": digest, "size": size, "answer": "taken", "reason": ""}


def _receipt(laptop: str, kind: str, items: list[Any], ledger: Any) -> dict[str, str]:
    body: dict[str, Any] = {
        "v": wire.FORMAT,
        "level": "commit+reread",
        "city": "01999",
        "epoch": 1,
        "seq": 10**6,
        "prev": GENESIS,
        "kind": kind,
        "device": laptop,
        "items": items,
        "at": "2026-01-01T00:00:00+00:00",
    }
    if ledger is not None:
        body["ledger"] = ledger
    data = canonical(body)
    return {"body": data.decode(), "signature": wire.sign(FORGER, "receipt", data)}  # type: ignore[arg-type]
