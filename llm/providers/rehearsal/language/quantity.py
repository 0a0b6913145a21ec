"""What a quantity is."""

from dataclasses import dataclass
from decimal import Decimal

from llm.providers.rehearsal.language.units import Unit


@dataclass(frozen=True, slots=True)
class Per:
    """One thing a rate is per: ``amount`` of ``unit`` (100 kilometres in ``6 litres per 100 km``)."""

    unit: Unit
    amount: Decimal = Decimal(1)


@dataclass(frozen=True, slots=True)
class Quantity:
    """``value`` ``unit`` per every one of ``per``, standing at ``start``..``end`` of its text.

    ``noun`` is the whole counted phrase (``double rooms``). ``low`` and ``high`` mark a bound (``up to 180 metres``) instead
    of an amount.
    """

    value: Decimal
    unit: Unit | None
    start: int
    end: int
    per: tuple[Per, ...] = ()
    noun: str = ""
    low: Decimal | None = None
    high: Decimal | None = None

    @property
    def is_bound(self) -> bool:
        return self.low is not None or self.high is not None

    @property
    def is_money(self) -> bool:
        return self.unit is not None and self.unit.is_money

    @property
    def is_percent(self) -> bool:
        return self.unit is not None and self.unit.dimension == "share"
