"""Numbers as people write them, in and out."""

import re
from decimal import Decimal

NUMERAL = re.compile(r"\d{1,3}(?:[,.'’\u00a0\u202f ]\d{3})+(?:[.,]\d{1,4})?(?!\d)|\d+(?:[.,]\d+)?")


def parse(numeral: str, *, money: bool = False) -> Decimal:
    """The value of a numeral: ``1,234.5``, ``1.234,50``, ``12 000``, ``12,50``.

    A lone dot before three digits separates thousands only for ``money`` (a price has two decimals); a lone comma there does.
    """
    text = re.sub(r"['’\u00a0\u202f ]", "", numeral)
    dot, comma = text.rfind("."), text.rfind(",")
    if dot >= 0 and comma >= 0:
        thousands, point = (",", ".") if dot > comma else (".", ",")
        return Decimal(text.replace(thousands, "").replace(point, "."))
    if comma >= 0:
        grouped = re.fullmatch(r"[1-9]\d{0,2}(?:,\d{3})+", text)
        return Decimal(text.replace(",", "") if grouped or text.count(",") > 1 else text.replace(",", "."))
    if text.count(".") > 1 or (money and re.fullmatch(r"[1-9]\d{0,2}\.\d{3}", text)):
        return Decimal(text.replace(".", ""))
    return Decimal(text)


def show(value: Decimal, places: int = 4) -> str:
    """``17760`` -> ``17,760``; at most ``places`` decimals, trailing zeros cut (more where the value is tiny)."""
    if value == 0 or not value.is_finite():
        return "0" if value == 0 else str(value)
    if abs(value) < Decimal("0.01"):
        places = max(places, 3 - value.adjusted())
    if abs(value.adjusted()) > 30:
        return f"{value:.6E}"
    rounded = round(value, places)
    text = f"{rounded:,f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def show_money(value: Decimal) -> str:
    """Whole amounts without decimals, others with two (more where the value has them and is small)."""
    cents = round(value, 2)
    if cents == cents.to_integral_value():
        return show(value, 2) if value == cents or abs(value) >= 1 else show(value)
    return f"{cents:,.2f}" if cents == value or abs(value) >= 1 else show(value)


def plain(value: Decimal) -> str:
    """For an expression: no separators, no exponent."""
    text = f"{value:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def first_number(text: str) -> Decimal | None:
    """The value in a calculator's answer; what follows an equals sign counts."""
    match = re.search(r"[-−]?\d[\d,]*(?:\.\d+)?(?:[eE][-+]?\d+)?", text.rpartition("=")[2])
    return Decimal(match.group().replace(",", "").replace("−", "-")) if match else None
