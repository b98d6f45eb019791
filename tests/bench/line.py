"""A bad line between two network namespaces: rate, delay, loss and a short queue (Linux, root).

    python -m tests.bench.line SPACE_A SPACE_B [--up BITS] [--down BITS] [--trip S] [--loss P]

Each namespace has one TUN device; every packet that leaves it passes this process, which lets it
wait, or drops it, before it enters the other. TCP on both ends is the kernel's own, so that its
retransmissions and its congestion control are real. (Where the kernel has `netem` this would be
one `tc` command; many have not.) Ends with one JSON line of counters.
"""

from __future__ import annotations

import argparse
import ctypes
import fcntl
import json
import os
import random
import select
import shutil
import signal
import struct
import subprocess
import sys
import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

SERVER, CLIENT = "10.77.0.2", "10.77.0.1"
CLONE_NEWNET = 0x40000000
TUNSETIFF, TUN_WITHOUT_HEADER = 0x400454CA, 0x1001
QUEUE = 64 * 1024
MTU = 1500


class Way:
    """One direction: a queue that drains at `rate` bits/s, then half the round trip of delay."""

    def __init__(self, rate: float, delay: float, loss: float, dice: random.Random) -> None:
        self.rate, self.delay, self.loss, self.dice = rate, delay, loss, dice
        self.under_way: deque[tuple[float, bytes]] = deque()
        self.idle_from = 0.0
        self.count = {"packets": 0, "bytes": 0, "lost": 0, "no_room": 0}

    def enter(self, packet: bytes, now: float) -> None:
        self.count["packets"] += 1
        self.count["bytes"] += len(packet)
        start = max(now, self.idle_from)
        if (start - now) * self.rate / 8 + len(packet) > QUEUE:
            self.count["no_room"] += 1
            return
        self.idle_from = start + len(packet) * 8 / self.rate
        if self.dice.random() < self.loss:
            self.count["lost"] += 1
            return
        self.under_way.append((self.idle_from + self.delay, packet))

    def leave(self, now: float) -> Iterator[bytes]:
        while self.under_way and self.under_way[0][0] <= now:
            yield self.under_way.popleft()[1]

    def next_due(self) -> float:
        return self.under_way[0][0] if self.under_way else float("inf")


def _tun(space: str, own: str, other: str) -> int:
    """A TUN device inside a namespace; only its file stays here."""
    libc = ctypes.CDLL(None, use_errno=True)
    here = os.open("/proc/self/ns/net", os.O_RDONLY)
    there = os.open(f"/run/netns/{space}", os.O_RDONLY)
    try:
        if libc.setns(there, CLONE_NEWNET):
            raise OSError(ctypes.get_errno(), "setns")
        device = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK)
        fcntl.ioctl(device, TUNSETIFF, struct.pack("16sH22x", b"kit0", TUN_WITHOUT_HEADER))
        subprocess.run(
            ["ip", "address", "add", own, "peer", other, "dev", "kit0"], check=True
        )
        subprocess.run(["ip", "link", "set", "kit0", "mtu", str(MTU), "up"], check=True)
    finally:
        if libc.setns(here, CLONE_NEWNET):
            raise OSError(ctypes.get_errno(), "setns back")
        os.close(here)
        os.close(there)
    return device


def carry(client: int, server: int, up: Way, down: Way) -> None:
    """Carry packets both ways until SIGTERM."""
    ended: list[int] = []
    signal.signal(signal.SIGTERM, lambda *_: ended.append(1))
    print("ready", flush=True)
    poll = select.poll()
    poll.register(client, select.POLLIN)
    poll.register(server, select.POLLIN)
    while not ended:
        wait = min(up.next_due(), down.next_due()) - time.monotonic()
        for ready, _ in poll.poll(max(0.0, min(wait, 0.2)) * 1000):
            way = up if ready == client else down
            for packet in _waiting(ready):
                way.enter(packet, time.monotonic())
        for way, out in ((up, server), (down, client)):
            for packet in way.leave(time.monotonic()):
                os.write(out, packet)
    print(json.dumps({"up": up.count, "down": down.count}), flush=True)


def _waiting(device: int) -> Iterator[bytes]:
    while True:
        try:
            yield os.read(device, MTU + 100)
        except BlockingIOError:
            return


@dataclass
class Line:
    """Two namespaces with a line between them; `counters()` ends it."""

    client: str
    server: str
    process: subprocess.Popen[str]

    def counters(self) -> dict[str, dict[str, int]]:
        self.process.terminate()
        assert self.process.stdout is not None
        told: dict[str, dict[str, int]] = json.loads(self.process.stdout.read())
        self.process.wait()
        return told


def cannot() -> str:
    """Why this machine cannot emulate a line, or an empty text."""
    if not sys.platform.startswith("linux") or os.geteuid() != 0:
        return "network namespaces need Linux and root"
    if not Path("/dev/net/tun").exists() or not shutil.which("ip"):
        return "it has no /dev/net/tun or no `ip`"
    return ""


@contextmanager
def line(name: str, *options: str) -> Iterator[Line]:
    """A bad line (1 Mbit/s up, 300 ms, 5 % loss unless told otherwise) for the time of a `with`."""
    spaces = [f"kit-{name}-{os.getpid()}-{end}" for end in "ab"]
    for space in spaces:
        subprocess.run(["ip", "netns", "add", space], check=True)
        subprocess.run(["ip", "-n", space, "link", "set", "lo", "up"], check=True)
    process = None
    try:
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.bench.line", *spaces, *options],
            stdout=subprocess.PIPE, text=True,
        )  # fmt: skip
        assert process.stdout is not None
        if process.stdout.readline() != "ready\n":
            raise RuntimeError("the line did not start")
        yield Line(spaces[0], spaces[1], process)
    finally:
        if process is not None and process.poll() is None:
            process.kill()
            process.wait()
        for space in spaces:
            subprocess.run(["ip", "netns", "delete", space], check=False)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("client")
    parser.add_argument("server")
    parser.add_argument("--up", type=float, default=1e6)
    parser.add_argument("--down", type=float, default=4e6)
    parser.add_argument("--trip", type=float, default=0.3)
    parser.add_argument("--loss", type=float, default=0.05)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    ends = _tun(given.client, CLIENT, SERVER), _tun(given.server, SERVER, CLIENT)
    dice = random.Random(given.seed)
    ways = [Way(rate, given.trip / 2, given.loss, dice) for rate in (given.up, given.down)]
    carry(*ends, *ways)


if __name__ == "__main__":
    main()
