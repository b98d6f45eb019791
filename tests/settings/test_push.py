"""Settings from the city to a laptop: told, fetched, proved, switched to at a quiet login, back."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from fieldkit import carry, checkout, citydata, citysettings, outbox, reserve, settings_says
from fieldkit import settings_switch as switch
from fieldkit.carry_reply import take_replies
from fieldkit.errors import NotAllowed, NotReady
from fieldkit.settings import forms_in_use, load_settings
from fieldkit.settings_told import hear, held, rows
from fieldkit.store import ledger, records
from fieldkit.store.vault import Vault
from sync import settings_bundle as bundle
from sync import wire
from sync.client import Client
from sync.ids import new_id
from sync.server import folder as usb
from sync.server import publish
from sync.server.__main__ import main
from sync.server.handle import Handler
from tests.conftest import SUZUKI, CityServer
from tests.flow.test_one_visit import DAY, take_reservation
from tests.settings.conftest import Publish

REALLY = (
    "test_it_comes_down_and_is_used_from_the_next_login_on",
    "test_a_broken_form_is_refused_and_the_old_one_stays",
)


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> Iterator[None]:
    """The tables are read as always; forms are printed only where a test is about that."""
    if request.node.name not in REALLY:
        monkeypatch.setattr(citysettings, "check_form", lambda folder, name: [])
        for module in (citysettings, switch):  # without 11 MB of fonts
            monkeypatch.setattr(module, "BROUGHT", ("print",))
    yield


def synced(vault: Vault) -> None:
    outbox.sync(vault)
    citysettings.fetch(vault)


def phone(vault: Vault) -> str:
    """What the laptop shows now."""
    return citydata.load(forms_in_use(vault.settings.data_dir)).phone("supervisor")


def states(vault: Vault) -> dict[int, str]:
    return {row["no"]: row["state"] for row in rows(vault)}


def acts(vault: Vault) -> list[tuple[str, str, str]]:
    found = [(r["act"], r["object"], r["result"]) for r in ledger.rows(vault.book, 50)]
    return [row for row in found if row[0].startswith("settings_")]


def test_it_comes_down_and_is_used_from_the_next_login_on(vault: Vault, push: Publish) -> None:
    made = push("0134-00-1111")
    before = phone(vault)
    synced(vault)
    assert states(vault) == {1: "proved"} and phone(vault) == before != "0134-00-1111"
    told = settings_says.newest(vault)
    assert told is not None and "次のログインで" in told["says"]
    used = switch.at_login(vault)
    assert used is not None and used.name == f"forms-1-{made.digest[:8]}"
    assert (
        phone(vault) == "0134-00-1111" and load_settings(vault.settings.data_dir).forms_dir == used
    )
    assert (used / "fonts").is_dir() and held(vault) == made.digest
    assert acts(vault) == [("settings_taken", "settings-1", "ok")]
    assert settings_says.newest(vault) is None and switch.at_login(vault) == used
    assert len(acts(vault)) == 1


def test_a_broken_form_is_refused_and_the_old_one_stays(
    vault: Vault, push: Publish, folder: Path
) -> None:
    push()
    synced(vault)
    switch.at_login(vault)
    (folder / "mochimono" / "form.md").write_text("# 様式\n\n| 名 |\n|---|\n| a |\n", "utf-8")
    push("0134-00-2222")
    synced(vault)
    assert states(vault)[2] == "refused" and phone(vault) == "0134-00-1111"
    assert switch.at_login(vault) is not None and phone(vault) == "0134-00-1111"
    told = settings_says.newest(vault)
    assert told is not None and told["look"] == "bad" and "mochimono" in told["says"]
    assert acts(vault)[0] == ("settings_refused", "settings-2", "broken")
    assert list((vault.settings.data_dir / "settings-incoming").glob("*2-*")) == []


def test_a_broken_table_is_refused(vault: Vault, push: Publish) -> None:
    push(fees__toml="nothing = true\n")
    synced(vault)
    assert states(vault) == {1: "refused"} and "fees.toml" in rows(vault)[0]["reason"]
    assert switch.at_login(vault) is None


def test_it_waits_while_a_visit_is_under_way(vault: Vault, push: Publish) -> None:
    home = take_reservation(vault)
    trip = checkout.check_out(vault, reserve.open_desk(vault), DAY)
    push()
    synced(vault)
    vault.settings = replace(vault.settings, clock=lambda: at(DAY))
    assert switch.at_login(vault) is None and states(vault) == {1: "proved"}
    told = settings_says.newest(vault)
    assert told is not None and "終わっていない訪問" in told["says"]
    vault.user = replace(SUZUKI)
    with pytest.raises(NotReady):
        switch.take(vault, 1)
    with vault.book.write() as conn:
        conn.execute("UPDATE reception SET state = 'visited' WHERE reservation_id = ?", (home,))
    assert switch.at_login(vault) is not None and trip.id in vault.trips


def test_a_visit_that_was_begun_before_its_day_is_under_way(vault: Vault, push: Publish) -> None:
    home = take_reservation(vault)
    trip = checkout.check_out(vault, reserve.open_desk(vault), DAY)
    vault.settings = replace(vault.settings, clock=lambda: at("2026-06-30"))
    assert vault.now()[:10] < DAY and not switch.visit_under_way(vault)
    (person,) = records.find(trip, "applicant")
    records.save(vault, trip, "application", {"state": "doing"}, new_id(), person.id)
    assert switch.visit_under_way(vault)
    with vault.book.write() as conn:
        conn.execute("UPDATE reception SET state = 'visited' WHERE reservation_id = ?", (home,))
    assert not switch.visit_under_way(vault)


def test_the_list_says_how_it_goes_on(vault: Vault, push: Publish) -> None:
    push()
    outbox.sync(vault)
    (row,) = settings_says.lines(vault)
    assert row["reason"] == "次の送信で、残りを受け取ります。"


def at(day: str) -> datetime:
    return datetime.fromisoformat(f"{day}T10:00:00+09:00")


def test_an_older_number_never_comes_back(vault: Vault, city: CityServer, push: Publish) -> None:
    push("0134-00-1111")
    with city.store.read() as shelf:
        first = publish.newest(shelf)
    push("0134-00-2222")
    synced(vault)
    switch.at_login(vault)
    assert states(vault) == {2: "taken"}
    hear(vault, first)
    synced(vault)
    assert states(vault) == {2: "taken"} and phone(vault) == "0134-00-2222"
    push("0134-00-1111")  # the city itself may go back: by a higher number
    synced(vault)
    switch.at_login(vault)
    assert states(vault) == {2: "former", 3: "taken"} and phone(vault) == "0134-00-1111"


def test_a_restored_city_counts_anew_in_a_later_life(
    vault: Vault, city: CityServer, push: Publish
) -> None:
    made = push("0134-00-1111")
    private = signing_key(city)
    for epoch, no, wanted in ((1, 1, 1), (2, 1, 2), (1, 9, 2)):
        body = bundle.statement("01999", epoch, no, f"{epoch}{no}" * 32, 900, made.digest[:8])
        signature = wire.sign(private, "settings", body)
        hear(vault, {"no": no, "statement": body.decode(), "signature": signature})
        assert len(rows(vault)) == wanted
    assert [(row["epoch"], row["no"]) for row in rows(vault)] == [(2, 1), (1, 1)]


def signing_key(city: CityServer) -> Any:
    with city.store.read() as shelf:
        return wire.signing_private(shelf.city().sign_private)


def test_what_was_changed_on_the_way_is_not_taken(
    vault: Vault, push: Publish, monkeypatch: pytest.MonkeyPatch
) -> None:
    push()
    real = citysettings.ask

    def other(client: Client, digest: str, start: int) -> dict[str, Any]:
        told = real(client, digest, start)
        data = wire.unb64(told["data"])
        return {**told, "data": wire.b64(data[:-1] + bytes([data[-1] ^ 1]))}

    with monkeypatch.context() as patched:
        patched.setattr(citysettings, "ask", other)
        synced(vault)
    assert states(vault) == {1: "told"} and acts(vault)[0][2] == "other_bytes"
    assert list((vault.settings.data_dir / "settings-incoming").iterdir()) == []
    _, public = wire.new_signing_key()
    stranger, _ = wire.new_signing_key()
    body = bundle.statement("01999", 1, 7, "ab" * 32, 900, "")
    forged = wire.sign(wire.signing_private(stranger), "settings", body)
    hear(vault, {"no": 7, "statement": body.decode(), "signature": forged})
    assert states(vault) == {1: "told"} and acts(vault)[0][2] == "bad_signature"
    synced(vault)
    assert states(vault) == {1: "proved"}


def test_it_goes_on_where_the_line_broke(
    vault: Vault, push: Publish, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bundle, "PART", 5000)
    made = push()
    asked: list[int] = []
    real = citysettings.ask

    def breaking(client: Client, digest: str, start: int) -> dict[str, Any]:
        asked.append(start)
        if len(asked) == 3:
            raise wire.WireError("malformed")
        return real(client, digest, start)

    monkeypatch.setattr(citysettings, "ask", breaking)
    synced(vault)
    assert states(vault) == {1: "told"}
    synced(vault)
    assert states(vault) == {1: "proved"} and made.size > 20_000
    assert asked[:4] == [0, 5000, 10_000, 10_000] and len(asked) == -(-made.size // 5000) + 1


# -- who decides ----------------------------------------------------------------------------------
def test_a_folder_of_this_laptop_is_not_overwritten_silently(
    vault: Vault, push: Publish, folder: Path
) -> None:
    own = vault.settings.data_dir / "kit.toml"
    shutil.copytree(folder, vault.settings.data_dir / "own")
    own.write_text('forms_dir = "own"\n', "utf-8")
    before = phone(vault)
    push()
    synced(vault)
    assert switch.at_login(vault) is None and phone(vault) == before
    told = settings_says.newest(vault)
    assert told is not None and "黙って上書きはしません" in told["says"]
    with pytest.raises(NotAllowed):
        switch.take(vault, 1)
    vault.user = replace(SUZUKI)
    switch.decline(vault, 1)
    assert switch.at_login(vault) is None and settings_says.newest(vault) is None
    switch.take(vault, 1)
    assert phone(vault) == "0134-00-1111" and acts(vault)[0][2] == "asked"
    assert (vault.settings.data_dir / "own" / "offices.toml").exists()
    own.write_text('forms_dir = "own/../own"\n', "utf-8")  # named anew afterwards: it counts
    assert phone(vault) == before


def test_a_pushed_version_that_was_edited_here_asks_too(vault: Vault, push: Publish) -> None:
    push("0134-00-1111")
    synced(vault)
    used = switch.at_login(vault)
    assert used is not None and not switch.is_local(vault)
    (used / "fees.toml").write_text((used / "fees.toml").read_text("utf-8") + "\n", "utf-8")
    push("0134-00-2222")
    synced(vault)
    assert switch.at_login(vault) == used and phone(vault) == "0134-00-1111"
    told = settings_says.newest(vault)
    assert told is not None and "選択を待っています" in told["title"]


def test_back_and_back_again(vault: Vault, push: Publish) -> None:
    vault.user = replace(SUZUKI)
    first = phone(vault)
    for number in ("0134-00-1111", "0134-00-2222", "0134-00-3333"):
        push(number)
        synced(vault)
        switch.at_login(vault)
    data = vault.settings.data_dir
    assert len(list(data.glob("forms-*-*"))) == 2, "the one in use and the one before"
    switch.back(vault)
    assert phone(vault) == "0134-00-2222" and switch.at_login(vault) is not None
    assert phone(vault) == "0134-00-2222", "it is not taken again by itself"
    switch.back(vault)
    assert phone(vault) == first and switch.at_login(vault) is None
    with pytest.raises(NotReady):
        switch.back(vault)
    switch.take(vault, 3)
    assert phone(vault) == "0134-00-3333"
    push("0134-00-4444")
    synced(vault)
    switch.at_login(vault)
    assert phone(vault) == "0134-00-4444"


# -- other roads ----------------------------------------------------------------------------------
def test_it_comes_on_a_usb_memory(
    vault: Vault, city: CityServer, push: Publish, tmp_path: Path
) -> None:
    outbox.sync(vault)  # the city's sealing key
    push()
    stick = tmp_path / "stick"
    stick.mkdir()
    carry.export(vault, stick, "USB-01")
    for _ in usb.import_folder(city.store, Handler(city.store), stick, city.folder):
        pass
    taken = take_replies(vault, stick)
    assert [one.code for one in taken] == [""] and taken[0].refused == []
    assert states(vault) == {1: "proved"}
    switch.at_login(vault)
    assert phone(vault) == "0134-00-1111"


def test_the_command_of_the_city(
    city: CityServer, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["publish", str(city.folder), str(folder)]) == 0
    assert "1番として配ります" in capsys.readouterr().out
    assert main(["publish", str(city.folder), str(folder)]) == 0
    assert "同じ内容です" in capsys.readouterr().out
    assert main(["publish", str(city.folder)]) == 0
    assert capsys.readouterr().out.startswith("1番\t")
    (folder / "fees.toml").write_text("= broken", "utf-8")
    assert main(["publish", str(city.folder), str(folder)]) == 2
    assert "fees.toml" in capsys.readouterr().out
    (folder / "fees.toml").unlink()
    (folder / "run.exe").write_bytes(b"")
    assert main(["publish", str(city.folder), str(folder)]) == 2
    assert "run.exe" in capsys.readouterr().out
    assert main(["publish", str(city.folder), str(folder / "nothing")]) == 2
