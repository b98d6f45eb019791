"""A server process of its own: many laptops speak to one store at once.

    python -m tests.server.worker FOLDER NUMBER LAPTOPS BATCHES

Prints one line a receipt: its number, then the ids of the saves that it took.
"""

from __future__ import annotations

import json
import sys
import threading
from pathlib import Path

from sync.server.sqlstore import SqlStore, open_store
from tests.server.kit import Laptop

LOCK = threading.Lock()
ERRORS: list[BaseException] = []


def say(*words: object) -> None:
    with LOCK:
        print(*words, flush=True)


def work(store: SqlStore, batches: int, shared: str) -> None:
    """Batches of two saves (one of them of a record that all change), a photo, the end."""
    try:
        laptop = Laptop(store)
        trip = laptop.take_trip(shared, share=True)
        for _ in range(batches):
            laptop.row()
            ops = [trip.save(), trip.save(shared, notes=laptop.id)]
            told = laptop.send(*ops)
            assert [item["answer"] for item in told["items"]] == ["taken"] * 2
            say(told["seq"], *(op["op_id"] for op in ops))
            assert laptop.send(*ops, ledger=laptop.book())["seq"] == told["seq"]
        photo = trip.send_photo()
        say("photo", photo.id)
        say(trip.end()["seq"])
    except BaseException as error:
        ERRORS.append(error)
        raise


def main() -> int:
    folder, laptops, batches, shared = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), sys.argv[4]
    store = open_store(Path(folder))
    print(json.dumps("ready"), flush=True)
    sys.stdin.readline()
    threads = [
        threading.Thread(target=work, args=(store, batches, shared)) for _ in range(laptops)
    ]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    store.close()
    return 1 if ERRORS else 0


if __name__ == "__main__":
    sys.exit(main())
