"""A kit as its own process with everything that it may write to on one disk, and its screens.

HOME, TMPDIR, the working folder and the data folder lie on the disk under test. The city's server,
the forms and the program itself lie elsewhere. `Screens` speaks HTTP as a browser does and keeps
nothing; it behaves like `Browser` of tests/web/conftest.py, so that the same steps drive both.
"""

from __future__ import annotations

import http.client
import json
import os
import re
import signal
import subprocess
import sys
import time
from dataclasses import dataclass, field
from email.message import Message
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from fieldkit import launch
from fieldkit.clock import system_clock
from tests.needs import ROOT

PAGE = "text/html,application/xhtml+xml,*/*;q=0.8"


@dataclass(frozen=True)
class Answer:
    status_code: int
    headers: Message
    body: bytes

    def get_data(self) -> bytes:
        return self.body


@dataclass
class Screens:
    """One window of the kit at `host` (`name.localhost:port`)."""

    host: str
    cookies: dict[str, str] = field(default_factory=dict)
    csrf: str = ""

    def open(self, method: str, path: str, body: bytes, **more: str) -> Answer:
        headers = {
            "Host": self.host,
            "Accept": PAGE,
            "Sec-Fetch-Site": "same-origin",
            "Cookie": "; ".join(f"{name}={value}" for name, value in self.cookies.items()),
            **({"Origin": f"http://{self.host}"} if method == "POST" else {}),
            **more,
        }
        line = http.client.HTTPConnection("127.0.0.1", int(self.host.split(":")[1]), timeout=60)
        try:
            line.request(method, path, body if method == "POST" else None, headers)
            got = line.getresponse()
            answer = Answer(got.status, got.msg, got.read())
        finally:
            line.close()
        for told in answer.headers.get_all("Set-Cookie") or []:
            name, _, value = told.split(";")[0].partition("=")
            self.cookies[name] = value
        found = re.search(r'name="csrf" value="([^"]+)"', self.text(answer))
        self.csrf = found.group(1) if found else self.csrf
        return answer

    @staticmethod
    def text(answer: Answer) -> str:
        return answer.body.decode("utf-8", "replace")

    def get(self, path: str) -> Answer:
        return self.open("GET", path, b"")

    def post(self, path: str, values: dict[str, Any] | None = None) -> Answer:
        body = urlencode({"csrf": self.csrf, **(values or {})}, doseq=True).encode()
        told = {"Content-Type": "application/x-www-form-urlencoded"}
        return self.open("POST", path, body, **told)

    def send(self, path: str, body: bytes = b"") -> Answer:
        told = {"X-CSRF-Token": self.csrf, "Accept": "application/json"}
        return self.open("POST", path, body, **told, **{"Content-Type": "image/jpeg"})

    def enter(self, token: str) -> None:
        """What the launch page's script does with the one-time token."""
        self.open("POST", "/launch", token.encode(), **{"Content-Type": "text/plain"})

    def log_in(self, who: str, words: str) -> None:
        self.get("/login")
        answer = self.post("/login", {"user": who, "passphrase": words, "next": "/"})
        assert answer.status_code == 302, self.text(answer)[-3000:]
        self.get("/")


class RealKit:
    """`python -m fieldkit serve` on a disk; `kill()` is `kill -9`."""

    def __init__(self, disk: Path, server_url: str, forms: Path) -> None:
        self.disk, self.data = disk, disk / "kit"
        self.server: subprocess.Popen[str] | None = None
        self.tracer: subprocess.Popen[bytes] | None = None
        for name in ("home", "temp", "work", "kit"):
            (disk / name).mkdir()
        told = f'server_url = "{server_url}"\nforms_dir = "{forms}"\n'
        (self.data / "kit.toml").write_text(told, encoding="utf-8")

    @property
    def env(self) -> dict[str, str]:
        temp = str(self.disk / "temp")
        return {
            **{name: value for name, value in os.environ.items() if not name.startswith("XDG_")},
            **dict.fromkeys(("TMPDIR", "TEMP", "TMP"), temp),
            "HOME": str(self.disk / "home"),
            "PYTHONPATH": str(ROOT),
            "PYTHONDONTWRITEBYTECODE": "1",
            "PYTHONUNBUFFERED": "1",
        }

    def _begin(self, *words: str) -> subprocess.Popen[str]:
        log = (self.disk / "work" / "kit.log").open("a", encoding="utf-8")
        with log:
            return subprocess.Popen(
                [sys.executable, *words],
                cwd=self.disk / "work",
                env=self.env,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
                encoding="utf-8",
            )

    def commands(self, *all_of_them: tuple[list[str], list[str]]) -> str:
        """Commands of the kit, one after another in one process of its own, each with its lines of
        standard input; returns what they said."""
        words = [[*told, "--data", str(self.data)] for told, _ in all_of_them]
        lines = [line for _, typed in all_of_them for line in typed]
        program = (
            "import json, sys; from fieldkit.__main__ import main\n"
            "for words in json.loads(sys.argv[1]):\n"
            "    assert main(words) == 0, words[0]"
        )
        process = self._begin("-c", program, json.dumps(words))
        said, _ = process.communicate("".join(f"{line}\n" for line in lines), timeout=60)
        assert process.returncode == 0, said + self.log()
        return said

    def log(self) -> str:
        return (self.disk / "work" / "kit.log").read_text(encoding="utf-8")

    def start(self, watch: Path | None = None) -> Screens:
        """Start the kit and get in as the launcher does. `watch`: where strace writes what the
        kit opens (it follows all its threads and programs and ends with them)."""
        words = ("-m", "fieldkit", "serve", "--no-browser", "--data", str(self.data))
        self.server = self._begin(*words)
        assert self.server.stdout is not None
        for _ in range(600):
            told = launch.running(self.data)
            if told is not None and told.pid == self.server.pid and _answers(told.host):
                self._follow(told.pid, watch)
                screens = Screens(told.host)
                screens.enter(launch.mint(self.data, launch.WINDOW, system_clock))
                return screens
            assert self.server.poll() is None, self.log()
            time.sleep(0.05)
        raise TimeoutError(self.log())

    def _follow(self, pid: int, watch: Path | None) -> None:
        if watch is None:
            return
        what = "trace=open,openat,creat,rename,renameat,renameat2,mkdir,mkdirat,link,symlink"
        self.tracer = subprocess.Popen(
            ["strace", "-f", "-qq", "-y", "-s", "300", "-e", what, "-o", str(watch), "-p", str(pid)]
        )
        for _ in range(100):  # it follows from now on, or it is not allowed to
            status = Path("/proc", str(pid), "status").read_text(encoding="utf-8")
            if "TracerPid:\t0" not in status or self.tracer.poll() is not None:
                return
            time.sleep(0.05)

    def kill(self) -> None:
        if self.server is not None:
            self.server.send_signal(signal.SIGKILL)
            self.server.wait(20)
            for pipe in (self.server.stdin, self.server.stdout):
                if pipe is not None:
                    pipe.close()
            self.server = None
        if self.tracer is not None:
            self.tracer.wait(20)
            self.tracer = None


def _answers(host: str) -> bool:
    try:
        return Screens(host).get("/health").status_code == 200
    except OSError:
        return False
