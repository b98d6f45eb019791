"""Open a laptop's trip folder without the kit, given the trip's private key in hex.

    python open_trip.py FOLDER KEYFILE OUT

The key is a secret of the city (`python -m sync.server trip-key DIR TRIP KEYFILE`). Writes every
photo as `OUT/<photo id>.jpg` and all saves as lines of `OUT/saves.jsonl`, and says what did not
open. Needs this file, `decrypt.py` beside it, and cryptography.
"""

import base64
import json
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
from decrypt import hpke_open, open_ph


def sealed_saves(folder: Path) -> list[tuple[str, bytes]]:
    """(op id, sealed bytes) of `saves.rec`, and of the single files of older versions."""
    found = [(file.stem, file.read_bytes()) for file in sorted(folder.glob("*-*.rec"))]
    path = folder / "saves.rec"
    for line in path.read_bytes().splitlines() if path.exists() else []:
        value = json.loads(line)
        found.append((value["op"], base64.b64decode(value["rec"])))
    return found


def main(folder: Path, key_file: Path, out: Path) -> int:
    private, trip, bad = bytes.fromhex(key_file.read_text().strip()), folder.name, []
    out.mkdir(parents=True, exist_ok=True)
    with (out / "saves.jsonl").open("wb") as lines:
        for op, sealed in sealed_saves(folder):
            try:
                info = f"fieldkit/record/v1|{trip}|{op}".encode()
                lines.write(hpke_open(private, sealed[5:], info) + b"\n")
            except Exception:
                bad.append(op)
    for ph in sorted(folder.glob("*.ph")):
        try:
            info = f"fieldkit/photo/v1|{trip}|{ph.stem}".encode()
            data = ph.read_bytes()
            if data.startswith(b"FKSE1"):  # `.seal` and `.ph` in one file
                seal, data = data[:85], data[85:]
            else:  # older versions: beside it
                seal = ph.with_suffix(".seal").read_bytes()
            key = hpke_open(private, seal[5:], info)
            (out / f"{ph.stem}.jpg").write_bytes(open_ph(key, data, info))
        except Exception:
            bad.append(ph.stem)
    for name in bad:
        print(f"開けません: {name}")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main(*map(Path, sys.argv[1:4])))
