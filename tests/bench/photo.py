"""How long a photo takes, each step against a floor measured in the same run, and the memory.

    python -m tests.bench.photo

The floor is what no judge can do without: decoding, faces and landmarks, person mask, each once on
the whole picture. Prints medians in milliseconds (and the processor's own time, which other work
on the machine disturbs less), never an assertion: what is slow on one laptop is a number to look
at, not a red test. Wanted: 1080 lines at most 1.5 x the floor and 150 ms; 12 megapixels at most
twice that; a frame of the live view 60 ms; 600 MB at the peak.
"""

from __future__ import annotations

import struct
import subprocess
import sys
import time

import cv2
import numpy as np

from fieldkit.photo import guide, judge, shared_engine
from fieldkit.photo.opening import open_picture
from tests.bench.timing import say, took
from tests.photo.frames import Pixels, astronaut_frame, jpeg_bytes

ROUNDS = 25
PHOTOS = 20
PEAK = """
import struct, sys
import fieldkit.app, fieldkit.__main__
from fieldkit.photo import judge, shared_engine
def peak():
    status = open("/proc/self/status").read()
    return int(status.split("VmHWM:")[1].split()[0]) // 1024
start = peak()
shared_engine().warm()
loaded = peak()
while head := sys.stdin.buffer.read(4):
    judge(sys.stdin.buffer.read(struct.unpack(">I", head)[0]))
print(start, loaded, peak())
"""


def floor(data: bytes) -> None:
    pixels, engine = open_picture(data), shared_engine()
    engine.find(pixels)
    engine.person(pixels)


def small(frame: Pixels) -> bytes:
    size = (640, 640 * frame.shape[0] // frame.shape[1])
    return jpeg_bytes(np.asarray(cv2.resize(frame, size, interpolation=cv2.INTER_AREA)), 80)


def bench_memory(photos: list[bytes]) -> None:
    """A kit process of its own: all its modules, the engine, then photos one after another."""
    if sys.platform != "linux":
        print("memory: measured on Linux only")
        return
    sent = b"".join(struct.pack(">I", len(data)) + data for data in photos)
    run = subprocess.run([sys.executable, "-c", PEAK], input=sent, capture_output=True, check=True)
    start, loaded, peak = run.stdout.decode().split()
    print(f"memory of the kit: {start} MB at the start, {loaded} MB with the engine, "
          f"{peak} MB at the peak of {len(photos)} photos (wanted: 600 MB)")


def main() -> None:
    begin = time.perf_counter()
    shared_engine().warm()
    print(f"loading the engine {(time.perf_counter() - begin) * 1000:.0f} ms")
    screen = astronaut_frame(1920, 1080, eye_px=150)
    shot = jpeg_bytes(screen)
    large = jpeg_bytes(astronaut_frame(4032, 3024, eye_px=420))
    least = took(lambda: floor(shot), ROUNDS, 2)
    say("floor of 1920x1080", least)
    say("judge 1920x1080, verdict and crop", took(lambda: judge(shot), ROUNDS, 2), least)
    most = took(lambda: floor(large), ROUNDS, 2)
    say("floor of 12 megapixels", most)
    say("judge 12 megapixels, verdict and crop", took(lambda: judge(large), ROUNDS, 2), most)
    frame = small(screen)
    view = took(lambda: guide(frame, full_height=1080), ROUNDS, 2)
    say("a frame of the live view, 640x360", view)
    bench_memory(([shot] * 4 + [large]) * (PHOTOS // 5))


if __name__ == "__main__":
    main()
