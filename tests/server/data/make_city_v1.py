"""Make the city of version 1: `python make_city_v1.py FOLDER`, with THAT version's code.

    git archive <version> sync | tar -x -C /somewhere/old
    PYTHONPATH=/somewhere/old .venv/bin/python tests/server/data/make_city_v1.py /somewhere/made
    tar -C /somewhere/made -cJf tests/server/data/city-v1.tar.xz city story.json

What is in it: two laptops, of which the second was stopped. The first has a trip out (a home with a
person, an application, a photo that is proved, one whose receipt a kill cut off, one half sent) and
one that ended, with a photo. The second changed an address without having seen it. Everybody in it
is invented.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from sync import packet, wire
from sync.ids import new_id
from sync.server import devices, inbox, photos, store
from sync.server.init import initialise
from sync.verify_ledger import entry_hash
from sync.wire import b64, canonical, sha256, unb64

JPEG = b"\xff\xd8\xff\xe0" + b"face-bytes-" * 60 + b"\xff\xd9"
NAME = "渡邉葛󠄀城 𠮷乃"
AT = "2026-07-01T09:30:00+09:00"
told: dict[str, Any] = {"jpeg": b64(JPEG), "name": NAME}


class Laptop:
    def __init__(self, engine: Any) -> None:
        self.engine, self.n, self.rows = engine, 0, []
        private, public = wire.new_signing_key()
        self.seal_private, seal_public = wire.new_sealing_key()
        asked = {"code": devices.new_code(engine), "name": "訪問用", "sign_public": b64(public),
                 "seal_public": b64(seal_public)}
        grant = wire.parse(devices.enrol(engine, asked)["grant"].encode())
        self.id = grant["device"]
        told[self.id] = {"sign": b64(private), "seal": b64(self.seal_private)}
        with engine.connect() as conn:
            self.row = devices.by_id(conn, self.id)

    def trip(self) -> dict[str, Any]:
        asked = {"request_id": new_id(), "kind": "field", "day": "2026-07-01", "reservations": []}
        made = wire.parse(devices.make_trip(self.engine, self.row, asked)["trip"].encode())
        inside = packet.open_answer(self.seal_private, self.id, made["trip"], unb64(made["sealed"]))
        return {"id": made["trip"], "public": unb64(made["public"]), "request": asked["request_id"],
                "secret": inside["secret"]}

    def save(self, trip: Any, record: str, entity: str, parent: str = "", base: int = 0,
             **fields: Any) -> dict[str, Any]:
        self.n += 1
        op_id = new_id()
        save = {"op_id": op_id, "entity": entity, "id": record, "parent": parent, "base": base,
                "set": fields, "actor": "sato", "at": AT}
        rec = packet.seal_record(trip["public"], trip["id"], op_id, save)
        return {"op_id": op_id, "n": self.n, "trip": trip["id"], "rec": b64(rec)}

    def send(self, ops: Any = (), declared: Any = ()) -> bytes:
        prev = self.rows[-1][1] if self.rows else "0" * 64
        text = canonical({"seq": len(self.rows) + 1, "prev": prev, "at": AT, "actor": "sato",
                          "device": self.id, "act": "sync", "object": "", "result": "ok"}).decode()
        self.rows.append((text, entry_hash(text)))
        ledger = {"seq": len(self.rows), "hash": self.rows[-1][1], "rows": [text]}
        value = {"v": 1, "ops": list(ops), "photos": list(declared), "ledger": ledger}
        body = canonical(value)
        made = inbox.take_batch(self.engine, self.row, body)
        assert wire.parse(made["receipt"]["body"].encode())["kind"] == "ops", made
        told["last_batch"], told["last_receipt"] = b64(body), made["receipt"]
        return body

    def photo(self, trip: Any, what: str, upto: int | None = None) -> None:
        photo_id = new_id()
        ph, seal, _ = packet.seal_photo(trip["public"], trip["id"], photo_id, JPEG + what.encode())
        self.send(declared=[{"id": photo_id, "trip": trip["id"], "sha256": sha256(ph),
                             "size": len(ph), "seal": b64(seal)}])
        told[what] = {"id": photo_id, "trip": trip["id"], "ph": b64(ph), "seal": b64(seal)}
        photos.take_part(self.engine, self.row, photo_id, 0, ph[:upto])


def main(out: Path) -> None:
    initialise(out / "city", "01999", "汐見市")
    engine = store.open_store(out / "city")
    first, second = Laptop(engine), Laptop(engine)
    trip, over, other = first.trip(), first.trip(), second.trip()
    home, person, form, old_home = (new_id() for _ in range(4))
    told.update(home=home, person=person, form=form, old_home=old_home, trip=trip["id"],
                over=over["id"], secret=trip["secret"], request=trip["request"])
    first.send([
        first.save(trip, home, "reservation", address=f"汐見市{NAME}", state="booked"),
        first.save(trip, person, "applicant", home, name=NAME, birth="1950-01-01"),
        first.save(trip, form, "application", person, state="doing",
                   answers={"q1": "はい", "q2": {"x": 1}}),
        first.save(over, old_home, "reservation", address="汐見市二丁目"),
    ])
    second.send([second.save(other, home, "reservation", address="別の住所", phone="0123")])
    second.send([second.save(other, form, "application", person, answers={"q1": "いいえ"})])
    first.photo(over, "ended")
    inbox.end_trip(engine, first.row, over["id"])
    first.photo(trip, "stored")
    first.photo(trip, "half", 300)
    kept = photos._receipt_for_photo
    photos._receipt_for_photo = lambda *_: (_ for _ in ()).throw(KeyboardInterrupt())
    try:
        first.photo(trip, "unproved")
    except KeyboardInterrupt:
        photos._receipt_for_photo = kept
    devices.revoke(engine, second.id)
    devices.new_code(engine)
    first.send([first.save(trip, home, "reservation", base=1, notes="犬がいます")])
    engine.dispose()
    (out / "story.json").write_text(json.dumps(told, ensure_ascii=False), encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
