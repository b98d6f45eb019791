"""What each command does; one function a command, named as the command is."""

from __future__ import annotations

import threading
from argparse import Namespace
from pathlib import Path

from fieldkit import (
    alone,
    citydata,
    citysettings,
    cli_carry,
    cli_outbox,
    cli_settings,
    deletion,
    demo,
    doctor,
    doctor_system,
    harden,
    outbox,
    restored,
    rules_try,
    serving,
)
from fieldkit.app import create_app, make_http
from fieldkit.city import enrol_device
from fieldkit.cli_files import read, read_json, show
from fieldkit.cli_forms import FORMS, forms_dir
from fieldkit.cli_people import PEOPLE, ask
from fieldkit.cli_photo import PHOTO
from fieldkit.deletion_records import label
from fieldkit.errors import BadInput, NotFound
from fieldkit.guard import new_host_label
from fieldkit.rules.wareki import parse_date
from fieldkit.settings import Settings, load_settings
from fieldkit.store import opening
from fieldkit.store.keyslots import User
from fieldkit.store.startcheck import check_place
from fieldkit.store.vault import Vault
from sync import verify_ledger
from sync.ids import groups


def _unlocked(given: Namespace) -> Vault:
    settings = load_settings(given.data)
    _need_vault(settings)
    given.alone = alone.only_one(settings.data_dir)  # held as long as the command runs
    return opening.unlock(settings, given.user, ask())


def _need_vault(settings: Settings) -> None:
    if not opening.exists(settings):
        raise NotFound("このフォルダーに保管庫がありません。先に init を実行してください。")


def init(given: Namespace) -> int:
    settings = load_settings(given.data)
    user = User(given.user, given.name, "supervisor")
    given.alone = alone.only_one(settings.data_dir)
    vault, recovery = opening.create(settings, user, ask())
    vault.close()
    print("保管庫を作りました。復旧用の26文字を紙に書き、市で保管してください（一度だけ表示）:")
    print(groups(recovery))
    return 0


def enrol(given: Namespace) -> int:
    if given.file is None and not (given.server and given.code and given.fingerprint):
        raise BadInput("enrol", "--server・--code・--fingerprint か、--file を書いてください。")
    vault = _unlocked(given)
    if given.file is not None:
        try:
            return cli_carry.enrol(vault, given.file, given.device_name, given.fingerprint)
        finally:
            vault.close()
    device = enrol_device(vault, given.server, given.code, given.fingerprint, given.device_name)
    vault.close()
    print(f"端末 {device} として登録しました。")
    return 0


def serve(given: Namespace) -> int:
    harden.harden()
    settings = load_settings(given.data)
    check_place(settings)
    _need_vault(settings)
    port = demo.checked_port(given.port) or demo.free_port()
    settings = settings.with_host(f"{new_host_label()}.localhost:{port}")
    with alone.only_one(settings.data_dir):
        app = create_app(settings)
        server = make_http(app, settings, port)
        demo.bind(server, port)
        threading.Thread(target=server.serve, daemon=True).start()
        try:
            with serving.announced(app.extensions["kit"]):
                screens = serving.Screens(app.extensions["kit"], not given.no_browser)
                lines = [f"画面: {screens.first_line()}", *screens.more_lines()]
                print("\n".join([*lines, "終わるときは Ctrl-C"]), flush=True)
                serving.wait(screens)
        finally:
            server.stop()
            app.extensions["kit"].put_away()
    return 0


def open_kit(given: Namespace) -> int:
    return serving.open_running(given.data, given.print)


def run_demo(given: Namespace) -> int:
    harden.harden()
    return demo.run(given.data, given.port, not given.no_browser, given.check, given.fresh)


def run_doctor(given: Namespace) -> int:
    checks = doctor.run(given.data)
    for check in checks:
        print(f"{'よい　' if check.ok else 'だめ　'}{check.name}：{check.says}")
    told = doctor_system.run(given.data or Path("kit-data"))
    print("この端末の設定（市の情報部門が決めるもの。キットだけでは守れません）：")
    for found in told:
        print(f"{doctor_system.WORDS[found.state]}{found.name}：{found.says}")
    return 0 if all(check.ok for check in checks) else 1


def rules_try_case(given: Namespace) -> int:
    show(rules_try.answer(read_json(given.case), citydata.load(forms_dir(given))))
    return 0


def sync(given: Namespace) -> int:
    vault = _unlocked(given)
    if given.folder:
        try:
            day = parse_date(given.checkout, "checkout").isoformat() if given.checkout else ""
            return cli_carry.run(vault, given.folder, given.medium, given.erase, day)
        finally:
            vault.close()
    try:
        done = outbox.sync(vault)
        citysettings.fetch(vault)
        left, gone = outbox.waiting(vault), len(restored.lost(vault))
    finally:
        vault.close()
    print(f"送りました：{done.done}件。残り{left['waiting']}件、保留{left['parked']}件。")
    if done.warning:
        print(done.warning)
    if gone:
        print(f"市サーバの復元で失われたもの{gone}件。送信の画面で確かめてください。")
    return 0 if not left["waiting"] and not left["parked"] else 1


def show_outbox(given: Namespace) -> int:
    vault = _unlocked(given)
    try:
        return cli_outbox.run(vault)
    finally:
        vault.close()


def city_settings(given: Namespace) -> int:
    vault = _unlocked(given)
    try:
        return cli_settings.run(vault, given)
    finally:
        vault.close()


def deletion_verify(given: Namespace) -> int:
    """Every container's record, checked now: 0 where nothing is claimed that cannot be shown."""
    vault = _unlocked(given)
    try:
        found = deletion.records_of_trips(vault)
    finally:
        vault.close()
    words = {"proved": "削除済み", "open": "未了", "unproved": "証明できません"}
    for record in found:
        why = "".join(record.faults or record.waits) or record.crypto_at
        print(f"{record.trip_id[-12:]}　{label(record)}　{words[record.state]}：{why}")
    if not found:
        print("確かめる訪問データ・受付データは、まだありません。")
    return 1 if any(record.state == "unproved" for record in found) else 0


def ledger_verify(given: Namespace) -> int:
    read(given.file)
    words = [str(given.file)]
    for name in ("public", "receipts", "against"):
        if getattr(given, name):
            words += [f"--{name}", getattr(given, name)]
    for key in given.city_public:
        words += ["--city-public", key]
    return verify_ledger.main(words)


COMMANDS = {
    "init": init,
    "enrol": enrol,
    **PEOPLE,
    "serve": serve,
    "open": open_kit,
    "demo": run_demo,
    "doctor": run_doctor,
    **FORMS,
    **PHOTO,
    "rules_try": rules_try_case,
    "sync": sync,
    "outbox": show_outbox,
    "settings_list": city_settings,
    "settings_take": city_settings,
    "settings_back": city_settings,
    "deletion_verify": deletion_verify,
    "ledger_verify": ledger_verify,
}
