"""`fieldkit sync --folder DIR` and `enrol --file`: the road by USB memory without a screen."""

from __future__ import annotations

from pathlib import Path

from fieldkit import carry, carry_answers, carry_asks, carry_enrol, carry_says, outbox
from fieldkit.carry_reply import Taken, take_replies
from fieldkit.carry_write import Carried
from fieldkit.city import identity, refusal
from fieldkit.store.vault import Vault


def run(vault: Vault, folder: Path, medium_no: str, erase: bool, day: str = "") -> int:
    """Take the replies that lie there; write what waits; 1 where a reply did not fit.

    `day`: ask for the check-out of that day's reservations of this laptop. Answers that bring a
    secret stay in the reply: a command that ends at once could only lose it.
    """
    carry.check_folder(vault, folder)
    carry.check_city(identity(vault), folder)
    taken = take_replies(vault, folder, asks=False)
    for one in taken:
        print(_says(one))
    good = [one.no for one in taken if not one.code]
    waits = sum(one.open for one in taken)
    if waits:
        print(f"頼んだことへの返事が{waits}件あります。キットの「USBで運ぶ」の画面で読んでください。")
    if erase and good and not waits:
        count = carry.empty(vault, max(good), folder)
        print(f"USBメモリのこの端末のファイル{count}件を消し、なくなったことを確かめました。")
    if day:
        ask = carry_asks.for_day(vault, None, day, carry_asks.booked(vault, day))
        print(f"頼みました：{carry_answers.says(ask)}")
    if not good or carry.has_something(vault):
        print("書き込んで、読み直しています。USBメモリを抜かないでください…", flush=True)
        for line in written(carry.export(vault, folder, medium_no)):
            print(line)
    left = outbox.waiting(vault)
    print(f"残り{left['waiting']}件、保留{left['parked']}件。")
    return 1 if any(one.code or one.refused for one in taken) else 0


def written(done: Carried) -> list[str]:
    """What a person is told of the files that were written."""
    names = "、".join(done.files)
    says = [f"{names} に{done.items}件を書き、読み直して確かめました。"]
    if not done.items:
        says = [f"送るものはありません。市の知らせを受け取るためのファイル {names} を書きました。"]
    if len(done.files) > 1:
        says.append(f"一つのファイルに入らないため、{len(done.files)}個に分けました。全部を運びます。")
    if done.left:
        says.append(f"写真{done.left}枚は入りませんでした（{done.why}）")
    if done.damaged:
        says.append(f"壊れていて入れられないものが{done.damaged}件あります。")
    return says


def enrol(vault: Vault, place: Path, name: str, fingerprint: str) -> int:
    """`fieldkit enrol --file`: write the request, or take the city's answer."""
    done = carry_enrol.enrol_by_file(vault, place, name, fingerprint)
    print(f"市の鍵の指紋: {done.fingerprint}（市から受け取った紙と同じことを確かめてください）")
    if done.device:
        print(f"端末 {done.device} として登録しました。登録ファイルは消してください。")
        return 0
    print(f"登録の申し込みを {done.file} に書きました。市で受け付けてもらい、")
    print("同じUSBメモリを差して、もう一度このコマンドを実行してください。")
    return 0


def _says(one: Taken) -> str:
    if one.code:
        return f"{one.file}：{carry_says.reply_says(one.code)}"
    line = f"{one.file}：{carry_says.proved(one.proved)}"
    if one.again:
        line += f"壊れて届かなかったものが{one.again}件あります。次の書き込みでもう一度送ります。"
    return line + "".join(sorted({refusal(code).sentence for code in one.refused}))
