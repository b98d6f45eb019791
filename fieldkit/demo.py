"""A fictional city to try the kit in: 汐見市, three staff, a week of reservations, one facility.

Everybody in it is invented. The demo runs the city's server and the kit in one process on two
loopback ports, with real keys and a real encrypted store.
"""

from __future__ import annotations

import http.client
import json
import re
import shutil
import socket
import sys
import threading
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from fieldkit import alone, launch, reserve, serving
from fieldkit.app import create_app, make_http
from fieldkit.city import enrol_device
from fieldkit.clock import day_of
from fieldkit.demo_people import PEOPLE
from fieldkit.errors import KitError
from fieldkit.guard import LAUNCH_COOKIE, new_host_label
from fieldkit.kit import Kit
from fieldkit.settings import Settings, asset_dir
from fieldkit.store import opening
from fieldkit.store.keyslots import User
from sync.ids import new_id
from sync.server import devices, supervisors
from sync.server.__main__ import make_http as make_city_http
from sync.server.app import create_server
from sync.server.init import city_fingerprint, initialise
from sync.server.sqlshelf import open_store

CITY_CODE, CITY_NAME = "01999", "汐見市"
MARK = "demo.json"
OURS = frozenset({"city", "kit", "forms", MARK, alone.NAME})
UNSAFE = frozenset(
    {1719, 1720, 1723, 2049, 3659, 4045, 4190, 5060, 5061, 6000, 6566, *range(6665, 6670)}
    | {6679, 6697, 10080}
)
"""Ports from 1024 on that Chromium and Edge never open (Chromium, net/base/port_util.cc)."""
STAFF = (
    (User("suzuki", "鈴木 一郎", "supervisor"), "しおかぜ ふくまち みなと"),
    (User("sato", "佐藤 花", "operator"), "あさやけ のぼる さかみち"),
    (User("tanaka", "田中 実", "field"), "ゆきどけ ながれる かわべ"),
)
CONSOLE = ("demo", "しおかぜ ふくまち みなと")
"""The demo's way into the city's console: its number and its words."""


@dataclass
class Running:
    """The two servers of a running demo. `held`: what is given back when it stops."""

    kit: Any
    city: Any
    settings: Settings
    screens: Kit
    held: ExitStack = field(default_factory=ExitStack)

    def link(self) -> str:
        """A link to the screens, good for one use within ten minutes."""
        return serving.new_link(self.screens)

    def stop(self) -> None:
        """Stop both at the same time; each waits for its last request."""
        other = threading.Thread(target=self.city.stop)
        other.start()
        self.kit.stop()
        other.join()
        self.screens.put_away()
        self.held.close()


def free_port() -> int:
    """A free loopback port, never one that browsers refuse."""
    while True:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = int(probe.getsockname()[1])
        if port not in UNSAFE and port >= 1024:
            return port


def checked_port(port: int) -> int:
    """`port` when it can be used for the screens (0: any free one); KitError otherwise."""
    if port and not 1024 <= port <= 65535:
        raise KitError("bad_port", "ポートは1024から65535までの番号にしてください。", "stop")
    if port in UNSAFE:
        raise KitError(
            "unsafe_port",
            f"ポート {port} はブラウザーが開きません（ほかの通信のための番号です）。"
            f"{free_port()} など、49152から65535までの番号にしてください。",
            "stop",
        )
    return port


def bind(server: Any, port: int) -> None:
    """Take the port; KitError where another program has it."""
    try:
        server.prepare()
    except OSError:
        raise KitError(
            "port_taken", f"ポート {port} は使われています。別の番号にしてください。", "retry"
        ) from None


def start(data: Path, port: int = 0, fresh: bool = False) -> Running:
    """Make the demo city where there is none (or `fresh`: anew), then start both servers.

    KitError("in_use") while a demo runs in this folder: it is neither doubled nor wiped.
    """
    if data.exists() and not data.is_dir():
        raise KitError("cannot_write", f"{data.name} はフォルダーではありません。", "stop")
    checked_port(port)
    with ExitStack() as held:
        if data.exists() and not (data / MARK).exists():
            _refuse_foreign(data)
        held.enter_context(alone.only_one(data))
        if fresh:
            wipe(data)
        running = _start(data, port, held)
        running.held = held.pop_all()
        return running


