"""What a supervisor does at the console. Each act is a form of its own, and a row of the ledger."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path

from flask import Blueprint, Response, current_app, g, redirect, request
from flask.typing import ResponseReturnValue

from sync.ids import groups
from sync.server import cli_handover as words
from sync.server import console_html as h
from sync.server import devices, handover, handover_erase, handover_results, letin, quarantine
from sync.server.cli_people import let_in
from sync.server.console import city, guard, show, sorry, token
from sync.server.console_pages import PROFILE
from sync.server.engine import CONFIG
from sync.server.init import city_fingerprint

acts = Blueprint("console_acts", __name__)
acts.before_request(guard)
MAKE = "書き出すには、市サーバの機械で、受け渡しを作る命令（handover make）を実行します。"
MISSING = "結果と、フォルダーか申請書IDを選んでください。返却には理由が要ります。"


def _folder() -> Path | None:
    found: Path | None = current_app.extensions["folder"]
    return found


def _url() -> str:
    """The address that laptops use: `url` of server.toml, else the one of this request."""
    path = _folder()
    if path is not None and (path / CONFIG).exists():
        told = tomllib.loads((path / CONFIG).read_text(encoding="utf-8")).get("url", "")
        if told:
            return str(told)
    return request.host_url.rstrip("/")


# -- devices ------------------------------------------------------------------------------------
@acts.post("/devices/code")
def new_code() -> Response:
    profile = request.form.get("profile", "")
    if profile not in PROFILE:
        return sorry(404)
    if request.form.get("how") == "file":
        value = devices.enrolment_file(city(), profile, _url(), g.who)
        told = {"Content-Disposition": f'attachment; filename="{devices.file_name(value)}"'}
        text = json.dumps(value, ensure_ascii=False, indent=1)
        return Response(text, mimetype="application/json", headers=told)
    code = devices.new_code(city(), profile, g.who)
    return show(
        "登録の符号",
        h.para("この画面でだけ見られます。24時間のあいだ、一台だけが登録できます。", "says"),
        h.head(f"符号（{PROFILE[profile]}）"), h.para(groups(code), "code"),
        h.head("市の鍵の指紋"), h.para(city_fingerprint(city()), "code"),
        h.head("市サーバの住所"), h.para(_url(), "code"),
        h.para(h.link("/devices", "端末へもどる")),
        here="/devices",
    )  # fmt: skip


@acts.post("/devices/withdraw")
def withdraw() -> ResponseReturnValue:
    devices.withdraw(city(), request.form.get("name", ""), g.who)
    return redirect("/devices", 303)


@acts.get("/devices/<device>/stop")
def ask_stop(device: str) -> Response:
    with city().read() as shelf:
        known = shelf.device(device)
    if known is None:
        return sorry(404)
    return show(
        f"端末 {device} を停止しますか",
        h.para(f"{known.name}（{PROFILE.get(known.profile, known.profile)}）"),
        h.para("停止した端末は、二度と送受信できません。元に戻せません。", "warn"),
        h.para("あとから届いたものは、捨てずに別に置き、監督者が受け入れるかを決めます。"),
        h.form(f"/devices/{device}/stop", token(), h.button("停止する", "danger")),
        h.para(h.link("/devices", "やめる")), here="/devices",
    )  # fmt: skip


@acts.post("/devices/<device>/stop")
def stop(device: str) -> ResponseReturnValue:
    return redirect("/devices", 303) if devices.revoke(city(), device, g.who) else sorry(404)


# -- what a revoked device sent -----------------------------------------------------------------
@acts.get("/parked/<device>")
def ask_parked(device: str) -> Response:
    with city().read() as shelf:
        found = [one for one in quarantine.every(shelf) if one.device == device]
    if not found:
        return sorry(404)
    return show(
        f"端末 {device} から届いたもの",
        h.para(f"判断待ち{found[0].waiting}件、{found[0].size:,}バイト。"),
        h.head("受け入れる"),
        h.para("届いた順に、動いている端末からのものと同じように取り入れます。"),
        h.form(f"/parked/{device}/accept", token(), h.button("受け入れる")),
        h.head("受け入れない"),
        h.form(
            f"/parked/{device}/drop", token(),
            h.field("why", "理由（氏名は書かない）", more="required"),
            h.button("受け入れない", "danger"),
        ),
        here="/parked",
    )  # fmt: skip


@acts.post("/parked/<device>/<act>")
def decide(device: str, act: str) -> ResponseReturnValue:
    if act == "accept":
        says = let_in(device, letin.accept(city(), device, g.who))
        back = h.para(h.link("/parked", "停止した端末から届いたものへもどる"))
        return show("受け入れました", h.para(says, "says"), back, here="/parked")
    why = request.form.get("why", "").strip()
    if act != "drop" or not why:
        return sorry(404)
    quarantine.drop(city(), device, why, g.who)
    return redirect("/parked", 303)


# -- J-LIS --------------------------------------------------------------------------------------
@acts.get("/handover")
def handover_page(says: str = "") -> Response:
    with city().read() as shelf:
        told, made = handover.plan(shelf), handover_results.batches(shelf)
    rows = [
        (
            one.id,
            h.when(one.at),
            "、".join(f"{words.STATES[s]}{n}枚" for s, n in sorted(one.count.items())),
        )
        for one in made
    ]
    odd = [(one.reception_no or "番号なし", handover.WHY[one.why]) for one in told.not_yet]
    results = list(words.RESULTS.items())
    try:
        after = f"受理から{handover.keep_days(_folder())}日"
    except ValueError:
        after = "決められた日数の"
    folders = [("", "（下の申請書IDだけ）"), *((one.id, h.when(one.at)) for one in made)]
    return show(
        "受け渡し",
        h.para(says, "says") if says else "",
        h.para(f"書き出せる写真：{len(told.ready)}枚。{MAKE}"),
        h.table("受け渡したフォルダー", ("番号", "いつ", "状態"), rows),
        h.head("結果を記録する"),
        h.form(
            "/handover/record", token(),
            h.choice("result", "結果", results),
            h.choice("batch", "フォルダー全体", folders),
            h.area("ids", "申請書ID（1行に1つ。書けば、これだけを記録します）"),
            h.field("reason", "返却の理由（氏名は書かない）"),
            h.button("記録する"),
        ),
        h.head("受理された写真を消す"),
        h.para(f"{after}たった写真の、鍵と中身を消します。元に戻せません。", "warn"),
        h.form("/handover/erase", token(), h.sure("消してよい"), h.button("消す", "danger")),
        h.table("まだ書き出せない写真", ("受付番号", "わけ"), odd),
        here="/handover",
    )  # fmt: skip


@acts.post("/handover/record")
def record() -> Response:
    told = request.form
    result, batch, reason = (told.get(name, "") for name in ("result", "batch", "reason"))
    ids = told.get("ids", "").split()
    try:
        done = handover_results.record(city(), result, g.who, batch, ids, reason)
    except ValueError:
        return handover_page(MISSING)
    return handover_page(words.says(result, done))


@acts.post("/handover/erase")
def erase() -> Response:
    if not request.form.get("sure"):
        return handover_page("「消してよい」に印を付けてください。")
    try:
        days = handover.keep_days(_folder())
    except ValueError:
        return handover_page("server.toml の [handover] keep_days が正しくありません。")
    return handover_page(words.erased(handover_erase.erase(city(), g.who, days), days))
