"""The road by USB memory, the laptop's half: requests go into a file, answers come out of one.

The requests are those that would go over the line, signed in the same way; so are the answers. This
module knows no store: what a receipt settles is the kit's business (fieldkit/carry.py).
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sync import bundle, bundle_file, medium, wire
from sync.asking import Identity
from sync.bundle import Address, Answered, Manifest, Part, request_bytes
from sync.road import Answer, NoAnswer, Request
from sync.statements import read_keys
from sync.wire import WireError


class NoLine:
    """The road of a laptop without a line: it carries nothing. Its client only builds and reads."""

    def send(self, method: str, path: str, body: bytes, headers: dict[str, str]) -> Answer:
        raise NoAnswer(path, brief=True)

    def close(self) -> None:
        return


@dataclass(frozen=True)
class Letter:
    """A request that goes along. `make` gives it when it is written, the same bytes each time.

    `ordered`: it stands twice in the file, and the city takes no later one of these without it.
    """

    make: Callable[[], Request]
    ordered: bool = False


@dataclass(frozen=True)
class Planned:
    """A bundle that can be written: its manifest is signed, its size is known."""

    manifest: Manifest
    parts: tuple[Part, ...]
    size: int

    @property
    def file_name(self) -> str:
        return self.manifest.address.file_name("bundle")

    def write(
        self, folder: Path, city_seal_public: bytes, moved: Callable[[int], None] = medium.nobody
    ) -> str:
        """Write it durably; returns the SHA-256 of the file. `moved` and what is raised: see
        `medium.put`; WireError("changed") where a photo's file changed since it was planned."""
        pieces = bundle_file.pack(self.manifest, self.parts, city_seal_public)
        return medium.put(folder, self.file_name, pieces, self.size, moved)


def part_name(number: int) -> str:
    """What the request of that number (from 1) is called in a bundle, and its answer in a reply."""
    return f"{number:04d}"


def named(path: Path) -> Address | None:
    """Whose file it claims to be, by its name where nothing inside says so: unsigned, and only
    good for a sentence to a person."""
    with path.open("rb") as file:
        return bundle_file.named(file) or Address.in_name(path.name)


def plan(me: Identity, n: int, at: str, letters: Sequence[Letter]) -> Planned:
    """Sign the list of what will go; WireError("too_large") beyond one file."""
    parts = tuple(
        Part.of(part_name(i), lambda one=letter: request_bytes(one.make()), letter.ordered)  # type: ignore[misc]
        for i, letter in enumerate(letters, start=1)
    )
    key = wire.signing_private(me.sign_private)
    manifest = Manifest.sign(key, "bundle", Address(me.city, me.device, n), at, parts)
    size = bundle_file.size_of(manifest, parts)
    if size > bundle_file.LIMIT or len(parts) > bundle.MOST_PARTS:
        raise WireError("too_large")
    return Planned(manifest, parts, size)


@dataclass(frozen=True)
class Reply:
    """What the city answered to one bundle, checked against its pinned key.

    `damaged` are the parts that the city could not read, `lost` how many answers are damaged here;
    `city_public` is the key that signed it: the pinned one, or a later one that leads back to it.
    """

    n: int
    bundle: str
    answers: tuple[Answered, ...]
    damaged: tuple[str, ...]
    lost: int
    city_public: bytes


def files_of(me: Identity, folder: Path) -> list[Path]:
    """This device's bundles and replies in a folder, also copies under a longer name."""
    stem = Address(me.city, me.device, 0).id[:-1]
    endings = (bundle.ENDINGS["bundle"], bundle.ENDINGS["reply"])
    found = [p for ending in endings for p in folder.glob(f"{stem}*{ending}")]
    return sorted(path for path in found if path.is_file())


def open_reply(path: Path, me: Identity, former: Sequence[bytes] = ()) -> Reply:
    """Open one `.kspr`. WireError: `cannot_open` (another device's, or damaged), `bad_signature`
    (the pinned city did not sign it), `old_key` (one of its `former` keys did: it has to sign
    anew), `not_for_us`; OSError where it cannot be read."""
    with path.open("rb") as file:
        opened = bundle_file.read("reply", file, me.seal_private)
        address, told = opened.manifest.address, opened.manifest.value
        city_public = _newest(me, told)
        _verify(opened.manifest, city_public, former)
        if (address.city, address.device) != (me.city, me.device):
            raise WireError("not_for_us")
        found = [opened.part(part) for part in opened.parts]
    answers = tuple(Answered.from_bytes(data) for data in found if data is not None)
    damaged = told.get("damaged")
    if not isinstance(damaged, list):
        raise WireError("malformed")
    names = tuple(str(name) for name in damaged)
    asked = str(told.get("bundle", ""))
    return Reply(address.n, asked, answers, names, found.count(None), city_public)


def _verify(manifest: Manifest, public: bytes, former: Sequence[bytes]) -> None:
    """A key that was replaced may be one that somebody stole: nothing is let go on its word."""
    try:
        manifest.verify(public)
    except WireError:
        for old in former:
            with contextlib.suppress(WireError):
                manifest.verify(old)
                break
        else:
            raise
        raise WireError("old_key") from None


def _newest(me: Identity, told: dict[str, Any]) -> bytes:
    """The city's newest key: from the pinned one along the statements that each old key signed."""
    try:
        keys = read_keys(me.city_public, me.city, told.get("keys"))
    except (KeyError, TypeError):
        raise WireError("malformed") from None
    return keys[-1].new if keys else me.city_public
