"""Everything that a running kit was told, in one frozen value; no view reads the environment."""

from __future__ import annotations

import json
import re
import tomllib
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from fieldkit.clock import Clock, system_clock
from fieldkit.errors import KitError

PACKAGE = Path(__file__).resolve().parent


def asset_dir(name: str) -> Path:
    """`templates`, `static` or `forms`: beside the package in a checkout, inside it in a wheel."""
    inside = PACKAGE / "_assets" / name
    return inside if inside.is_dir() else PACKAGE.parent / name


@dataclass(frozen=True)
class Argon2:
    """Cost of one guess at a passphrase. 256 MiB, t=3, p=4 is 0.45 s on the laptop measured."""

    memory_kib: int = 256 * 1024
    iterations: int = 3
    lanes: int = 4


@dataclass(frozen=True)
class Settings:
    """`data_dir` holds everything that is kept; the rest has its place in the checkout or wheel.

    `host` is the whole authority that the browser must use (`name.localhost:port`); any other Host
    is refused before Flask sees the request. `idle_seconds` locks the screen. `server_ca`: the only
    certificate (an authority's, or the city server's own) that is trusted over https.
    """

    data_dir: Path
    host: str = "127.0.0.1:5600"
    server_url: str = ""
    server_ca: Path | None = None
    forms_dir: Path = field(default_factory=lambda: asset_dir("forms"))
    templates_dir: Path = field(default_factory=lambda: asset_dir("templates"))
    static_dir: Path = field(default_factory=lambda: asset_dir("static"))
    idle_seconds: int = 300
    argon2: Argon2 = Argon2()
    clock: Clock = system_clock

    def with_host(self, host: str) -> Settings:
        return replace(self, host=host)


IDLE_RANGE = (30, 1800)


def bad_settings(what: str) -> KitError:
    return KitError(
        "bad_settings",
        f"設定ファイル kit.toml：{what}。直してから起動してください。",
        "ask_supervisor",
    )


def _checked(raw: dict[str, Any]) -> dict[str, Any]:
    """What the file may say. A changed letter must not switch off the lock or be passed over."""
    kinds = {"server_url": str, "server_ca": str, "idle_seconds": int, "forms_dir": str}
    for key, value in raw.items():
        if key not in kinds:
            raise bad_settings(f"「{key}」という項目はありません")
        if type(value) is not kinds[key]:
            raise bad_settings(f"「{key}」の書き方が違います")
    low, high = IDLE_RANGE
    if not low <= raw.get("idle_seconds", low) <= high:
        raise bad_settings(f"「idle_seconds」は{low}から{high}までにしてください")
    return dict(raw)


POINTER = "forms-current.json"
"""Which pushed version of the city's forms and settings is used (fieldkit/citysettings.py)."""
PUSHED = re.compile(r"forms-\d+-[0-9a-f]{8}")


def read_pointer(data_dir: Path) -> tuple[str, str]:
    """(folder name, the `forms_dir` of kit.toml that it takes the place of); ("", "") for none."""
    try:
        told = json.loads((data_dir / POINTER).read_bytes())
        folder, over = str(told["folder"]), str(told["over"])
    except (OSError, ValueError, KeyError, TypeError):
        return "", ""
    return (folder, over) if PUSHED.fullmatch(folder) else ("", "")


def own_forms(data_dir: Path) -> str:
    """The `forms_dir` that an official wrote into kit.toml; "" for none."""
    try:
        raw = tomllib.loads((data_dir / "kit.toml").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return ""
    return str(raw.get("forms_dir", ""))


def forms_in_use(data_dir: Path) -> Path:
    """The pushed version that is switched on; else the folder of kit.toml; else the kit's own.

    A pushed version never takes the place of a folder in kit.toml that was named after it.
    """
    folder, over = read_pointer(data_dir)
    own = own_forms(data_dir)
    if folder and over == own and (data_dir / folder).is_dir():
        return data_dir / folder
    return (data_dir / own).resolve() if own else asset_dir("forms")


def load_settings(data_dir: Path, **changes: Any) -> Settings:
    """Settings of a data folder: its `kit.toml` (no secrets in it), then `changes`."""
    path = data_dir / "kit.toml"
    told: dict[str, Any] = {}
    if path.exists():
        try:
            raw = tomllib.loads(path.read_bytes().decode("utf-8"))
        except ValueError as error:  # not UTF-8, or not TOML
            raise bad_settings(f"読めません（{error}）") from None
        told = _checked(raw)
        for name in ("forms_dir", "server_ca"):
            if name in told:
                told[name] = (data_dir / told[name]).resolve()
    told["forms_dir"] = forms_in_use(data_dir)
    return Settings(data_dir=data_dir, **{**told, **changes})
