"""Which model answers a call: named models, and for each role its candidates in order."""

import difflib
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from importlib import import_module, metadata

from journal.errors import ConfigurationError, NotFound
from llm.provider import Provider
from llm.settings import ModelSettings, Price, RouteSettings

ROLES = ("default", "plan", "act", "extract", "judge", "summarize")
"""What a model can be asked to do; each may have a route of its own."""

REHEARSAL = "rehearsal"
_ENTRY_POINTS = "journeyman.providers"
_BUILT_IN = {
    "anthropic": "llm.providers.anthropic_sdk:anthropic",
    "azure": "llm.providers.openai_sdk:azure",
    "bedrock": "llm.providers.anthropic_sdk:bedrock",
    "openai": "llm.providers.openai_sdk:openai",
    "openai_compatible": "llm.providers.openai_sdk:openai_compatible",
    "vertex": "llm.providers.anthropic_sdk:vertex",
    REHEARSAL: "llm.providers.rehearsal:Rehearsal",
}
_ANTHROPIC = ("anthropic", "bedrock", "vertex")
_ANTHROPIC_CACHE_WRITE = 1.25
_REHEARSAL = ModelSettings(provider=REHEARSAL, model=REHEARSAL, context_window=10_000_000)
"""A program reads a conversation of any length."""

_FREE = Price(input=0, output=0)


@dataclass(frozen=True, eq=False)
class Model:
    """One configured model. ``provider`` is made on first use, so a model that is never asked costs nothing."""

    name: str
    settings: ModelSettings

    @cached_property
    def provider(self) -> Provider:
        """Raises ``ConfigurationError`` when the provider cannot be made from these settings (no key, no address)."""
        return _make_provider(self.settings)

    @cached_property
    def price(self) -> Price:
        """USD per million tokens; known for every model that ``Models`` accepted."""
        price = self.settings.price or _FREE
        if price.cache_write is None and self.settings.provider in _ANTHROPIC:
            return price.model_copy(update={"cache_write": price.input * _ANTHROPIC_CACHE_WRITE})
        return price

    async def aclose(self) -> None:
        """Close the provider, if one was made; the next use makes a new one."""
        provider: Provider | None = self.__dict__.pop("provider", None)
        if provider is not None:
            await provider.aclose()


class Models:
    """All configured models and routes; with none configured, ``rehearsal`` alone."""

    def __init__(self, models: Mapping[str, ModelSettings], routes: Mapping[str, RouteSettings]) -> None:
        """Raises ``ConfigurationError`` for a route to an unknown model, an unknown provider, or a model without a price."""
        configured = dict(models) or {REHEARSAL: _REHEARSAL}
        mistakes = [*_mistakes_in_models(configured), *_mistakes_in_routes(routes, configured)]
        if mistakes:
            hint = "Mend [models.*] and [routes.*] in the configuration."
            raise ConfigurationError(" ".join(mistakes), hint=hint, mistakes=tuple(mistakes))
        self._models = {name: Model(name, settings) for name, settings in configured.items()}
        self._routes = {role: self._ordered(route) for role, route in routes.items()}

    def candidates(self, role: str, only: Sequence[str] | None = None) -> list[Model]:
        """The models to try for ``role`` (its route, else ``default``'s, else all), in order; ``only`` names the ones allowed.

        Where the route has none of the allowed models, they are tried in the order of ``only``. Raises ``NotFound`` for
        a name in ``only`` that is not configured.
        """
        routed = self._routes.get(role) or self._routes.get("default") or self.all()
        if only is None:
            return list(routed)
        allowed = [self.get(name) for name in only]
        return [model for model in routed if model in allowed] or allowed

    def all(self) -> list[Model]:
        """Every model, as configured."""
        return list(self._models.values())

    def get(self, name: str) -> Model:
        """Raises ``NotFound`` naming the models there are."""
        try:
            return self._models[name]
        except KeyError:
            raise NotFound(f"There is no model `{name}`.", hint=_near(name, self._models)) from None

    async def open(self) -> None:
        """Load every model's provider, so that no task waits for it. One that cannot be made says why on its first use."""
        for model in self.all():
            with suppress(ConfigurationError):
                await model.provider.open()

    async def aclose(self) -> None:
        """Close every provider that was made, even if closing one of them fails."""
        failures = []
        for model in self.all():
            try:
                await model.aclose()
            except Exception as error:
                failures.append(error)
        if failures:
            raise failures[0]

    def _ordered(self, route: RouteSettings) -> list[Model]:
        models = [self._models[name] for name in route.models]
        return sorted(models, key=_cost_weight) if route.strategy == "cheapest" else models


def _cost_weight(model: Model) -> float:
    """An agent's calls read far more than they write: input counts four times."""
    return 4 * model.price.input + model.price.output


def _mistakes_in_models(models: Mapping[str, ModelSettings]) -> Iterable[str]:
    for name, settings in models.items():
        if settings.provider not in _BUILT_IN and settings.provider not in _plugins():
            known = {*_BUILT_IN, *_plugins()}
            yield f"models.{name}: there is no provider `{settings.provider}`. {_near(settings.provider, known)}"
        if settings.price is None and settings.provider != REHEARSAL:
            yield f"models.{name} has no price, so no budget could hold. {_PRICE_ADVICE}"


_PRICE_ADVICE = "Write its USD per million tokens, or `price = { input = 0, output = 0 }` if it is free."


def _mistakes_in_routes(routes: Mapping[str, RouteSettings], models: Mapping[str, ModelSettings]) -> Iterable[str]:
    for role, route in routes.items():
        if role not in ROLES:
            yield f"routes.{role}: there is no such role. {_near(role, ROLES)}"
        for name in route.models:
            if name not in models:
                yield f"routes.{role}: there is no model `{name}`. {_near(name, models)}"


def _near(name: str, known: Iterable[str]) -> str:
    names = sorted(known)
    close = difflib.get_close_matches(name, names, 1)
    return f"Did you mean `{close[0]}`?" if close else f"Known: {', '.join(names)}."


def _plugins() -> dict[str, metadata.EntryPoint]:
    """Providers that installed packages bring. A scan of all metadata, so only for names that are not built in."""
    return {point.name: point for point in metadata.entry_points(group=_ENTRY_POINTS)}


def _make_provider(settings: ModelSettings) -> Provider:
    built_in = _BUILT_IN.get(settings.provider)
    if built_in is not None:
        module, _, name = built_in.partition(":")
        factory = getattr(import_module(module), name)
    else:
        factory = _plugins()[settings.provider].load()
    provider: Provider = factory(settings)
    return provider
