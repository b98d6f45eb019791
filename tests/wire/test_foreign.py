"""Other people's programs read what the kit writes: PyHPKE, and the small ones in this folder.

A city must be able to open its data without the kit (fieldkit/store/FORMATS.md, sync/PROTOCOL.md).
"""

from __future__ import annotations

import ast
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from pyhpke import AEADId, CipherSuite, KDFId, KEMId, KEMKey, OpenError
from sqlcipher3 import dbapi2 as sqlcipher

from fieldkit import checkout, reserve, visit
from fieldkit.store import keyslots, ledger, photos, saves
from fieldkit.store.opentrip import secret_digest
from fieldkit.store.vault import Vault, derive
from sync import packet, receipt, verify_ledger, wire
from sync.receipt import Receipt
from sync.server.__main__ import main as city_command
from sync.verify_ledger import entry_hash, head_bytes, verify_rows
from sync.wire import WireError
from tests.conftest import PASSPHRASE, SATO, CityServer
from tests.flow.test_one_visit import DAY, JPEG, NAME, take_reservation
from tests.wire import open_store
from tests.wire.test_vectors import HERE, V, raw

SUITE = CipherSuite.new(
    KEMId.DHKEM_X25519_HKDF_SHA256, KDFId.HKDF_SHA256, AEADId.AES256_GCM
)  # the suite of PROTOCOL.md §3
PRIVATE, PUBLIC = wire.new_sealing_key()
TRIP, ID = V["sealed"]["trip"], V["sealed"]["photo"]["id"]
STORE, LEDGER = V["store"], V["ledger"]


def foreign_open(private: bytes, sealed: bytes, info: bytes) -> bytes:
    key = KEMKey.from_pyca_cryptography_key(X25519PrivateKey.from_private_bytes(private))
    context = SUITE.create_recipient_context(sealed[:32], key, info)
    return bytes(context.open(sealed[32:], b""))


def foreign_seal(public: bytes, plain: bytes, info: bytes) -> bytes:
    key = KEMKey.from_pyca_cryptography_key(X25519PublicKey.from_public_bytes(public))
    enc, context = SUITE.create_sender_context(key, info)
    return bytes(enc + context.seal(plain, b""))


# -- PyHPKE (RFC 9180) ----------------------------------------------------------------------------
def test_a_foreign_hpke_opens_what_the_kit_seals() -> None:
    ph, seal, key = packet.seal_photo(PUBLIC, TRIP, ID, JPEG)
    where = packet.context("photo", TRIP, ID)
    assert foreign_open(PRIVATE, seal[5:], where) == key
    save = {"op_id": ID, "set": {"name": "𠮷野"}}
    rec = packet.seal_record(PUBLIC, TRIP, ID, save)
    assert json.loads(foreign_open(PRIVATE, rec[5:], packet.context("record", TRIP, ID))) == save
    answer = packet.seal_answer(PUBLIC, "K01", TRIP, {"secret": "x"})
    told = foreign_open(PRIVATE, answer[5:], packet.context("answer", "K01", TRIP))
    assert json.loads(told) == {"secret": "x"}
    for wrong in (b"", packet.context("record", TRIP, ID), packet.context("photo", ID, TRIP)):
        with pytest.raises(OpenError):
            foreign_open(PRIVATE, seal[5:], wrong)


def test_the_kit_opens_what_a_foreign_hpke_seals() -> None:
    where = packet.context("photo", TRIP, ID)
    seal = packet.SEAL_MAGIC + foreign_seal(PUBLIC, b"k" * 32, where)
    assert packet.open_photo_key(PRIVATE, TRIP, ID, seal) == b"k" * 32
    where = packet.context("record", TRIP, ID)
    rec = packet.RECORD_MAGIC + foreign_seal(PUBLIC, b'{"a":1}', where)
    assert packet.open_record(PRIVATE, TRIP, ID, rec) == {"a": 1}
    for other in (b"", packet.context("photo", TRIP, ID), packet.context("record", TRIP, TRIP)):
        wrong = packet.RECORD_MAGIC + foreign_seal(PUBLIC, b'{"a":1}', other)
        with pytest.raises(WireError, match="cannot_open"):
            packet.open_record(PRIVATE, TRIP, ID, wrong)


def test_a_foreign_hpke_opens_the_published_vectors() -> None:
    s = V["sealed"]
    private = raw(s["private"])
    key = foreign_open(private, raw(s["photo"]["seal"])[5:], s["photo"]["context"].encode())
    assert key == raw(s["photo"]["key"])
    text = foreign_open(private, raw(s["record"]["rec"])[5:], s["record"]["context"].encode())
    assert json.loads(text) == s["record"]["save"]


