"""Receipts that nobody should believe, for things that the city never got: nothing is let go."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from fieldkit import outbox
from sync import pace, wire
from sync.receipt import Receipt, issue
from tests.conftest import CityServer
from tests.faults.day import Laptop, look
from tests.faults.line import Asked, Fate, Line, message
from tests.faults.matrix import Cell
from tests.server import kit

Forge = Callable[[dict[str, Any]], dict[str, str]]
"""Makes a receipt as it stands in an answer, out of what a true one would say."""
STRANGER = wire.signing_private(wire.new_signing_key()[0])


class Forger:
    """Somebody on the line, with all true receipts that ever went over it, but not the city's key;
    `city` is for the lies that only a broken or an other city could tell."""

    def __init__(self, laptop: Laptop, city: CityServer, line: Line) -> None:
        self.laptop, self.line = laptop, line
        with city.store.read() as shelf:
            told = shelf.city()
            self.code, self.key = told.code, wire.signing_private(told.sign_private)
            self.seq, self.prev = shelf.last_receipt()
        ours = f"KSP-Device: {laptop.vault.device_id}\r\n".encode()
        self.seen = [
            json.loads(asked.answer.partition(b"\r\n\r\n")[2])
            for asked in line.asked
            if asked.what in ("batch", "part", "whole") and asked.answer and ours in asked.head
        ]
        self.true = [Receipt.from_json(one["receipt"]) for one in self.seen if "receipt" in one]
        other = kit.Laptop(city.store, kit.over_http(city.url))
        self.others = other.batch([other.take_trip().save()])["receipt"]
        photos = [r for r in self.true if r.value["kind"] == "photo"]
        self.last = {"ops": next(r for r in self.true if r.value["items"]), "photo": photos[-1]}

    def would(self, asked: Asked) -> dict[str, Any]:
        """The body of the receipt that the city would give to this request."""
        if asked.what == "batch":
            value = json.loads(asked.body)
            ledger = {key: value["ledger"][key] for key in ("seq", "hash")}
            items = [self._item(op["op_id"], wire.unb64(op["rec"])) for op in value["ops"]]
            return self._body("ops", items, ledger=ledger)
        if asked.what == "whole":
            head, _, _ = asked.body.partition(b"\n")
            told = json.loads(head)["photos"]
            items = [{**one, "answer": "taken", "reason": ""} for one in told]
            return self._body("photo", items)
        photo_id = asked.head.split(b" ", 2)[1].rpartition(b"/")[2].decode()
        row = self.laptop.vault.book.one("SELECT * FROM photo WHERE id = ?", photo_id)
        assert row is not None
        item = {"id": photo_id, "sha256": row["sha256"], "size": row["size"], "answer": "taken"}
        return self._body("photo", [item | {"reason": ""}])

    def _body(self, kind: str, items: list[Any], **more: Any) -> dict[str, Any]:
        return {"city": self.code, "epoch": 1, "seq": self.seq + 500, "prev": self.prev,
                "kind": kind, "device": self.laptop.vault.device_id, "items": items,
                "at": "2026-07-01T00:30:00+00:00", "v": 1, "level": "commit+reread",
                **more}  # fmt: skip

    def _item(self, object_id: str, data: bytes) -> dict[str, Any]:
        return {"id": object_id, "sha256": wire.sha256(data), "size": len(data),
                "answer": "taken", "reason": ""}  # fmt: skip

    def answer(self, asked: Asked, forge: Forge) -> bytes:
        """A whole answer around a forged receipt; all else in it is true, only older."""
        receipt = forge(self.would(asked))
        if asked.what == "batch":
            template = next(one for one in reversed(self.seen) if "news" in one)
            photos = [{"id": one["id"], "receipt": receipt} for one in
                      json.loads(asked.body)["photos"]]  # fmt: skip
            value = {**template, "receipt": receipt, "photos": photos}
        else:
            value = {"receipt": receipt} if asked.what == "part" else {
                "receipt": receipt, "photos": []}  # fmt: skip
        return message("200 OK", wire.canonical(value), "Content-Type: application/json")

    def lies(self) -> dict[str, Forge]:
        def signed(key: Any, **change: Any) -> Forge:
            return lambda body: issue(key, {**body, **change}).to_json()

        def items(**change: Any) -> Forge:
            return lambda body: issue(
                self.key, {**body, "items": [{**one, **change} for one in body["items"]]}
            ).to_json()

        def patched(body: dict[str, Any]) -> dict[str, str]:
            """A true receipt whose items were exchanged, under its old signature."""
            true = self.last["ops" if body["kind"] == "ops" else "photo"]
            value = {**true.value, "items": body["items"]}
            return {"body": wire.canonical(value).decode(), "signature": true.signature}

        def for_another_purpose(body: dict[str, Any]) -> dict[str, str]:
            """The city's signature, under something else that it says: its news."""
            news = next(one["news"] for one in self.seen if "news" in one)
            return {"body": wire.canonical(body).decode(), "signature": news["signature"]}

        return {
            "signed by another key": signed(STRANGER),
            "signed by nobody": lambda body: {"body": wire.canonical(body).decode(),
                                              "signature": ""},
            "signed by the laptop itself": lambda body: issue(
                wire.signing_private(self.laptop.vault.device["sign_private"]), body  # type: ignore[index]
            ).to_json(),
            "a true one with other items": patched,
            "a true one for another record": lambda body: self.last[
                "ops" if body["kind"] == "ops" else "photo"].to_json(),
            "the oldest one of all": lambda body: self.true[0].to_json(),
            "one of another laptop": lambda body: dict(self.others),
            "the city's word for another purpose": for_another_purpose,
            "for another laptop": signed(self.key, device="K99"),
            "of another city": signed(self.key, city="01998"),
            "of an epoch to come": signed(self.key, epoch=2),
            "of an epoch before the first": signed(self.key, epoch=0),
            "of a number of before": signed(self.key, seq=1),
            "of another version": lambda body: sealed(self.key, {**body, "v": 3}),
            "of another level": lambda body: sealed(self.key, {**body, "level": "commit"}),
            "over other bytes": items(sha256="0" * 64),
            "over another length": items(size=1),
            "for another thing": items(id="019f0000-0000-7000-8000-0000000000ff"),
            "that names nothing": lambda body: issue(self.key, {**body, "items": []}).to_json(),
            "that only says it came": items(answer="coming"),
        }  # fmt: skip


