"""Whether the policy speaks of tools and arguments that there are, and what of a server's it leaves unclassified."""

import asyncio
from collections.abc import Iterable, Iterator, Mapping, Sequence
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from journeyman.cli.finding import Finding

if TYPE_CHECKING:
    from journeyman.settings import Settings
    from tools.types import Tool
    from trust.policy_settings import PolicySettings

PART = "policy"
SHOWN = 5
"""So many names are written out."""


def policy(settings: "Settings") -> Iterator[Finding]:
    """Lines of the policy that meet nothing, and servers' tools that it does not classify. Silent servers are left out."""
    found = asyncio.run(_examined(settings))
    yield from found or [Finding(PART, "ok", _summary(len(settings.policy.tools)))]


async def _examined(settings: "Settings") -> list[Finding]:
    from tools.mcp.servers import mcp_servers
    from tools.registry import build_registry

    registry = build_registry(settings.tools, mcp_servers(settings.mcp_servers, settings.home, learns=False))
    try:
        await registry.refresh()
        tools = {tool.name: tool for tool in registry.all()}
        absent = [absent.name for absent in registry.absent()]
    finally:
        await registry.aclose()
    found = [finding for where, args in _lines(settings) for finding in unmet(where, args, tools, absent)]
    return found + list(unclassified(settings.policy, settings.mcp_servers, tools))


def _lines(settings: "Settings") -> Iterator[tuple[tuple[str, str], Iterable[str]]]:
    """(table, name of the tool) and its arguments, for ``[policy.tools]`` and those of the profiles."""
    for name, tool in settings.policy.tools.items():
        yield ("policy.tools", name), tool.args
    for agent, profile in settings.agents.items():
        for name, stricter in profile.policy.tools.items():
            yield (f"agents.{agent}.policy.tools", name), stricter.args


def unmet(
    where: tuple[str, str], args: Iterable[str], tools: Mapping[str, "Tool"], absent: Sequence[str]
) -> Iterator[Finding]:
    """A warning where no tool has the name, and for each argument that none of the tools meant has. A name that could be one
    of ``absent`` (names and patterns of what cannot be used now) is not judged."""
    table, name = where
    line = f'[{table}."{name}"]'
    if any(fnmatchcase(name, known) or fnmatchcase(known, name) for known in absent):
        return
    meant = [tool for tool in tools.values() if fnmatchcase(tool.name, name)]
    if not meant:
        yield Finding(PART, "warning", f"{line} meets no tool.", "See `journeyman tools list` for the names there are.")
        return
    taken = [_arguments(tool) for tool in meant]
    if None in taken:
        return
    there = sorted({arg for names in taken for arg in names or ()})
    for arg in args:
        if arg not in there:
            mend = f"Its arguments are: {_listed(there)}." if there else "It takes no arguments: leave `args` away."
            yield Finding(PART, "warning", f"{line}: there is no argument {arg}.", mend)


def unclassified(settings: "PolicySettings", servers: Iterable[str], tools: Mapping[str, "Tool"]) -> Iterator[Finding]:
    """A warning for each server with tools that may change something and that no line of the policy classifies."""
    from trust.declaring import declared

    known = declared(settings, {})
    then = {"ask": "every call of them asks", "deny": "every call of them is denied"}[settings.unclassified_effect]
    for server in servers:
        open_ones = sorted(
            tool.name
            for tool in tools.values()
            if tool.name.startswith(f"{server}.") and tool.hints.read_only is not True and not known.approves(tool.name)
        )
        if open_ones:
            found = f"{server}: not classified, so {then}: {_listed(open_ones)}."
            yield Finding(PART, "warning", found, f'Say what each does: [policy.tools."{open_ones[0]}"] effect = "read", …')


def _arguments(tool: "Tool") -> list[str] | None:
    """``None`` where the schema does not tell them all."""
    properties = tool.parameters.get("properties")
    return None if properties is None or tool.parameters.get("additionalProperties") else list(properties)


def _listed(names: Sequence[str]) -> str:
    more = len(names) - SHOWN
    return ", ".join(names[:SHOWN]) + (f" and {more} more" if more > 0 else "")


def _summary(lines: int) -> str:
    return f"{lines} tool{'' if lines == 1 else 's'} classified" if lines else "Nothing is classified."
