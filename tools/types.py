"""What a tool is, and what it is handed when it is called."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, Protocol

from journal.values import SourceRef, ToolHints
from llm.types import ToolOffer
from memory.items import Memory
from tools.errors import ToolError
from trust.digest import digest
from trust.labels import Label, Trust, Visibility


@dataclass(frozen=True, slots=True)
class ToolOutput:
    """What a tool gives back. ``content`` is the text for the model; ``label`` overrides the tool's own."""

    content: str
    data: Any = None
    label: Label | None = None
    sources: tuple[SourceRef, ...] = ()


class HttpFetch(Protocol):
    """A guarded HTTP client: private and loopback addresses are refused when the connection is made."""

    async def get(self, url: str, *, headers: dict[str, str] | None = None) -> "Fetched": ...


@dataclass(frozen=True, slots=True)
class Fetched:
    """A response: final URL after redirects, status, content type without parameters, and the body's text.

    ``private`` tells that it came from, or by way of, a private address that the operator allowed.
    """

    url: str
    status: int
    content_type: str
    text: str
    private: bool = False


@dataclass(frozen=True, slots=True)
class ToolContext:
    """What a running call may use. A tool sees its own task's workspace and tenant, nothing else.

    ``idempotency_key`` is the effect's intent key, the same for every attempt: hand it to services that know such keys.
    """

    task_id: str
    tenant: str
    call_id: str
    idempotency_key: str
    workspace: Path
    memory: Memory
    http: HttpFetch
    namespaces: tuple[str, ...] | None = None
    read_result: Callable[[str, int, int], Awaitable[str]] | None = None
    """``(handle, offset, limit)`` reads on in an earlier result that was too long to show whole."""
    reply: str | None = None
    """A person's answer to the question this call asked before, if any."""
    secrets: Mapping[str, str] = field(default_factory=dict, repr=False)
    """The values of the secrets that the tool declares, as far as they are set."""

    def secret(self, name: str) -> str:
        """A secret that the tool declares: the task owner's credential, else the operator's variable. Raises ``ToolError``."""
        if name not in self.secrets:
            raise ToolError(f"There is no credential {name} for this tool: it is not set, or the tool does not declare it.")
        return self.secrets[name]


@dataclass(frozen=True, slots=True)
class Served:
    """Where a tool of an MCP server comes from.

    ``claims`` are the hints its server gives; they are the tool's own hints only where the operator trusts the server.
    ``since`` is when its description and schema were pinned; ``None`` for a server that came with one task.
    """

    server: str
    trusted: bool
    claims: ToolHints
    since: datetime | None = None


@dataclass(frozen=True, slots=True)
class Absent:
    """A tool, or all of a server's (``NAME.*``), that cannot be used now. ``why`` ends a sentence; ``hint`` mends it."""

    name: str
    why: str
    hint: str = ""


class ToolSource(Protocol):
    """Tools that other processes hold: known once these were asked, and only while they answer."""

    async def refresh(self, patterns: Sequence[str] | None = None) -> None:
        """Ask those that names or patterns could mean. Never raises: what went wrong is in ``absent``."""
        ...

    def tools(self) -> dict[str, "Tool"]: ...

    def absent(self) -> list[Absent]: ...

    def may_hold(self, pattern: str) -> bool:
        """Whether a name or pattern could mean tools that are absent now."""
        ...

    async def aclose(self) -> None: ...


def _anything(args: dict[str, Any]) -> None:
    """Accepts all arguments."""


VOUCHED_ORIGINS = frozenset({"builtin", "local", "package"})
"""Who installed these tools is the operator; what they say about themselves counts."""


@dataclass(frozen=True, slots=True)
class Tool:
    """A tool as the registry holds it.

    ``origin`` says who vouches for the hints: ``builtin``, ``local`` (a Python file of the operator's), ``package`` (an
    entry point) or ``mcp:SERVER``. ``trust`` and ``visibility`` label what it returns. ``workspace_only`` marks effects
    that touch nothing but the task's own folder. ``preview_chars`` is how much of a result the model is shown at once.
    """

    name: str
    description: str
    parameters: dict[str, Any]
    run: Callable[[ToolContext, dict[str, Any]], Awaitable[ToolOutput]]
    check: Callable[[dict[str, Any]], Any] = _anything
    """Raises ``InvalidArguments`` without doing anything; ``run`` checks too. For use before a person is asked."""
    hints: ToolHints = field(default_factory=ToolHints)
    origin: str = "local"
    trust: Trust = Trust.UNTRUSTED
    visibility: Visibility = Visibility.PRIVATE
    workspace_only: bool = False
    secrets: tuple[str, ...] = ()
    """Names of the credentials that its calls are handed."""
    timeout_seconds: float = 60.0
    preview_chars: int = 12_000
    reconcile: Callable[[ToolContext, dict[str, Any]], Awaitable[ToolOutput | None]] | None = None
    """Asks the outside world whether the effect happened: its output, or ``None`` if it did not."""
    version: str = ""
    served: Served | None = None

    @property
    def vouched(self) -> bool:
        """Whether somebody the operator trusts stands behind what the tool says about itself."""
        return self.origin in VOUCHED_ORIGINS or (self.served is not None and self.served.trusted)

    @property
    def offer(self) -> ToolOffer:
        return ToolOffer(self.name, self.description, self.parameters)

    @property
    def label(self) -> Label:
        return Label(sources=(f"tool:{self.name}",), trust=self.trust, visibility=self.visibility)

    @property
    def pinned(self) -> str:
        """The version that intents and approvals are bound to: the author's, with a digest of description and schema."""
        return digest([self.version, self.name, self.description, self.parameters])[:16]
