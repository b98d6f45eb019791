"""Enrolment without a line: the city's file, this laptop's sealed request, the city's sealed grant.

Three carries of one USB memory; none where the city's file names a line that carries. The keys are
made and kept before the request is written, so that the same command may be given again at any
time: it takes the grant where it lies there, otherwise it writes the very same request once more.
"""

from __future__ import annotations

import contextlib
import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from fieldkit import carry, carry_says, media
from fieldkit.city import ENROLLED, refusal, register, road
from fieldkit.errors import BadInput, KitError
from fieldkit.store.vault import Vault
from sync import bundle, enrol_file, fail, wire
from sync.client import Refused
from sync.enrol import enrol, granted
from sync.enrol_file import Applicant
from sync.medium import Full, Unsound
from sync.road import NoAnswer
from sync.wire import WireError, b64, unb64

META = "enrol_request"
LARGEST = 64 * 1024
NO_FILE = BadInput("file", "登録ファイル（enrol-….json）がありません。市から受け取ってください。")
NOT_ONE = BadInput("file", "登録ファイルが二つ以上あります。使うファイルを一つ選んでください。")
BROKEN = BadInput("file", "登録ファイルが壊れています。市で作り直してもらってください。")
OTHER_KEY = KitError(
    "other_city",
    "市の鍵の指紋が、紙に書かれたものと違います。登録していません。監督者へ連絡してください。",
    "ask_supervisor",
)


@dataclass(frozen=True)
class Enrolment:
    """How far it is: the device's id, or the name of the request that the city is to answer.

    `fingerprint` is that of the city's key, to be compared with the paper.
    """

    fingerprint: str
    device: str = ""
    file: str = ""


@dataclass(frozen=True)
class _Begun:
    """What is kept from the request until the grant comes."""

    who: Applicant
    city_public: bytes
    city_seal: bytes
    url: str


def enrol_by_file(vault: Vault, place: Path, name: str, fingerprint: str = "") -> Enrolment:
    """Take the city's grant where it lies beside `place`, else write the request there.

    `place` is the city's file or its folder. `fingerprint`, where given, is the one on paper.
    """
    if vault.device is not None:
        raise ENROLLED
    folder = place if place.is_dir() else place.parent
    carry.check_folder(vault, folder)
    begun = _kept(vault)
    if begun is not None:
        grant = folder / begun.who.address.file_name("enrolled")
        if grant.is_file():
            return _take(vault, begun, grant, folder)
    told = _read(place, folder, begun)
    _check_key(told, fingerprint)
    if begun is None or (begun.who.code, begun.who.city) != (told["code"], told["city"]):
        begun = _begin(vault, told, name)
    fail.point("usb.enrol_begun")
    device = _by_line(vault, begun) if begun.url else ""
    if device:
        return Enrolment(wire.fingerprint(begun.city_public), device=device)
    try:
        file = enrol_file.write_request(folder, begun.who, begun.city_seal, vault.now())
    except (OSError, Full, Unsound) as error:
        raise carry_says.trouble(error) from None
    return Enrolment(wire.fingerprint(begun.city_public), file=file)


# -- the city's file ------------------------------------------------------------------------------
def _read(place: Path, folder: Path, begun: _Begun | None) -> dict[str, Any]:
    """What the city wrote; the request of before where its file is no longer there."""
    files = [place] if place.is_file() else sorted(folder.glob("enrol-*.json"))
    if not files and begun is not None:
        return {"public": begun.city_public, "code": begun.who.code, "city": begun.who.city}
    if len(files) != 1:
        raise NOT_ONE if files else NO_FILE
    try:
        with files[0].open("rb") as file:
            told = wire.parse(file.read(LARGEST))
        if told["v"] != 1 or not isinstance(told["city"], str):
            raise BROKEN
        keys = {key: unb64(told[key]) for key in ("public", "seal_public")}
        url = str(told.get("url", ""))
        found = {"code": str(told["code"]), "city": told["city"], "url": url, **keys}
    except OSError as error:
        raise carry_says.trouble(error) from None
    except (WireError, KeyError, TypeError):
        raise BROKEN from None
    if wire.fingerprint(keys["public"]) != told.get("fingerprint"):
        raise BROKEN
    return found


def _check_key(told: dict[str, Any], fingerprint: str) -> None:
    if fingerprint and fingerprint.strip().upper() != wire.fingerprint(told["public"]):
        raise OTHER_KEY


# -- what is kept meanwhile -----------------------------------------------------------------------
def _begin(vault: Vault, told: dict[str, Any], name: str) -> _Begun:
    who = Applicant.new(told["city"], told["code"], name)
    value = {key: b64(v) if isinstance(v, bytes) else v for key, v in asdict(who).items()}
    value |= {"public": b64(told["public"]), "seal": b64(told["seal_public"]), "url": told["url"]}
    with vault.book.write() as conn:
        conn.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", (META, json.dumps(value)))
    return _Begun(who, told["public"], told["seal_public"], told["url"])


def _kept(vault: Vault) -> _Begun | None:
    row = vault.book.one("SELECT value FROM meta WHERE key = ?", META)
    if row is None:
        return None
    told = json.loads(row["value"])
    public, seal, url = unb64(told.pop("public")), unb64(told.pop("seal")), told.pop("url")
    keys = {key: unb64(told[key]) for key in told if key.endswith(("_private", "_public"))}
    return _Begun(Applicant(**{**told, **keys}), public, seal, url)


def _by_line(vault: Vault, begun: _Begun) -> str:
    """The device's id where the city of the file can be reached; "" where there is no line."""
    who, mark = begun.who, wire.fingerprint(begun.city_public)
    try:
        line = road(begun.url, vault)
        told = enrol(line, who.code, who.name, who.sign_public, who.seal_public, mark)
    except NoAnswer:
        return ""
    except Refused as error:
        raise refusal(error.code) from None
    except (WireError, KeyError):
        raise refusal("other_city") from None
    return _register(vault, begun, told)


def _register(vault: Vault, begun: _Begun, told: dict[str, Any]) -> str:
    who = begun.who
    keys = (who.sign_private, who.sign_public, who.seal_private, who.seal_public)
    with vault.book.write() as conn:
        device = register(vault, told, who.name, begun.url, keys)
        conn.execute("DELETE FROM meta WHERE key = ?", (META,))
    return device


# -- the city's grant -----------------------------------------------------------------------------
def _take(vault: Vault, begun: _Begun, grant: Path, folder: Path) -> Enrolment:
    """Verify the grant, keep it, then erase what lies on the stick. A refusal ends the request."""
    who = begun.who
    try:
        answer, newest = enrol_file.read_grant(grant, who, begun.city_public)
        if answer.status == 200:
            mark = wire.fingerprint(newest)
            told = granted(answer.value, who.sign_public, mark)
        else:
            with vault.book.write() as conn:
                conn.execute("DELETE FROM meta WHERE key = ?", (META,))
            raise refusal(str(answer.value.get("error", "refused")))
    except OSError as error:
        raise carry_says.trouble(error) from None
    except WireError as error:
        raise KitError(error.code, carry_says.reply_says(error.code), "ask_supervisor") from None
    except (KeyError, Refused):
        raise refusal("other_city") from None
    device = _register(vault, begun, told)
    fail.point("usb.enrol_kept")
    with contextlib.suppress(OSError):
        media.erase_file(grant)
        request = folder / grant.with_suffix(bundle.ENDINGS["enrol"]).name
        if request.exists():
            media.erase_file(request)
    return Enrolment(mark, device=device)
