"""What a question wants worked out: the dimension of the result, the unit it is to be in, and what the question gives."""

import re
from dataclasses import replace

from llm.providers.rehearsal.language.quantities import find_quantities
from llm.providers.rehearsal.language.quantity import Quantity
from llm.providers.rehearsal.language.rates import head_noun, pers_named
from llm.providers.rehearsal.language.units import Unit, known_unit
from llm.providers.rehearsal.language.words import STOPWORDS, canon, tokens
from llm.providers.rehearsal.reckoning.products import Target

_MONEY = re.compile(
    r"\b(?:cost\w*|price[sd]?|pay\w*|paid|fees?|charge[sd]?|fares?|toll|rent|salary|wages?|earn\w*|spend(?:ing)?|spent"
    r"|expens\w*|budget|owe|bill|worth|revenue|tariffs?|due|money|euros?|dollars?|pounds|deposit|refund|invoice"
    r"|premium|income|profit|fine|tax|interest|compensation|reimburs\w*|receive|get back|claim|allowance)\b|[€$£]",
    re.IGNORECASE,
)
_HOW_MANY = re.compile(
    r"\bhow (?:many|much)\s+(?P<noun>(?!(?:do|does|is|are|will|would|did|can|should|more|less|to|for|in|of|it|i|we|if"
    r"|the|a|an|money|longer)\b)[^\W\d_]+(?:[ -][^\W\d_]+)?)",
    re.IGNORECASE,
)
_DIMENSIONS = (
    (
        "time",
        re.compile(
            r"\bhow long\b(?! is the| are the)|\bhow much time\b|\bduration\b|\bhow long (?:does|will|would|do)\b",
            re.IGNORECASE,
        ),
    ),
    (
        "length",
        re.compile(
            r"\bhow (?:far|high|tall|deep|wide)\b|\bhow long (?:is|are) the\b|\bwhat distance\b|\bdistance\b", re.IGNORECASE
        ),
    ),
    ("mass", re.compile(r"\bhow heavy\b|\bdos(?:e|age)\b|\bweigh\w*\b", re.IGNORECASE)),
    ("area", re.compile(r"\b(?:what|how large an?) area\b", re.IGNORECASE)),
)
_IN_UNIT = re.compile(
    r"\bin\s+(?P<unit>(?:square |cubic |nautical )?[^\W\d_]+[²³]?)(?=\s*(?:[?.!,]|$|and\b|for\b|if\b|per\b))", re.IGNORECASE
)
_TOTAL = re.compile(
    r"\b(?:total|altogether|overall|sum|calculate|compute|work out|come to|amount to|how much)\b", re.IGNORECASE
)


def find_target(question: str) -> Target:
    """Read the target from the question's words."""
    wanted = wanted_unit(question)
    per = pers_named(question)
    counted = _HOW_MANY.search(question)
    if counted:
        unit = known_unit(counted["noun"].split()[0]) or known_unit(counted["noun"])
        if unit is not None:
            return Target(unit.dimension, unit=unit, per=per)
        if counted.group().lower().startswith("how many"):
            return Target("count", noun=canon(head_noun(tokens(counted["noun"]))), per=per)
    for dimension, pattern in _DIMENSIONS:
        if pattern.search(question) and not (_MONEY.search(question) and dimension != "time"):
            return Target(dimension, unit=wanted if wanted and wanted.dimension == dimension else None, per=per)
    if _MONEY.search(question):
        return Target("money", per=per)
    if counted:
        return Target("", unit=wanted, per=per)
    if wanted is not None:
        return Target(wanted.dimension, unit=wanted, per=per)
    return Target("", per=per)


def wanted_unit(question: str) -> Unit | None:
    """The unit the answer is to be in: ``in miles``, ``how many minutes``, ``convert ... to feet``."""
    if match := re.search(r"\bhow many (?P<unit>[^\W\d_]+)", question, re.IGNORECASE):
        unit = known_unit(match["unit"])
        if unit is not None and not unit.is_money:
            return unit
    for match in _IN_UNIT.finditer(question):
        unit = known_unit(match["unit"])
        if unit is not None and len(match["unit"]) > 1:
            return unit
    if match := re.search(
        r"\bconvert\b[^?]{0,200}\b(?:to|into)\s+(?P<unit>(?:square |cubic |nautical )?[^\W\d_]+[²³]?)", question, re.IGNORECASE
    ):
        return known_unit(match["unit"])
    return None


_OF_US = re.compile(
    r"\b(?:the\s)?(?P<n>two|three|four|five|six|seven|eight|nine|ten|\d+) of us\b|\bwe are (?P<m>\w+)\b"
    r"|\bparty of (?P<p>\w+)\b|\b(?:group|family) of (?P<g>\w+)(?=\s*(?:[?,.]|$|for\b|on\b|in\b))",
    re.IGNORECASE,
)
_AGED = re.compile(
    r"\b(?P<who>(?:I'?m|I’m|I am|he is|he's|she is|she's|aged?|(?:son|daughter|child|mother|father) is)\s)(?P<n>\d{1,3})"
    r"(?!\s*(?:[^\W\d_%]|[%€$£]|[.,:]\d))",
    re.IGNORECASE,
)
_FOR_N = re.compile(
    r"\bfor (?P<n>two|three|four|five|six|seven|eight|nine|ten|\d+)(?=\s*(?:[?!]|[.,](?!\d)|$))", re.IGNORECASE
)


def find_givens(text: str) -> list[Quantity]:
    """What a question gives: its quantities, ``a week`` and ``the four of us`` among them."""
    text = _OF_US.sub(lambda m: f" {next(g for g in m.groups() if g)} people ", text)
    text = _FOR_N.sub(lambda m: f"for {m['n']} people", text)
    text = _AGED.sub(lambda m: f"{m['who']}{m['n']} years", text)
    asked = [(m.start(), m.end()) for m in re.finditer(r"\bper\s+\w+(?:\s+and\s+\w+)?", text)]
    found = find_quantities(text, articles=True)
    return [_settled(q, text) for q in found if not any(a <= q.start < b for a, b in asked)]


_OF_WHAT = re.compile(r"\s+(?:of|worth of)\s+(?:the\s+|our\s+|my\s+)?(?P<what>[^\W\d_]+)", re.IGNORECASE)


def _settled(q: Quantity, text: str) -> Quantity:
    """``over 5 days`` is a length of time, not a bound; ``2 kg of apples`` remembers the apples."""
    if q.low is not None and q.high is None and q.unit is not None and q.unit.dimension in ("time", "months"):
        q = replace(q, low=None)
    match = _OF_WHAT.match(text, q.end)
    physical = q.unit is not None and q.unit.dimension not in ("count", "money", "share")
    return replace(q, noun=match["what"]) if match and physical and match["what"].lower() not in STOPWORDS else q


_WORDED = re.compile(
    r"^\W*(?:what|which|who|whom|whose|when|where|why|how|is|are|was|were|do|does|did|can|could|will|would|should|may"
    r"|must|has|have|list|name|show)\b",
    re.IGNORECASE,
)


def asks_for_amount(question: str) -> bool:
    """Whether the question wants something worked out or a number told at all; bare words with numbers do."""
    bare = not _WORDED.match(question) and any(q.unit and not q.is_percent for q in find_givens(question))
    return bool(
        bare
        or _MONEY.search(question)
        or _TOTAL.search(question)
        or _HOW_MANY.search(question)
        or any(p.search(question) for _, p in _DIMENSIONS)
    )
