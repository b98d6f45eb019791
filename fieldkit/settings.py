"""Everything that a running kit was told, in one frozen value; no view reads the environment."""

from __future__ import annotations

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
    is refused before Flask sees the request. `idle_seconds` locks the screen.
    """

    data_dir: Path
    host: str = "127.0.0.1:5600"
    server_url: str = ""
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
    kinds = {"server_url": str, "idle_seconds": int, "forms_dir": str}
    for key, value in raw.items():
        if key not in kinds:
            raise bad_settings(f"「{key}」という項目はありません")
        if type(value) is not kinds[key]:
            raise bad_settings(f"「{key}」の書き方が違います")
    low, high = IDLE_RANGE
    if not low <= raw.get("idle_seconds", low) <= high:
        raise bad_settings(f"「idle_seconds」は{low}から{high}までにしてください")
    return dict(raw)


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
        if "forms_dir" in told:
            told["forms_dir"] = (data_dir / told["forms_dir"]).resolve()
    return Settings(data_dir=data_dir, **{**told, **changes})
