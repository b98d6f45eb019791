"""The looks of the papers of a person and of a visit, of another form, and of the shown screen."""

from __future__ import annotations

from typing import Any

from tests.web.style.page_people import APPLICANT, VISIT, VISITING, Context
from tests.web.style.page_questions import QUESTIONS


def _visiting(**more: Any) -> Context:
    return {**VISITING, "visit": VISIT, "applicant": APPLICANT, **more}


def _paper(form: str, label: str, state: str, state_ja: str, **more: Any) -> Context:
    return {
        "form": form, "label": label, "short": label.split(" ")[0], "must": True,
        "reason": "すべての申請に必要です。", "state": state, "state_ja": state_ja, "printed": 0,
        "by_hand": False, "left": [], "fill_url": "#fill", "print_url": "#pdf", **more,
    }  # fmt: skip


PAPERS = [
    _paper("kofu_shinsei", "個人番号カード交付申請書 兼 電子証明書発行/更新申請書", "done",
           "印刷済み 2回", printed=2),
    _paper("pin_sofu",
           "個人番号カード・電子証明書暗証番号設定依頼書 兼 送付先情報登録申請書", "warn",
           "刷り直す", printed=1, reason="暗証番号の設定を市に依頼するため。"),
    _paper("hoken_doi", "マイナンバーカードの健康保険証利用の申込みに関する同意書", "todo",
           "未記入", must=False, left=["利用登録の意味と、解除の問い合わせ先を説明しました"],
           reason="顔認証カードでは、希望があれば申し込むことをおすすめします。"),
    _paper("funshitsu", "個人番号カード紛失・廃止届 電子証明書 失効申請/秘密鍵漏えい等届出書",
           "doing", "途中", left=["なくした場所", "そのときの様子（経緯）", "ほか3件"],
           reason="カードが手元にないため。"),
    _paper("inin", "委任状", "done", "手書きした", by_hand=True, printed=1, fill_url=""),
    _paper("other", "市の様式にない届", "todo", "紙の用紙を使う", fill_url="", print_url=""),
]  # fmt: skip
CONSENTS = [
    {"title": "交付申請書", "answer": "yes", "answer_ja": "同意する", "outdated": False},
    {"title": "健康保険証利用の申込みの同意", "answer": "", "answer_ja": "まだ", "outdated": True},
    {"title": "送付先の登録", "answer": "no", "answer_ja": "同意しない", "outdated": False},
]


def _text(*lines: str) -> Context:
    return {"kind": "text", "lines": [[{"text": line, "strong": False}] for line in lines]}


def _runs(kind: str, text: str) -> Context:
    return {"kind": kind, "picture": "", "runs": [{"text": text, "strong": False}]}


def _cells(*texts: str) -> list[list[Context]]:
    return [[{"text": text, "strong": text.startswith("使えま")}] if text else [] for text in texts]


TABLE: Context = {
    "kind": "table",
    "head": True,
    "rows": [
        _cells("", "ふつうのカード", "顔認証のカード"),
        _cells("暗証番号", "決めます", "いりません"),
        _cells("コンビニで住民票など", "使えます", "使えません"),
    ],
}
PLAIN: Context = {"kind": "table", "rows": [_cells("簡易書留", "配達員が手渡します。")]}
BLOCKS = [
    _runs("title", "マイナンバーカードの申請の前に　お読みください"),
    _text("この紙は、申請の前に職員が説明することを書いたものです。", "何度でもお聞きください。"),
    _runs("head", "1　カードは2種類あります"),
    TABLE,
    _runs("point", "数字4けたの3つは、同じ番号でもかまいません。"),
    _runs("tick", "はい"),
    _runs("number", "1. 申込み"),
    {**_text("枠の中の文です。"), "kind": "frame"},
    {**_text("汐見市"), "kind": "right"},
    {"kind": "rule"},
    _runs("head", "4　カードの届き方"),
    PLAIN,
]
WORDS: Context = {
    "page": "ご確認ください", "sama": " 様", "consent": "申請の同意", "yes": "同意する",
    "no": "同意しない", "said": "お答え", "explain": "カードと暗証番号の説明を読む",
    "lead": "内容をお確かめください。まちがいがあれば、職員にお知らせください。",
    "back": "職員の画面へもどる", "here": "ご確認の画面へもどる", "languages": "ことばを選ぶ",
}  # fmt: skip
SHOWN: Context = {
    "address": "/look/show",
    "words": WORDS,
    "language": "ja",
    "html_lang": "ja",
    "languages": [
        {"code": "ja", "name": "日本語", "lang": "ja"},
        {"code": "easy", "name": "やさしい日本語", "lang": "ja"},
        {"code": "en", "name": "English", "lang": "en"},
    ],
    "explained": True,
    "rows": [
        {"label": "お名前", "value": "山本 ハル"},
        {"label": "生年月日", "value": "昭和20年3月5日（81歳）"},
        {"label": "ご住所", "value": "小樽市花園2丁目12番1号"},
    ],
}


