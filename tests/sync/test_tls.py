"""TLS: only 1.3, only the pinned certificate or the system's authorities, and clocks get a word."""

from __future__ import annotations

import datetime
import ipaddress
import ssl
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from cheroot.ssl.builtin import BuiltinSSLAdapter
from cheroot.wsgi import Server
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from fieldkit import outbox
from fieldkit.errors import KitError
from fieldkit.settings import load_settings
from fieldkit.store.vault import Vault
from sync.road import BadCertificate, HttpRoad, NoAnswer
from tests.conftest import CityServer

DAY = datetime.timedelta(days=1)
ORDER = {"whole": (-DAY, DAY), "expired": (-2 * DAY, -DAY), "early": (DAY, 2 * DAY)}


def certificate(folder: Path, valid: str = "whole", host: str = "127.0.0.1") -> tuple[Path, Path]:
    """A certificate that signs itself, and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "city")])
    now, (since, until) = datetime.datetime.now(datetime.UTC), ORDER[valid]
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now + since)
        .not_valid_after(now + until)
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address(host))]), False
        )
        .sign(key, hashes.SHA256())
    )
    pem, secret = folder / f"{valid}-{host}.pem", folder / f"{valid}-{host}.key"
    pem.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    secret.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    return pem, secret


def app(environ: Any, start_response: Any) -> list[bytes]:
    start_response("200 OK", [("Content-Length", "11")])
    return [b'{"ok":true}']


Serve = Callable[..., str]


@pytest.fixture
def serve() -> Iterator[Serve]:
    """`serve(pem, key, newest)` gives the address of a server with that certificate."""
    started: list[Server] = []

    def start(pem: Path, key: Path, newest: ssl.TLSVersion = ssl.TLSVersion.TLSv1_3) -> str:
        server = Server(("127.0.0.1", 0), app)
        server.ssl_adapter = BuiltinSSLAdapter(str(pem), str(key))
        server.ssl_adapter.context.maximum_version = newest
        server.prepare()
        threading.Thread(target=server.serve, daemon=True).start()
        started.append(server)
        return f"https://127.0.0.1:{server.bind_addr[1]}"

    yield start
    for server in started:
        threading.Thread(target=server.stop).start()


def ask(url: str, ca: Path | None) -> Any:
    road = HttpRoad(url, ca)
    try:
        return road.send("GET", "/", b"", {}).value
    finally:
        road.close()


def test_the_pinned_certificate_is_enough(serve: Serve, tmp_path: Path) -> None:
    pem, key = certificate(tmp_path)
    assert ask(serve(pem, key), pem) == {"ok": True}


@pytest.mark.parametrize("ca", ["system", "another"])
def test_no_other_certificate_is_believed(serve: Serve, tmp_path: Path, ca: str) -> None:
    (tmp_path / "other").mkdir()
    other, _ = certificate(tmp_path / "other")
    with pytest.raises(BadCertificate) as caught:
        ask(serve(*certificate(tmp_path)), other if ca == "another" else None)
    assert not caught.value.clock


def test_another_name_is_not_believed(serve: Serve, tmp_path: Path) -> None:
    pem, key = certificate(tmp_path, host="127.0.0.2")
    with pytest.raises(BadCertificate) as caught:
        ask(serve(pem, key), pem)
    assert not caught.value.clock


@pytest.mark.parametrize("valid", ["expired", "early"])
def test_dates_that_do_not_fit_speak_of_the_clock(
    serve: Serve, tmp_path: Path, vault: Vault, valid: str
) -> None:
    pem, key = certificate(tmp_path, valid)
    url = serve(pem, key)
    with pytest.raises(BadCertificate) as caught:
        ask(url, pem)
    assert caught.value.clock
    vault.settings = replace(vault.settings, server_url=url, server_ca=pem)
    with pytest.raises(KitError) as told:
        outbox.sync(vault)
    assert told.value.code == "certificate_clock" and "時計" in told.value.sentence


def test_it_speaks_no_older_tls(serve: Serve, tmp_path: Path) -> None:
    pem, key = certificate(tmp_path)
    with pytest.raises(NoAnswer):
        ask(serve(pem, key, ssl.TLSVersion.TLSv1_2), pem)


def test_the_settings_name_the_certificate(
    vault: Vault, city: CityServer, tmp_path: Path
) -> None:
    folder = tmp_path / "set"
    folder.mkdir()
    (folder / "kit.toml").write_text('server_ca = "city.pem"\n', encoding="utf-8")
    assert load_settings(folder).server_ca == (folder / "city.pem").resolve()
    vault.settings = replace(vault.settings, server_ca=folder / "city.pem")
    with pytest.raises(KitError, match="server_ca"):
        outbox.sync(vault)
