"""The worst case of a plan: what its model calls and child tasks may cost at most, before any of it runs."""

from collections.abc import Mapping
from dataclasses import dataclass

from journal.plans import Plan, Step
from llm.budget import worst_case
from llm.settings import Price

EXTRACT_CHARS = 24_000
"""The most of a text that a quarantined extraction is given."""

EXTRACT_OUTPUT_TOKENS = 2048
ANSWER_CHARS = 60_000
ANSWER_OUTPUT_TOKENS = 4096
PROMPT_TOKENS = 2000
"""Room for the instructions and the schema of a call."""

MAX_REPAIRS = 2
"""So often a model may mend a plan or a value before that counts as failed."""


@dataclass(frozen=True, slots=True)
class PlanCost:
    """``model_calls`` and ``tool_calls`` if all goes well; ``cost_usd`` is the most it can come to, repairs included."""

    model_calls: int
    tool_calls: int
    cost_usd: float


def times(step: Step) -> int:
    """How often a step may run."""
    return step.for_each.max if step.for_each else 1


def cost_of(plan: Plan, prices: Mapping[str, Price]) -> PlanCost:
    """The worst case of all steps and the answer at the dearest prices of the roles ``extract`` and ``act``."""
    extracts = sum(times(step) for step in plan.steps if step.extract)
    words = plan.answer.text is None
    usd = extracts * (1 + MAX_REPAIRS) * _call(prices.get("extract"), EXTRACT_CHARS, EXTRACT_OUTPUT_TOKENS)
    usd += _call(prices.get("act"), ANSWER_CHARS, ANSWER_OUTPUT_TOKENS) if words else 0.0
    usd += sum(times(s) * s.delegate.budget.max_cost_usd for s in plan.steps if s.delegate and s.delegate.budget)
    return PlanCost(extracts + words, sum(times(step) for step in plan.steps if step.tool), usd)


def _call(price: Price | None, chars: int, output_tokens: int) -> float:
    """A token is at least one character here; text that costs more tokens than characters is cut by the reservation."""
    return worst_case(chars + PROMPT_TOKENS, output_tokens, price).cost_usd if price else 0.0
