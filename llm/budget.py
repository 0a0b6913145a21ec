"""What a model call costs, and the reservation that keeps a task under its ceilings. Pure: no clock, no I/O.

The rule is reserve before spend: a call is sent only if what the task has spent plus the call's worst case fits under
every ceiling. As a call never uses more than its reservation, no sequence of calls passes a ceiling.
"""

from journal.errors import JourneymanError
from journal.values import Budget, Reservation, TokenUsage, Usage
from llm.settings import Price

SMALLEST_ANSWER = 64
"""Output tokens below which a call is not worth sending: a cut-off answer costs money and helps nobody."""

_PER_MILLION = 1_000_000
_ROUNDING = 1e-9
"""The share of the money left that is never reserved, so that rounding in sums of floats cannot pass the ceiling."""


class CeilingReached(JourneymanError):
    """A ceiling of the task leaves no room for the next model call.

    ``ceiling`` is the field of ``Budget``; ``limit``, ``spent`` and ``needed`` are in that field's unit.
    """

    def __init__(self, ceiling: str, limit: float, spent: float, needed: float, *, hint: str = "") -> None:
        super().__init__(
            f"The budget's {ceiling} is {_plain(limit)}: {_plain(spent)} is spent, and the next model call "
            f"may need {_plain(needed)}.",
            hint=hint or f"Give the task a higher `{ceiling}`, or let it do less.",
        )
        self.ceiling = ceiling
        self.limit = limit
        self.spent = spent
        self.needed = needed


def _plain(number: float) -> str:
    return str(int(number)) if number == int(number) else f"{number:.6f}".rstrip("0")


class BudgetExhausted(CeilingReached):
    """Steps, tokens or money are used up."""


class DeadlinePassed(CeilingReached):
    """The task's time is used up."""


def cost_usd(usage: TokenUsage, price: Price) -> float:
    """What ``usage`` costs at ``price``, in USD."""
    cached = min(usage.cached_input_tokens, usage.input_tokens)
    written = min(usage.cache_write_tokens, usage.input_tokens - cached)
    cached_price = price.input if price.cached_input is None else price.cached_input
    write_price = price.input if price.cache_write is None else price.cache_write
    fresh = usage.input_tokens - cached - written
    input_cost = fresh * price.input + cached * cached_price + written * write_price
    return (input_cost + usage.output_tokens * price.output) / _PER_MILLION


def worst_case(input_tokens: int, output_tokens: int, price: Price) -> Reservation:
    """The most a call with at most so many tokens can use, whatever share of its input is cached."""
    dearest = max(price.input, price.cached_input or 0.0, price.cache_write or 0.0)
    cost = (input_tokens * dearest + output_tokens * price.output) / _PER_MILLION
    return Reservation(input_tokens=input_tokens, output_tokens=output_tokens, cost_usd=cost)


def reserve(
    budget: Budget,
    spent: Usage,
    price: Price,
    bound_input_tokens: int,
    wanted_output_tokens: int,
    seconds_used: float,
) -> Reservation:
    """Set aside the worst case of the next call, with its output cut to what every ceiling leaves.

    ``spent`` counts settled calls and the reservations of calls whose end is unknown. Raises ``BudgetExhausted`` or
    ``DeadlinePassed`` when not even a small answer fits.
    """
    if seconds_used >= budget.max_seconds:
        raise DeadlinePassed("max_seconds", budget.max_seconds, round(seconds_used, 3), 1)
    if spent.steps >= budget.max_steps:
        raise BudgetExhausted("max_steps", budget.max_steps, spent.steps, 1)
    smallest = min(wanted_output_tokens, SMALLEST_ANSWER)
    by_tokens = _output_within_tokens(budget, spent, bound_input_tokens, smallest)
    by_cost = _output_within_cost(budget, spent, price, bound_input_tokens, smallest)
    output = min(wanted_output_tokens, by_tokens, wanted_output_tokens if by_cost is None else by_cost)
    return worst_case(bound_input_tokens, output, price)


def _output_within_tokens(budget: Budget, spent: Usage, input_tokens: int, smallest: int) -> int:
    used = spent.input_tokens + spent.output_tokens
    left = budget.max_tokens - used - input_tokens
    if left < smallest:
        raise BudgetExhausted("max_tokens", budget.max_tokens, used, input_tokens + smallest)
    return left


def _output_within_cost(budget: Budget, spent: Usage, price: Price, input_tokens: int, smallest: int) -> int | None:
    """``None``: money does not bound the output."""
    left = (budget.max_cost_usd - spent.cost_usd) * (1 - _ROUNDING)
    least = worst_case(input_tokens, smallest, price).cost_usd
    if least > left:
        hint = "Give the task a higher `max_cost_usd`, or a cheaper model."
        raise BudgetExhausted("max_cost_usd", budget.max_cost_usd, spent.cost_usd, least, hint=hint)
    if price.output == 0:
        return None
    affordable = (left - worst_case(input_tokens, 0, price).cost_usd) * _PER_MILLION / price.output
    return max(smallest, int(min(affordable, float(budget.max_tokens))))
