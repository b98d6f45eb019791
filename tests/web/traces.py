"""What programs write into files, as the kernel is told it: strace over a program and its children.

Sockets, pipes, event counters and shared memory are no files. What reaches a file through a shared
mapping is not seen here; whoever uses this looks at the files afterwards as well.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

CALLS = "write,pwrite64,writev,pwritev,pwritev2,rename,renameat,renameat2,link,linkat,openat,open"
NO_FILE = re.compile(
    rb"^(?:(?:socket|pipe|anon_inode|UNIX|TCP|UDP|NETLINK)[:\[]|/memfd:|/dev/|/proc/|/sys/|\[)"
)
LINE = re.compile(rb"^\d+ +(\w+)\((.*)")
QUOTED = re.compile(rb'"((?:\\x[0-9a-f]{2})*)"')
TO_FD = re.compile(rb"^\d+<((?:\\x[0-9a-f]{2}|[^>])*)>")


def command(out: Path) -> tuple[str, ...]:
    """What to put before a program's own words."""
    return ("strace", "-f", "--seccomp-bpf", "-qq", "-y", "-xx", "-s", "4000000", "-o", str(out),
            "-e", f"trace={CALLS}", "-e", "signal=none")  # fmt: skip


def plain(text: bytes) -> bytes:
    """`\\x41\\x42` as strace writes it → b"AB"."""
    return re.sub(rb"\\x([0-9a-f]{2})", lambda m: bytes([int(m[1], 16)]), text)


def data_of(text: bytes) -> bytes:
    return bytes.fromhex(text.replace(b"\\x", b"").decode())


def into_files(trace: Path) -> Iterator[tuple[str, bytes, bytes]]:
    """(call, path, bytes written) for each write into a file; for calls that only name files, the
    names stand in the third place."""
    with trace.open("rb") as lines:
        for line in lines:
            found = LINE.match(line)
            if not found:
                continue
            call, rest = found[1].decode(), found[2]
            if "write" not in call:
                names = b"\0".join(data_of(text) for text in QUOTED.findall(rest))
                if call not in ("open", "openat") or b"O_CREAT" in rest:
                    yield call, b"", names
                continue
            to = TO_FD.match(rest)
            path = plain(to[1]) if to else b"?"
            if not NO_FILE.match(path):
                yield call, path, b"".join(data_of(text) for text in QUOTED.findall(rest))
