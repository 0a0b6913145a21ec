"""The validators that come with the product, and those the settings name."""

import re
from collections.abc import Iterable
from importlib import import_module
from importlib.metadata import entry_points
from typing import Any
from urllib.parse import urlsplit

from agents.guard.services import JsonService, ServiceFailed
from agents.guard.settings import ModerationSettings
from journal.errors import ConfigurationError
from trust.validation import FromFunction, Ok, Refused, Subject, Validator, Validity

ENTRY_POINTS = "journeyman.validators"


class MaxLength:
    """No more than so many characters."""

    name = "max_chars"

    def __init__(self, max_chars: int) -> None:
        self._max_chars = max_chars

    async def validate(self, value: str, subject: Subject) -> Validity:
        if len(value) <= self._max_chars:
            return Ok()
        return Refused(f"It has {len(value):,} characters; at most {self._max_chars:,} are allowed.")


class Moderation:
    """An endpoint in the form of OpenAI's moderation."""

    name = "moderation"

    def __init__(self, settings: ModerationSettings) -> None:
        self._settings = settings
        self._service = JsonService(settings.url, settings.api_key_env, settings.timeout_seconds)

    async def validate(self, value: str, subject: Subject) -> Validity:
        try:
            answer = await self._service.post("/moderations", {"model": self._settings.model, "input": value})
            categories = _flagged(answer)
        except (ServiceFailed, KeyError, TypeError, AttributeError) as error:
            if self._settings.when_unreachable == "pass":
                return Ok()
            return Refused(f"It could not be looked at by the moderation service: {error}")
        return Refused(f"The moderation service objects to it: {', '.join(categories)}.") if categories else Ok()


def _flagged(answer: dict[str, Any]) -> list[str]:
    found: list[str] = []
    for result in answer["results"]:
        if result["flagged"]:
            found += [name for name, is_so in result.get("categories", {}).items() if is_so] or ["no category given"]
    return list(dict.fromkeys(found))


_LINK = re.compile(
    r"(?:https?:|ftps?:|data:|javascript:|file:)?//[^\s<>\"'`)\]}]{1,8000}|(?:data|javascript):[^\s<>\"'`)\]}]{1,8000}", re.I
)


def links_in(text: str) -> list[str]:
    """All that a renderer might load or follow: absolute and protocol-relative addresses, ``data:`` and ``javascript:``."""
    return list(dict.fromkeys(match[0].rstrip(".,;:!?") for match in _LINK.finditer(text)))


def url_mistake(text: str, *, policy: str, hosts: Iterable[str], known: str) -> str | None:
    """Why a text's addresses are against ``policy`` (``any``, ``known``, ``none``) or on other hosts than ``hosts``."""
    for link in links_in(text):
        if policy == "none":
            return f"It holds the address {link[:200]}, and no addresses are allowed."
        if policy == "known" and link not in known:
            return f"It holds the address {link[:200]}, which neither the goal nor what was read contains."
        host = (urlsplit(link).hostname or "").rstrip(".").lower()
        allowed = [name.lower().lstrip(".") for name in hosts]
        if allowed and not any(host == name or host.endswith(f".{name}") for name in allowed):
            return f"It holds the address {link[:200]}; only these hosts are allowed: {', '.join(allowed)}."
    return None


def load_validators(names: Iterable[str]) -> list[Validator]:
    """By entry point, or by ``module:name``: a validator, its class, or a function. Raises ``ConfigurationError``."""
    installed = {point.name: point for point in entry_points(group=ENTRY_POINTS)}
    return [_as_validator(name, installed[name].load() if name in installed else _imported(name)) for name in names]


def _imported(name: str) -> Any:
    module, colon, attribute = name.partition(":")
    try:
        if colon:
            return getattr(import_module(module), attribute)
    except (ImportError, AttributeError) as error:
        raise ConfigurationError(f"The validator `{name}` cannot be loaded: {error}.", hint="Mend it in [guard].") from None
    hint = f"Install the package that has it as an entry point of `{ENTRY_POINTS}`, or write `module:function`."
    raise ConfigurationError(f"There is no validator `{name}`.", hint=hint)


def _as_validator(name: str, thing: Any) -> Validator:
    if isinstance(thing, type):
        thing = thing()
    if hasattr(thing, "validate"):
        validator: Validator = thing
        return validator
    if callable(thing):
        return FromFunction(name, thing)
    raise ConfigurationError(f"`{name}` is neither a validator nor a function.", hint="Mend it in [guard].")
