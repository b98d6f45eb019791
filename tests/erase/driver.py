"""Two days of visits on one laptop: the first is ended and erased, the second lives on.

Through the real screens: call with autosave, check-out, form typed and killed half-way, photo,
fee, papers, sending, the end of the trip, the lock. `Told` is what the job leaves outside of the
disk: who was visited, and every key that anybody could have.
"""

from __future__ import annotations

import re
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from unittest.mock import patch

from fieldkit import demo_city
from fieldkit.clock import day_of, system_clock
from fieldkit.settings import asset_dir
from sync.ids import code_of, new_id
from sync.packet import open_photo_key
from sync.server import store
from tests import city_rows
from tests.conftest import CityServer
from tests.erase.client import RealKit, Screens
from tests.erase.people import ENDED, LIVE, Person
from tests.web.conftest import ANSWERS, close, do_tasks, fill_form, take_photo

BOSS, OTHER = "suzuki", "tanaka"
WORDS = {
    BOSS: ["しおかぜ ふくまち みなと", "さざなみ とまりぎ ほたるび"],  # the second one is in use
    OTHER: ["ゆきどけ ながれる かわべ"],
}


@dataclass
class Told:
    """What is known outside of the disk. Secrets were read at the city before it forgot them."""

    words: dict[str, list[str]] = field(default_factory=dict)
    ended: str = ""
    live: str = ""
    secrets: dict[str, bytes] = field(default_factory=dict)
    privates: dict[str, bytes] = field(default_factory=dict)
    kinds: dict[str, str] = field(default_factory=dict)
    states: dict[str, str] = field(default_factory=dict)
    photos: dict[str, list[bytes]] = field(default_factory=dict)
    photo_keys: dict[str, bytes] = field(default_factory=dict)


def make_kit(
    disk: Path, outside: Path, city: CityServer, profile: str = "field"
) -> tuple[RealKit, Told]:
    """A laptop with two people, one of whom changed her passphrase; enrolled."""
    forms = outside / "forms"
    shutil.copytree(asset_dir("forms"), forms)
    demo_city.move_season(forms, day_of(system_clock()))
    kit = RealKit(disk, city.url, forms)
    old, new = WORDS[BOSS]
    code = city.code(profile)
    place = ["--server", city.url, "--code", code, "--fingerprint", city.fingerprint()]
    other = ["--new", OTHER, "--name", "田中 実", "--role", "field"]
    said = kit.commands(
        (["init", "--user", BOSS, "--name", "鈴木 一郎"], [old]),
        (["enrol", "--user", BOSS, *place], [old]),
        (["user", "add", "--user", BOSS, *other], [old, WORDS[OTHER][0]]),
        (["user", "passphrase", "--user", BOSS], [old, new]),
    )
    recovery = re.search(r"(?:[0-9A-Z]{4}-?){6}[0-9A-Z]{2}", said)
    assert recovery, said
    return kit, Told(words={**WORDS, "recovery": [recovery.group()]})


def the_job(
    kit: RealKit,
    city: CityServer,
    told: Told,
    y4m: Path | None,
    look: Callable[[], None],
    watch: Path | None = None,
) -> None:
    """All of it; at the end the kit is locked and killed. `y4m`: the camera of a real browser.

    `look` is called between the steps (disks.FolderDisk keeps copies then); `watch` is where strace
    writes which files the kit opens during the visit, the sending and the end.
    """
    w = open_kit(kit)
    offers = free_days(w)
    rids = [take_call(w, who, offer) for who, offer in zip((ENDED, LIVE), offers, strict=True)]
    told.ended, told.live = (check_out(w, offer.split("|")[0]) for offer in offers)
    note_keys(city, told)
    base, other = (visit_of(w, rid) for rid in rids)
    w.post(f"{base}/form/1", {**ANSWERS, **ENDED.answers, "act": "next"})
    w.post(f"{base}/form/draft", {"name": ENDED.name, "tel": ENDED.phone})
    w.post(f"{other}/form/draft", {"name": LIVE.name, "kana": LIVE.kana})
    kit.kill()
    look()
    w = open_kit(kit, watch)
    unlock(w, told)
    told.photos[told.ended] = [do_visit(w, base, ENDED)]
    if y4m is not None:
        in_a_browser(kit, w.host, base, code_of(told.secrets[told.ended]), y4m)
        w.log_in(BOSS, WORDS[BOSS][1])
        unlock(w, told)
    look()
    close(w, base)  # type: ignore[arg-type]
    fill_form(w, other, **LIVE.answers)  # type: ignore[arg-type]
    with camera_of(LIVE):
        take_photo(w, other)  # type: ignore[arg-type]
    note_keys(city, told)
    send(w)
    note_photos(city, told)
    look()
    w.get("/desk")
    end(w, told.ended)
    send(w)
    w.post(f"{other}/form/draft", {"name": LIVE.name, "address": LIVE.address})
    w.get("/desk")
    w.post("/lock", {"back": "/"})
    kit.kill()
    note_keys(city, told)


