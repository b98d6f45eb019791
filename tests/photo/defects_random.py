"""Random defects painted on any good frame: for tuning, for the evaluation and for held-out tests.

Every maker takes a `Base` and a random generator and gives a new frame. Parameters are drawn
anew each time (colours, sizes, strengths, angles), so that a limit cannot be fitted to one
picture. `FAULTS` names, per row of the evaluation, the codes that may be given.
"""

from __future__ import annotations

from collections.abc import Callable

from tests.photo.defects_base import Base, Rng
from tests.photo.defects_cover import (
    beige_hat,
    beige_mask,
    clear_glasses,
    dark_hat,
    dark_sunglasses,
    eyes_shut,
    fringe,
    hair_over_eyes,
    lens_glare,
    tinted_sunglasses,
    vivid_hat,
    white_mask,
)
from tests.photo.defects_harmless import HARMLESS as ACCEPTED
from tests.photo.defects_scene import (
    blocky,
    clean,
    curtain,
    defocus,
    enlarged,
    exposed,
    far,
    half_shade,
    motion,
    panel_lines,
    pattern,
    plain_wall,
    tilted,
    top_cut,
    two_tone,
    wall_shadow,
)
from tests.photo.defects_wider import WIDER
from tests.photo.frames import Pixels

Fault = Callable[[Base, Rng], Pixels]
FAULTS: dict[str, tuple[tuple[str, ...], Fault]] = {
    "blur": (("blur",), defocus),
    "motion": (("blur",), motion),
    "dark, 4 stops": (("dark",), lambda b, r: exposed(b.frame, float(r.uniform(-4.5, -3.5)))),
    "over, 2 stops": (("over",), lambda b, r: exposed(b.frame, float(r.uniform(1.7, 2.3)))),
    "dark sunglasses": (("sunglasses",), dark_sunglasses),
    "tinted sunglasses": (("sunglasses",), tinted_sunglasses),
    "white or blue mask": (("mask",), white_mask),
    "beige mask": (("mask",), beige_mask),
    "dark hat": (("hat",), dark_hat),
    "beige hat": (("hat",), beige_hat),
    "vivid hat": (("hat",), vivid_hat),
    "eyes painted shut": (("eyes",), eyes_shut),
    "hair over the eyes": (("hair",), hair_over_eyes),
    "lens glare": (("glare",), lens_glare),
    "roll": (("roll",), tilted),
    "wall pattern": (("background",), pattern),
    "two-tone wall": (("background",), two_tone),
    "panel lines": (("background",), panel_lines),
    "curtain folds": (("background",), curtain),
    "wall shadow": (("shadow", "background"), wall_shadow),
    "half face in shade": (("light",), half_shade),
    "far": (("small",), far),
    "top cut": (("cut_top", "cut_margin"), top_cut),
    "enlarged": (("enlarged", "blur"), enlarged),
    "compressed": (("compression",), blocky),
    **WIDER,
}
HARMLESS: dict[str, Fault] = {
    "clean": clean, "clear glasses": clear_glasses, "fringe": fringe, "plain wall": plain_wall,
    **ACCEPTED,
}
"""What must never be stopped."""