# -- ledger rows, heads and receipts --------------------------------------------------------------
def test_the_vectors_of_the_ledger_hold() -> None:
    rows = [(row["body"], row["hash"]) for row in LEDGER["rows"]]
    assert verify_rows(rows) is None and [entry_hash(b) for b, _ in rows] == [h for _, h in rows]
    said = LEDGER["head_bytes"].encode()
    assert head_bytes(LEDGER["device"], LEDGER["head"]) == said
    wire.verify(raw(LEDGER["device_public"]), "ledger-head", said, LEDGER["head_signature"])
    wire.verify(raw(LEDGER["city_public"]), "ledger-copy", said, LEDGER["copy_signature"])
    with pytest.raises(WireError):
        wire.verify(raw(LEDGER["city_public"]), "ledger-head", said, LEDGER["copy_signature"])


def test_the_vectors_of_the_receipts_form_a_chain() -> None:
    prev, number = V["receipt"]["digest"], 2
    for kind, case in zip(("ops", "ledger", "trip_end"), V["receipts"]["chain"], strict=True):
        made = Receipt(case["body"].encode(), case["signature"])
        value = receipt.verify(made, raw(V["receipt"]["public"]), "01999", "K01")
        assert (value["kind"], value["prev"], value["seq"]) == (kind, prev, number + 1)
        assert made.digest == case["digest"]
        prev, number = made.digest, number + 1
    made = Receipt(V["receipts"]["chain"][1]["body"].encode(), "")
    assert receipt.reason_for(made.value, "K01") == "ledger_fork"


# -- the laptop's keys ----------------------------------------------------------------------------
@pytest.mark.parametrize("case", STORE["slots"], ids=lambda case: case["slot"]["user"])
def test_two_programs_open_the_same_slot(case: dict[str, Any], tmp_path: Path) -> None:
    slot, key = case["slot"], raw(STORE["store_key"])
    assert open_store.open_slot(slot, case["text"]) == key
    keyslots.write_slots(tmp_path / "slots.json", [slot])
    opened = keyslots.open_slot(tmp_path / "slots.json", slot["user"], case["typed"])
    assert opened is not None and opened[1] == key
    for name, value in (("name", "別人"), ("role", "auditor"), ("user", "x")):
        with pytest.raises(InvalidTag):
            open_store.open_slot({**slot, name: value}, case["text"])


def test_two_programs_derive_the_same_keys() -> None:
    key, secret = raw(STORE["store_key"]), raw(STORE["secret"])
    assert open_store.ledger_key(key).hex() == STORE["ledger_key"]
    assert open_store.trip_key(key, STORE["trip"], secret).hex() == STORE["trip_key"]
    assert open_store.hkdf(key, "held").hex() == STORE["held_key"]
    assert derive(key, "ledger").hex() == STORE["ledger_key"]
    assert derive(key, f"trip|{STORE['trip']}", salt=secret).hex() == STORE["trip_key"]
    assert derive(key, "held").hex() == STORE["held_key"]
    assert secret_digest(STORE["trip"], secret) == STORE["secret_sha256"]


def test_the_published_line_of_saves_is_read(tmp_path: Path) -> None:
    (tmp_path / saves.NAME).write_text(V["saves_line"] + "\n", encoding="utf-8")
    found = saves.at(tmp_path, 0)
    assert found.op == V["sealed"]["record"]["id"]
    assert found.sealed == raw(V["sealed"]["record"]["rec"])


def sqlcipher_rows(path: Path, key: bytes, sql: str) -> list[Any]:
    conn = sqlcipher.connect(str(path))
    conn.execute(f"PRAGMA key = \"x'{key.hex()}'\"")
    found = conn.execute(sql).fetchall()
    conn.close()
    return list(found)


def test_another_program_opens_a_real_store(vault: Vault) -> None:
    take_reservation(vault)
    trip = checkout.check_out(vault, reserve.open_desk(vault), DAY)
    data, secret = vault.settings.data_dir, trip.secret
    slots = json.loads((data / "slots.json").read_text(encoding="utf-8"))["slots"]
    slot = next(s for s in slots if s["user"] == SATO.id)
    text = keyslots._typed(slot, PASSPHRASE)
    vault.close()
    key = open_store.open_slot(slot, text)
    book = sqlcipher_rows(data / "ledger.db", open_store.ledger_key(key), "SELECT * FROM ledger")
    assert len(book) > 3
    trip_key = open_store.trip_key(key, trip.id, secret)
    found = sqlcipher_rows(trip.folder / "store.db", trip_key, "SELECT body FROM record")
    assert any(NAME in body for (body,) in found)