def _consent(form: str, title: str, answer: str, **more: Any) -> Context:
    blocks = [_text("私は、上のとおり申請します。"), _text("市が申請の手続のために使います。")]
    return {"form": form, "title": title, "version": "1", "language": "ja", "lang": "ja",
            "sha": "0", "blocks": blocks, "answer": answer, "outdated": False, **more}  # fmt: skip


ENGLISH: Context = {
    **WORDS, "page": "Please check", "sama": "", "consent": "Your consent", "yes": "I agree",
    "no": "I do not agree", "said": "Your answer", "explain": "Read about the card and its PINs",
    "lead": "Please check what is written here. Tell the staff if anything is wrong.",
    "here": "Back to the check", "languages": "Choose a language",
}  # fmt: skip
COPIED = [
    {"title": "交付申請書から", "url": "#form", "rows": [
        {"label": "氏名", "value": "山本 ハル"}, {"label": "方書", "value": ""}]},
    {"title": "市の設定から", "url": "", "rows": [{"label": "あて先", "value": "汐見市長"}]},
]  # fmt: skip
STORY = {"name": "story", "type": "text", "label": "そのときの様子（経緯）", "hint": "200文字まで",
         "required": True, "choices": [], "value": "", "error": "", "long": True}  # fmt: skip
PROBLEMS = [
    {"who": "山本 ハル", "papers": ["個人番号カード紛失・廃止届"], "url": "#story",
     "other_url": "",
     "says": ["「そのときの様子（経緯）」：印刷の枠に入りません（42.5 mm 必要です）。"]},
    {"who": "佐藤 一", "papers": ["個人番号カード交付申請書", "個人番号カード返納届"],
     "url": "#name", "other_url": "#alt",
     "says": ["「氏名」：文字「葛󠄀」（U+845B U+E0100）を印刷できるフォントがありません。",
              "「氏名」：文字「𛀁」（U+1B001）を印刷できるフォントがありません。"]},
]  # fmt: skip

# name of the look -> (template, context over BASE)
PAPERS_LOOKS: dict[str, tuple[str, Context]] = {
    "papers": (
        "visit/papers.html",
        _visiting(papers=PAPERS, set_size=4, receipt_no="A-00001", consents=CONSENTS, closed=False,
                  refused=[{"form": "hoken_doi", "title": "健康保険証利用の申込み"}]),
    ),
    "papers-closed": (
        "visit/papers.html",
        _visiting(papers=PAPERS[:2], set_size=0, receipt_no="", consents=[], closed=True,
                  refused=[]),
    ),
    "papers-visit": (
        "visit/papers_visit.html",
        {
            **VISITING,
            "visit": VISIT,
            "sheets": 6,
            "people": [
                {"who": "山本 ハル", "notes": (), "url": "#1", "papers": PAPERS[:4]},
                {"who": "佐藤 一（2人目）", "notes": ("後日",), "url": "#2", "papers": []},
                {"who": "佐藤 一（3人目）", "notes": ("委任状：手書き",), "url": "#3",
                 "papers": PAPERS[:2]},
            ],
        },
    ),
    "papers-problems": (
        "visit/papers_problems.html", {**VISITING, "problems": PROBLEMS, "back": "#back"}
    ),
    "sheet": (
        "visit/form_page.html",
        _visiting(
            title="届出の理由と、なくしたときのこと", page_no=1, pages=3, copied=COPIED,
            questions=[*QUESTIONS[1:4], STORY], form_title="個人番号カード紛失・廃止届",
            url="/visit/r12/a/a1/sheet/funshitsu", up={"label": "書類の印刷", "url": "#papers"},
        ),
    ),
    "show": (
        "visit/show.html",
        _visiting(**SHOWN, consents=[_consent("kofu_shinsei", "申請の同意", "")]),
    ),
    "show-answered": (
        "visit/show.html",
        _visiting(
            **{**SHOWN, "words": ENGLISH, "language": "en", "html_lang": "en"},
            consents=[
                _consent("kofu_shinsei", "Your consent", "yes", lang="ja"),
                _consent("hoken_doi", "Health insurance card", "no", lang="en"),
            ],
        ),
    ),
    "show-asked-again": (
        "visit/show.html",
        _visiting(
            **SHOWN,
            consents=[_consent("hoken_doi", "健康保険証利用の申込みの同意", "", outdated=True)],
            errors=[{"field": "consent-hoken_doi", "sentence": "同意文が新しくなりました。"}],
        ),
    ),
    "show-text": ("visit/show_text.html", _visiting(**SHOWN, blocks=BLOCKS, text_lang="ja")),
}  # fmt: skip
