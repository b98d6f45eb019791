"""Faults that a test puts in on purpose, to prove that it would find them.

Such a control says nothing where the name that it changes is gone or nobody looks at it any more:
here that is an error, and never a control that quietly changes nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from typing import Any


def plant(owner: Any, name: str, value: Any) -> None:
    """Set an attribute that must be there already (a module's, a class's, an object's)."""
    assert hasattr(owner, name), f"nothing to plant in: {owner} has no {name}"
    setattr(owner, name, value)


@contextmanager
def planted(owner: Any, name: str, value: Any) -> Iterator[None]:
    """The same within a block. A function that nobody called in it is an error at its end."""
    assert hasattr(owner, name), f"nothing to plant in: {owner} has no {name}"
    real, calls = getattr(owner, name), [0]
    setattr(owner, name, _counted(value, calls) if callable(value) else value)
    try:
        yield
    finally:
        setattr(owner, name, real)
    assert calls[0] or not callable(value), f"planted, and nobody calls {name} of {owner}"


@contextmanager
def every_new(kind: type, change: Callable[[Any], None]) -> Iterator[None]:
    """Every object of this kind is changed right after it was made."""
    real = kind.__init__  # type: ignore[misc]

    def init(self: Any, *args: Any, **named: Any) -> None:
        real(self, *args, **named)
        change(self)

    kind.__init__ = init  # type: ignore[misc]
    try:
        yield
    finally:
        kind.__init__ = real  # type: ignore[misc]


def _counted(act: Callable[..., Any], calls: list[int]) -> Callable[..., Any]:
    @wraps(act)
    def called(*args: Any, **named: Any) -> Any:
        calls[0] += 1
        return act(*args, **named)

    return called
