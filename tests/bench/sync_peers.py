"""Other tools on the same work in the same run, where their programs are on this machine.

    npm install --prefix DIR @tus/server @tus/file-store pouchdb-server
    KIT_PEERS=DIR python -m tests.bench.sync peers

tus (photos and applications as files, four at once) and CouchDB's replication (PouchDB on both
ends, applications as documents with their photos attached). Neither forces what it answered for to
the disk, and neither gives a proof of it. Nothing of theirs is part of this repository.
"""

from __future__ import annotations

import base64
import http.client
import json
import os
import queue
import shutil
import statistics
import subprocess
import tempfile
import threading
import time
from pathlib import Path
from typing import Any

from tests.bench.sync_floor import Connection
from tests.bench.sync_free import CONNECTIONS, floor_round, kit_round
from tests.bench.sync_work import applications, calm, free_port, load

TUS_SERVER = """
import {createRequire} from 'module'; import {pathToFileURL} from 'url';
const [folder, files, port] = process.argv.slice(1);
const need = createRequire(folder + '/x.js');
const get = name => import(pathToFileURL(need.resolve(name)));
const {Server} = await get('@tus/server'); const {FileStore} = await get('@tus/file-store');
const made = new Server({path: '/files', datastore: new FileStore({directory: files})});
made.listen({host: '127.0.0.1', port: Number(port)}, () => console.log('ready'));
"""
POUCH_CLIENT = """
const [folder, place, work, url, batch] = process.argv.slice(1);
const need = require('module').createRequire(folder + '/x.js');
const Pouch = need('pouchdb-core').plugin(need('pouchdb-adapter-leveldb'))
  .plugin(need('pouchdb-adapter-http')).plugin(need('pouchdb-replication'));
(async () => {
  const here = new Pouch(place, {adapter: 'leveldb'});
  for (const line of require('fs').readFileSync(work, 'utf8').split('\\n').filter(Boolean))
    await here.put(JSON.parse(line));
  const there = new Pouch(url + '/season', {adapter: 'http'});
  await there.info();
  console.log('ready');
  await new Promise(go => process.stdin.once('data', go));
  const begin = process.hrtime.bigint();
  await here.replicate.to(there, {batch_size: Number(batch)});
  console.log(JSON.stringify({wall: Number(process.hrtime.bigint() - begin) / 1e9}));
  process.exit(0);
})();
"""


def _folder() -> Path | None:
    named = os.environ.get("KIT_PEERS", "")
    folder = Path(named) if named else None
    there = folder is not None and (folder / "node_modules").is_dir() and shutil.which("node")
    return folder if there else None


def _node(code: str, *arguments: str, module: bool = False) -> subprocess.Popen[str]:
    kind = ["--input-type=module"] if module else []
    return subprocess.Popen(
        ["node", *kind, "-e", code, *arguments], text=True,
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
    )  # fmt: skip


def _ready(process: subprocess.Popen[str]) -> None:
    assert process.stdout is not None
    if process.stdout.readline().strip() != "ready":
        raise RuntimeError("a peer did not start")


def tus(folder: Path, place: Path, work: str) -> float:
    """Each file is created, then sent in one piece: tus as its clients do it."""
    (place / "tus").mkdir()
    port = free_port()
    server = _node(TUS_SERVER, str(folder), str(place / "tus"), str(port), module=True)
    _ready(server)
    files: queue.SimpleQueue[bytes] = queue.SimpleQueue()
    for fields, photos in applications(work):
        for data in (json.dumps(fields, ensure_ascii=False).encode(), *photos):
            files.put(data)

    def carry() -> None:
        road = Connection("127.0.0.1", port, timeout=60)
        while True:
            try:
                data = files.get_nowait()
            except queue.Empty:
                return
            version = {"Tus-Resumable": "1.0.0"}
            road.request("POST", "/files", b"", {**version, "Upload-Length": str(len(data))})
            made = road.getresponse()
            made.read()
            where = str(made.headers["Location"]).partition("/files")[2]
            told = {"Upload-Offset": "0", "Content-Type": "application/offset+octet-stream"}
            road.request("PATCH", f"/files{where}", data, {**version, **told})
            done = road.getresponse()
            done.read()
            if (made.status, done.status) != (201, 204):
                raise http.client.HTTPException(f"{made.status} {done.status}")

    crew = [threading.Thread(target=carry) for _ in range(CONNECTIONS)]
    begin = time.perf_counter()
    for one in crew:
        one.start()
    for one in crew:
        one.join()
    took = time.perf_counter() - begin
    server.kill()
    server.wait()
    if not files.empty():
        raise RuntimeError("tus did not take everything")
    return took


def pouch(folder: Path, place: Path, work: str, batch: int = 10) -> float:
    """CouchDB's replication protocol, in batches of ten documents (the default of a hundred never
    ends on a bad line)."""
    (place / "pouch").mkdir()
    port = free_port()
    server = subprocess.Popen(
        [folder / "node_modules/.bin/pouchdb-server", "--port", str(port), "--dir",
         str(place / "pouch"), "--no-stdout-logs"],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd=place,
    )  # fmt: skip
    lines = []
    for number, (fields, photos) in enumerate(applications(work)):
        attached = {
            f"{i}.jpg": {"content_type": "image/jpeg", "data": base64.b64encode(data).decode()}
            for i, data in enumerate(photos)
        }
        lines.append(json.dumps({"_id": f"{number:05d}", **fields, "_attachments": attached}))
    (place / "docs").write_text("\n".join(lines), encoding="utf-8")
    _wait_for(port)
    client = _node(
        POUCH_CLIENT, str(folder), str(place / "local"), str(place / "docs"),
        f"http://127.0.0.1:{port}", str(batch),
    )  # fmt: skip
    _ready(client)
    assert client.stdin is not None and client.stdout is not None
    client.stdin.write("go\n")
    client.stdin.flush()
    told: dict[str, Any] = json.loads(client.stdout.readline())
    client.wait()
    server.terminate()
    server.wait()
    return float(told["wall"])


def _wait_for(port: int) -> None:
    for _ in range(400):
        try:
            road = http.client.HTTPConnection("127.0.0.1", port, timeout=2)
            road.request("GET", "/")
            road.getresponse().read()
            return
        except OSError:
            time.sleep(0.05)
    raise RuntimeError("the CouchDB peer did not start")


def peers(work: str, rounds: int) -> None:
    """The floor, the kit and the peers turn by turn; medians."""
    folder = _folder()
    if folder is None:
        print("peers: LEFT OUT, KIT_PEERS names no folder with their programs (see sync_peers.py)")
        return
    took: dict[str, list[float]] = {"floor": [], "kit": [], "tus": [], "CouchDB (PouchDB)": []}
    for _ in range(rounds):
        with tempfile.TemporaryDirectory() as name:
            place = Path(name)
            calm()
            took["floor"].append(floor_round(place, work, CONNECTIONS)["wall"])
            took["kit"].append(kit_round(place, work)["wall"])
            took["tus"].append(tus(folder, place, work))
            took["CouchDB (PouchDB)"].append(pouch(folder, place, work))
    floor = statistics.median(took["floor"])
    for who, times in took.items():
        wall = statistics.median(times)
        print(
            f"peers, {work:<9} {who:<18}{wall:7.3f} s (fastest {min(times):.3f})   x"
            f"{wall / floor:5.2f} of the floor   {rounds} rounds, {load()}",
            flush=True,
        )
