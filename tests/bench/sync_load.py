"""Many laptops at once: prepared, signed batches, and a process that throws them at the city.

    python -m tests.bench.sync_load FILE CONNECTIONS URL [URL...]

The requests are made before the clock runs, so that the sender costs as little as it can.
"""

from __future__ import annotations

import http.client
import json
import pickle
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

from sync import packet, wire
from sync.ids import new_id
from sync.server import devices, trips
from sync.server.sqlstore import SqlStore
from sync.wire import b64, canonical
from tests.bench.sync_floor import Connection
from tests.bench.sync_work import photo, ready_and_wait

Request = tuple[str, str, dict[str, str], bytes]
FIELDS = {f"field{n:02d}": "汐見市花園一丁目" for n in range(12)}


class Laptop:
    """An enrolled laptop with one trip, made by the server's own functions, without a store."""

    def __init__(self, store: SqlStore, number: int) -> None:
        private, public = wire.new_signing_key()
        _, seal_public = wire.new_sealing_key()
        asked = {
            "code": devices.new_code(store), "name": f"{number}",
            "sign_public": b64(public), "seal_public": b64(seal_public),
        }  # fmt: skip
        grant = devices.enrol(store, asked)["grant"]
        self.id = str(json.loads(grant)["device"])
        self._key = wire.signing_private(private)
        with store.read() as shelf:
            device = shelf.device(self.id)
        assert device is not None
        told = {"request_id": new_id(), "kind": "field", "day": "2026-07-01", "reservations": []}
        made = json.loads(trips.make(store, device, told)["trip"])
        self.trip, self.public = str(made["trip"]), wire.unb64(made["public"])
        self.sent = 0

    def save(self) -> dict[str, object]:
        """A save of twelve fields of a new application, sealed as the kit does."""
        op_id = new_id()
        self.sent += 1
        save = {
            "op_id": op_id, "entity": "application", "id": new_id(), "parent": "", "base": 0,
            "set": FIELDS, "actor": "sato", "at": "2026-07-01T09:30:00+09:00",
        }  # fmt: skip
        sealed = packet.seal_record(self.public, self.trip, op_id, save)
        return {"op_id": op_id, "n": self.sent, "trip": self.trip, "rec": b64(sealed)}

    def batch(self, count: int) -> Request:
        return self._batch([self.save() for _ in range(count)], [])

    def nothing(self) -> Request:
        """A batch with nothing in it: what a laptop asks that has nothing to send."""
        return self._batch([], [])

    def _batch(self, ops: list[dict[str, object]], photos: list[dict[str, object]]) -> Request:
        body = canonical({"v": 2, "ops": ops, "photos": photos})
        return "POST", "/ksp/v1/ops", self._signed("batch", body), body

    def _signed(self, purpose: str, said: bytes) -> dict[str, str]:
        return {"KSP-Device": self.id, "KSP-Signature": wire.sign(self._key, purpose, said)}

    def photos(self, count: int, together: int) -> tuple[Request, list[Request]]:
        """The batch that declares photos of 300,000 bytes, and the photos, so many a request."""
        told: list[dict[str, object]] = []
        sealed: list[bytes] = []
        for number in range(count):
            name = new_id()
            ph, seal, _ = packet.seal_photo(self.public, self.trip, name, photo(number))
            told.append({"id": name, "trip": self.trip, "sha256": wire.sha256(ph),
                         "size": len(ph), "seal": b64(seal)})  # fmt: skip
            sealed.append(ph)
        parts = [
            self._whole(told[i : i + together], sealed[i : i + together])
            for i in range(0, count, together)
        ]
        return self._batch([], told), parts

    def _whole(self, told: list[dict[str, object]], sealed: list[bytes]) -> Request:
        named = [{name: one[name] for name in ("id", "size", "sha256")} for one in told]
        said = canonical({"photos": named})
        body = b"".join([said, b"\n", *sealed])
        return "PUT", "/ksp/v1/photos", self._signed("photos", said), body


def requests(laptops: list[Laptop], ops: int, each: int) -> list[list[Request]]:
    """`ops` saves in batches of `each`, turn by turn: one list for each laptop."""
    found: list[list[Request]] = [[] for _ in laptops]
    for number in range(ops // each):
        found[number % len(laptops)].append(laptops[number % len(laptops)].batch(each))
    return found


def throw(mine: Iterator[list[Request]], url: str, lock: threading.Lock) -> None:
    parts = urlsplit(url)
    road = Connection(str(parts.hostname), int(parts.port or 80), timeout=120)
    while True:
        with lock:
            batch = next(mine, None)
        if batch is None:
            return
        for method, path, headers, body in batch:
            road.request(method, path, body, headers)
            answer = road.getresponse()
            text = answer.read()
            if answer.status != 200 or b"refused" in text:
                raise http.client.HTTPException(f"{answer.status} {text[:300]!r}")


def main() -> None:
    file, connections, urls = Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3:]
    work: list[list[Request]] = pickle.loads(file.read_bytes())
    ready_and_wait()
    begin, cpu = time.perf_counter(), time.process_time()
    lock, mine = threading.Lock(), iter(work)
    crew = [
        threading.Thread(target=throw, args=(mine, urls[number % len(urls)], lock))
        for number in range(connections)
    ]
    for one in crew:
        one.start()
    for one in crew:
        one.join()
    told = {"wall": time.perf_counter() - begin, "cpu": time.process_time() - cpu}
    if next(mine, None) is not None:
        raise RuntimeError("the city did not take everything")
    print(json.dumps(told), flush=True)


if __name__ == "__main__":
    main()
