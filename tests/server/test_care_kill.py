"""Every command that cares for the city is killed at each of its steps and given again."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from sync.server import backup, backups, keyfile, restore, verify_things
from sync.server import store as t
from sync.server.__main__ import main
from sync.server.sqlstore import open_store
from sync.server.trouble import Trouble
from tests import city_rows
from tests.needs import ROOT, needs
from tests.server.conftest import BOTH
from tests.server.door import kill
from tests.server.kit import CODE, JPEG, NAME, Laptop, make_city

INIT = ["init.key", "init.made"]
KEY = ["key.before", "key.after", "server.side_added"]
STORE_KEY = ["store_key.begun", "store_key.copied", "store_key.exchanged", "store_key.named",
             "store_key.named:2"]  # fmt: skip
BACKUP = ["backup.begun", "backup.database", "backup.photo", "backup.photo:2", "backup.manifest",
          "backup.named"]  # fmt: skip
RESTORE = ["restore.begun", "restore.photos", "restore.database", "restore.key"]
UPGRADE = ["upgrade.copied", "upgrade.converted", "upgrade.committed"]  # test_upgrade.py


def fill(place: Path) -> list[str]:
    """A city with a save and three photos; the ids of the photos."""
    with city_rows.opened(place) as city:
        trip = Laptop(city).take_trip()
        trip.laptop.send(trip.save())
        return [trip.send_photo(JPEG + bytes([n])).id for n in range(3)]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[str]]:
    place = make_city(tmp_path_factory.mktemp("care") / "city", copies=2)
    return place, fill(place)


@pytest.fixture
def copy(made: tuple[Path, list[str]], tmp_path: Path) -> Path:
    shutil.copytree(made[0], tmp_path / "city")
    return tmp_path / "city"


def check(place: Path, photos: list[str]) -> None:
    with city_rows.opened(place) as city:
        assert verify_things.look(city, place).wrong == []
        assert [city_rows.jpeg(city, one) for one in photos] == [
            JPEG + bytes([n]) for n in range(3)
        ]
        assert len(city_rows.rows(city, t.op)) == 1


def new_city(kind: str, made: tuple[Path, list[str]], tmp_path: Path,
             new_url: Callable[[str], str]) -> tuple[Path, list[str]]:  # fmt: skip
    if kind == "sqlcipher":
        shutil.copytree(made[0], tmp_path / "city")
        return tmp_path / "city", made[1]
    place = make_city(tmp_path / "city", new_url(kind), 2)
    return place, fill(place)


@pytest.mark.parametrize("kind", BOTH)
@pytest.mark.parametrize("fail", INIT)
def test_init(tmp_path: Path, kind: str, fail: str, new_url: Callable[[str], str]) -> None:
    place, url = tmp_path / "city", new_url(kind)
    words = ["init", str(place), "--code", CODE, "--name", NAME]
    words += ["--database", url] if url else []
    kill(fail, *words)
    assert main(words) == 0 and main(words) == 2
    assert main(["verify", str(place)]) == 0
    assert len(list(place.glob("recovery-*.html"))) == 3


@pytest.mark.parametrize("fail", KEY)
def test_rotate_key(copy: Path, made: tuple[Path, list[str]], fail: str) -> None:
    kill(fail, "rotate-key", str(copy))
    check(copy, made[1])
    assert main(["rotate-key", str(copy)]) == 0
    check(copy, made[1])
    with city_rows.opened(copy) as city:
        assert len(city_rows.rows(city, t.statement)) == (2 if fail == "key.after" else 1)


@pytest.mark.parametrize("kind", BOTH)
@pytest.mark.parametrize("fail", [*STORE_KEY, "store_key.sealed"])
def test_rotate_store_key(
    made: tuple[Path, list[str]], tmp_path: Path, kind: str, fail: str,
    new_url: Callable[[str], str],
) -> None:  # fmt: skip
    if (kind, fail) == ("postgresql", "store_key.sealed"):
        return  # a step of files only
    place, photos = new_city(kind, made, tmp_path, new_url)
    before = t.read_key_file(place / keyfile.KEY)
    kill(fail, "rotate-store-key", str(place))
    check(place, photos)
    done = fail.startswith(("store_key.exchanged", "store_key.named"))
    assert (t.read_key_file(place / keyfile.KEY) != before) == done
    assert not list(place.glob("*.new"))
    assert main(["rotate-store-key", str(place)]) == 0
    check(place, photos)


def test_recovery_renew(copy: Path, made: tuple[Path, list[str]]) -> None:
    kill("recovery.before", "recovery-renew", str(copy))
    check(copy, made[1])
    assert main(["recovery-renew", str(copy)]) == 0


@pytest.mark.parametrize("fail", BACKUP)
def test_backup(copy: Path, made: tuple[Path, list[str]], tmp_path: Path, fail: str) -> None:
    there = tmp_path / "stick"
    kill(fail, "backup", str(copy), str(there))
    if fail == "backup.named":
        backups.find(there)
    else:
        with pytest.raises(Trouble, match="完成したバックアップがありません"):
            backups.find(there)
    assert main(["backup", str(copy), str(there)]) == 0
    assert not list(there.glob("*.new"))
    restore.restore(tmp_path / "again", there, t.read_key_file(copy / keyfile.KEY))
    check(tmp_path / "again", made[1])


@needs("postgresql")
def test_backup_of_postgres(tmp_path: Path, new_url: Callable[[str], str]) -> None:
    place, there = make_city(tmp_path / "city", new_url("postgresql")), tmp_path / "stick"
    photos = fill(place)
    for fail in ("backup.begun", "backup.database", "backup.manifest"):
        kill(fail, "backup", str(place), str(there))
        assert backup.sets(there) == []
    assert main(["backup", str(place), str(there)]) == 0
    restore.restore(tmp_path / "again", there, t.read_key_file(place / keyfile.KEY))
    check(tmp_path / "again", photos)


def test_prune(copy: Path, made: tuple[Path, list[str]], tmp_path: Path) -> None:
    there = tmp_path / "stick"
    assert main(["backup", str(copy), str(there)]) == 0
    kill("backup.pruned", "backup", str(copy), str(there), "--keep", "1")
    restore.restore(tmp_path / "again", there, t.read_key_file(copy / keyfile.KEY))
    check(tmp_path / "again", made[1])


@pytest.mark.parametrize("kind", BOTH)
@pytest.mark.parametrize("fail", RESTORE)
def test_restore(
    copy: Path, made: tuple[Path, list[str]], tmp_path: Path, kind: str, fail: str,
    new_url: Callable[[str], str],
) -> None:  # fmt: skip
    there, again, url = tmp_path / "stick", tmp_path / "again", new_url(kind)
    assert main(["backup", str(copy), str(there)]) == 0
    words = ["restore", str(again), str(there), "--key", str(copy / keyfile.KEY)]
    words += ["--old", str(copy)] + (["--database", url] if url else [])
    kill(fail, *words)
    if fail == "restore.key":
        assert main(words) == 2, "it is a city already"
    else:
        with pytest.raises(FileNotFoundError):
            open_store(again)
        assert main(words) == 0
    check(again, made[1])
    with city_rows.opened(again) as city, city.read() as shelf:
        assert shelf.city().epoch == 2 and len(shelf.city().epochs) == 1


def test_every_name_of_the_city_is_killed() -> None:
    """The others are those of the job: tests/flow/test_kill.py."""
    said = set()
    for path in (ROOT / "sync").rglob("*.py"):
        said |= set(re.findall(r'fail\.point\("([a-z_.]+)"\)', path.read_text(encoding="utf-8")))
    ours = ("init.", "key.", "recovery.", "store_key.", "backup.", "restore.", "upgrade.")
    known = {*INIT, *KEY[:2], *STORE_KEY, *BACKUP, *RESTORE, *UPGRADE, "store_key.sealed",
             "recovery.before", "backup.pruned"}  # fmt: skip
    assert {name for name in said if name.startswith(ours)} == {n.split(":")[0] for n in known}
