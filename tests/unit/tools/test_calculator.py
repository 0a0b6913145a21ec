"""Sums, percentages, units and dates."""

from fractions import Fraction

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tools.calculator.parser import evaluate
from tools.calculator.values import written
from tools.errors import ToolError

NUMBERS = {
    "1,234.5": "1234.5",
    "12,345 + 1": "12346",
    "2 + 3 * 4": "14",
    "(2 + 3) * 4": "20",
    "-2 ** 2": "-4",
    "2 ** 3 ** 2": "512",
    "2^10": "1024",
    "2 ** -3": "0.125",
    "7 // 2": "3",
    "-7 // 2": "-4",
    "-7 % 3": "2",
    "7.5 % 2": "1.5",
    "10 / 4": "2.5",
    "10 / 3": "3.33333333333",
    "2 / 3": "0.666666666667",
    "1/3 + 1/3 + 1/3": "1",
    "0.1 + 0.2": "0.3",
    "1e3 + 1.5e-1": "1000.15",
    "3 × 4 ÷ 2 − 1": "5",
    "sqrt(16)": "4",
    "sqrt(2)": "1.41421356237",
    "2 ** 0.5": "1.41421356237",
    "4 ** 0.5": "2",
    "round(2.5)": "3",
    "round(-2.5)": "-3",
    "round(1234.5678, 2)": "1234.57",
    "round(1250, -2)": "1300",
    "floor(-1.5) + ceil(1.2) + abs(-3)": "3",
    "min(3, 1, 2) + max(100,200) + sum(1, 2, 3.5)": "207.5",
    "max(5%, 0.04)": "0.05",
    "123456789 * 987654321": "121932631112635269",
    "1000000000001 / 7": "142857142857.29",
    "0.5 ** 3000": "8.12854862556e-904",
    "1 / 3e-20": "33333333333333333333.33",
    "pi * 2": "6.28318530718",
    "12 * (3 + 4) =": "84",
    "3 times 4 plus 2 minus 1": "13",
    "(-1) ** 1000001": "-1",
    "0 ** 0": "1",
}
PERCENTAGES = {
    "17% of 2340": "397.8",
    "5%": "0.05",
    "5% + 3%": "0.08",
    "200 + 10%": "220",
    "200 - 10%": "180",
    "200 * 10%": "20",
    "10 % 3": "1",
    "17% - 5": "-4.83",
    "17 % (-5)": "-3",
    "15% of (1,200 + 300)": "225",
    "45 / 180 * 100": "25",
    "15 percent of 80": "12",
    "200 + 10 percent": "220",
}
UNITS = {
    "12.5 km to miles": "7.767 mile",
    "3 h + 20 min to min": "200 minute",
    "26.2 miles to km": "42.1648128 kilometer",
    "20 °C to °F": "68 degree_Fahrenheit",
    "-40 degF to degC": "-40 degree_Celsius",
    "5 ft 3 in to cm": "160.02 centimeter",
    "5 km in miles": "3.107 mile",
    "12 in to cm": "30.48 centimeter",
    "60 km/h to mph": "37.282 mile_per_hour",
    "60 km / 2 h": "30 kilometer/hour",
    "50 km per hour": "50 kilometer/hour",
    "3 m^2 to ft2": "32.292 foot^2",
    "5 kg*m/s^2 to N": "5 newton",
    "2 weeks to days": "14 days",
    "1,000.5 kg to lb": "2205.725 pound",
    "5 mm to inch": "0.1969 inch",
    "3 km / 500 m": "6",
    "100 km * 7 l / (100 km)": "7 liter",
    "max(3 km, 2 miles)": "2 mile",
    "round(12.5 km to miles, 1)": "7.8 mile",
    "(2026-12-24 - 2026-11-22) to weeks": "4.571 weeks",
    "3 Kilometers to m": "3000 meter",
    "5 KB to byte": "5000 byte",
}
DATES = {
    "2026-03-01 + 45 days": "2026-04-15",
    "2026-12-24 - 2026-11-22": "32 days",
    "2026-11-22 - 2026-12-24": "-32 days",
    "2026-11-23 - 2026-11-22": "1 day",
    "2026-01-31 + 1 month": "2026-02-28",
    "2024-02-29 + 1 year": "2025-02-28",
    "2026-03-31 - 1 month": "2026-02-28",
    "2026-12-15 + 2 months": "2027-02-15",
    "2026-03-01 - 3 weeks + 2 days": "2026-02-10",
    "3 days + 2026-03-01": "2026-03-04",
    "max(2026-03-01, 2026-04-01)": "2026-04-01",
    "2026-03-01": "2026-03-01",
}


