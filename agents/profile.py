"""Agent profiles: a name for instructions, planner, tools, models and ceilings."""

from collections.abc import Mapping
from dataclasses import dataclass

from agents.requests import BudgetRequest, TechniquesRequest
from agents.settings import AgentSettings
from journal.errors import InvalidInput
from journal.techniques import Techniques
from journal.values import Budget


@dataclass(frozen=True, slots=True)
class Profile:
    """One agent profile, as the settings give it."""

    name: str
    settings: AgentSettings

    def budget(self, asked: BudgetRequest) -> Budget:
        """The profile's ceilings, lowered where the request says so. Raises ``InvalidInput`` when it wants more."""
        own = self.settings.budget
        wanted = asked.model_dump(exclude_none=True)
        for ceiling, value in wanted.items():
            if value > getattr(own, ceiling):
                raise InvalidInput(
                    f"{ceiling} = {value:g} is above the {getattr(own, ceiling):g} that agent {self.name} may use.",
                    hint=f"Ask for less, or raise budget.{ceiling} in [agents.{self.name}].",
                )
        return own.model_copy(update=wanted)

    def techniques(self, asked: TechniquesRequest) -> Techniques:
        """The profile's techniques, and in place of them those that the request names."""
        return Techniques.model_validate(self.settings.techniques.model_dump() | asked.model_dump(exclude_none=True))


def find_profile(agents: Mapping[str, AgentSettings], name: str) -> Profile:
    """Raises ``InvalidInput`` naming the profiles there are; ``default`` always exists."""
    if name in agents:
        return Profile(name, agents[name])
    if name == "default":
        return Profile(name, AgentSettings())
    known = ", ".join(sorted({*agents, "default"}))
    raise InvalidInput(f"There is no agent named {name!r}.", hint=f"Known agents: {known}.")
