"""``@tool``: what a function's author may say about it. The function itself stays plain Python."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, ParamSpec, TypeVar, overload

from journal.values import ToolHints
from trust.labels import Trust, Visibility

P = ParamSpec("P")
R = TypeVar("R")

_MARK = "__journeyman_tool__"


@dataclass(frozen=True, slots=True)
class ToolOptions:
    """What ``@tool`` was told; see there."""

    name: str | None = None
    hints: ToolHints = field(default_factory=ToolHints)
    version: str = ""
    timeout_seconds: float = 60.0
    preview_chars: int = 12_000
    workspace_only: bool = False
    secrets: tuple[str, ...] = ()
    trust: Trust = Trust.UNTRUSTED
    visibility: Visibility = Visibility.PRIVATE
    reconcile: Callable[..., Any] | None = None


@overload
def tool(function: Callable[P, R], /) -> Callable[P, R]: ...
@overload
def tool(
    *,
    name: str | None = None,
    read_only: bool | None = None,
    destructive: bool | None = None,
    idempotent: bool | None = None,
    open_world: bool | None = None,
    version: str = "",
    timeout_seconds: float = 60.0,
    preview_chars: int = 12_000,
    workspace_only: bool = False,
    secrets: Sequence[str] = (),
    trust: Literal["trusted", "untrusted"] = "untrusted",
    visibility: Literal["public", "private"] = "private",
    reconcile: Callable[..., Any] | None = None,
) -> Callable[[Callable[P, R]], Callable[P, R]]: ...
def tool(
    function: Callable[P, R] | None = None,
    /,
    *,
    name: str | None = None,
    read_only: bool | None = None,
    destructive: bool | None = None,
    idempotent: bool | None = None,
    open_world: bool | None = None,
    version: str = "",
    timeout_seconds: float = 60.0,
    preview_chars: int = 12_000,
    workspace_only: bool = False,
    secrets: Sequence[str] = (),
    trust: Literal["trusted", "untrusted"] = "untrusted",
    visibility: Literal["public", "private"] = "private",
    reconcile: Callable[..., Any] | None = None,
) -> Callable[P, R] | Callable[[Callable[P, R]], Callable[P, R]]:
    """Say how a typed, documented function behaves as a tool.

    ``read_only``, ``destructive``, ``idempotent`` and ``open_world`` are MCP's hints; a tool that is not said to be
    ``read_only`` is an effect. ``name`` replaces the function's own. ``version`` is part of what intents and approvals are
    bound to. A call that takes longer than ``timeout_seconds`` is given up. Of a result, ``preview_chars`` characters are
    shown at once. ``workspace_only`` marks an effect that touches nothing but the task's own folder. ``secrets``
    names the credentials it is handed by ``context.secret(NAME)``, and no others. ``trust`` says whether
    the authors of what it returns may give instructions, ``visibility`` who may see it. ``reconcile`` is a function that takes
    some of the same arguments and finds out whether the effect happened: it returns the result, or ``None`` if it did not.
    """
    options = ToolOptions(
        name=name,
        hints=ToolHints(read_only=read_only, destructive=destructive, idempotent=idempotent, open_world=open_world),
        version=version,
        timeout_seconds=timeout_seconds,
        preview_chars=preview_chars,
        workspace_only=workspace_only,
        secrets=tuple(secrets),
        trust=Trust(trust),
        visibility=Visibility(visibility),
        reconcile=reconcile,
    )

    def mark(marked: Callable[P, R]) -> Callable[P, R]:
        setattr(marked, _MARK, options)
        return marked

    return mark if function is None else mark(function)


def options_of(function: Callable[..., Any]) -> ToolOptions:
    """What ``@tool`` said about a function; the defaults for one without it."""
    found = getattr(function, _MARK, None)
    return found if isinstance(found, ToolOptions) else ToolOptions()
