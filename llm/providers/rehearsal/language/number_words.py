"""Numbers written as words."""

import re
from decimal import Decimal

from llm.providers.rehearsal.language.words import tokens

_SMALL = """zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen
eighteen nineteen"""
_ONES = {word: number for number, word in enumerate(_SMALL.split())}
_TENS = {word: 10 * number for number, word in enumerate("twenty thirty forty fifty sixty seventy eighty ninety".split(), 2)}
SCALES = {"hundred": 100, "thousand": 1000, "million": 10**6, "billion": 10**9}
_WORD_NUMBERS = _ONES | _TENS | SCALES | {"dozen": 12}
_NUMBER_WORD = "|".join(sorted(_WORD_NUMBERS, key=len, reverse=True))
NUMBER_WORDS = re.compile(
    rf"""\b(?:
        half\s+an?\b | a\s+quarter\s+of\s+an?\b
        | (?:an?\s+(?=(?:dozen|hundred|thousand|million)\b))?
          (?:{_NUMBER_WORD})\b
          (?:(?:(?:(?<=hundred)|(?<=thousand)|(?<=million))\s+and\s+|[\s-])(?:{_NUMBER_WORD})\b)*
          (?:\s+and\s+(?:a\s+half|three\s+quarters|a\s+quarter)\b)?
    )""",
    re.IGNORECASE | re.VERBOSE,
)
_FRACTIONS = {("a", "half"): Decimal("0.5"), ("three", "quarters"): Decimal("0.75"), ("a", "quarter"): Decimal("0.25")}


def number_from_words(text: str) -> Decimal | None:
    """``twenty-five`` -> 25, ``a dozen`` -> 12, ``two and a half`` -> 2.5; ``None`` when it is no number."""
    words = tokens(text.replace("-", " "))
    if words[:1] == ["half"]:
        return Decimal("0.5")
    if words[:2] == ["a", "quarter"]:
        return Decimal("0.25")
    ending = (words[-2], words[-1]) if len(words) > 2 else ("", "")
    more = _FRACTIONS.get(ending)
    whole = _whole(words[:-2] if more else words)
    return None if whole is None else whole + (more or 0)


def _whole(words: list[str]) -> Decimal | None:
    total = current = Decimal(0)
    seen = False
    for word in words:
        number = _WORD_NUMBERS.get(word)
        if number is None:
            continue
        seen = True
        if word in SCALES or word == "dozen":
            current = (current or Decimal(1)) * number
            total, current = (total + current, Decimal(0)) if number >= 1000 else (total, current)
        else:
            current += number
    return total + current if seen else None
