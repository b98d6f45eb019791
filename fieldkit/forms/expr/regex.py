"""Regular expressions as ODK's engine reads them: those of JavaScript, run by Python.

`\\d` and `\\w` mean ASCII, `$` the very end, `\\s` every blank of Unicode. What Python cannot
run the same way raises `re.error`, so that a form with it is refused when it is loaded.
"""

from __future__ import annotations

import re
from functools import lru_cache

_DIGIT, _WORD = "0-9", "A-Za-z0-9_"
_BLANK = r" \t\n\r\f\v\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000\ufeff"
_CLASSES = {"d": _DIGIT, "w": _WORD, "s": _BLANK}
_SAME = set("tnrfv0bB") | set("123456789")
_GROUPS = ("(?:", "(?=", "(?!", "(?<=", "(?<!")
_PIECE = re.compile(
    r"\\u[0-9a-fA-F]{4}|\\x[0-9a-fA-F]{2}|\\.|\(\?(?:<[=!]|[:=!]|<\w+>|.?)|\{,|.", re.DOTALL
)


@lru_cache(maxsize=256)
def js_regex(pattern: str) -> re.Pattern[str]:
    """The pattern for Python's `search`. Raises re.error for what cannot be read the same way."""
    out, inside = [], False
    for piece in _PIECE.findall(pattern):
        if piece.startswith("\\"):
            out.append(_escaped(piece, inside))
        elif inside:
            inside = piece != "]"
            out.append("\\" + piece if piece in "[&~|" else piece)
        elif piece == "[":
            inside = True
            out.append(piece)
        else:
            out.append(_bare(piece))
    source = "".join(out)
    if "[]" in source or "[^]" in source:
        raise re.error("empty class")
    return re.compile(source)


def _bare(piece: str) -> str:
    """A piece outside of a class."""
    if piece == "$":
        return r"\Z"
    if piece == "{,":
        return r"\{,"
    if piece == ".":
        return r"[^\n\r\u2028\u2029]"
    if piece.startswith("(?") and piece not in _GROUPS:
        if not piece.startswith("(?<") or len(piece) < 4:
            raise re.error("unknown group")
        return "(?P" + piece[2:]
    return piece


def _escaped(piece: str, inside: bool) -> str:
    """A piece that begins with a backslash."""
    kind = piece[1:2]
    if kind in ("u", "x") and len(piece) > 2:
        return piece
    if lower := _CLASSES.get(kind.lower()):
        if kind.islower():
            return lower if inside else f"[{lower}]"
        if inside:
            raise re.error("negated class inside a class")
        return f"[^{lower}]"
    if kind in "bB" and kind and not inside:
        return rf"(?a:\{kind})"
    if kind in _SAME:
        return piece
    if kind.isalpha() or not kind:
        raise re.error("unknown escape")
    return "\\" + kind
