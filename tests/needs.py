"""`@needs("chromium")`: skip a test, with a loud reason, where a program is not installed.

The names are those of `build/_system.py`. build/test.py tells by FIELDKIT_MISSING what it could
not install; when pytest is started by hand, the machine is looked at here.
"""

from __future__ import annotations

import importlib.util
import os
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).resolve().parent.parent


def _load_system() -> ModuleType:
    spec = importlib.util.spec_from_file_location("_system", ROOT / "build" / "_system.py")
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


system = _load_system()


def missing() -> list[str]:
    """Return what is not installed: as build/test.py found it, else as this machine is."""
    told = os.environ.get("FIELDKIT_MISSING")
    if told is not None:
        return [name for name in told.split(",") if name]
    return list(system.missing())


def needs(*names: str) -> pytest.MarkDecorator:
    """Return the mark that skips a test, a class or (as `pytestmark`) a file without these."""
    unknown = [name for name in names if name not in system.NEEDED]
    if unknown:
        raise ValueError(f"not in build/_system.py: {unknown}")
    away = [name for name in names if name in missing()]
    reason = "!! NOT TESTED, not installed: " + ", ".join(away)
    return pytest.mark.skipif(bool(away), reason=reason)


def chromium() -> str:
    """Return the path of the browser for playwright's `executable_path`."""
    path = system.program("chromium")
    assert path, "decorate the test with @needs('chromium')"
    return str(path)


def postgres_bin() -> Path:
    """Return the folder that holds initdb, pg_ctl and postgres."""
    path = system.postgres_bin()
    assert path, "decorate the test with @needs('postgresql')"
    return Path(path)
