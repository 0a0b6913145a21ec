"""From a typed, documented Python function to a ``Tool``."""

import inspect
import re
from collections.abc import Awaitable, Callable
from typing import Any

from journal.errors import ConfigurationError
from tools.arguments import Arguments
from tools.decorator import options_of
from tools.docstrings import read_docstring
from tools.outputs import to_output
from tools.threads import in_thread
from tools.types import Tool, ToolContext, ToolOutput
from trust.digest import digest_bytes

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]{0,63}")

_SECRET = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,99}")

Run = Callable[[ToolContext, dict[str, Any]], Awaitable[ToolOutput]]


def tool_from(function: Callable[..., Any], *, origin: str = "local", version: str | None = None) -> Tool:
    """Make a tool of a function, with what ``@tool`` said about it.

    ``version`` is used where the author gave none; by default it is a digest of the function's source.
    Raises ``ConfigurationError`` naming file and function where a docstring, an annotation or a usable name is missing.
    """
    options = options_of(function)
    where = describe(function)
    description, parameters = read_docstring(_docstring(function, where))
    arguments = Arguments(function, parameters, where)
    name = options.name or function.__name__
    if not _NAME.fullmatch(name):
        raise ConfigurationError(
            f"{where}: `{name}` cannot name a tool.",
            hint="Use letters, digits, `_`, `-` and `.`, at most 64, a letter first.",
        )
    return Tool(
        name=name,
        description=description,
        parameters=arguments.schema,
        run=_runner(function, arguments),
        check=arguments.check,
        hints=options.hints,
        origin=origin,
        trust=options.trust,
        visibility=options.visibility,
        workspace_only=options.workspace_only,
        secrets=_secrets(options.secrets, where),
        timeout_seconds=options.timeout_seconds,
        preview_chars=options.preview_chars,
        reconcile=_reconciler(options.reconcile, arguments) if options.reconcile else None,
        version="+".join(filter(None, (options.version, source_digest(function) if version is None else version))),
    )


def _secrets(names: tuple[str, ...], where: str) -> tuple[str, ...]:
    if strange := [name for name in names if not _SECRET.fullmatch(name)]:
        raise ConfigurationError(
            f"{where}: `{strange[0]}` cannot name a secret.",
            hint='Write it like `secrets=["CRM_TOKEN"]`: letters, digits, `_`.',
        )
    return names


def describe(function: Callable[..., Any]) -> str:
    """File, line and name of a function, for messages."""
    code = getattr(inspect.unwrap(function), "__code__", None)
    name = getattr(function, "__qualname__", repr(function))
    return f"{code.co_filename}:{code.co_firstlineno}, function `{name}`" if code else f"function `{name}`"


def source_digest(function: Callable[..., Any]) -> str:
    """12 hexadecimal digits over the function's source (its bytecode, where the source cannot be had)."""
    plain = inspect.unwrap(function)
    try:
        source = inspect.getsource(plain).encode()
    except (OSError, TypeError):
        source = plain.__code__.co_code
    return digest_bytes(source)[:12]


def _docstring(function: Callable[..., Any], where: str) -> str:
    if inspect.isasyncgenfunction(function):
        raise ConfigurationError(f"{where}: it yields; a tool returns its result at once.")
    docstring = inspect.getdoc(function)
    if not docstring:
        raise ConfigurationError(
            f"{where}: it has no docstring, and a model would not know what it is for.",
            hint="Say in a docstring what the tool does; a function that is no tool has a name that starts with `_`.",
        )
    return docstring


def _runner(function: Callable[..., Any], arguments: Arguments) -> Run:
    async def run(context: ToolContext, args: dict[str, Any]) -> ToolOutput:
        return to_output(await _call(function, context, arguments.context, arguments.check(args)))

    return run


def _reconciler(
    function: Callable[..., Any], of: Arguments
) -> Callable[[ToolContext, dict[str, Any]], Awaitable[ToolOutput | None]]:
    where = describe(function)
    taken = Arguments(function, {}, where)
    strange = sorted(set(taken.names) - set(of.names))
    if strange:
        raise ConfigurationError(f"{where}: it reconciles a tool that has no argument `{strange[0]}`.")

    async def reconcile(context: ToolContext, args: dict[str, Any]) -> ToolOutput | None:
        known = {name: args[name] for name in taken.names if name in args}
        value = await _call(function, context, taken.context, taken.check(known))
        return None if value is None else to_output(value)

    return reconcile


async def _call(function: Callable[..., Any], context: ToolContext, injected: str | None, args: dict[str, Any]) -> Any:
    """Call the function, a plain one in a thread. What would end the event loop, or hang it, becomes a fault of the tool."""
    if injected is not None:
        args[injected] = context
    try:
        if inspect.iscoroutinefunction(function):
            return await function(**args)
        value = await in_thread(function, **args)
        return await value if inspect.isawaitable(value) else value
    except SystemExit as error:
        raise RuntimeError(f"the tool tried to end the program ({error})") from error
