"""Which model answers a call: named models, and for each role its candidates in order."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from llm.provider import Provider
from llm.settings import ModelSettings, RouteSettings


@dataclass(frozen=True, slots=True)
class Model:
    """One configured model. ``provider`` is made on first use."""

    name: str
    settings: ModelSettings

    @property
    def provider(self) -> Provider:
        raise NotImplementedError


class Models:
    """All configured models and routes; with none configured, ``rehearsal`` alone."""

    def __init__(self, models: Mapping[str, ModelSettings], routes: Mapping[str, RouteSettings]) -> None:
        """Raises ``ConfigurationError`` for a route to an unknown model, an unknown provider, or a model without a price."""
        raise NotImplementedError

    def candidates(self, role: str, only: Sequence[str] | None = None) -> list[Model]:
        """The models to try for ``role`` (its route, else ``default``'s), in order; ``only`` names the ones allowed."""
        raise NotImplementedError

    def all(self) -> list[Model]:
        raise NotImplementedError

    def get(self, name: str) -> Model:
        """Raises ``NotFound`` naming the models there are."""
        raise NotImplementedError

    async def aclose(self) -> None:
        raise NotImplementedError
