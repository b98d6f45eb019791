"""The face photo: find, measure, judge, crop. All in memory: no temporary file, ever.

`judge` is the door for a taken photo, `guide` for the live view, `self_test` for the
doctor. Decisions are in `fieldkit.rules.photo_marks`; their limits in `forms/photo.toml`.
"""

from fieldkit.photo.engine import FaceEngine, NoEngine, self_test, shared_engine, warm_up
from fieldkit.photo.guiding import guide
from fieldkit.photo.judging import Judged, judge, load_limits
from fieldkit.photo.measuring import crop, measure
from fieldkit.photo.reporting import (
    file_report,
    judge_file_report,
    read_photo,
    refusal_report,
)
from fieldkit.rules.photo_marks import Finding, Measured, decide, worst_two

__all__ = [
    "FaceEngine", "Finding", "Judged", "Measured", "NoEngine", "crop", "decide", "file_report",
    "guide", "judge", "judge_file_report", "load_limits", "measure", "read_photo",
    "refusal_report", "self_test", "shared_engine", "warm_up", "worst_two",
]
