"""The face photo: find, measure, judge, crop. All in memory: no temporary file, ever.

`judge` is the door for a taken photo, `guide` for the live view, `FaceEngine.self_test` for the
doctor. Decisions are in `fieldkit.rules.photo_marks`; their limits in `forms/photo.toml`.
"""

from fieldkit.photo.faces import FaceEngine, shared_engine
from fieldkit.photo.guiding import guide
from fieldkit.photo.judging import Judged, judge, judge_file_report, load_limits
from fieldkit.photo.measuring import crop, measure
from fieldkit.rules.photo_marks import Finding, Measured, decide, worst_two

__all__ = [
    "FaceEngine", "Finding", "Judged", "Measured", "crop", "decide", "guide", "judge",
    "judge_file_report", "load_limits", "measure", "shared_engine", "worst_two",
]
