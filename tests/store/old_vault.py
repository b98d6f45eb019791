"""The vault of an older version, unpacked (tests/store/data/make_vault.py says how it was made)."""

from __future__ import annotations

import json
import tarfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

PACKED = Path(__file__).parent / "data" / "vault-0.1.0-f1aa801.tar.xz"


@dataclass(frozen=True)
class OldVault:
    """`kit` and `city` are the folders of the laptop and of its server; `story` what they hold."""

    kit: Path
    city: Path
    story: dict[str, Any]


def unpack(folder: Path) -> OldVault:
    with tarfile.open(PACKED) as packed:
        packed.extractall(folder, filter="data")
    story = json.loads((folder / "story.json").read_text(encoding="utf-8"))
    return OldVault(folder / "kit", folder / "city", story)
