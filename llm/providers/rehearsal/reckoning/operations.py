"""What a question wants done with many numbers."""

import re

from llm.providers.rehearsal.language.units import known_unit

_OPERATIONS = tuple(
    (name, re.compile(pattern, re.IGNORECASE | re.VERBOSE))
    for name, pattern in (
        ("average", r"\baverage\b | \bmean\b | \bon\s+average\b"),
        ("median", r"\bmedian\b"),
        (
            "max",
            r"""\b(?:highest | most(?!\s+of) | max(?:imum)? | largest | biggest | longest | tallest | heaviest
            | greatest | oldest
            | fastest | quickest | deepest | widest | dearest | best | latest | newest | priciest | top | last(?=\W*$)
            | hottest
            | warmest | strongest | busiest | farthest | furthest)\b""",
        ),
        (
            "min",
            r"""\b(?:lowest | (?<!at\s)least | min(?:imum)? | smallest | shortest | lightest | cheapest | youngest | slowest
            | fewest | earliest | narrowest | worst | coldest | coolest | nearest | closest | first(?=\W*$))\b""",
        ),
        ("count", r"\bhow\s+many\s+(?!more|fewer|less)(?P<noun>\w+) | \bnumber\s+of\s+(?P<of>\w+) | \bcount\b"),
        ("sum", r"\b(?:sum | totals? | adds?\s+up | altogether | in\s+all | overall | combined | together)\b"),
    )
)


def operation(question: str) -> str:
    """``sum``, ``average``, ``median``, ``min``, ``max``, ``count`` or nothing."""
    for name, pattern in _OPERATIONS:
        match = pattern.search(question)
        if match and not (name == "count" and _is_measure(match)):
            return name
    return ""


def _is_measure(match: re.Match[str]) -> bool:
    """``how many acres`` asks for an amount in a unit, not for a count of things."""
    noun = match["noun"] or match["of"]
    unit = known_unit(noun) if noun else None
    return unit is not None and unit.dimension != "count"
