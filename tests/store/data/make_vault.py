"""Make the vault of an older version: `python make_vault.py FOLDER`, with THAT version's code.

    git archive <version> | tar -x -C /somewhere/old
    PYTHONPATH=/somewhere/old .venv/bin/python tests/store/data/make_vault.py /somewhere/made
    tar -C /somewhere/made -cJf tests/store/data/vault-<version>.tar.xz city kit story.json

What is in it: a laptop on its day out. Two homes were taken at the desk and checked out. The first
was visited: its save, receipt of money, photo (sealed, chosen) and close are there, the half of it
receipted by the city. The second has a draft. Everybody in it is invented.
"""

from __future__ import annotations

import json
import sys
import threading
from datetime import datetime
from pathlib import Path

from fieldkit import checkout, money, outbox, reserve, visit
from fieldkit.city import enrol_device
from fieldkit.clock import JST
from fieldkit.rules.fees import Fee
from fieldkit.settings import Argon2, Settings
from fieldkit.store import photos, records
from fieldkit.store import vault as vaults
from fieldkit.store.keyslots import User
from sync.ids import code_of, new_id
from sync.server import devices
from sync.server.__main__ import make_http
from sync.server.app import create_server
from sync.server.init import city_fingerprint, initialise
from sync.server.sqlshelf import open_store

PASSPHRASE = "あおいうみのみえるまち汐見"
DAY = "2026-07-01"
NAMES = ("渡邉葛󠄀城 𠮷乃", "髙橋 ハル")
JPEG = b"\xff\xd8\xff\xe0" + b"face-bytes-" * 60 + b"\xff\xd9"
FEE = Fee(1000, (("再交付手数料", 1000),), "lost", "1,000円です。")




def main(out: Path) -> None:
    initialise(out / "city", "01999", "汐見市")
    server = make_http(create_server(out / "city"), "127.0.0.1", 0)
    server.prepare()
    threading.Thread(target=server.serve, daemon=True).start()
    url = f"http://127.0.0.1:{server.bind_addr[1]}"
    engine = open_store(out / "city")
    settings = Settings(
        data_dir=out / "kit",
        server_url=url,
        argon2=Argon2(memory_kib=64, iterations=1, lanes=1),
        clock=lambda: datetime(2026, 7, 1, 9, 30, tzinfo=JST),
    )
    vault, recovery = vaults.create(settings, User("sato", "佐藤 花", "field"), PASSPHRASE)
    vault.add_user(User("suzuki", "鈴木 一郎", "supervisor"), PASSPHRASE + "二")
    enrol_device(vault, url, devices.new_code(engine), city_fingerprint(engine), "訪問用A")
    desk = reserve.open_desk(vault)
    for order, name in enumerate(NAMES, start=1):
        fields = {"visit_date": DAY, "half": "am", "order": order, "address": "汐見市花園1丁目"}
        people = [(new_id(), {"name": name, "kind": "lost"})]
        reserve.reserve(vault, desk, new_id(), fields, people)
    trip = checkout.check_out(vault, desk, DAY)
    first, second = reserve.slips(trip)
    person = first.applicants[0]
    visit.save_application(vault, trip, person, {"answers": {"name": NAMES[0]}})
    outbox.sync(vault)
    photo_id = photos.seal(vault, trip, person.id, JPEG)
    photos.keep(vault, photo_id)
    visit.save_application(vault, trip, person, {"photo_id": photo_id})
    money.issue_receipt(vault, trip, person, FEE, NAMES[0])
    visit.confirm(vault, trip, person)
    visit.close_visit(vault, trip, first.reservation.id)
    records.save_draft(vault, trip, second.applicants[0].id, "form", {"name": NAMES[1]})
    story = {
        "passphrase": PASSPHRASE,
        "recovery": recovery,
        "trip": trip.id,
        "code": code_of(trip.secret),
        "photo": photo_id,
        "names": NAMES,
        "waiting": outbox.waiting(vault)["waiting"],
    }
    vault.close()
    engine.dispose()
    server.stop()
    (out / "story.json").write_text(json.dumps(story, ensure_ascii=False), encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
