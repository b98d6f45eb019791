"""A fictional city to try the kit in: 汐見市, three staff, a week of reservations, one facility.

Everybody in it is invented. The demo runs the city's server and the kit in one process on two
loopback ports, with real keys and a real encrypted store.
"""

from __future__ import annotations

import http.client
import socket
import sys
import threading
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from fieldkit import alone, demo_city, launch, serving
from fieldkit.app import create_app, make_http
from fieldkit.demo_city import CITY_CODE, CITY_NAME, CONSOLE, MARK, STAFF
from fieldkit.errors import KitError
from fieldkit.guard import LAUNCH_COOKIE, new_host_label
from fieldkit.kit import Kit
from fieldkit.settings import Settings
from sync.server.__main__ import make_http as make_city_http
from sync.server.app import create_server
from sync.server.init import initialise

UNSAFE = frozenset(
    {1719, 1720, 1723, 2049, 3659, 4045, 4190, 5060, 5061, 6000, 6566, *range(6665, 6670)}
    | {6679, 6697, 10080}
)
"""Ports from 1024 on that Chromium and Edge never open (Chromium, net/base/port_util.cc)."""


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
            demo_city.refuse_foreign(data)
        held.enter_context(alone.only_one(data))
        if fresh:
            demo_city.wipe(data)
        running = _start(data, port, held)
        running.held = held.pop_all()
        return running


def _start(data: Path, port: int, held: ExitStack) -> Running:
    made = (data / MARK).exists()
    city_dir, kit_dir = data / "city", data / "kit"
    if not made:
        demo_city.clear(data)
        initialise(city_dir, CITY_CODE, CITY_NAME)
    demo_city.let_in(city_dir)
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
        demo_city.make(data, settings, city_dir, url)
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


def _serve(server: Any) -> None:
    server.prepare()
    threading.Thread(target=server.serve, daemon=True).start()


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
