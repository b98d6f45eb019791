"""What the city's database promises, and what it refuses to work on."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable
from pathlib import Path

import psycopg
import pytest
import sqlalchemy as sa

from sync.server import keyfile, lock
from sync.server import store as t
from sync.server.__main__ import main
from sync.server.engine import CONFIG, database_url
from sync.server.init import initialise
from sync.server.sqlstore import CHANGED, open_store
from sync.server.trouble import Trouble
from sync.server.upgrade import NEWER
from tests.needs import needs
from tests.server.kit import CODE, NAME, Laptop, make_city
from tests.server.postgres import Cluster


def test_postgres_forces_every_commit_to_the_disk(tmp_path: Path, cluster: Cluster) -> None:
    url = cluster.new()
    with psycopg.connect(url, autocommit=True) as conn:  # what somebody made faster
        conn.execute(f"ALTER DATABASE {conn.info.dbname} SET synchronous_commit = off")
    city = open_store(make_city(tmp_path / "city", url))
    for reading in (city.read(), city.write()):
        with reading as shelf:
            told = {
                name: shelf.conn.exec_driver_sql(f"SHOW {name}").scalar()
                for name in ("synchronous_commit", "fsync", "full_page_writes")
            }
            assert set(told.values()) == {"on"}
    with city.read() as shelf:
        level = shelf.conn.exec_driver_sql("SHOW transaction_isolation").scalar()
        assert level == "repeatable read"
        with pytest.raises(sa.exc.InternalError):
            shelf.conn.execute(t.city.update().values(epoch=9))
    with city.engine.connect() as conn:
        query = sa.text("SELECT attstorage FROM pg_attribute WHERE attname = 'data' AND attrelid ="
                        " ANY(ARRAY['blob'::regclass, 'part'::regclass])")  # fmt: skip
        assert [str(s) for s in conn.execute(query).scalars()] == ["e", "e"]
    city.close()


def test_sqlcipher_forces_every_commit_to_the_disk(tmp_path: Path) -> None:
    city = open_store(make_city(tmp_path / "city"))
    with city.write() as shelf:
        assert shelf.conn.exec_driver_sql("PRAGMA synchronous").scalar() == 2
        assert shelf.conn.exec_driver_sql("PRAGMA journal_mode").scalar() == "wal"
    city.close()


@needs("postgresql")
def test_it_refuses_a_postgres_that_may_forget(tmp_path: Path) -> None:
    cluster = Cluster()
    try:
        folder = make_city(tmp_path / "city", cluster.new())
        for setting in ("fsync", "full_page_writes"):
            cluster.halt()
            cluster.start(f"{setting}=off")
            with pytest.raises(Trouble, match=f"PostgreSQL の設定 {setting} が off です"):
                open_store(folder)
        cluster.halt()
        with pytest.raises(Trouble, match="データベースにつながりません"):
            open_store(folder)
        cluster.start()
        open_store(folder).close()
    finally:
        cluster.stop()


def test_only_its_user_reads_the_config_and_the_key(tmp_path: Path, cluster: Cluster) -> None:
    url = cluster.new()
    folder = make_city(tmp_path / "city", url)
    assert database_url(folder) == url
    for name in (CONFIG, keyfile.KEY, keyfile.SIDE):
        if (folder / name).exists() and os.name != "nt":
            assert stat.S_IMODE((folder / name).stat().st_mode) == 0o600


def test_a_password_never_stands_in_the_command(
    tmp_path: Path, cluster: Cluster, capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    url = cluster.new().replace("fieldkit@", "fieldkit:secret@")
    words = ["init", str(tmp_path / "city"), "--code", CODE, "--name", NAME, "--database"]
    assert main([*words, url]) == 2
    assert not (tmp_path / "city").exists() and "secret" not in capsys.readouterr().out
    monkeypatch.setattr("sys.stdin", iter_lines(url))
    assert main([*words, "-"]) == 0
    assert database_url(tmp_path / "city") == url and "secret" not in capsys.readouterr().out


def iter_lines(*lines: str) -> object:
    import io

    return io.StringIO("\n".join([*lines, ""]))


def test_one_database_holds_one_city(tmp_path: Path, cluster: Cluster) -> None:
    url = cluster.new()
    make_city(tmp_path / "city", url)
    with pytest.raises(FileExistsError):
        initialise(tmp_path / "other", "01998", "別の市", url)
    assert list((tmp_path / "other").iterdir()) == []
    with pytest.raises(FileExistsError):
        initialise(tmp_path / "city", CODE, NAME, url)
    with pytest.raises(FileExistsError):
        initialise(tmp_path / "city", CODE, NAME)
    city = open_store(tmp_path / "city")
    with city.read() as shelf:
        assert shelf.city().code == CODE
    city.close()


def test_a_store_of_a_newer_program_is_refused(
    place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    city = open_store(place)
    with city.engine.begin() as conn:
        newer = t.meta.update().where(t.meta.c.name == "schema").values(value=str(t.SCHEMA + 1))
        conn.execute(newer)
    with pytest.raises(Trouble, match=CHANGED), city.write():
        pass
    city.close()
    assert main(["verify", str(place)]) == 2
    assert capsys.readouterr().out == f"{NEWER}\n"


def test_another_key_opens_nothing(tmp_path: Path) -> None:
    folder = make_city(tmp_path / "city")
    before = (folder / "city.db").read_bytes()
    keyfile.write_key(folder / keyfile.KEY, bytes(32))
    with pytest.raises(Trouble, match="server.key ではこのデータを開けません"):
        open_store(folder)
    assert (folder / "city.db").read_bytes() == before


def test_a_folder_is_held_together_or_alone(place: Path, new_url: Callable[[str], str]) -> None:
    one, other = open_store(place), open_store(place)
    Laptop(one).take_trip()
    with pytest.raises(Trouble):
        lock.alone(place)
    one.close()
    with pytest.raises(Trouble):
        lock.alone(place)
    other.close()
    with lock.alone(place), pytest.MonkeyPatch.context() as patched:
        patched.setattr(lock, "WAIT", 0.1)
        with pytest.raises(Trouble, match="入れ替えか更新"):
            open_store(place)
    open_store(place).close()
