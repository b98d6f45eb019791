"""How many degraded QR frames are read, plain and with the retries: python -m tests.bench.qr

22 degradations x COUNT frames of 1280 x 960, each read both ways in the same run; then the time
of a frame without any code, which is what the camera sends while a person is still aiming.
"""

from __future__ import annotations

import statistics
import sys
import time

import numpy as np

from fieldkit.photo import qr as reader
from tests.photo.qr_frames import ADDRESS, DEGRADED, jpeg, on_paper

COUNT = 10


def plain(frame: bytes) -> tuple[str, ...]:
    """One try, without any sharpening."""
    grey = reader._grey(frame)
    return tuple(b.text for b in reader.zxingcpp.read_barcodes(grey, formats=reader.QR))


def main(count: int = COUNT) -> None:
    totals, times, wrong = [0, 0], ([], []), 0
    print(f"{'degradation':22s} plain  retries  (of {count})")
    for name, make in DEGRADED.items():
        random, read = np.random.default_rng(11), [0, 0]
        for _ in range(count):
            frame = jpeg(make(random))
            for way, look in enumerate((plain, reader.read_codes)):
                start = time.perf_counter()
                texts = look(frame)
                times[way].append(1000 * (time.perf_counter() - start))
                read[way] += ADDRESS in texts
                wrong += any(text != ADDRESS for text in texts)
        totals = [a + b for a, b in zip(totals, read, strict=True)]
        print(f"{name:22s} {read[0]:5d}  {read[1]:7d}")
    whole = count * len(DEGRADED)
    for way, name in enumerate(("plain", "with retries")):
        ms = sorted(times[way])
        print(f"{name}: {totals[way]}/{whole}, median {statistics.median(ms):.1f} ms, "
              f"p95 {ms[int(0.95 * len(ms))]:.1f} ms")
    print(f"wrong texts: {wrong}")
    bare, spent = jpeg(on_paper()), []
    for _ in range(20):
        start = time.perf_counter()
        assert reader.read_codes(bare) == ()
        spent.append(1000 * (time.perf_counter() - start))
    print(f"a frame without a code: median {statistics.median(spent):.1f} ms, "
          f"worst {max(spent):.1f} ms")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:2]))
