"""The grammar of XPath 1.0 as XForms uses it, read by lark (which pyxform brings).

The lexer is told by the parser what may come next, so `div` and `*` after a value are operators
and elsewhere names, as XPath 1.0 §3.7 demands. A tree is nested tuples: its kind, then its parts.
"""

from __future__ import annotations

from functools import cache
from typing import Any

from lark import Lark, Transformer
from lark.exceptions import LarkError

Tree = tuple[Any, ...]

_GRAMMAR = r"""
?start: or
?or: and | or OR and                         -> binary
?and: same | and AND same                    -> binary
?same: size | same SAME size                 -> binary
?size: sum | size SIZE sum                   -> binary
?sum: product | sum PLUS product             -> binary | sum MINUS product -> binary
?product: minus | product TIMES minus        -> binary | product STAR minus -> binary
?minus: union | MINUS minus                  -> negative
?union: path | union BAR path                -> union
?path: SLASH                                 -> root
     | SLASH relative                        -> absolute
     | DSLASH relative                       -> absolute
     | relative                              -> relative
     | filter
     | filter SLASH relative                 -> onward
     | filter DSLASH relative                -> onward
relative: step | relative SLASH step | relative DSLASH step
?filter: primary | primary predicate+        -> filtered
?primary: "(" or ")" | STRING -> string | NUMBER -> number | call
call: FUNC "(" [or ("," or)*] ")"
step: [AXIS "::"] test predicate*
    | DOT                                    -> here
    | DOTS                                   -> up
test: NAME | STAR | NODETYPE "(" ")"
predicate: "[" or "]"

OR.3: /or(?![\w.-])/
AND.3: /and(?![\w.-])/
TIMES.3: /(div|mod)(?![\w.-])/
SAME: "=" | "!="
SIZE: "<=" | ">=" | "<" | ">"
PLUS: "+"
MINUS: "-"
STAR: "*"
BAR: "|"
SLASH: "/"
DSLASH: "//"
DOTS: ".."
DOT: "."
STRING: /"[^"]*"|'[^']*'/
NUMBER.2: /[0-9]+(\.[0-9]*)?|\.[0-9]+/
AXIS.5: /[a-z-]+(?=\s*::)/
NODETYPE.5: /(node|text|comment)(?=\s*\(\s*\))/
FUNC.4: /[^\W\d][\w.-]*(:[^\W\d][\w.-]*)?(?=\s*\()/
NAME.4: /[^\W\d][\w.-]*(:[^\W\d][\w.-]*)?/
%ignore /[ \t\r\n]+/
"""
_ANYWHERE = ("step", "descendant-or-self", "node()", ())


class BadExpression(Exception):
    """An expression that cannot be used; its text is the Japanese reason."""


class _Tuples(Transformer[Any, Tree]):
    """lark's tree as nested tuples; steps carry their axis, their test and their predicates."""

    def binary(self, parts: list[Any]) -> Tree:
        return ("binary", str(parts[1]), parts[0], parts[2])

    def negative(self, parts: list[Any]) -> Tree:
        return ("negative", parts[1])

    def union(self, parts: list[Any]) -> Tree:
        return ("union", parts[0], parts[2])

    def root(self, _parts: list[Any]) -> Tree:
        return ("path", "/", ())

    def absolute(self, parts: list[Any]) -> Tree:
        return ("path", "/", _between(parts[0]) + parts[1][2])

    def relative(self, parts: list[Any]) -> Tree:
        if len(parts) == 3:
            return ("path", "", parts[0][2] + _between(parts[1]) + (parts[2],))
        return parts[0] if parts[0][0] == "path" else ("path", "", (parts[0],))

    def onward(self, parts: list[Any]) -> Tree:
        return ("path", parts[0], _between(parts[1]) + parts[2][2])

    def filtered(self, parts: list[Any]) -> Tree:
        return ("path", parts[0], (("step", "self", "node()", tuple(parts[1:])),))

    def string(self, parts: list[Any]) -> Tree:
        return ("string", str(parts[0])[1:-1])

    def number(self, parts: list[Any]) -> Tree:
        return ("number", float(parts[0]))

    def call(self, parts: list[Any]) -> Tree:
        return ("call", str(parts[0]), tuple(part for part in parts[1:] if part is not None))

    def step(self, parts: list[Any]) -> Tree:
        return ("step", str(parts[0] or "child"), parts[1], tuple(parts[2:]))

    def test(self, parts: list[Any]) -> str:
        return f"{parts[0]}()" if parts[0].type == "NODETYPE" else str(parts[0])

    def predicate(self, parts: list[Any]) -> Tree:
        found: Tree = parts[0]
        return found

    def here(self, _parts: list[Any]) -> Tree:
        return ("step", "self", "node()", ())

    def up(self, _parts: list[Any]) -> Tree:
        return ("step", "parent", "node()", ())


def _between(separator: Any) -> tuple[Tree, ...]:
    return (_ANYWHERE,) if separator == "//" else ()


@cache
def _parser() -> Lark:
    return Lark(_GRAMMAR, parser="lalr", lexer="contextual", maybe_placeholders=True)


def parsed(expression: str) -> Tree:
    """The tree of an expression. Raises BadExpression for what XPath cannot read."""
    try:
        tree: Tree = _Tuples().transform(_parser().parse(expression))
    except LarkError as error:
        column = getattr(error, "column", 0)
        near = expression[max(0, column - 1) :][:12].strip() if column and column > 0 else ""
        where = f"「{near}」の前後" if near else "最後"
        says = f"{where}で、かっこ、引用符、または演算子の前後が抜けています"
        raise BadExpression(says) from None
    return tree


def trees(tree: Tree) -> list[Tree]:
    """The tree and every tree inside it, predicates and arguments included."""
    found = [tree] if tree and isinstance(tree[0], str) else []
    for part in tree:
        if isinstance(part, tuple):
            found.extend(trees(part))
    return found
