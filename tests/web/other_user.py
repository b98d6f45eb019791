"""Do something as a second user of this machine, with that user's own rights."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest

PYTHON = shutil.which("python3", path="/usr/bin:/bin")


def _why_not() -> str:
    if os.name == "nt" or os.geteuid() != 0:
        return "only root may act as another user"
    import pwd

    with suppress(KeyError):
        pwd.getpwnam("nobody")
        return "" if PYTHON else "there is no python3 in /usr/bin that others may run"
    return "this machine has no user called nobody"


needs_other_user = pytest.mark.skipif(bool(_why_not()), reason=f"!! NOT TESTED: {_why_not()}")

ASK = """
import http.client, json, sys
port, host, routes = json.load(sys.stdin)
found = []
for method, path, more in routes:
    line = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    line.request(method, path, headers={"Host": host, **more})
    answer = line.getresponse()
    found.append([answer.status, answer.read().decode("utf-8", "replace"),
                  answer.getheader("Set-Cookie")])
    line.close()
print(json.dumps(found))
"""

LOOK = """
import json, os, sys
needle, folder = json.load(sys.stdin)
lines = []
for pid in filter(str.isdigit, os.listdir("/proc")):
    for name in ("cmdline", "environ"):
        try:
            lines.append(open(f"/proc/{pid}/{name}", "rb").read().decode("utf-8", "replace"))
        except OSError:
            pass
read = []
for top, folders, files in os.walk(folder):
    for name in files:
        try:
            read.append([os.path.join(top, name), open(os.path.join(top, name), "rb").read().hex()])
        except OSError:
            pass
try:
    os.close(os.open(os.path.join(folder, "launch", "a" * 64), os.O_CREAT | os.O_WRONLY))
    wrote = True
except OSError:
    wrote = False
print(json.dumps({"seen": any(needle in text for text in lines),
                  "browser": any("--user-data-dir=" + folder in text for text in lines),
                  "read": read, "wrote": wrote, "uid": os.getuid()}))
"""


def as_nobody(code: str, told: Any) -> Any:
    """Run a script as `nobody`; JSON in, JSON out."""
    import pwd

    done = subprocess.run(
        [str(PYTHON), "-I", "-c", code],
        input=json.dumps(told),
        user="nobody",
        group=pwd.getpwnam("nobody").pw_gid,
        extra_groups=[],
        cwd="/",
        capture_output=True,
        encoding="utf-8",
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@contextmanager
def open_place() -> Iterator[Path]:
    """A folder into which every user may look: what is closed in it, the kit has closed."""
    place = Path(tempfile.mkdtemp(prefix="fieldkit-"))
    place.chmod(0o755)
    try:
        yield place
    finally:
        shutil.rmtree(place, ignore_errors=True)
