"""The console's HTML: a page, a table, a form. Everything that is put in is escaped."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from markupsafe import Markup

from sync.server import dates

STYLE = """
:root { --ink: #1a1a1a; --line: #767676; --blue: #0946a8; --red: #b3001b; }
* { box-sizing: border-box; }
body { font: 20px/1.7 "Noto Sans JP", "Yu Gothic UI", sans-serif; color: var(--ink);
  margin: 0 auto; padding: 1rem 1.5rem 4rem; max-width: 68rem; background: #fff; }
a { color: var(--blue); }
nav ul { list-style: none; display: flex; flex-wrap: wrap; align-items: center;
  gap: .5rem 1rem; padding: 0; }
nav form p, td form p { margin: 0; }
nav a, nav button { display: inline-flex; align-items: center; min-height: 48px; padding: 0 .6rem; }
nav a[aria-current] { font-weight: bold; text-decoration: none; border-bottom: 4px solid; }
table { border-collapse: collapse; width: 100%; margin: 1rem 0 2rem; }
caption { text-align: left; font-weight: bold; }
th, td { border: 1px solid var(--line); padding: .4rem .5rem; text-align: left;
  vertical-align: top; overflow-wrap: break-word; }
td a { display: inline-flex; align-items: center; min-height: 48px; white-space: nowrap; }
thead th { background: #e8f1fe; word-break: keep-all; overflow-wrap: normal; }
tbody th, .whole { white-space: nowrap; }
button, .button { font: inherit; min-height: 48px; min-width: 48px; padding: 0 1.2rem;
  color: #fff; background: var(--blue); border: 2px solid var(--blue); border-radius: 8px;
  display: inline-flex; align-items: center; text-decoration: none; }
button.danger { background: var(--red); border-color: var(--red); }
button.plain { color: var(--blue); background: #fff; }
input, select, textarea { font: inherit; min-height: 48px; padding: 0 .6rem; width: 100%;
  max-width: 32rem; border: 2px solid var(--line); border-radius: 8px; }
textarea { min-height: 8rem; }
label.sure { display: flex; align-items: center; gap: .8rem; min-height: 48px; }
label.sure input { width: 32px; min-height: 32px; flex: none; }
label { display: block; margin-top: 1rem; font-weight: bold; }
:focus-visible { outline: 4px solid #000; outline-offset: 2px; background: #ffe500; color: #000; }
form p { margin: 1rem 0 0; }
.warn { border: 3px solid var(--red); padding: .5rem 1rem; }
.says { border: 3px solid var(--blue); padding: .5rem 1rem; }
.code { font: 28px/1.5 "Noto Sans Mono", Consolas, monospace; overflow-wrap: anywhere; }
"""
PAGES = (
    ("/", "概要"),
    ("/devices", "端末"),
    ("/parked", "停止した端末から届いたもの"),
    ("/clashes", "食い違い"),
    ("/handover", "受け渡し"),
)


def page(title: str, city: str, *parts: str | Markup, here: str = "", csrf: str = "") -> Markup:
    """A whole page; with `csrf` (somebody is in) also the way to the others and out."""
    return Markup(
        '<!doctype html><html lang="ja"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        "<title>{title} - {city} 市サーバ</title>"
        '<link rel="stylesheet" href="/console.css"></head><body>'
        "<header><p>{city} 市サーバ</p>{nav}</header><main><h1>{title}</h1>{body}</main>"
        "</body></html>"
    ).format(title=title, city=city, nav=_nav(here, csrf), body=Markup("").join(parts))


def _nav(here: str, csrf: str) -> Markup:
    if not csrf:
        return Markup("")
    links = Markup("").join(
        Markup('<li><a href="{}"{}>{}</a></li>').format(
            path, Markup(' aria-current="page"') if path == here else "", name
        )
        for path, name in PAGES
    )
    out = form("/logout", csrf, button("出る", "plain"))
    return Markup('<nav aria-label="画面"><ul>{}<li>{}</li></ul></nav>').format(links, out)


def para(text: str, kind: str = "") -> Markup:
    shown = Markup(' class="{}" role="status"').format(kind) if kind else ""
    return Markup("<p{}>{}</p>").format(shown, text)


def head(text: str) -> Markup:
    return Markup("<h2>{}</h2>").format(text)


def table(
    caption: str, heads: Sequence[str | Markup], rows: Iterable[Sequence[str | Markup]]
) -> Markup:
    """A table whose first column names its row."""
    top = Markup("").join(Markup('<th scope="col">{}</th>').format(one) for one in heads)
    body = Markup("").join(
        Markup('<tr><th scope="row">{}</th>{}</tr>').format(
            row[0], Markup("").join(Markup("<td>{}</td>").format(cell) for cell in row[1:])
        )
        for row in rows
    )
    return Markup(
        "<table><caption>{}</caption><thead><tr>{}</tr></thead><tbody>{}</tbody></table>"
    ).format(caption, top, body or Markup('<tr><td colspan="{}">なし</td></tr>').format(len(heads)))


def form(action: str, csrf: str, *parts: str | Markup) -> Markup:
    return Markup(
        '<form method="post" action="{}"><input type="hidden" name="csrf" value="{}">{}</form>'
    ).format(action, csrf, Markup("").join(parts))


def button(text: str, kind: str = "", name: str = "", value: str = "") -> Markup:
    told = Markup(' name="{}" value="{}"').format(name, value) if name else ""
    return Markup('<p><button class="{}"{}>{}</button></p>').format(kind, told, text)


def link(href: str, text: str, kind: str = "") -> Markup:
    return Markup('<a class="{}" href="{}">{}</a>').format(kind, href, text)


def field(name: str, label: str, kind: str = "text", more: str = "") -> Markup:
    """A labelled input. `more`: attributes written by us."""
    return Markup(
        '<label for="{0}">{1}</label><input id="{0}" name="{0}" type="{2}" autocomplete="off" {3}>'
    ).format(name, label, kind, Markup(more))


def sure(text: str) -> Markup:
    """A box that has to be ticked before the button does anything."""
    return Markup(
        '<label class="sure"><input type="checkbox" name="sure" value="1" required>{}</label>'
    ).format(text)


def whole(text: str) -> Markup:
    """A short text that is never broken into two lines."""
    return Markup('<span class="whole">{}</span>').format(text)


def when(at: str | None, never: str = "まだ") -> str:
    """A moment of the store (UTC) as people here write it."""
    return dates.moment(at) if at else never


def area(name: str, label: str) -> Markup:
    return Markup(
        '<label for="{0}">{1}</label><textarea id="{0}" name="{0}" autocomplete="off"></textarea>'
    ).format(name, label)


def choice(name: str, label: str, options: Iterable[tuple[str, str]]) -> Markup:
    inner = Markup("").join(
        Markup('<option value="{}">{}</option>').format(value, text) for value, text in options
    )
    return Markup('<label for="{0}">{1}</label><select id="{0}" name="{0}">{2}</select>').format(
        name, label, inner
    )
