"""Settings of the guard (``[guard]``). None of them reaches the policy: what asks a person asks with any of these."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

Reaction = Literal["off", "flag", "withhold"]


class _Settings(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class RebuffSettings(_Settings):
    """``[guard.rebuff]``: a Rebuff server of your own; without ``url`` none is asked. ``api_key_env`` is the variable with its
    key."""

    url: str = Field("", pattern=r"^$|^https?://[^\s]+$")
    api_key_env: str = "REBUFF_API_KEY"
    timeout_seconds: float = Field(10.0, gt=0)


class ModerationSettings(_Settings):
    """``[guard.moderation]``: an endpoint in the form of OpenAI's (``POST URL/moderations``); without ``url`` none is asked.

    When it does not answer, what it should have looked at is refused; ``pass`` lets it through.
    """

    url: str = Field("", pattern=r"^$|^https?://[^\s]+$")
    model: str = "omni-moderation-latest"
    api_key_env: str = "OPENAI_API_KEY"
    goals: bool = True
    answers: bool = True
    when_unreachable: Literal["refuse", "pass"] = "refuse"
    timeout_seconds: float = Field(10.0, gt=0)


class OutputSettings(_Settings):
    """What an answer (``[guard.answers]``), or a call's arguments together (``[guard.arguments]``), must hold.

    ``urls``: ``any``, ``known`` (only those that the goal or what the task has read contains) or ``none``. ``url_hosts`` are
    the only hosts allowed, with their subdomains; empty: any. ``validators`` are entry points or ``module:function``.
    """

    max_chars: int = Field(1_000_000, ge=1)
    urls: Literal["any", "known", "none"] = "any"
    url_hosts: tuple[str, ...] = ()
    validators: tuple[str, ...] = ()


class GuardSettings(_Settings):
    """The second line behind the policy: it can only tighten.

    ``flag`` journals a finding, ``withhold`` also keeps the suspicious part of a tool's result from the model. ``model`` asks
    a model of the route ``judge`` about every result of strangers, which costs a call each; ``attacks`` compares results with
    the attacks that were confirmed.
    """

    hidden_text: bool = True
    canary: bool = True
    heuristics: Reaction = "flag"
    heuristics_score: float = Field(0.75, ge=0, le=1)
    attacks: Reaction = "off"
    attacks_similarity: float = Field(0.7, ge=0, le=1)
    model: Reaction = "off"
    rebuff_reaction: Reaction = "withhold"
    rebuff: RebuffSettings = RebuffSettings()
    moderation: ModerationSettings = ModerationSettings()
    answers: OutputSettings = OutputSettings()
    arguments: OutputSettings = OutputSettings()
    goal_validators: tuple[str, ...] = ()
