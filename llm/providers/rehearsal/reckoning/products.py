"""What a worked-out result is made of: a fact times what it is per, factor by factor."""

from dataclasses import dataclass

from llm.providers.rehearsal.language.quantity import Per
from llm.providers.rehearsal.language.units import Unit
from llm.providers.rehearsal.language.words import canon
from llm.providers.rehearsal.reading.facts import Fact


@dataclass(frozen=True, slots=True)
class Factor:
    """One number of a product: ``text`` is its expression, ``name`` what it is, ``over`` whether it divides."""

    text: str
    name: str
    over: bool = False


@dataclass(frozen=True, slots=True)
class Product:
    """A fact times what it is per. ``used`` are the places of the givens that entered, ``met`` those that only met a
    condition, ``open`` what is left per. ``unit`` is the result's."""

    fact: Fact
    factors: tuple[Factor, ...]
    unit: Unit | None
    used: frozenset[int] = frozenset()
    met: frozenset[int] = frozenset()
    open: tuple[Per, ...] = ()
    others: tuple[Fact, ...] = ()
    score: float = 0.0
    turned: bool = False
    """Whether a rate was turned from one period into another, such as from months to years."""

    @property
    def expression(self) -> str:
        top = " * ".join(f.text for f in self.factors if not f.over)
        return top + "".join(f" / {f.text}" for f in self.factors if f.over)

    @property
    def words(self) -> str:
        """``37 euros per metre and day × 120 metres × 4 days``"""
        shown = [f.name for f in self.factors if not f.over]
        return " × ".join(shown) + "".join(f" ÷ {f.name}" for f in self.factors if f.over)


@dataclass(frozen=True, slots=True)
class Target:
    """What the result must be: ``money``, a physical dimension, ``count`` of ``noun``, or anything (empty). ``per`` are
    units the question wants the result to stay per; ``unit`` the one it wants it in."""

    dimension: str = ""
    noun: str = ""
    unit: Unit | None = None
    per: tuple[Per, ...] = ()

    def takes(self, unit: Unit | None) -> bool:
        if not self.dimension:
            return True
        if unit is None:
            return False
        if self.dimension == "count":
            return unit.dimension == "count" and canon(unit.name) == canon(self.noun)
        return unit.dimension == self.dimension
