"""Units: which words name one, what it measures, and how two of a kind convert."""

from dataclasses import dataclass
from decimal import Decimal

from llm.providers.rehearsal.language.words import canon, singular

# dimension: canonical unit = size in the dimension's base unit: other spellings
_TABLE = """
length metre=1: m meter | kilometre=1000: km kilometer kilometres | centimetre=0.01: cm centimeter
length millimetre=0.001: mm millimeter
length mile=1609.344: mi | yard=0.9144: yd | foot=0.3048: ft feet | inch=0.0254: in inches | nautical mile=1852: nmi nm
mass kilogram=1: kg kilo kilogramme kilos | gram=0.001: g gramme | milligram=0.000001: mg | microgram=0.000000001: µg mcg
mass tonne=1000: t ton | pound (mass)=0.45359237: lb lbs | ounce=0.028349523125: oz
time second=1: s sec secs | minute=60: min mins | hour=3600: h hr hrs | day=86400: d | night=86400: overnight
time week=604800: wk weeks
months month=1: mo mth | year=12: yr yrs annum | quarter=3:
volume litre=1: l liter ltr | millilitre=0.001: ml milliliter | centilitre=0.01: cl | cubic metre=1000: m³ m3 cbm
volume gallon=3.785411784: gal
area square metre=1: m² m2 sqm | hectare=10000: ha | square kilometre=1000000: km² km2 | acre=4046.8564224:
area square foot=0.09290304: sqft ft² ft2
energy kilowatt-hour=1: kwh | megawatt-hour=1000: mwh | watt-hour=0.001: wh
power kilowatt=1: kw | watt=0.001: w | megawatt=1000: mw
data megabyte=1: mb | gigabyte=1000: gb | terabyte=1000000: tb | kilobyte=0.001: kb
temperature celsius=1: °c c centigrade | fahrenheit=1: °f f | kelvin=1: k
share percent=1: % percentage
"""

_MONEY = """
euro=€ eur | dollar=$ usd us$ | pound=£ gbp sterling | yen=¥ jpy | franc=chf fr sfr | krona=sek | krone=nok dkk kr
rupee=₹ inr rs
zloty=pln | yuan=cny rmb | won=krw ₩ | real=brl r$ | peso=mxn | rand=zar | lira=try ₺ | cent=ct cents ¢ | penny=pence
shilling=kes
forint=huf | koruna=czk | dirham=aed | canadian dollar=cad | australian dollar=aud | credit=credits | coin=coins | token=tokens
"""


@dataclass(frozen=True, slots=True)
class Unit:
    """``name`` is singular. ``dimension`` is ``money``, ``count`` (any countable noun) or a physical one; ``size`` is in
    the dimension's base unit."""

    name: str
    dimension: str
    size: Decimal = Decimal(1)

    @property
    def is_money(self) -> bool:
        return self.dimension == "money"


def _spellings() -> dict[str, Unit]:
    known: dict[str, Unit] = {}
    for line in _TABLE.strip().splitlines():
        dimension, _, entries = line.partition(" ")
        for entry in entries.split(" | "):
            definition, _, others = entry.partition(":")
            name, _, size = definition.partition("=")
            unit = Unit(name.removesuffix(" (mass)"), dimension, Decimal(size))
            names = [name, *others.split()] if "(mass)" not in name else others.split()
            known.update(dict.fromkeys((*names, *_plurals(names)), unit))
    for line in _MONEY.strip().splitlines():
        for entry in line.split(" | "):
            name, _, others = entry.partition("=")
            unit = Unit(name, "money")
            known.update(dict.fromkeys((name, *_plurals([name]), *others.split()), unit))
    return known | _multiword()


def _plurals(names: list[str]) -> list[str]:
    return [name + "s" for name in names if len(name) >= 3 and name.replace(" ", "").replace("-", "").isalpha()]


def _multiword() -> dict[str, Unit]:
    return {
        "sq m": Unit("square metre", "area"),
        "sq ft": Unit("square foot", "area", Decimal("0.09290304")),
        "square meter": Unit("square metre", "area"),
        "square meters": Unit("square metre", "area"),
        "square feet": Unit("square foot", "area", Decimal("0.09290304")),
        "cubic meter": Unit("cubic metre", "volume", Decimal(1000)),
        "cubic meters": Unit("cubic metre", "volume", Decimal(1000)),
        "kilowatt hour": Unit("kilowatt-hour", "energy"),
        "kilowatt hours": Unit("kilowatt-hour", "energy"),
        "per cent": Unit("percent", "share"),
        "degrees celsius": Unit("celsius", "temperature"),
        "degrees fahrenheit": Unit("fahrenheit", "temperature"),
        "degrees c": Unit("celsius", "temperature"),
        "degrees f": Unit("fahrenheit", "temperature"),
    }


