"""What a sentence rules: what it demands, allows, forbids or states, and within which bounds."""

import re
from dataclasses import dataclass
from decimal import Decimal

from llm.providers.rehearsal.language.bounds import Limits, limits
from llm.providers.rehearsal.language.dates import find_times
from llm.providers.rehearsal.language.quantities import find_quantities
from llm.providers.rehearsal.language.quantity import Quantity
from llm.providers.rehearsal.language.units import PERSONS, factor, known_unit
from llm.providers.rehearsal.language.words import canon
from llm.providers.rehearsal.reckoning.phrases import amount

DEMANDS, FREES, FORBIDS, ALLOWS, DENIES, STATES = "demands", "frees", "forbids", "allows", "denies", "states"

_TONES = (
    (
        FREES,
        r"""\bnot\s+(?:be\s+)?(?:required|compulsory|mandatory|necessary|needed|obligatory)\b | \bneed\s+not\b | \boptional\b
        | \b(?:do|does)(?:\s+not|n't)\s+(?:need|require|have\s+to)\b | \bno\s+need\b | \bvoluntary\b | \bexempt\b
        | \bno\s+(?:\w+\s+){1,3}(?:is|are)\s+(?:required|needed|necessary)\b""",
    ),
    (
        FORBIDS,
        r"""\b(?:must|may|shall|should)\s*(?:not|n't)\b | \bcan\s?not\b | \bcan't\b | \bmustn't\b
        | \bnot\s+(?:be\s+)?(?:\w+ly\s+)?(?:allowed|permitted|possible|accepted|admitted|eligible|welcome)\b
        | \bforbidden\b | \bprohibited\b | \bbanned\b | \b(?:do\s+not|don't)\b | \bnever\b | \bnot\s+accept
        | ^\W*no\s+(?!later|more|less|fewer)(?:[\w-]+\W+){1,4}?(?:is|are|may|allowed|permitted|in|on|at|after|before|$)""",
    ),
    (
        DEMANDS,
        r"""\bmust\b | \bcompulsory\b | \bmandatory\b | \bobligatory\b | \brequire[sd]?\b | \bneed(?:s|ed)?\b
        | \bha(?:s|ve)\s+to\b
        | \bnecessary\b | \bminimum\b | \bat\s+least\b""",
    ),
    (
        ALLOWS,
        r"""\bmay\b | \bcan\b | \ballow(?:ed|s)?\b | \bpermit(?:ted|s)?\b | \bwelcome\b | \baccept(?:s|ed)?\b | \btakes?\b
        | \badmits?\b | \beligible\b | \bentitled\b | \bpossible\b | \bup\s+to\b | \bmaximum\b | \bqualif\w+\b | \bholds?\b
        | \bcarr(?:y|ies)\b | \blimit\b | \bat\s+most\b""",
    ),
    (DENIES, r"\bnot\b|n't\b|\bno\b(?!\.)|\bnever\b|\bwithout\b|\bneither\b|\bunavailable\b|\bexcluding\b"),
)
_TONE = tuple((tone, re.compile(pattern, re.IGNORECASE | re.VERBOSE)) for tone, pattern in _TONES)


def tone(clause: str) -> str:
    """What the clause does: ``forbids`` for ``may not leave``, ``frees`` for ``is optional``, ``states`` for a plain fact."""
    plain = clause.replace("’", "'")
    return next((name for name, pattern in _TONE if pattern.search(plain)), STATES)


@dataclass(frozen=True, slots=True)
class Held:
    """A given held against a bound: whether it keeps within, and both in words. ``settled``: opposites are reckoned in."""

    inside: bool
    words: str
    settled: bool = False


_HIGH_WORD = re.compile(r"\b(?:maximum|max|limit(?:ed)?|most)\b", re.IGNORECASE)
_LOW_WORD = re.compile(r"\b(?:minimum|min|must\s+be|have\s+to\s+be|has\s+to\s+be|age\s+of)\b", re.IGNORECASE)


def hold_against(clause: str, givens: list[Quantity]) -> Held | None:
    """The first given that a bound of the clause can measure; ``None`` where there is none."""
    for bound in find_quantities(clause):
        found = limits(clause, bound) or _worded(clause, bound)
        for given in givens:
            ratio = _commensurable(given, bound) if found else None
            if ratio is not None and not given.is_bound:
                inside = found.hold(given.value * ratio)
                return Held(inside, _words(given, bound, found, inside))
    return None


def _worded(clause: str, bound: Quantity) -> Limits:
    """``the maximum length is 12 m``, ``the limit is 23 kg``, ``you must be 18``: bounds by a word farther off."""
    if bound.per and not bound.is_money:
        return Limits()
    if _HIGH_WORD.search(clause):
        return Limits(high=bound.value)
    return Limits(low=bound.value) if _LOW_WORD.search(clause[: bound.start]) else Limits()


def _commensurable(given: Quantity, bound: Quantity) -> Decimal | None:
    """How many of the bound's unit one of the given is; a bare number or one of people bounds an age."""
    if given.unit is None or given.is_percent:
        return None
    if given.is_money or bound.is_money:
        alike = given.is_money and bound.is_money and bound.unit and given.unit.name == bound.unit.name
        return Decimal(1) if alike else None
    if given.unit.name == "year" and (bound.unit is None or (bound.unit.dimension == "count" and _is_person(bound))):
        return Decimal(1)
    return factor(given.unit, bound.unit) if bound.unit is not None else None


def _is_person(q: Quantity) -> bool:
    return q.unit is not None and canon(q.unit.name) in PERSONS | {"child", "old"}


def _words(given: Quantity, bound: Quantity, found: Limits, inside: bool) -> str:
    unit = bound.unit if bound.unit is not None and not _is_person(bound) else known_unit("year")
    value = found.low if found.low is not None else found.high
    if found.low is not None and found.high is not None:
        edge = f"between {amount(found.low, None)} and {amount(found.high, unit)}"
    else:
        word = ("above" if found.strict else "at least") if found.low is not None else ("below" if found.strict else "at most")
        edge = f"{word} {amount(value or Decimal(0), unit)}"
    return f"{amount(given.value, given.unit)} {'is' if given.value == 1 else 'are'} {'' if inside else 'not '}{edge}."


_TIME_WAY = re.compile(
    r"\b(?P<way>before|until|till|by|after|from|since|at)\s+(?:\w+\s){0,1}?(?=\d{1,2}[:.h]\d\d|\d{1,2}\s?[ap]\.?m)",
    re.IGNORECASE,
)


def hold_time(clause: str, at: Decimal) -> Held | None:
    """A clock time (minutes since midnight) held against opening times or ``after 15:00`` in the clause."""
    times = find_times(clause)
    if len(times) == 2:
        start, end = times
        inside = start <= at <= end if start <= end else at >= start or at <= end
        return Held(inside, f"{clock(at)} is {'' if inside else 'not '}between {clock(start)} and {clock(end)}.")
    way = _TIME_WAY.search(clause)
    if len(times) != 1 or way is None or way["way"].lower() == "at":
        return None
    early = way["way"].lower() in ("before", "until", "till", "by")
    inside = at <= times[0] if early else at >= times[0]
    return Held(inside, f"{clock(at)} is {'' if inside else 'not '}{way['way'].lower()} {clock(times[0])}.")


def clock(minutes: Decimal) -> str:
    """``21:15`` for minutes since midnight."""
    whole = int(minutes) % 1440
    return f"{whole // 60:02d}:{whole % 60:02d}"
