"""`fieldkit photo …`: a picture file judged, cropped for the online application, printed."""

from __future__ import annotations

from argparse import Namespace

from PIL import Image

from fieldkit.cli_files import show
from fieldkit.clock import system_clock
from fieldkit.errors import BadInput
from fieldkit.paper.photo_sheet import COPIES, PAPERS, photo_sheet
from fieldkit.photo import file_report, judge, load_limits, read_photo, refusal_report
from fieldkit.photo.exporting import online_file
from fieldkit.settings import asset_dir


def photo_judge(given: Namespace) -> int:
    """Exit code 0 for every photo that was judged, 1 for a file that is no photo."""
    try:
        report = file_report(given.file, load_limits(asset_dir("forms")))
    except BadInput as error:
        if given.json:
            show(refusal_report(error))
            return 1
        raise
    if given.json:
        show(report)
    else:
        print({"pass": "適合", "advise": "注意", "stop": "不可"}[report["verdict"]])
        for finding in report["findings"]:
            print(f"・{finding['advice']}")
    return 0


def _usable_crop(given: Namespace) -> bytes:
    """The crop of a picture file; BadInput with the advice where no reason could excuse it."""
    if given.out.resolve() == given.file.resolve():
        raise BadInput("out", "元の写真には上書きしません。--out に別の名前を書いてください。")
    judged = judge(read_photo(given.file), limits=load_limits(asset_dir("forms")))
    for finding in judged.findings:
        if finding.severity == "stop" and not finding.overridable:
            raise BadInput("photo", finding.advice)
        print(f"・{finding.advice}")
    if judged.crop_jpeg is None:
        raise BadInput("photo", "顔が見つかりません。カメラの正面を向いて、撮り直してください。")
    return judged.crop_jpeg


def photo_export(given: Namespace) -> int:
    """The file for the online application, from a picture file."""
    data = online_file(_usable_crop(given))
    given.out.write_bytes(data)
    with Image.open(given.out) as made:
        width, height = made.size
    print(f"{given.out} に書きました（{width}×{height}ピクセル、{len(data):,}バイト）。")
    return 0


def photo_sheet_pdf(given: Namespace) -> int:
    """A print sheet, from a picture file."""
    pdf = photo_sheet(asset_dir("forms"), given.paper, _usable_crop(given), system_clock())
    given.out.write_bytes(pdf)
    print(f"{given.out} に書きました（{PAPERS[given.paper].name}に{COPIES}枚、100%で印刷）。")
    return 0


PHOTO = {"photo_judge": photo_judge, "photo_export": photo_export, "photo_sheet": photo_sheet_pdf}