@pytest.mark.parametrize(("expression", "result"), [*NUMBERS.items(), *PERCENTAGES.items(), *UNITS.items(), *DATES.items()])
def test_results(expression: str, result: str) -> None:
    assert written(evaluate(expression)) == result


@pytest.mark.parametrize(
    ("expression", "says"),
    [
        ("", "empty"),
        ("1 / 0", "divides by zero"),
        ("1 % 0", "divides by zero"),
        ("0 ** -1", "divides by zero"),
        ("9**9**9", "too large"),
        ("2 ** (10**300)", "too large"),
        ("(10**2000) * (10**2000)", "too large"),
        ("1e400", "out of range"),
        ("(-8) ** 0.5", "no real root"),
        ("sqrt(-1)", "no real square root"),
        ("1" * 2000, "at most 1000"),
        ("(" * 200 + "1" + ")" * 200, "nested"),
        ("-" * 200 + "1", "nested"),
        ("2" + "**2" * 200, "nested"),
        ("5 +", "breaks off"),
        ("* 5", "missing before `*`"),
        ("(5", "closing parenthesis"),
        ("3 3", "operator is missing"),
        ("1,23", "`,` is not expected"),
        ("1.234,5", "`,` is not expected"),
        ("sum(1,234, 5)", "ambiguous"),
        ("17 % -5", "ambiguous"),
        ("foo(3)", "no function `foo`"),
        ("round()", "round"),
        ("sqrt(1, 2)", "one argument"),
        ("__import__('os')", "is not understood"),
        ("().__class__", "is not understood"),
        ("5 metrs to km", "`metre` or `meter`"),
        ("100 USD", "`USD` is neither a unit"),
        ("3 m + 2 s", "second cannot be converted to meter"),
        ("3 m + 2", "plain number"),
        ("3 to m", "no unit"),
        ("20 C to F", "`degC` and `degF`"),
        ("20 degC + 5 degC", "not added"),
        ("2 * 20 degC", "not multiplied"),
        ("2026-02-29", "not a date"),
        ("2026-03-01 + 45", "45 days"),
        ("2026-03-01 + 1.5 days", "whole days"),
        ("2026-03-01 + 9000 years", "year 9999"),
        ("2026-03-01 * 2", "date"),
        ("2026-03-01 + 2026-03-01", "days between"),
        ("5 - 2026-03-01", "date"),
    ],
)
def test_mistakes_get_one_sentence(expression: str, says: str) -> None:
    with pytest.raises(ToolError) as caught:
        evaluate(expression)
    assert says in str(caught.value)
    assert str(caught.value).endswith((".", "?"))


whole = st.integers(-(10**6), 10**6)
decimals = st.decimals(-(10**6), 10**6, places=3)


@given(decimals, decimals, st.sampled_from("+-*"))
def test_decimals_are_exact(a: object, b: object, op: str) -> None:
    exact = {"+": Fraction.__add__, "-": Fraction.__sub__, "*": Fraction.__mul__}[op](Fraction(str(a)), Fraction(str(b)))
    assert evaluate(f"({a}) {op} ({b})") == exact
    assert Fraction(written(exact)) == exact


@given(whole, whole.filter(bool))
def test_quotient_and_remainder_are_pythons(a: int, b: int) -> None:
    assert evaluate(f"({a}) // ({b})") == a // b
    assert evaluate(f"({a}) % ({b})") == a % b


@given(st.fractions(max_denominator=10**9).filter(bool))
def test_what_is_written_is_as_close_as_its_digits_say(number: Fraction) -> None:
    assert abs(Fraction(written(number)) - number) <= max(abs(number) / 10**11, Fraction(1, 10**15))


@example("¼")
@example("1\x1d=")
@given(st.text(max_size=60) | st.text("0123456789+-*/%(),.^ eabkm°", max_size=40))
def test_any_text_gives_a_value_or_a_sentence(text: str) -> None:
    try:
        result = written(evaluate(text))
    except ToolError as error:
        result = str(error)
    assert result