def sealed(key: Any, body: dict[str, Any]) -> dict[str, str]:
    data = wire.canonical(body)
    return {"body": data.decode(), "signature": wire.sign(key, "receipt", data)}


@pytest.mark.parametrize(
    "kind",
    [
        pytest.param("batch", marks=pytest.mark.cell(
            "061", "receipts forged, replayed, of another key, device, epoch", "for saves")),
        pytest.param("part", marks=pytest.mark.cell(
            "062", "receipts forged, replayed, of another key, device, epoch", "for a photo")),
        pytest.param("whole", marks=pytest.mark.cell(
            "063", "receipts forged, replayed, of another key, device, epoch",
            "for several photos")),
    ],
)  # fmt: skip
def test_no_false_receipt_is_believed(
    cell: Cell, city: CityServer, laptop: Laptop, line: Line, kind: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.setattr(pace, "FEW", 1)
    monkeypatch.setattr(pace, "NEAR", 10.0)
    monkeypatch.setattr(pace, "MOMENT", 60.0)
    for _ in range(2):
        laptop.capture(pictures=3, saves=2, size=8_000)
        assert laptop.sync() == ""
    forger = Forger(laptop, city, line)
    for name, forge in forger.lies().items():
        laptop.capture(pictures=4, saves=1, size=8_000)
        met = line.once(
            lambda a: a.what == kind and (kind != "batch" or b'"op_id"' in a.body),
            lambda a, forge=forge: Fate(instead=forger.answer(a, forge)),
            then_dead=True,
        )
        said = laptop.sync()
        assert met and said, name
        now = look(laptop.vault, city.store, laptop.truth)
        cell.saw(now, name)
        assert now.waiting >= {"batch": 5, "part": 4, "whole": 2}[kind], (name, said, now)
        line.heal()
        line.cut()
        outbox.requeue(laptop.vault)
        assert laptop.go_on() == "", name
        cell.ended(look(laptop.vault, city.store, laptop.truth), name)
    cell.saw(look(laptop.vault, city.store, laptop.truth, deep=True))
    said = cell.quotes(laptop.heard, "bad_receipt", "city_restored", "no_server")
    cell.write(f"{said}, and waits; then nothing waits")
