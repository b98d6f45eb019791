"""The kit's whole job, from telephone to erased day, on a city with PostgreSQL, over HTTP."""

from __future__ import annotations

import threading
from pathlib import Path

from fieldkit.city import enrol_device
from fieldkit.store import opening
from sync.server import store as t
from sync.server import verify_things
from tests import city_rows
from tests.conftest import PASSPHRASE, SATO, start_city
from tests.flow.job import JPEG, PEOPLE, settings_of
from tests.flow.test_kill import check_laptop, run_job
from tests.needs import needs
from tests.server.kit import make_city
from tests.server.postgres import Cluster


@needs("postgresql")
def test_the_whole_job_on_postgres(tmp_path: Path, cluster: Cluster) -> None:
    city = start_city(make_city(tmp_path / "city", cluster.new()))
    vault, _ = opening.create(settings_of(tmp_path / "kit", city.url), SATO, PASSPHRASE)
    enrol_device(vault, city.url, city.code(), city.fingerprint(), "訪問用A")
    vault.close()
    done = run_job(tmp_path / "kit", city.url)
    assert done.returncode == 0, done.stdout + done.stderr
    check_laptop(tmp_path, city.url)
    threading.Thread(target=city.stop).start()  # type: ignore[arg-type]
    with city_rows.opened(tmp_path / "city") as store:
        assert verify_things.look(store, tmp_path / "city").wrong == []
        homes = {doc.id for doc in city_rows.docs(store).values() if doc.kind == "reservation"}
        assert homes == set(PEOPLE)
        (photo,) = city_rows.rows(store, t.photo)
        assert city_rows.jpeg(store, photo.id) == JPEG
        assert list((tmp_path / "city" / "photos").glob("*")) == []
