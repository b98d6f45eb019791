"""Record a sync of a version-1 laptop, byte by byte: `python record_v1.py CITY_V1.tar.xz OUT.json`.

    git archive <version> sync | tar -x -C /somewhere/old
    PYTHONPATH=/somewhere/old .venv/bin/python tests/faults/data/record_v1.py \\
        tests/server/data/city-v1.tar.xz tests/faults/data/laptop-v1.json

Run with THAT version's code: its `Client` builds and signs every request, its server answers. The
laptop is K01 of tests/server/data/make_city_v1.py. Everybody in it is invented.
"""

from __future__ import annotations

import json
import sys
import tarfile
import tempfile
from pathlib import Path
from typing import Any

from sync import packet, wire
from sync.client import Client, Identity
from sync.ids import new_id
from sync.server.app import create_server
from sync.verify_ledger import entry_hash
from sync.wire import b64, canonical, sha256, unb64

JPEG = b"\xff\xd8\xff\xe0" + b"face-of-version-1-" * 500 + b"\xff\xd9"
AT = "2026-07-02T09:30:00+09:00"


class Recorder:
    """A road to the old server that keeps every request."""

    def __init__(self, app: Any) -> None:
        self.http, self.requests = app.test_client(), []

    def send(self, method: str, path: str, body: bytes, headers: dict[str, str]) -> Any:
        got = self.http.open(path, method=method, data=body, headers=headers)
        said = got.get_json()
        self.requests.append({"method": method, "path": path, "headers": headers,
                              "body": b64(body), "status": got.status_code,
                              "said": sorted(said)})
        return type("Answer", (), {"status": got.status_code, "value": said})()


def main(archive: str, out: str) -> None:
    folder = Path(tempfile.mkdtemp())
    with tarfile.open(archive) as data:
        data.extractall(folder, filter="data")
    story = json.loads((folder / "story.json").read_text(encoding="utf-8"))
    road = Recorder(create_server(folder / "city"))
    public = unb64(road.http.get("/ksp/v1/info").get_json()["public"])
    me = Identity("K01", unb64(story["K01"]["sign"]), unb64(story["K01"]["seal"]), "01999", public)
    client = Client(road, me)
    last = wire.parse(unb64(story["last_batch"]))
    head, n = last["ledger"], max(op["n"] for op in last["ops"])
    head = {"seq": head["seq"], "hash": head["hash"], "rows": []}
    trip = client._trip(client._send("POST", f"/ksp/v1/trips/{story['trip']}/secret", "trip-secret",
                                     canonical({"trip": story["trip"]})))

    def row(act: str) -> dict[str, Any]:
        text = canonical({"seq": head["seq"] + 1, "prev": head["hash"], "at": AT, "actor": "sato",
                          "device": "K01", "act": act, "object": "", "result": "ok"}).decode()
        head.update(seq=head["seq"] + 1, hash=entry_hash(text), rows=[text])
        return dict(head)

    ops, told = [], {"saves": {}, "jpeg": b64(JPEG), "home": story["home"]}
    for number, fields in enumerate([{"phone": "0123-45"}, {"notes": "門の前で待つ"},
                                     {"notes": "門の前で待ちます"}], start=1):
        op_id = new_id()
        save = {"op_id": op_id, "entity": "reservation", "id": story["home"], "parent": "",
                "base": 1, "set": fields, "actor": "sato", "at": AT}
        rec = packet.seal_record(trip.public, trip.id, op_id, save)
        ops.append({"op_id": op_id, "n": n + number, "trip": trip.id, "rec": b64(rec)})
        told["saves"][op_id] = sha256(rec)
    batch = row("sync")
    client.send_batch(ops, [], batch)
    client.send_batch(ops, [], batch)  # its answer was lost
    photo_id = new_id()
    ph, seal, _ = packet.seal_photo(trip.public, trip.id, photo_id, JPEG)
    declared = {"id": photo_id, "trip": trip.id, "sha256": sha256(ph), "size": len(ph),
                "seal": b64(seal)}
    client.send_batch([], [declared], row("photo"))
    wire.PART_LIMIT = 4096
    client.send_photo(photo_id, ph, 0, lambda moved: None)
    client.send_photo(photo_id, ph, 4096, lambda moved: None)  # from the middle, its answer lost
    client.send_batch([], [declared], row("again"))
    client.send_batch([], [], row("synced"))
    client.fetch_secret(trip.id)
    client.end_trip(trip.id)
    told |= {"photo": photo_id, "sha256": sha256(ph), "size": len(ph), "trip": trip.id,
             "secret": b64(trip.secret), "requests": road.requests}
    Path(out).write_text(json.dumps(told, ensure_ascii=False, indent=1), encoding="utf-8")


if __name__ == "__main__":
    main(*sys.argv[1:3])
