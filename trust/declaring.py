"""From settings to the policy: the operator's, and what the profiles of an agent add to it, which is only ever stricter."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Literal

from trust.policy import DeclaredPolicy
from trust.policy_settings import PolicySettings, ProfilePolicy, ProfileToolPolicy, ToolPolicy, check_lines
from trust.tool_lines import ToolLines

_Word = Literal["ask", "deny"]


def declared(settings: PolicySettings, profiles: Mapping[str, ProfilePolicy]) -> DeclaredPolicy:
    """The policy for work under all of these profiles at once, by agent name. Raises ``ValueError`` naming the rule of a
    profile that would be milder than ``settings``, or that cannot be understood."""
    tools = {name: _first(tool) for name, tool in settings.tools.items()}
    own = DeclaredPolicy(settings.unclassified_effect, settings.private_egress, settings.lists, tools)
    policy = own
    for agent, profile in profiles.items():
        _check_stricter(own, f"agents.{agent}.policy", profile)
        policy = _tightened(policy, profile)
    return policy


def _first(tool: ToolPolicy) -> ToolLines:
    return ToolLines(tool.effect, tool.args, tool.parsed, (), tool.always, tool.max_calls, tool.under_condition)


def _check_stricter(own: DeclaredPolicy, where: str, profile: ProfilePolicy) -> None:
    for name in ("unclassified_effect", "private_egress"):
        if getattr(profile, name) == "ask" and getattr(own, name) == "deny":
            raise ValueError(f'{where}.{name}: "ask" is milder than the "deny" of [policy]; a profile may only be stricter')
    for name, lines in profile.tools.items():
        base = own.lines_of(name)
        check_lines(f"{where}.tools.{name}", name, lines.parsed, {**base.args, **lines.args}, own.lists)
        _check_lines_stricter(base, f"{where}.tools.{name}", lines)


def _check_lines_stricter(base: ToolLines, where: str, lines: ProfileToolPolicy) -> None:
    if lines.effect is not None and base.effect is None:
        raise ValueError(f"{where}.effect: no tool is classified by a profile alone; say it in [policy.tools]")
    if lines.effect is not None and base.effect is not None and lines.effect.severity < base.effect.severity:
        raise ValueError(f"{where}.effect: {lines.effect} is milder than the {base.effect} of [policy]")
    for name, kind in lines.args.items():
        if not kind.identifies and (name not in base.args or base.args[name].identifies):
            raise ValueError(f"{where}.args.{name}: {kind} is milder than what [policy] says of it")
    if lines.max_calls is not None and base.max_calls is not None and lines.max_calls > base.max_calls:
        raise ValueError(f"{where}.max_calls: {lines.max_calls} is more than the {base.max_calls} of [policy]")
    if lines.always == "ask" and base.always == "deny":
        raise ValueError(f'{where}.always: "ask" is milder than the "deny" of [policy]')


def _tightened(policy: DeclaredPolicy, profile: ProfilePolicy) -> DeclaredPolicy:
    """A profile's pattern holds for the tools that are declared by their own names too."""
    for name in sorted(profile.tools, key=len):
        own = {*policy.tools, *profile.tools}
        meant = {known for known in own if name.endswith(".*") and known.startswith(name[:-1])}
        stricter = {known: _stricter(policy.lines_of(known), profile.tools[name]) for known in {name, *meant}}
        policy = replace(policy, tools={**policy.tools, **stricter})
    return replace(
        policy,
        unclassified_effect=_strictest(policy.unclassified_effect, profile.unclassified_effect) or "ask",
        private_egress=_strictest(policy.private_egress, profile.private_egress) or "ask",
    )


def _stricter(base: ToolLines, lines: ProfileToolPolicy) -> ToolLines:
    effects = [effect for effect in (base.effect, lines.effect) if effect is not None]
    limits = [limit for limit in (base.max_calls, lines.max_calls) if limit is not None]
    return replace(
        base,
        effect=max(effects, key=lambda effect: effect.severity, default=None),
        args={**lines.args, **base.args, **{name: kind for name, kind in lines.args.items() if kind.identifies}},
        only=(*base.only, *lines.parsed),
        always=_strictest(base.always, lines.always),
        max_calls=min(limits, default=None),
    )


def _strictest(*words: _Word | None) -> _Word | None:
    return "deny" if "deny" in words else "ask" if "ask" in words else None
