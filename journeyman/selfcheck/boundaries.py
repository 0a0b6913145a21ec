"""Every place in the product's code where something leaves for good: a commit, a message, a call, a file.

Each stands on the list below, with the crash points around it or the reason why it needs none. A place that is on no list
fails the suite: whoever adds one decides what a crash there means.
"""

import ast
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]
ROOMS = ("trust", "journal", "llm", "feedback", "memory", "tools", "planners", "agents", "workers", "api", "journeyman")
_APART = ("journeyman/testing", "journeyman/selfcheck", "journeyman/cli")

_ANYWHERE = frozenset(
    {"send_task", "apply_async", "create_subprocess_exec", "Popen", "open_process", "AsyncClient", "ClientSession"}
    | {"AsyncConnectionPool"}
    | {"write_text", "write_bytes"}
)
_ON = {
    "begin": {"engine", "connection", "_connection"},
    "run": {"tool"},
    "reconcile": {"tool"},
    "complete": {"provider"},
    "post": {"_http"},
    "replace": {"os"},
    "rename": {"os"},
}
"""Calls that count only on a thing of this name."""

POINTS_AROUND: dict[str, tuple[str, ...]] = {
    "journal/group_commit.py GroupCommit._transact begin": ("writing", "committed"),
    "agents/invocation.py Invoker.invoke run": ("tool.sending", "tool.returned"),
    "agents/invocation.py Invoker.reconcile reconcile": ("tool.reconciling", "tool.reconciled"),
    "llm/calling.py _once complete": ("model.sending", "model.answered"),
    "agents/webhooks/sending.py Sender._post post": ("webhook.sending", "webhook.answered"),
    "workers/dispatcher.py CeleryDispatcher._publish send_task": ("message.sending", "message.sent"),
}
"""Place to the points that its function must reach."""

EXCUSED: dict[str, str] = {
    "agents/sealing.py Seal._write fdopen": "the operator's keys, replaced as a whole",
    "agents/guard/services.py JsonService.post AsyncClient": "a question to a guard, which is asked again",
    "journal/scratch.py _run begin": "a schema for checks, which nobody's task is in",
    "journal/upgrading.py migrate begin": "one transaction; an upgrade that dies has done nothing",
    "llm/embedders/cohere.py CohereEmbedder._post AsyncClient": "a question that is asked again; nothing depends on its price",
    "memory/shard.py Shard._write_about open": "replaced as a whole; ingesting again is harmless",
    "tools/http_fetch.py GuardedFetch._pool AsyncConnectionPool": "inside a tool's call",
    "tools/http_post.py GuardedPost._once AsyncConnectionPool": "webhooks and notices: at least once, under one message id",
    "tools/mcp/http_transport.py http_transport AsyncClient": "inside a tool's call",
    "tools/mcp/pins.py Pins._write fdopen": "replaced as a whole, under a lock",
    "tools/mcp/stdio_transport.py _logged fdopen": "a server's own log lines",
    "tools/workspace.py _replace open": "inside a tool's call, or laid out anew on resume; replaced as a whole",
    "tools/workspace.py _replace replace": "inside a tool's call, or laid out anew on resume; replaced as a whole",
    "workers/worker.py Worker._stop send_task": "an empty message that only wakes the consumer",
    "api/uploads.py _copy open": "a temporary copy of an upload",
    "journeyman/home.py announced fdopen": "ignored unless its process holds the lock",
}
"""Place to why nothing can be lost or done twice there."""


def check_boundaries(root: Path = ROOT) -> list[str]:
    """What is wrong with the lists for the code under ``root``, a sentence each; none if every boundary in it is on one and
    reaches its points."""
    found = dict(_found(root))
    listed = POINTS_AROUND.keys() | EXCUSED.keys()
    wrong = [
        f"{place} is on no list: put crash points around it, or say in {Path(__file__).name} why it needs none."
        for place in found
        if place not in listed
    ]
    wrong += [f"{place} is listed, but the code has no such call any more." for place in sorted(listed - found.keys())]
    for place, points in POINTS_AROUND.items():
        missing = [point for point in points if place in found and point not in found[place]]
        wrong += [f"{place} does not reach the crash point {point}." for point in missing]
    return wrong


def _found(root: Path) -> Iterator[tuple[str, set[str]]]:
    """Each place, with the strings its function hands to ``reach``."""
    for room in ROOMS:
        for file in sorted((root / room).rglob("*.py")):
            name = file.relative_to(root).as_posix()
            if not name.startswith(_APART):
                for function, call in _calls(ast.parse(file.read_text(encoding="utf-8"))):
                    if boundary := _boundary(call):
                        scope = ".".join(part.name for part in function)
                        yield f"{name} {scope} {boundary}", _reached(function[-1]) if function else set()


_Scope = tuple[ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef, ...]


def _calls(node: ast.AST, scope: _Scope = ()) -> Iterator[tuple[_Scope, ast.Call]]:
    for child in ast.iter_child_nodes(node):
        inner = (*scope, child) if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) else scope
        if isinstance(child, ast.Call):
            yield inner, child
        yield from _calls(child, inner)


def _boundary(call: ast.Call) -> str | None:
    name = _last_name(call.func)
    if name in _ANYWHERE:
        return name
    if name in _ON and isinstance(call.func, ast.Attribute) and _last_name(call.func.value) in _ON[name]:
        return name
    return name if name in ("open", "fdopen") and _writes(call) else None


def _writes(call: ast.Call) -> bool:
    words = [*call.args, *(keyword.value for keyword in call.keywords if keyword.arg == "mode")]
    modes = [word.value for word in words if isinstance(word, ast.Constant) and isinstance(word.value, str)]
    return any(len(mode) <= 3 and mode[:1] in ("w", "a", "x") for mode in modes)


def _reached(function: ast.AST) -> set[str]:
    calls = [node for node in ast.walk(function) if isinstance(node, ast.Call)]
    reaching = [call for call in calls if (_last_name(call.func) or "").endswith("reach")]
    words = [word for call in reaching for word in call.args if isinstance(word, ast.Constant)]
    return {str(word.value) for word in words}


def _last_name(node: ast.AST) -> str | None:
    if isinstance(node, ast.Attribute):
        return node.attr
    return node.id if isinstance(node, ast.Name) else None
