"""What the bytes of an uploaded JPEG tell about how strongly it was compressed.

The pixels count more (`features_detail.blockiness`): the camera path encodes once more at a high
quality, and a strongly compressed picture that is saved again keeps its damage.
"""

from __future__ import annotations

import io

from PIL import Image

_STANDARD = (16, 11, 10, 16, 24, 40, 51, 61, 12, 12, 14, 19, 26, 58, 60, 55, 14, 13, 16, 24, 40,
             57, 69, 56, 14, 17, 22, 29, 51, 87, 80, 62, 18, 22, 37, 56, 68, 109, 103, 77, 24, 35,
             55, 64, 81, 104, 113, 92, 49, 64, 78, 87, 103, 121, 120, 101, 72, 92, 95, 98, 112, 100,
             103, 99)
"""The luminance table of the JPEG standard (ISO/IEC 10918-1 annex K) at quality 50."""


def quality_of(data: bytes) -> float | None:
    """JPEG quality from the luminance quantisation table: its mean against the standard's.

    Reads the header only. None where there is no readable table. Never raises.
    """
    try:
        with Image.open(io.BytesIO(data), formats=("JPEG",)) as picture:
            tables = getattr(picture, "quantization", None)
    except Exception:  # Pillow's readers raise almost anything on broken bytes
        return None
    if not tables or 0 not in tables:
        return None
    scale = 100 * sum(tables[0]) / sum(_STANDARD)
    return round(max(1.0, 5000 / scale if scale > 100 else 100 - scale / 2), 1)
