"""Units, by the ``pint`` library, which is imported when the first unit is met."""

import difflib
from collections.abc import Iterable
from fractions import Fraction
from functools import cache
from typing import TYPE_CHECKING, Any

from tools.calculator.values import Quantity, Units, written_units
from tools.errors import ToolError

if TYPE_CHECKING:
    from pint import UnitRegistry

_ALIASES = {
    "KB": "kilobyte",
    "kmh": "kilometer_per_hour",
    "sqm": "meter**2",
    "Cal": "kilocalorie",
    "y": "year",
}
_POWERS = {"2": 2, "3": 3, "²": 2, "³": 3}
_LONGEST_SYMBOL = 3
_TEMPERATURES = {"coulomb": "degC", "farad": "degF"}


@cache
def _registry() -> "UnitRegistry[Any]":
    import pint

    return pint.UnitRegistry(non_int_type=Fraction)


def unit(name: str) -> Quantity:
    """One of a unit, by any name or symbol of it: ``km``, ``miles``, ``m2``, ``°C``. Raises ``ToolError``."""
    found = _lookup(name)
    if found is None and name[-1] in _POWERS and (base := _lookup(name[:-1])) is not None:
        found = tuple((part, power * _POWERS[name[-1]]) for part, power in base)
    if found is None:
        raise ToolError(f"`{name}` is neither a unit nor a function known here{_close(name)}.")
    return Quantity(Fraction(1), found)


def convert(quantity: Quantity, units: Units) -> Quantity:
    """The same quantity in other units. Raises ``ToolError`` where they measure different things."""
    if quantity.units == units:
        return quantity
    import pint

    registry = _registry()
    source = registry.Quantity(quantity.magnitude, registry.UnitsContainer(dict(quantity.units)))
    try:
        converted = source.to(registry.UnitsContainer(dict(units)))
    except (pint.DimensionalityError, pint.OffsetUnitCalculusError):
        raise ToolError(_mismatch(quantity.units, units)) from None
    return Quantity(Fraction(converted.magnitude), units)


def reduced(magnitude: Fraction, units: Units) -> Fraction | Quantity:
    """A quantity, or a plain number where its units cancel out (``km/m`` is 1000)."""
    if not units:
        return magnitude
    registry = _registry()
    container = registry.UnitsContainer(dict(units))
    if len(units) > 1 and registry.get_dimensionality(container) == registry.UnitsContainer():
        return convert(Quantity(magnitude, units), ()).magnitude
    return Quantity(magnitude, units)


def is_offset(units: Units) -> bool:
    """Whether zero is not nothing in these units (°C, °F), so that they can be converted but not added or multiplied."""
    return any(name in ("degree_Celsius", "degree_Fahrenheit", "degree_Reaumur") for name, _ in units)


def _lookup(name: str) -> Units | None:
    import pint

    registry = _registry()
    spelled = _ALIASES.get(name, name)
    if not (spelled.lstrip("°") or "degree").isidentifier():  # pint would parse it as an expression
        return None
    for spelling in (spelled, spelled.lower()) if len(spelled) > _LONGEST_SYMBOL else (spelled,):
        try:
            return _units(registry.Quantity(Fraction(1), registry.Unit(spelling)).to_tuple()[1])
        except (pint.UndefinedUnitError, ValueError, AttributeError, TypeError):
            continue
    return None


def _units(powers: Iterable[Any]) -> Units:
    return tuple((str(name), Fraction(power)) for name, power in powers)


def _close(name: str) -> str:
    close = difflib.get_close_matches(name, [known for known in dir(_registry()) if known.isidentifier()], 2)
    return f"; did you mean {' or '.join(f'`{c}`' for c in close)}?".rstrip("?") if close else ""


def _mismatch(source: Units, target: Units) -> str:
    names = [name for name, _ in (*source, *target)]
    text = f"{written_units(source)} cannot be converted to {written_units(target) or 'a plain number'}"
    hints = [f"`{_TEMPERATURES[name]}`" for name in names if name in _TEMPERATURES]
    return f"{text}; for temperatures write {' and '.join(hints)}." if hints else f"{text}."
