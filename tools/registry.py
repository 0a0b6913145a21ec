"""All tools there are, by name."""

import difflib
from collections.abc import Callable, Iterable, Mapping, Sequence
from fnmatch import fnmatchcase
from importlib.metadata import EntryPoint, entry_points
from types import ModuleType

from journal.errors import ConfigurationError, NotFound
from tools.builtin import builtin_tools
from tools.folders import load_folder, module_tools
from tools.functions import tool_from
from tools.settings import ToolSettings
from tools.types import Absent, Tool, ToolSource

ENTRY_POINTS = "journeyman.tools"


class Registry:
    """Tools by name: built-ins, the operator's folders, installed packages, and those of MCP servers.

    Installed packages are looked for once, when a tool is wanted that is not known yet. Servers are asked by ``refresh``; a
    tool of this process wins over one of a server that has its name.
    """

    def __init__(
        self,
        tools: Iterable[Tool] = (),
        *,
        later: Callable[[], Iterable[Tool]] | None = None,
        source: ToolSource | None = None,
    ) -> None:
        """``later`` is asked at most once for the rest. Raises ``ConfigurationError`` when two tools have one name."""
        self._tools: dict[str, Tool] = {}
        self._later = later
        self._source = source
        self._add(tools)

    async def refresh(self, patterns: Sequence[str] | None = None) -> None:
        """Ask the servers that names or patterns could mean (``None``: all) what tools they have. Never raises."""
        if self._source is not None:
            await self._source.refresh(patterns)

    def absent(self) -> list[Absent]:
        """What cannot be used now, and why."""
        return [] if self._source is None else self._source.absent()

    async def aclose(self) -> None:
        """Let go of the servers."""
        if self._source is not None:
            await self._source.aclose()

    def get(self, name: str) -> Tool:
        """Raises ``NotFound`` with the closest names."""
        if name not in self._tools:
            self._complete()
        try:
            return self._known[name]
        except KeyError:
            raise self._not_found(name) from None

    def all(self) -> list[Tool]:
        """Every tool, sorted by name."""
        self._complete()
        known = self._known
        return [known[name] for name in sorted(known)]

    def select(self, patterns: Sequence[str] | None) -> list[Tool]:
        """The tools that names or patterns (``files.*``) choose, sorted by name; ``None`` means all. Raises ``NotFound`` for a
        name or pattern that matches nothing, unless it could mean tools that are absent now."""
        if patterns is None:
            return self.all()
        if not all(pattern in self._tools for pattern in patterns):
            self._complete()
        known = self._known
        chosen = {name for pattern in patterns for name in self._matching(pattern, known)}
        return [known[name] for name in sorted(chosen)]

    @property
    def _known(self) -> Mapping[str, Tool]:
        return self._tools if self._source is None else self._source.tools() | self._tools

    def _matching(self, pattern: str, known: Iterable[str]) -> list[str]:
        found = [name for name in known if fnmatchcase(name, pattern)]
        if not found and not (self._source is not None and self._source.may_hold(pattern)):
            raise self._not_found(pattern)
        return found

    def _not_found(self, name: str) -> NotFound:
        for absent in self.absent():
            if fnmatchcase(name, absent.name):
                return NotFound(f"The tool `{name}` cannot be used: {absent.why}.", hint=absent.hint)
        close = difflib.get_close_matches(name, self._known, 3)
        hint = f"Did you mean {' or '.join(f'`{c}`' for c in close)}?" if close else "`journeyman tools list` names all tools."
        return NotFound(f"There is no tool `{name}`.", hint=hint)

    def _complete(self) -> None:
        if self._later is not None:
            self._add(self._later())
            self._later = None

    def _add(self, tools: Iterable[Tool]) -> None:
        added: dict[str, Tool] = {}
        for tool in tools:
            other = self._tools.get(tool.name) or added.get(tool.name)
            if other is not None:
                raise ConfigurationError(
                    f"Two tools are called `{tool.name}`: one is {other.origin}, one is {tool.origin}.",
                    hint='Rename one: `@tool(name="...")`.',
                )
            added[tool.name] = tool
        self._tools |= added


def build_registry(settings: ToolSettings, source: ToolSource | None = None) -> Registry:
    """The built-ins, then the tools in ``settings.folders``, then (when asked for) those of installed packages and of servers.

    Raises ``ConfigurationError`` naming the file or package and how to mend it; ``Registry``'s methods do so for packages.
    """
    local = [tool for folder in settings.folders for tool in load_folder(folder)]
    return Registry([*builtin_tools(), *local], later=_installed, source=source)


def _installed() -> list[Tool]:
    return [tool for point in entry_points(group=ENTRY_POINTS) for tool in _from_entry_point(point)]


def _from_entry_point(point: EntryPoint) -> list[Tool]:
    """An entry point names a function, a ``Tool``, or a module of functions."""
    package, version = (point.dist.name, point.dist.version) if point.dist else (point.value, "")
    try:
        thing = point.load()
    except Exception as error:
        raise ConfigurationError(
            f"The tools of the package {package} could not be loaded: {type(error).__name__}: {error}.",
            hint=f"Update the package {package}, or uninstall it.",
        ) from error
    if isinstance(thing, Tool):
        return [thing]
    if isinstance(thing, ModuleType):
        return list(module_tools(thing, origin="package", version=version))
    if not callable(thing):
        raise ConfigurationError(
            f"The entry point `{point.name}` of the package {package} is neither a function, a Tool nor a module.",
            hint=f"Update the package {package}, or uninstall it.",
        )
    return [tool_from(thing, origin="package", version=version)]
