"""XForms XPath: expressions read once, run on filled forms with the meaning that ODK gives them.

libxml's XPath 1.0 is not that language: it knows no dates, prints numbers to 15 digits, and its
own `round` and `concat` cannot be replaced. So the grammar is lark's work and the meaning is here.
"""

from fieldkit.forms.expr.calls import Place
from fieldkit.forms.expr.compile import Expression, compiled
from fieldkit.forms.expr.grammar import BadExpression
from fieldkit.forms.expr.values import Node, text_of, truth_of

__all__ = ["BadExpression", "Expression", "Node", "Place", "compiled", "text_of", "truth_of"]
