"""The floor of a sync: each application is POSTed with its photos, N in flight, and nothing more.

    python -m tests.bench.sync_floor serve DIR HOST PORT
    python -m tests.bench.sync_floor send WORK HOST PORT CONNECTIONS MARKS

The server writes the body to a file, fsyncs file and directory and answers 201. The sender marks
what was answered in a file that it fsyncs, because a sender that is killed must know that.
"""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import queue
import socket
import sys
import threading
import time
from pathlib import Path

from tests.bench.sync_work import applications, ready_and_wait


class Sink:
    """One connection of the floor server: read a request, make it durable, answer."""

    def __init__(self, folder: Path, directory: int, line: socket.socket) -> None:
        self.folder, self.directory, self.line = folder, directory, line
        line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.file = line.makefile("rb", 256 * 1024)

    def run(self) -> None:
        with self.line:
            while request := self.file.readline():
                size = 0
                while (header := self.file.readline()) not in (b"\r\n", b""):
                    name, _, value = header.partition(b":")
                    if name.lower() == b"content-length":
                        size = int(value)
                self._keep(request.split()[1].decode().strip("/"), size)
                self.line.sendall(b"HTTP/1.1 201 Created\r\nContent-Length: 0\r\n\r\n")

    def _keep(self, name: str, size: int) -> None:
        part = self.folder / f"{name}.part"
        with part.open("wb", buffering=0) as out:
            while size:
                piece = self.file.read(min(size, 256 * 1024))
                if not piece:
                    raise OSError("cut")
                out.write(piece)
                size -= len(piece)
            os.fsync(out.fileno())
        part.rename(self.folder / name)
        os.fsync(self.directory)


def _quietly(sink: Sink) -> None:
    with contextlib.suppress(OSError):  # a cut line; the sender comes again
        sink.run()


def serve(folder: Path, host: str, port: int) -> None:
    folder.mkdir(exist_ok=True)
    directory = os.open(folder, os.O_RDONLY)
    with socket.create_server((host, port), backlog=64) as door:
        print("ready", flush=True)
        while True:
            line, _ = door.accept()
            sink = Sink(folder, directory, line)
            threading.Thread(target=_quietly, args=(sink,), daemon=True).start()


class Connection(http.client.HTTPConnection):
    """HTTP without waiting for more to send."""

    def connect(self) -> None:
        super().connect()
        self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)


def send(work: str, host: str, port: int, connections: int, marks: Path) -> None:
    bodies: queue.SimpleQueue[tuple[int, bytes]] = queue.SimpleQueue()
    for number, (fields, photos) in enumerate(applications(work)):
        text = json.dumps(fields, ensure_ascii=False).encode()
        bodies.put((number, b"".join([text, *photos])))
    lock = threading.Lock()
    ready_and_wait()
    begin, cpu = time.perf_counter(), time.process_time()
    with marks.open("ab", buffering=0) as log:

        def carry() -> None:
            road = Connection(host, port, timeout=120)
            while True:
                try:
                    number, body = bodies.get_nowait()
                except queue.Empty:
                    return
                while True:
                    try:
                        road.request("POST", f"/{number:05d}", body)
                        answer = road.getresponse()
                        answer.read()
                        break
                    except (OSError, http.client.HTTPException):
                        road.close()
                with lock:
                    log.write(b"%05d\n" % number)
                    os.fsync(log.fileno())

        crew = [threading.Thread(target=carry) for _ in range(connections)]
        for one in crew:
            one.start()
        for one in crew:
            one.join()
    took, own = time.perf_counter() - begin, time.process_time() - cpu
    print(json.dumps({"wall": took, "cpu": own}), flush=True)


if __name__ == "__main__":
    if sys.argv[1] == "serve":
        serve(Path(sys.argv[2]), sys.argv[3], int(sys.argv[4]))
    else:
        send(sys.argv[2], sys.argv[3], int(sys.argv[4]), int(sys.argv[5]), Path(sys.argv[6]))
