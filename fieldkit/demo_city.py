"""What lies in a demo's folder: 汐見市, its staff, its season, its week of reservations.

Made here, and removed here; never anything that is not a demo's. How it runs is fieldkit/demo.py.
"""

from __future__ import annotations

import json
import re
import shutil
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from fieldkit import alone, reserve
from fieldkit.city import enrol_device
from fieldkit.clock import day_of
from fieldkit.demo_people import PEOPLE
from fieldkit.errors import KitError
from fieldkit.settings import Settings, asset_dir
from fieldkit.store import opening
from fieldkit.store.keyslots import User
from sync.ids import new_id
from sync.server import devices, supervisors
from sync.server.init import city_fingerprint
from sync.server.sqlstore import open_store

CITY_CODE, CITY_NAME = "01999", "汐見市"
MARK = "demo.json"
OURS = frozenset({"city", "kit", "forms", MARK, alone.NAME})
STAFF = (
    (User("suzuki", "鈴木 一郎", "supervisor"), "しおかぜ ふくまち みなと"),
    (User("sato", "佐藤 花", "operator"), "あさやけ のぼる さかみち"),
    (User("tanaka", "田中 実", "field"), "ゆきどけ ながれる かわべ"),
)
CONSOLE = ("demo", "しおかぜ ふくまち みなと")
"""The demo's way into the city's console: its number and its words."""


def let_in(city_dir: Path) -> None:
    """鈴木 may look at the city's console as well."""
    city = open_store(city_dir)
    supervisors.add_demo(city, CONSOLE[0], STAFF[0][0].name, CONSOLE[1])
    city.close()


def clear(data: Path) -> None:
    """A half-made demo is made anew; a folder that is not a demo is never touched."""
    refuse_foreign(data)
    if (data / "kit").exists():  # `serve` may run on the demo's own vault
        alone.only_one(data / "kit").release()
    for name in OURS - {MARK, alone.NAME}:
        shutil.rmtree(data / name, ignore_errors=True)
    data.mkdir(parents=True, exist_ok=True)


def refuse_foreign(data: Path) -> None:
    """KitError where a folder holds anything that is not of a demo."""
    if data.exists() and any(p.name not in OURS for p in data.iterdir()):
        raise KitError(
            "not_a_demo",
            "このフォルダーにはデモ以外のものがあります。空のフォルダーを指定してください。",
            "stop",
        )


def wipe(data: Path) -> None:
    """`--fresh`: remove a demo that this program made."""
    if (data / MARK).exists():
        (data / MARK).unlink()
    if data.exists():
        clear(data)


def make(data: Path, settings: Settings, city_dir: Path, url: str) -> None:
    """The kit of the demo: its staff, its enrolment, its reservations."""
    today = day_of(settings.clock())
    shutil.copytree(asset_dir("forms"), data / "forms")
    move_season(data / "forms", today)
    city = open_store(city_dir)
    vault, _ = opening.create(settings, *STAFF[0])
    for user, passphrase in STAFF[1:]:
        vault.add_user(user, passphrase)
    enrol_device(vault, url, devices.new_code(city), city_fingerprint(city), "訪問用A")
    desk = reserve.open_desk(vault)
    for fields, people in _week(today):
        applicants = [(new_id(), person) for person in people]
        reserve.reserve(vault, desk, new_id(), fields, applicants)
    vault.close()
    city.close()
    (data / MARK).write_text(json.dumps({"city": CITY_NAME}, ensure_ascii=False), encoding="utf-8")


def move_season(forms: Path, today: date) -> None:
    """The demo's season lies around today, and its calendar knows this year and the next."""
    booking = forms / "booking.toml"
    text = booking.read_text(encoding="utf-8")
    season = {
        "visit_from": today - timedelta(days=30),
        "visit_to": today + timedelta(days=120),
        "desk_from": today - timedelta(days=45),
        "desk_to": today + timedelta(days=120),
    }
    for key, day in season.items():
        text = re.sub(rf"(?m)^{key} = .*$", f"{key} = {day.isoformat()}", text)
    booking.write_text(text, encoding="utf-8")
    closed = forms / "closed_days.toml"
    years = [today.year - 1, today.year, today.year + 1]
    text = re.sub(r"(?m)^years = .*$", f"years = {years}", closed.read_text(encoding="utf-8"))
    closed.write_text(text, encoding="utf-8")


def _week(today: date) -> list[tuple[dict[str, Any], list[dict[str, Any]]]]:
    """Six homes and one facility over the next seven days."""
    found = []
    for row in PEOPLE:
        day = today + timedelta(days=row["in_days"])
        found.append(({**row["reservation"], "visit_date": day.isoformat()}, row["applicants"]))
    return found
