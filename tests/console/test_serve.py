"""The process that a city runs: TLS, limits, sizes, slow lines, its log, and a polite end."""

from __future__ import annotations

import http.client
import json
import os
import signal
import socket
import ssl
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from sync import wire
from sync.ids import new_id
from sync.road import BadCertificate, HttpRoad, NoAnswer
from sync.server import limits, lines, serve
from sync.server.app import app_over
from sync.server.sqlstore import SqlStore
from tests.console.cast import make_laptop

ROOT = Path(__file__).resolve().parents[2]


def make_certificate(folder: Path) -> tuple[Path, Path]:
    """A certificate of 127.0.0.1 that vouches for itself: (certificate, key) as PEM files."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "ksp test")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=2))
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False
        )
        .sign(key, hashes.SHA256())
    )
    pem, kind = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8
    cert, private = folder / "cert.pem", folder / "key.pem"
    cert.write_bytes(made.public_bytes(pem))
    private.write_bytes(key.private_bytes(pem, kind, serialization.NoEncryption()))
    return cert, private


class City:
    """A city server as its own process."""

    def __init__(self, folder: Path, *more: str) -> None:
        flags = {"creationflags": subprocess.CREATE_NEW_PROCESS_GROUP} if os.name == "nt" else {}  # type: ignore
        self.process = subprocess.Popen(
            [sys.executable, "-m", "sync.server", "serve", str(folder), "--port", "0", *more],
            cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, encoding="utf-8",
            env={**os.environ, "PYTHONIOENCODING": "utf-8"}, **flags,
        )  # fmt: skip
        assert self.process.stdout is not None
        self.told = False
        said = self.process.stdout.readline()
        self.url = said.split()[-1].rstrip("/")
        self.port = int(self.url.rsplit(":", 1)[1])

    def ask(self, method: str, path: str, body: Any = None, **head: str) -> tuple[int, Any, Any]:
        conn = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        conn.request(method, path, body, head, encode_chunked=head.get("Transfer-Encoding") != "")
        answer = conn.getresponse()
        data = answer.read()
        conn.close()
        return answer.status, data, answer

    def tell(self) -> None:
        """Once: a second time would end it at once."""
        if self.process.poll() is None and not self.told:
            self.told = True
            how = signal.CTRL_BREAK_EVENT if os.name == "nt" else signal.SIGTERM  # type: ignore
            self.process.send_signal(how)

    def stop(self) -> tuple[int, str]:
        """Ask it to end; its exit code and what it logged."""
        self.tell()
        _, told = self.process.communicate(timeout=60)
        return self.process.returncode, told


@contextmanager
def serving(folder: Path, *more: str) -> Iterator[City]:
    city = City(folder, *more)
    try:
        yield city
    finally:
        city.process.kill()
        city.process.communicate()


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory, ready: Any) -> Iterator[City]:
    """One city for the tests that only ask."""
    import shutil

    folder = tmp_path_factory.mktemp("running") / "city"
    shutil.copytree(ready[0], folder)
    with serving(folder) as city:
        yield city


# -- TLS ----------------------------------------------------------------------------------------
def test_it_speaks_tls_1_3_with_its_own_certificate_and_nothing_older(
    folder: Path, tmp_path: Path
) -> None:
    cert, key = make_certificate(tmp_path)
    with serving(folder, "--cert", str(cert), "--key", str(key)) as city:
        assert city.url.startswith("https://")
        road = HttpRoad(city.url, cert)
        assert road.send("GET", "/ksp/v1/info", b"", {}).value["city"] == "01999"
        with pytest.raises(BadCertificate):
            HttpRoad(city.url).send("GET", "/ksp/v1/info", b"", {})
        old = ssl.create_default_context(cafile=str(cert))
        old.maximum_version = ssl.TLSVersion.TLSv1_2
        with pytest.raises(ssl.SSLError):
            _tls(city.port, old).send(b"")
        conn = http.client.HTTPSConnection(
            "127.0.0.1", city.port, context=ssl.create_default_context(cafile=str(cert))
        )
        conn.request("GET", "/login")
        answer = conn.getresponse()
        assert "max-age=" in (answer.getheader("Strict-Transport-Security") or "")
        answer.read(), conn.close()
        with pytest.raises((NoAnswer, OSError)):
            HttpRoad(f"http://127.0.0.1:{city.port}").send("GET", "/ksp/v1/info", b"", {})
        # Somebody who opens lines and shakes no hands keeps nobody out.
        here, many = ("127.0.0.1", city.port), lines.THREADS + 8
        idle = [socket.create_connection(here) for _ in range(many)]
        half = [socket.create_connection(here) for _ in range(4)]
        for one in half:
            one.sendall(b"\x16\x03\x01")
        begun = time.monotonic()
        assert HttpRoad(city.url, cert).send("GET", "/ksp/v1/info", b"", {}).status == 200
        assert time.monotonic() - begun < 5
        for one in idle + half:
            one.close()
        road.close()
        assert city.stop()[0] == 0


def _tls(port: int, context: ssl.SSLContext) -> ssl.SSLSocket:
    line = socket.create_connection(("127.0.0.1", port), timeout=10)
    return context.wrap_socket(line, server_hostname="127.0.0.1")


@pytest.mark.parametrize(
    "more",
    [("--host", "0.0.0.0"), ("--host", "city.example"), ("--cert", "none.pem"),
     ("--cert", "none.pem", "--key", "none.pem"), ("--key", "x"),
     ("--cert", "a", "--key", "b", "--behind-proxy")],
)  # fmt: skip
def test_it_does_not_start_in_the_clear(folder: Path, more: tuple[str, ...]) -> None:
    command = [sys.executable, "-m", "sync.server", "serve", str(folder), "--port", "0", *more]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, check=False, timeout=60)
    assert done.returncode == 2 and done.stdout and not done.stderr


def test_only_a_named_proxy_is_believed(store: SqlStore) -> None:
    told = {"X-Forwarded-Proto": "https", "X-Forwarded-For": "203.0.113.9, 198.51.100.7"}
    seen: list[str] = []

    def app(environ: dict[str, Any], start: Any) -> Any:
        seen.append(environ["REMOTE_ADDR"])
        return app_over(store)(environ, start)

    for proxied in (False, True):
        flask = app_over(store)
        flask.wsgi_app = serve.Front(app, proxied=proxied)  # type: ignore[method-assign]
        answer = flask.test_client().get("/login", headers=told)
        assert ("Strict-Transport-Security" in answer.headers) is proxied
    assert seen == ["127.0.0.1", "198.51.100.7"]


# -- answers ------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/ksp/v1/nothing", 404, "unknown_path"),
        ("GET", "/ksp/", 404, "unknown_path"),
        ("DELETE", "/ksp/v1/ops", 405, "unknown_path"),
        ("POST", "/ksp/v1/ops", 401, "unknown_device"),
        ("GET", "/ksp/v1/" + "x" * 70_000, 414, "too_large"),
    ],
)
def test_an_error_is_json(running: City, method: str, path: str, status: int, code: str) -> None:
    got, data, answer = running.ask(method, path)
    assert (got, json.loads(data)) == (status, {"error": code})
    assert answer.getheader("Content-Type").startswith("application/json")


def test_a_fault_of_ours_is_json_and_tells_nothing(
    store: SqlStore, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: Any) -> Any:
        raise ZeroDivisionError("汐見 花子")

    monkeypatch.setattr("sync.server.handle.Handler._info", broken)
    answer = app_over(store).test_client().get("/ksp/v1/info")
    assert (answer.status_code, answer.json) == (500, {"error": "internal"})
    told = capsys.readouterr().err
    assert "ZeroDivisionError at test_serve.py:" in told and "花子" not in told


@pytest.mark.parametrize("size", [wire.PART_LIMIT + 65 * 1024, 33 * 1024 * 1024])
def test_too_much_is_said_also_to_who_is_still_sending(running: City, size: int) -> None:
    status, data, _ = running.ask("PUT", "/ksp/v1/photos/x", bytes(size))
    assert (status, json.loads(data)) == (413, {"error": "too_large"})


@pytest.mark.parametrize("pieces", [70, 600])
def test_too_much_in_chunks_is_said_as_well(running: City, pieces: int) -> None:
    chunks = (bytes(64 * 1024) for _ in range(pieces))
    try:
        status, data, _ = running.ask("POST", "/ksp/v1/ops", chunks)
    except OSError:
        assert pieces > 512, "beyond 32 MB the line may simply end"
        return
    assert (status, json.loads(data)) == (413, {"error": "too_large"})


@pytest.mark.parametrize(
    "head",
    [b"Content-Length: -5", b"Content-Length: x",
     b"Content-Length: 5\r\nTransfer-Encoding: chunked", b"Transfer-Encoding: gzip", b"Broken"],
)  # fmt: skip
def test_two_lengths_of_one_body_are_none(running: City, head: bytes) -> None:
    with socket.create_connection(("127.0.0.1", running.port), timeout=10) as line:
        line.sendall(b"POST /ksp/v1/ops HTTP/1.1\r\nHost: x\r\n" + head + b"\r\n\r\n0\r\n\r\n")
        data = line.makefile("rb").read()
    assert data.startswith((b"HTTP/1.1 400", b"HTTP/1.1 501")) and b'{"error": "malformed"}' in data
    assert data.count(b"HTTP/1.1") == 1, "the line ends: what follows is no request"


def test_eight_lines_with_many_parts_meet_no_limit(running: City) -> None:
    told: list[int] = []

    def send() -> None:
        road = HttpRoad(running.url)
        for _ in range(60):
            head = {"KSP-Device": "K01", "Upload-Offset": "0", "KSP-Signature": ""}
            path = f"/ksp/v1/photos/{new_id()}"
            told.append(road.send("PUT", path, bytes(2000), head).status)
        road.close()

    threads = [threading.Thread(target=send) for _ in range(8)]
    [one.start() for one in threads], [one.join() for one in threads]
    assert told == [401] * 480


# -- limits -------------------------------------------------------------------------------------
def test_enrolment_and_login_are_hard_to_try(running: City) -> None:
    road = HttpRoad(running.url)
    for _ in range(int(limits.RULES["enrol"].burst)):
        assert road.send("POST", "/ksp/v1/enrol", b"{}", {}).status == 400
    with pytest.raises(NoAnswer):
        road.send("POST", "/ksp/v1/enrol", b"{}", {})
    status, data, answer = running.ask("POST", "/ksp/v1/enrol", b"{}")
    assert (status, json.loads(data)) == (429, {"error": "busy"})
    assert int(answer.getheader("Retry-After")) >= 1
    assert [running.ask("POST", "/login", "id=x", **{"Sec-Fetch-Site": "cross-site"})[0]
            for _ in range(11)] == [403] * 10 + [429]  # fmt: skip
    assert running.ask("GET", "/ksp/v1/info")[0] == 200


def test_a_bucket_fills_again_and_the_memory_does_not() -> None:
    at = [0.0]
    made = limits.Limits(lambda: at[0])
    burst = int(limits.RULES["login"].burst)
    assert [made.wait("login", "a") for _ in range(burst)] == [0.0] * burst
    assert made.wait("login", "a") == pytest.approx(6)
    assert made.wait("login", "b") == 0
    at[0] = 6.1
    assert made.wait("login", "a") == 0 and made.wait("login", "a") > 0
    for i in range(limits.MANY + 500):
        made.wait("login", f"{i}")
    assert len(made._left) <= limits.MANY


# -- slow lines ---------------------------------------------------------------------------------
def test_who_drips_is_cut_and_who_only_waits_costs_no_thread(
    store: SqlStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lines, "PATIENCE", 1.0)
    server = lines.CityServer(app_over(store), "127.0.0.1", 0)
    server.prepare()
    threading.Thread(target=server.serve, daemon=True).start()
    port = server.bind_addr[1]
    idle = [socket.create_connection(("127.0.0.1", port)) for _ in range(lines.THREADS + 8)]
    drip = socket.create_connection(("127.0.0.1", port), timeout=10)
    head = b"POST /ksp/v1/ops HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n"
    drip.sendall(head)
    begun = time.monotonic()
    try:
        while time.monotonic() - begun < 8:
            drip.sendall(b"x")
            time.sleep(0.1)
    except OSError:
        pass
    assert time.monotonic() - begun < 4, "one byte at a time is no request"
    assert HttpRoad(f"http://127.0.0.1:{port}").send("GET", "/ksp/v1/info", b"", {}).status == 200
    for one in [*idle, drip]:
        one.close()
    server.stop()


def test_one_address_cannot_take_every_line(
    store: SqlStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lines, "LINES_OF_ONE", 5)
    server = lines.CityServer(app_over(store), "127.0.0.1", 0)
    server.prepare()
    threading.Thread(target=server.serve, daemon=True).start()
    port = server.bind_addr[1]
    many = [socket.create_connection(("127.0.0.1", port), timeout=5) for _ in range(5)]
    time.sleep(0.5)
    with socket.create_connection(("127.0.0.1", port), timeout=5) as one:
        assert one.recv(1) == b""
    for old in many:
        old.close()
    time.sleep(0.8)
    assert HttpRoad(f"http://127.0.0.1:{port}").send("GET", "/ksp/v1/info", b"", {}).status == 200
    server.stop()


# -- the log and the end ------------------------------------------------------------------------
def test_the_log_knows_nobody(folder: Path, store: SqlStore) -> None:
    laptop = make_laptop(store)
    _, photo = laptop.case("1" * 23)
    with serving(folder) as city:
        city.ask("GET", "/ksp/v1/info")
        head = {"KSP-Device": "K01", "Upload-Offset": "0"}
        city.ask("PUT", f"/ksp/v1/photos/{photo}", b"x", **head)
        city.ask("GET", "/%E8%8A%B1%E5%AD%90?name=hanako")
        city.ask("GET", f"/ledger/K01.jsonl?{photo}")
        city.ask("HANAKO", "/devices/K01/stop")
        code, told = city.stop()
    assert code == 0
    shown = [line.split(" ", 1)[1].split() for line in told.splitlines()]
    assert [words[:3] for words in shown] == [
        ["GET", "/ksp/v1/info", "200"], ["PUT", "/ksp/v1/photos/*", "401"],
        ["GET", "other", "404"], ["GET", "/ledger/*", "303"], ["?", "/devices/*", "405"],
    ]  # fmt: skip
    for secret in (photo, "K01", "127.0.0.1", "hanako", "花子", "HANAKO"):
        assert secret not in told


def test_it_ends_politely_under_load(folder: Path, store: SqlStore) -> None:
    """Requests that are under way are answered in full; then nobody listens; the exit code is 0."""
    laptop = make_laptop(store)
    with serving(folder) as city:
        slow = socket.create_connection(("127.0.0.1", city.port), timeout=30)
        slow.sendall(b"POST /ksp/v1/ops HTTP/1.1\r\nHost: x\r\nContent-Length: 2000\r\n\r\n" + b"x")
        shots = [laptop.photo() for _ in range(30)]
        assert laptop.send(laptop.batch([], shots)).status == 200
        kept: list[str] = []
        begun = threading.Event()

        def send(mine: list[Any]) -> None:
            road = HttpRoad(city.url)
            for shot in mine:
                request = laptop.client.part(shot["id"], laptop.photos[shot["id"]], 0)
                try:
                    answer = road.send(*request)
                except NoAnswer:
                    return
                assert answer.status == 200
                kept.append(shot["id"])
                begun.set()

        threads = [threading.Thread(target=send, args=(shots[i::3],)) for i in range(3)]
        [one.start() for one in threads]
        assert begun.wait(20)
        city.tell()
        for _ in range(100):
            try:
                socket.create_connection(("127.0.0.1", city.port), timeout=1).close()
            except OSError:
                break
            time.sleep(0.05)
        else:
            pytest.fail("it still lets new lines in")
        assert city.process.poll() is None, "it waits for the request that is under way"
        slow.sendall(b"x" * 1999)
        assert slow.makefile("rb").readline().split()[1] == b"401"
        [one.join() for one in threads]
        code, told = city.stop()
    assert code == 0 and "Traceback" not in told and "given up" not in told
    with store.read() as shelf:
        rows = shelf.photos(kept)
    assert kept and all(rows[one].state == "stored" for one in kept)


@pytest.mark.skipif(os.name == "nt", reason="Ctrl-C goes to a whole group there")
def test_ctrl_c_ends_it_as_well(folder: Path) -> None:
    with serving(folder) as city:
        city.process.send_signal(signal.SIGINT)
        city.told = True
        assert city.stop()[0] == 0
