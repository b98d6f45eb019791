"""Camera frames that show a QR, and what a camera at a bedside does to them.

The code is the size of the application form's (33 modules; the address is a made-up one on the
official host). Every degradation is a function of a frame and a random generator.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import cv2
import numpy as np
import numpy.typing as npt
import zxingcpp

from tests.photo.frames import jpeg_bytes

Frame = npt.NDArray[np.uint8]
Random = np.random.Generator
FORM_ID = "40718293650127483916205"
ADDRESS = f"https://net.kojinbango-card.go.jp/SS_SERVICE_OUT/X.do?id={FORM_ID}"
SIZE = (1280, 960)


def qr(text: str = ADDRESS, module: int = 6) -> Frame:
    """The code alone, `module` pixels a module, with the quiet zone of 4 modules."""
    made = zxingcpp.create_barcode(text, zxingcpp.BarcodeFormat.QRCode, ec_level="M")
    small = np.asarray(made.to_image(scale=1, add_quiet_zones=True), np.uint8)
    large = cv2.resize(small, None, fx=module, fy=module, interpolation=cv2.INTER_NEAREST)
    return np.asarray(large, np.uint8)


def on_paper(*codes: Frame, size: tuple[int, int] = SIZE, paper: int = 215) -> Frame:
    """height x width, grey: the codes side by side in the middle of a sheet with some print."""
    width, height = size
    frame = np.full((height, width), paper, np.uint8)
    for line in range(30, height - 20, 70):
        cv2.putText(frame, "card application 2026 / name / address", (30, line),
                    cv2.FONT_HERSHEY_SIMPLEX, 0.8, 60, 2)
    left = (width - sum(code.shape[1] for code in codes)) // 2
    for code in codes:
        tall, wide = code.shape
        top = (height - tall) // 2
        frame[top : top + tall, left : left + wide] = np.minimum(code, paper)
        left += wide
    return frame


def jpeg(grey: Frame, quality: int = 90) -> bytes:
    return jpeg_bytes(np.dstack([grey] * 3), quality)


def blur(frame: Frame, sigma: float) -> Frame:
    return np.asarray(cv2.GaussianBlur(frame, (0, 0), sigma), np.uint8)


def motion(frame: Frame, length: int, angle: float) -> Frame:
    kernel = np.zeros((length, length), np.float32)
    kernel[length // 2] = 1
    turn = cv2.getRotationMatrix2D(((length - 1) / 2, (length - 1) / 2), angle, 1)
    kernel = cv2.warpAffine(kernel, turn, (length, length))
    return np.asarray(cv2.filter2D(frame, -1, kernel / kernel.sum()), np.uint8)


def noise(frame: Frame, sigma: float, random: Random) -> Frame:
    return np.asarray(np.clip(frame + random.normal(0, sigma, frame.shape), 0, 255), np.uint8)


def turned(frame: Frame, angle: float) -> Frame:
    height, width = frame.shape
    matrix = cv2.getRotationMatrix2D((width / 2, height / 2), angle, 1)
    turned = cv2.warpAffine(frame, matrix, (width, height), borderValue=200)
    return np.asarray(turned, np.uint8)


def tilted(frame: Frame, share: float) -> Frame:
    """The upper edge narrower by `share`: a sheet that lies flat, seen from the side."""
    height, width = frame.shape
    corners = [[0, 0], [width, 0], [width, height], [0, height]]
    seen = [[width * share / 2, 0], [width * (1 - share / 2), 0], [width, height], [0, height]]
    matrix = cv2.getPerspectiveTransform(np.float32(corners), np.float32(seen))
    seen_so = cv2.warpPerspective(frame, matrix, (width, height), borderValue=200)
    return np.asarray(seen_so, np.uint8)


def shaded(frame: Frame, share: float) -> Frame:
    """Light falls off to the right by `share`."""
    fall = np.linspace(1, 1 - share, frame.shape[1])[None, :]
    return np.asarray(frame * fall, np.uint8)


def glare(frame: Frame, strength: float, random: Random) -> Frame:
    height, width = frame.shape
    y, x = np.mgrid[:height, :width]
    at = random.normal((width / 2, height / 2), 60)
    spot = np.exp(-((x - at[0]) ** 2 + (y - at[1]) ** 2) / (2 * 45.0**2))
    return np.asarray(np.clip(frame + strength * spot, 0, 255), np.uint8)


def _sized(module: float) -> Frame:
    code = cv2.resize(qr(), None, fx=module / 6, fy=module / 6, interpolation=cv2.INTER_AREA)
    return on_paper(np.asarray(code, np.uint8))


def _mixed(random: Random) -> Frame:
    frame = tilted(turned(_sized(5), random.uniform(-25, 25)), 0.15)
    return noise(blur(shaded(frame, 0.4), 2.3), 4, random)


Make = Callable[[Random], Frame]
DEGRADED: dict[str, Make] = {
    "plain": lambda r: _sized(6),
    "blur 0.4 module": lambda r: blur(_sized(6), 2.4),
    "blur 0.5 module": lambda r: blur(_sized(6), 3.0),
    "blur 0.6 module": lambda r: blur(_sized(6), 3.6),
    "blur 0.7 module": lambda r: blur(_sized(6), 4.2),
    "blur 0.4, noise 25": lambda r: noise(blur(_sized(6), 2.4), 25, r),
    "blur 0.5, noise 25": lambda r: noise(blur(_sized(6), 3.0), 25, r),
    "motion 1 module": lambda r: motion(_sized(6), 7, r.uniform(0, 180)),
    "motion 1.75 modules": lambda r: motion(_sized(6), 11, r.uniform(0, 180)),
    "motion 2.5 modules": lambda r: motion(_sized(6), 15, r.uniform(0, 180)),
    "perspective 30 %": lambda r: tilted(_sized(6), 0.3),
    "shading 80 %": lambda r: shaded(_sized(6), 0.8),
    "2 pixels a module": lambda r: _sized(2),
    "1.6 pixels a module": lambda r: _sized(1.6),
    "noise 25": lambda r: noise(_sized(6), 25, r),
    "noise 90": lambda r: noise(_sized(6), 90, r),
    "JPEG 15": lambda r: np.asarray(cv2.imdecode(cv2.imencode(
        ".jpg", _sized(4), [cv2.IMWRITE_JPEG_QUALITY, 15])[1], cv2.IMREAD_GRAYSCALE), np.uint8),
    "turned": lambda r: turned(_sized(6), r.uniform(0, 360)),
    "upside down": lambda r: np.ascontiguousarray(_sized(6)[::-1, ::-1]),
    "inverted": lambda r: np.asarray(255 - _sized(6), np.uint8),
    "glare": lambda r: glare(_sized(6), 160, r),
    "mixed": _mixed,
}


def rgb(frames: Sequence[Frame]) -> list[Frame]:
    """Grey frames as a fake camera wants them."""
    return [np.dstack([frame] * 3) for frame in frames]
