"""The functions of XForms that count and calculate; NaN runs through all of them."""

from __future__ import annotations

import math
from collections.abc import Callable

from fieldkit.forms.expr.calls import MANY, Function, own, plain
from fieldkit.forms.expr.dates import Moment, clock_days, date_value, moment_of, moment_of_days
from fieldkit.forms.expr.values import Value, each, number_of, text_of


def quotient(left: float, right: float) -> float:
    """`div`: by zero it is infinite, as in floating point."""
    if right:
        return left / right
    if not left or math.isnan(left):
        return math.nan
    return math.copysign(math.inf, left) * math.copysign(1.0, right)


def remainder(left: float, right: float) -> float:
    """`mod`: takes the sign of the left side."""
    if not right or math.isinf(left):
        return math.nan
    return math.fmod(left, right)


def half_up(number: float) -> float:
    """JavaScript's `Math.round`: a half goes up, also below zero."""
    return number if math.isinf(number) or math.isnan(number) else float(math.floor(number + 0.5))


def rounded(value: Value, places: Value = 0.0) -> float:
    """`round(number, decimals)`: a half goes away from zero."""
    number, decimals = number_of(value), number_of(places)
    if math.isnan(number) or math.isnan(decimals):
        return math.nan
    shift = _power(10.0, decimals)
    return quotient(half_up(abs(number) * shift), shift) * (-1 if number < 0 else 1)


def whole(value: Value) -> float:
    """`int()`: towards zero."""
    number = number_of(value)
    return number if math.isnan(number) or math.isinf(number) else float(math.trunc(number))


def total(value: Value) -> float:
    """`sum()`: one blank among the values makes it blank, as does no value at all."""
    numbers = [number_of(one) for one in each(value)]
    if not numbers:
        return math.nan
    found = numbers[0]
    for number in numbers[1:]:
        found += number
    return found


def _power(base: float, exponent: float) -> float:
    try:
        return math.pow(base, exponent)
    except OverflowError:
        return math.inf if base > 0 or exponent % 2 == 0 else -math.inf
    except ValueError:
        return math.inf if base == 0 else math.nan


def _exponential(number: float) -> float:
    try:
        return math.exp(number)
    except OverflowError:
        return math.inf


def _logarithm(log: Callable[[float], float]) -> Callable[[float], float]:
    return lambda number: -math.inf if number == 0 else (math.nan if number < 0 else log(number))


def _of(act: Callable[[float], float]) -> Function:
    """A function of one number; outside its domain it is NaN."""

    def run(value: Value) -> float:
        number = number_of(value)
        if math.isnan(number):
            return math.nan
        try:
            return float(act(number))
        except (ValueError, OverflowError):
            return number if math.isinf(number) else math.nan

    return plain(1, run)


def _pair(act: Callable[[float, float], float]) -> Function:
    def run(left: Value, right: Value) -> float:
        one, other = number_of(left), number_of(right)
        return math.nan if math.isnan(one) or math.isnan(other) else act(one, other)

    return plain(2, run)


def _most(pick: Callable[[list[float]], float]) -> Function:
    """`min()` and `max()` over all values of all arguments."""

    def run(*values: Value) -> float:
        numbers = [number_of(one) for value in values for one in each(value)]
        if not numbers or any(math.isnan(number) for number in numbers):
            return math.nan
        return pick(numbers)

    return plain(0, run, MANY)


def number_function(value: Value) -> Value:
    """`number()`: of an ISO date the days, which as text are whole."""
    if isinstance(value, (float, bool)):
        return number_of(value) if isinstance(value, bool) else value
    if (moment := moment_of(text_of(value))) is not None:
        return Moment(float(moment), str(math.floor(moment)))
    return number_of(value)


def date_function(value: Value) -> Value:
    """`date()`: from days or from text; blank of blank and of truth."""
    if isinstance(value, bool):
        return ""
    if isinstance(value, float):
        return moment_of_days(value)
    text = text_of(value)
    return date_value(text) if text else ""


def decimal_date_time(value: Value) -> float:
    """Days since 1970 with their fraction, of a date, of a date and time, or of days."""
    if isinstance(value, float) and not isinstance(value, bool):
        return float(moment_of_days(value))
    moment = moment_of(text_of(value))
    return math.nan if moment is None else float(moment)


FUNCTIONS: dict[str, Function] = {
    "number": own(number_function),
    "int": plain(1, whole),
    "round": plain(1, rounded, 2),
    "sum": plain(1, total),
    "min": _most(min),
    "max": _most(max),
    "abs": _of(abs),
    "ceiling": _of(math.ceil),
    "ceil": _of(math.ceil),
    "floor": _of(math.floor),
    "sqrt": _of(math.sqrt),
    "exp": _of(_exponential),
    "exp10": _of(lambda number: _power(10.0, number)),
    "log": _of(_logarithm(math.log)),
    "log10": _of(_logarithm(math.log10)),
    "sin": _of(math.sin),
    "cos": _of(math.cos),
    "tan": _of(math.tan),
    "asin": _of(math.asin),
    "acos": _of(math.acos),
    "atan": _of(math.atan),
    "atan2": _pair(math.atan2),
    "pow": _pair(_power),
    "pi": plain(0, lambda: math.pi),
    "date": plain(1, date_function),
    "date-time": plain(1, date_function),
    "decimal-date-time": plain(1, decimal_date_time),
    "decimal-time": plain(1, lambda value: clock_days(text_of(value))),
}