@pytest.mark.parametrize("name", ["open_store.py", "open_trip.py"])
def test_the_foreign_programs_use_nothing_of_the_kit(name: str) -> None:
    nodes = list(ast.walk(ast.parse((HERE / name).read_text(encoding="utf-8"))))
    names = [a.name for n in nodes if isinstance(n, ast.Import) for a in n.names]
    names += [n.module or "" for n in nodes if isinstance(n, ast.ImportFrom)]
    used = {n.split(".")[0] for n in names} - set(sys.stdlib_module_names)
    assert used <= {"cryptography", "decrypt"}


# -- a whole trip folder --------------------------------------------------------------------------
def test_the_city_opens_a_trip_folder_without_the_kit(
    vault: Vault, city: CityServer, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    reservation_id = take_reservation(vault)
    trip = checkout.check_out(vault, reserve.open_desk(vault), DAY)
    applicant = reserve.slip(trip, reservation_id).applicants[0]
    taken = [photos.seal(vault, trip, applicant.id, JPEG + bytes([n])) for n in range(2)]
    visit.save_application(vault, trip, applicant, {"answers": {"a": NAME}})
    shutil.copytree(trip.folder, tmp_path / trip.id)
    key = tmp_path / "key"
    command = ["trip-key", str(city.folder), trip.id, str(key)]
    assert city_command(command) == 0
    assert os.name == "nt" or key.stat().st_mode & 0o077 == 0
    secret = key.read_text(encoding="ascii")
    assert len(secret) == 64 and secret not in capsys.readouterr().out
    alone = tmp_path / "alone"
    alone.mkdir()
    for name in ("decrypt.py", "open_trip.py"):
        shutil.copy(HERE / name, alone)
    out = tmp_path / "out"
    run = [sys.executable, "-I", str(alone / "open_trip.py")]
    run += [str(tmp_path / trip.id), str(key), str(out)]
    assert subprocess.run(run, cwd=alone, check=False).returncode == 0
    assert {p.stem: p.read_bytes() for p in out.glob("*.jpg")} == {
        photo: JPEG + bytes([n]) for n, photo in enumerate(taken)
    }
    lines = [json.loads(x) for x in (out / "saves.jsonl").read_text(encoding="utf-8").splitlines()]
    assert {"a": NAME} in [line["set"].get("answers") for line in lines]
    assert city_command(command) == 1, "never over a file that is there"


def test_a_key_that_was_handed_out_stands_in_the_chain(
    vault: Vault, city: CityServer, tmp_path: Path
) -> None:
    trip = reserve.open_desk(vault)
    assert city_command(["trip-key", str(city.folder), "x", str(tmp_path / "no")]) == 1
    assert not (tmp_path / "no").exists()
    assert city_command(["trip-key", str(city.folder), trip.id, str(tmp_path / "key")]) == 0
    with city.engine.connect() as conn:  # type: ignore[attr-defined]
        found = conn.exec_driver_sql("SELECT body FROM receipt WHERE kind = 'trip_key'").fetchall()
    assert [json.loads(body)["items"][0]["id"] for (body,) in found] == [trip.id]


# -- the verifier alone ---------------------------------------------------------------------------
def test_the_verifier_runs_alone(vault: Vault, tmp_path: Path) -> None:
    """One file in an empty folder, isolated: only the standard library and cryptography."""
    assert vault.device is not None
    file = tmp_path / "ledger.jsonl"
    file.write_bytes(ledger.export(vault.book, vault.device))
    alone = tmp_path / "empty"
    alone.mkdir()
    shutil.copy(Path(verify_ledger.__file__), alone)
    key = vault.device["sign_public"].hex()
    run = [sys.executable, "-I", str(alone / "verify_ledger.py"), str(file), "--public", key]
    good = subprocess.run(run, cwd=alone, capture_output=True, check=False)
    assert good.returncode == 0, good.stderr
    file.write_bytes(file.read_bytes().replace(b"enrolled", b"enroled_", 1))
    assert subprocess.run(run, cwd=alone, capture_output=True, check=False).returncode == 1
    text = Path(verify_ledger.__file__).read_text(encoding="utf-8")
    assert len(text.splitlines()) <= 250