def in_a_browser(kit: RealKit, host: str, base: str, code: str, y4m: Path) -> None:
    """The same visit once more in the kit's own window, which is then killed."""
    from tests.erase import window

    origin = f"http://{host}"
    with window.killed_window(kit, host, y4m) as page:
        window.log_in(page, BOSS, WORDS[BOSS][1])
        window.go(page, origin, base, code)
        window.type_form(page, origin, base, ENDED.answers)
        window.look_at_papers(page, origin, base)
        window.shoot(page, origin, base)


def unlock(w: Screens, told: Told) -> None:
    for trip_id in (told.ended, told.live):
        code = code_of(told.secrets[trip_id])
        assert w.post(f"/trip/{trip_id}/unlock", {"code": code}).status_code == 302


def open_kit(kit: RealKit, watch: Path | None = None) -> Screens:
    w = kit.start(watch)
    w.log_in(BOSS, WORDS[BOSS][1])
    return w


def free_days(w: Screens) -> list[str]:
    """Two offers on different days: `2026-12-07|am|1`."""
    page = w.text(w.get(f"/desk/{new_id()}"))
    found = re.findall(r'name="offer"[^>]*value="([^"]+)"', page)
    days = {offer.split("|")[0]: offer for offer in reversed(found)}
    assert len(days) >= 2, page[-3000:]
    return [days[day] for day in sorted(days)[:2]]


def take_call(w: Screens, who: Person, offer: str) -> str:
    rid = new_id()
    w.get(f"/desk/{rid}")
    typed = who.slip(offer)
    assert w.post(f"/desk/{rid}/draft", {**typed, "notes": who.notes[:4]}).status_code < 300
    assert w.post(f"/desk/{rid}/draft", typed).status_code < 300
    answer = w.post(f"/desk/{rid}", typed)
    assert answer.status_code == 302, w.text(answer)[-4000:]
    assert w.get(f"/desk/{rid}/slip.pdf").body.startswith(b"%PDF")
    return rid


def check_out(w: Screens, day: str) -> str:
    w.get("/checkout")
    answer = w.post("/checkout", {"day": day})
    assert "trip=" in (answer.headers["Location"] or ""), w.text(answer)[-3000:]
    trip_id = answer.headers["Location"].split("trip=")[1]
    assert w.get(f"/trip/{trip_id}/sheet.pdf").body.startswith(b"%PDF")
    return str(trip_id)


def visit_of(w: Screens, rid: str) -> str:
    page = w.text(w.get(f"/visit/{rid}"))
    found = re.search(rf"/visit/{rid}/a/[0-9a-f-]+", page)
    assert found, page[-3000:]
    return found.group()


@contextmanager
def camera_of(who: Person) -> Iterator[None]:
    """While inside, the steps of tests/web photograph this person."""
    with patch("tests.web.conftest.portrait", lambda: who.photo):
        yield


def do_visit(w: Screens, base: str, who: Person) -> bytes:
    """Papers, form, photo, fee, prints, consent; returns the picture as the screen shows it."""
    with camera_of(who):
        photo_id = do_tasks(w, base, **who.answers)  # type: ignore[arg-type]
    picture = w.get(f"{base}/photo/{photo_id}/view").body
    assert picture.startswith(b"\xff\xd8")
    for name in ("application", "set"):
        assert w.get(f"{base}/papers/{name}.pdf").body.startswith(b"%PDF")
    w.post(f"{base}/show", {"consent": "yes"})
    return picture


def send(w: Screens) -> None:
    w.get("/outbox")
    w.post("/sync")
    says = ""
    for _ in range(300):
        says = w.text(w.get("/outbox/progress"))
        if "送信が終わりました" in says or "送るものはありません" in says:
            return
        time.sleep(0.1)
    raise TimeoutError(says)


def end(w: Screens, trip_id: str) -> None:
    w.get("/erase")
    names = {"shredded_by_1": "田中 実", "shredded_by_2": "鈴木 一郎", "confirm": "yes"}
    answer = w.post("/erase", {"trip": trip_id, **names})
    assert answer.headers["Location"] == "/list", w.text(answer)[-3000:]


def note_keys(city: CityServer, told: Told) -> None:
    """Read the city's table of trips: a secret that is there now may be gone later."""
    for row in city_rows.trips(city.store).values():
        told.kinds[row.id], told.states[row.id] = row.kind, row.state
        told.privates[row.id] = row.seal_private or told.privates.get(row.id, b"")
        told.secrets[row.id] = row.secret or told.secrets.get(row.id, b"")


def note_photos(city: CityServer, told: Told) -> None:
    for row in city_rows.rows(city.store, store.photo):
        private = told.privates[row.trip]
        told.photos.setdefault(row.trip, []).append(city_rows.jpeg(city.store, row.id))
        told.photo_keys[row.id] = open_photo_key(private, row.trip, row.id, row.seal)
