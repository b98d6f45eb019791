"""The one family of errors of the kit.

Every error that can reach a member of staff is a `KitError`. It carries a stable `code` for
programs, a Japanese `sentence` for the person (what is wrong, where, what to do) and an
`action` that tells the screen which way out to offer. The promise: no `KitError` ever holds
personal data (a name, an address, a number that was typed), so it is safe to log.
"""

from __future__ import annotations

from typing import Any, Literal

Action = Literal["retry", "ask_supervisor", "stop"]


class KitError(Exception):
    """Something the operator has to know. `code`, `sentence` and `action` never change later."""

    code: str
    sentence: str
    action: Action

    def __init__(self, code: str, sentence: str, action: Action = "stop") -> None:
        super().__init__(f"{code}: {sentence}")
        object.__setattr__(self, "code", code)
        object.__setattr__(self, "sentence", sentence)
        object.__setattr__(self, "action", action)

    def __setattr__(self, name: str, value: Any) -> None:
        if name in {"code", "sentence", "action", "field", "file", "key"}:
            raise AttributeError(f"{name} of an error is fixed when it is raised")
        super().__setattr__(name, value)

    def __reduce__(self) -> tuple[Any, ...]:
        """Errors cross process borders whole, whatever their constructor takes."""
        return _restore, (type(self), self.args, dict(self.__dict__))


def _restore(kind: type[KitError], args: tuple[Any, ...], state: dict[str, Any]) -> KitError:
    error = kind.__new__(kind, *args)
    error.args = args
    error.__dict__.update(state)
    return error


class BadInput(KitError):
    """A typed value cannot be accepted. `field` is the key of the answer (code `bad_input`)."""

    field: str

    def __init__(self, field: str, sentence: str) -> None:
        super().__init__("bad_input", sentence, "retry")
        object.__setattr__(self, "field", field)


class BadCityData(KitError):
    """A city-editable file is wrong. Names the `file` and the `key` (code `bad_city_data`)."""

    file: str
    key: str

    def __init__(self, file: str, key: str, sentence: str) -> None:
        where = f"{file} の {key}" if key else file
        super().__init__("bad_city_data", f"設定ファイル {where}：{sentence}", "ask_supervisor")
        object.__setattr__(self, "file", file)
        object.__setattr__(self, "key", key)


class NotAllowed(KitError):
    """The signed-in person may not do this (code `not_allowed`)."""

    def __init__(self, sentence: str) -> None:
        super().__init__("not_allowed", sentence, "ask_supervisor")


class NotFound(KitError):
    """The record, form or file asked for does not exist here (code `not_found`)."""

    def __init__(self, sentence: str) -> None:
        super().__init__("not_found", sentence, "retry")


class NotReady(KitError):
    """A condition of this step is not met yet, e.g. an unread check (code `not_ready`)."""

    def __init__(self, sentence: str) -> None:
        super().__init__("not_ready", sentence, "retry")
