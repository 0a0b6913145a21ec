"""Settings of the policy: ``[policy]``, and what an agent profile adds in ``[agents.NAME.policy]``."""

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from trust.classes import ArgClass, Effect
from trust.rules import BUILT_IN, ArgRule, parse_rule

OWN_EFFECTS = {"http_get": Effect.FETCH}
"""Built-in tools whose class is known; nobody may call them milder."""


class _Declared(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class _ToolLines(_Declared):
    args: dict[str, ArgClass] = Field(default_factory=dict)
    rules: tuple[str, ...] = ()
    always: Literal["ask", "deny"] | None = None
    max_calls: int | None = Field(None, ge=0)

    @model_validator(mode="before")
    @classmethod
    def _quoted(cls, given: Any) -> Any:
        """TOML takes the dot of an unquoted name for a table."""
        inner = [name for name, value in given.items() if isinstance(value, dict) and name != "args"] if _is_map(given) else []
        if inner:
            raise ValueError(f'quote the whole name of the tool, as in [policy.tools."server.{inner[0]}"]')
        return given

    @field_validator("rules")
    @classmethod
    def _readable(cls, rules: tuple[str, ...]) -> tuple[str, ...]:
        parsed = [parse_rule(rule) for rule in rules]
        twice = [arg for (arg, _), n in Counter((r.arg, r.most is None) for r in parsed).items() if n > 1]
        if twice:
            raise ValueError(f"two rules are about {twice[0]}: join their lists with `or`")
        return rules

    @model_validator(mode="after")
    def _agrees_with_itself(self) -> Self:
        if self.always == "deny" and (self.rules or self.max_calls is not None):
            raise ValueError('`always = "deny"` contradicts `rules` and `max_calls`: no call would ever get to them')
        return self

    @property
    def parsed(self) -> tuple[ArgRule, ...]:
        return tuple(parse_rule(rule) for rule in self.rules)


class ToolPolicy(_ToolLines):
    """``[policy.tools."NAME"]``: what the operator says of one tool, or of all of a server's (``"bank.*"``).

    It counts more than any hint, and says that the operator has read the tool's description. ``args`` gives the class of
    each argument; one without a class counts as one that decides what the call hits. Each of ``rules`` settles one argument:
    a value in one of its lists is trusted, any other asks. ``always`` asks before (or denies) every call. ``max_calls``:
    further calls in one task ask. With ``under_condition = "allow"`` data from outside may decide whether and how often a
    call is made.
    """

    effect: Effect
    under_condition: Literal["ask", "allow"] = "ask"

    @model_validator(mode="after")
    def _condition_matters(self) -> Self:
        if self.under_condition == "allow" and (self.always is not None or self.effect is Effect.DELETE):
            raise ValueError('`under_condition = "allow"` contradicts what asks in any case')
        return self


class ProfileToolPolicy(_ToolLines):
    """``[agents.NAME.policy.tools."NAME"]``: as in ``[policy.tools]``, and only stricter. ``rules`` raise no trust here."""

    effect: Effect | None = None


class PolicySettings(_Declared):
    """``[policy]``: which calls need a person's word. An agent profile may be stricter, never milder.

    ``unclassified_effect`` is for calls that may change something and that ``tools`` does not classify. ``private_egress`` is
    for private data on its way to the open world: in a URL, a search. ``lists`` are named values for ``rules``; an entry is a
    whole value, or ``*@domain`` for addresses of one domain.
    """

    unclassified_effect: Literal["ask", "deny"] = "ask"
    private_egress: Literal["ask", "deny"] = "ask"
    lists: dict[str, tuple[str, ...]] = Field(default_factory=dict)
    tools: dict[str, ToolPolicy] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _agrees_with_itself(self) -> Self:
        for name, entries in self.lists.items():
            if name in BUILT_IN:
                raise ValueError(f"lists.{name}: the name is taken by a list that fills itself")
            if not entries:
                raise ValueError(f"lists.{name} is empty: no value could ever be in it")
        for name, tool in self.tools.items():
            if name in OWN_EFFECTS and tool.effect.severity < OWN_EFFECTS[name].severity:
                raise ValueError(f"tools.{name}: it is a {OWN_EFFECTS[name]}, and cannot be called a {tool.effect}")
            check_lines(f"tools.{name}", name, tool.parsed, tool.args, self.lists)
        return self


class ProfilePolicy(_Declared):
    """``[agents.NAME.policy]``: what is stricter for this agent than in ``[policy]``."""

    unclassified_effect: Literal["ask", "deny"] | None = None
    private_egress: Literal["ask", "deny"] | None = None
    tools: dict[str, ProfileToolPolicy] = Field(default_factory=dict)


def check_lines(
    where: str, name: str, rules: Iterable[ArgRule], args: Mapping[str, ArgClass], lists: Mapping[str, Any]
) -> None:
    """Raises ``ValueError`` for a name that would not match as it looks, a list or an argument that there is not."""
    if "*" in name.removesuffix(".*"):
        raise ValueError(f"{where}: a name is whole, or ends in `.*` for all tools of a server")
    for rule in rules:
        unknown = [known for known in rule.sets if known not in lists and known not in BUILT_IN]
        if unknown:
            there = ", ".join([*BUILT_IN, *lists])
            raise ValueError(f"{where}: the rule `{rule.text}` names the list {unknown[0]}; there are: {there}")
        if rule.arg not in args and rule.arg not in args.values():
            there = ", ".join(args) or "none"
            raise ValueError(f"{where}: the rule `{rule.text}` is about {rule.arg}, which is not among its `args`: {there}")


def _is_map(given: object) -> bool:
    return isinstance(given, Mapping)