_KNOWN = _spellings()
_KNOWN["pound"] = Unit("pound", "money")
_KNOWN["pounds"] = _KNOWN["pound"]
UNIT_WORDS = frozenset(canon(spelling) for spelling in _KNOWN if len(spelling) > 2)
"""Unit names as ``content`` gives words."""
MULTIWORD = tuple(sorted((s for s in _KNOWN if " " in s or "-" in s), key=len, reverse=True))
COMPOUND = {
    "km/h": ("kilometre", "hour"), "kmh": ("kilometre", "hour"), "kph": ("kilometre", "hour"), "mph": ("mile", "hour"),
    "m/s": ("metre", "second"), "knots": ("nautical mile", "hour"), "knot": ("nautical mile", "hour"),
    "kn": ("nautical mile", "hour"), "mbps": ("megabit", "second"),
}  # fmt: skip
ADVERBS = {
    "hourly": "hour", "daily": "day", "nightly": "night", "weekly": "week", "monthly": "month", "yearly": "year",
    "annual": "year", "annually": "year", "quarterly": "quarter",
}  # fmt: skip
_SAME_COUNT: tuple[frozenset[str], ...] = (
    frozenset({"person", "guest", "visitor", "adult", "participant", "passenger", "head", "capita", "traveller", "attendee",
               "diner", "member", "traveler", "friend"}),
    frozenset({"item", "piece", "unit", "each", "copy"}),
    frozenset({"car", "vehicle", "automobile"}),
    frozenset({"vessel", "boat", "ship", "yacht"}),
    frozenset({"bicycle", "bike"}),
    frozenset({"student", "pupil", "learner"}),
    frozenset({"ticket", "admission", "entry"}),
)  # fmt: skip
PERSONS = frozenset(canon(word) for word in _SAME_COUNT[0])


def known_unit(spelling: str) -> Unit | None:
    """The unit a spelling names, or ``None``; ``M`` and ``m`` count alike."""
    return _KNOWN.get(spelling.lower()) or _KNOWN.get(spelling)


def count_unit(noun: str) -> Unit:
    """A countable noun as a unit: ``tickets`` -> ticket."""
    return Unit(singular(noun.lower()), "count")


def factor(given: Unit, wanted: Unit) -> Decimal | None:
    """How many ``wanted`` one ``given`` is: 7 for week -> day; ``None`` when they do not convert."""
    found = steps(given, wanted)
    return found and found[0] / found[1]


def steps(given: Unit, wanted: Unit) -> tuple[Decimal, Decimal] | None:
    """What makes ``given`` ``wanted``: a multiplier and a divisor, (1000, 1609.344) for km -> mile."""
    if given.name == wanted.name and given.dimension == wanted.dimension:
        return Decimal(1), Decimal(1)
    if given.dimension == wanted.dimension == "count":
        alike = any(given.name in group and wanted.name in group for group in _SAME_COUNT)
        return (Decimal(1), Decimal(1)) if alike else None
    if (given.dimension, wanted.dimension) == ("months", "time"):
        return _in_time(given, wanted)
    if (given.dimension, wanted.dimension) == ("time", "months"):
        times, over = _in_time(wanted, given)
        return over, times
    if given.dimension != wanted.dimension or given.dimension in ("money", "temperature"):
        return None
    ratio = given.size / wanted.size
    return (ratio, Decimal(1)) if len(str(ratio)) <= _SHORT_RATIO else (given.size, wanted.size)


_SHORT_RATIO = 8
_MONTH_DAYS, _QUARTER_DAYS, _YEAR_DAYS, _YEAR_WEEKS, _DAY = map(Decimal, (30, 91, 365, 52, 86400))


def _in_time(months: Unit, wanted: Unit) -> tuple[Decimal, Decimal]:
    """Months as people reckon with them: a month has 30 days, a year 365 days or 52 weeks."""
    if wanted.name == "week":
        return (_YEAR_WEEKS, 12 / months.size)
    days = {"month": _MONTH_DAYS, "quarter": _QUARTER_DAYS}.get(months.name, _YEAR_DAYS)
    return (days * (_DAY / wanted.size), Decimal(1)) if wanted.size <= _DAY else (days, wanted.size / _DAY)


def plural(unit: Unit, value: Decimal) -> str:
    """The unit's name as it stands behind ``value``."""
    name = {"child": "children", "person": "people", "foot": "feet", "inch": "inches", "man": "men", "woman": "women"}
    invariant = ("yen", "percent", "celsius", "fahrenheit", "kelvin", "krona", "rand", "won", "yuan")
    if abs(value) == 1 or unit.name in invariant:
        return unit.name
    if unit.name in name:
        return name[unit.name]
    if unit.name == "penny":
        return "pence"
    if unit.name.endswith("y") and unit.name[-2:-1] not in "aeiou":
        return unit.name[:-1] + "ies"
    return unit.name + ("es" if unit.name.endswith(("s", "x", "ch", "sh")) else "s")
