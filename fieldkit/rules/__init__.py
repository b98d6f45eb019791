"""The rules of the work as pure functions: no I/O, no clock, no state.

Everything a rule needs comes in as an argument (today's date, the city's table); every decision
comes out as a value that says why. Nothing here imports anything of `fieldkit` except the other
rules and `fieldkit.errors`.
"""