def _start(data: Path, port: int, held: ExitStack) -> Running:
    made = (data / MARK).exists()
    city_dir, kit_dir = data / "city", data / "kit"
    if not made:
        _clear(data)
        initialise(city_dir, CITY_CODE, CITY_NAME)
    _let_in(city_dir)
    held.enter_context(alone.only_one(kit_dir))
    city = make_city_http(create_server(city_dir), "127.0.0.1", free_port())
    _serve(city)
    url = f"http://127.0.0.1:{city.bind_addr[1]}"
    port = port or free_port()
    settings = Settings(
        data_dir=kit_dir,
        host=f"{new_host_label()}.localhost:{port}",
        server_url=url,
        forms_dir=data / "forms",
    )
    if not made:
        _make(data, settings, city_dir, url)
    told = f'server_url = "{url}"\nforms_dir = "../forms"\n'
    (kit_dir / "kit.toml").write_text(told, encoding="utf-8")
    app = create_app(settings)
    kit = make_http(app, settings, port)
    try:
        bind(kit, port)
    except KitError:
        city.stop()
        raise
    threading.Thread(target=kit.serve, daemon=True).start()
    screens: Kit = app.extensions["kit"]
    held.enter_context(serving.announced(screens))
    return Running(kit, city, settings, screens)


def _let_in(city_dir: Path) -> None:
    """鈴木 may look at the city's console as well."""
    city = open_store(city_dir)
    supervisors.add_demo(city, CONSOLE[0], STAFF[0][0].name, CONSOLE[1])
    city.close()


def _serve(server: Any) -> None:
    server.prepare()
    threading.Thread(target=server.serve, daemon=True).start()


def _clear(data: Path) -> None:
    """A half-made demo is made anew; a folder that is not a demo is never touched."""
    _refuse_foreign(data)
    if (data / "kit").exists():  # `serve` may run on the demo's own vault
        alone.only_one(data / "kit").release()
    for name in OURS - {MARK, alone.NAME}:
        shutil.rmtree(data / name, ignore_errors=True)
    data.mkdir(parents=True, exist_ok=True)


def _refuse_foreign(data: Path) -> None:
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
        _clear(data)


def _make(data: Path, settings: Settings, city_dir: Path, url: str) -> None:
    today = day_of(settings.clock())
    shutil.copytree(asset_dir("forms"), data / "forms")
    _move_season(data / "forms", today)
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


def _move_season(forms: Path, today: date) -> None:
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


def run(data: Path, port: int, browser: bool, check: bool, fresh: bool = False) -> int:
    """`fieldkit demo`: start, say where and with which words, wait for Ctrl-C."""
    running = start(data, port, fresh)
    settings = running.settings
    if check:
        ok = first_page_answers(running)
        running.stop()
        print("確認：最初の画面が開きました。" if ok else "確認：最初の画面が開きません。")
        return 0 if ok else 1
    print(f"\n出張申請キット（デモの{CITY_NAME}）")
    screens = serving.Screens(running.screens, browser)
    print(f"  画面　　 {screens.first_line()}")
    for line in screens.more_lines():
        print(f"  　　　　 {line}")
    print(f"  市サーバ {settings.server_url}/　番号 {CONSOLE[0]}、合言葉 {CONSOLE[1]}")
    print(f"  　　　　 確認コードを出す命令: {code_command(data)}")
    print("  合言葉（デモ専用）")
    for user, passphrase in STAFF:
        print(f"    {user.name}（{user.role_ja}）: {passphrase}")
    print("  終わるときは Ctrl-C\n", flush=True)
    try:
        serving.wait(screens)
    finally:
        running.stop()
    return 0


def code_command(data: Path) -> str:
    """What prints the code that the console asks for: the demo's authenticator is in no pocket."""
    python = f'"{sys.executable}"' if " " in sys.executable else sys.executable
    return f'{python} -m sync.server supervisor code "{data / "city"}" {CONSOLE[0]}'


def first_page_answers(running: Running) -> bool:
    """Load the first page as a browser would: spend a token, then ask with the launch cookie."""
    host = running.settings.host
    token = running.screens.gate.mint(launch.LINK)
    told = {"Host": host, "Accept": "text/html", "Origin": f"http://{host}"}
    conn = http.client.HTTPConnection("127.0.0.1", int(host.rsplit(":", 1)[1]), timeout=10)
    try:
        conn.request("POST", "/launch", body=token, headers={**told, "Content-Type": "text/plain"})
        answer = conn.getresponse()
        answer.read()
        cookie = (answer.getheader("Set-Cookie") or "").split(";")[0]
        if not cookie.startswith(LAUNCH_COOKIE + "="):
            return False
        conn.request("GET", "/login", headers={**told, "Cookie": cookie})
        answer = conn.getresponse()
        return answer.status == 200 and "出張申請キット" in answer.read().decode()
    except (OSError, http.client.HTTPException):
        return False
    finally:
        conn.close()
