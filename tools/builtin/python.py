"""``python``: a small program of the model's own, in a sandbox."""

import json
import keyword
from typing import Annotated, Any

from pydantic import Field, JsonValue

from tools.decorator import tool
from tools.errors import InvalidArguments
from tools.sandbox.monty import Ran, run_program
from tools.types import ToolOutput

MAX_CODE_CHARS = 50_000


@tool(
    read_only=True,
    idempotent=True,
    open_world=False,
    workspace_only=True,
    trust="trusted",
    visibility="private",
    timeout_seconds=60,
)
def python(
    code: Annotated[str, Field(description="The program. The value of its last line, if that is an expression, is returned.")],
    variables: Annotated[
        dict[str, JsonValue] | None,
        Field(description="Values the program finds under these names, so that data need not be in the code."),
    ] = None,
) -> ToolOutput:
    """Run a short Python program for calculations and for working on data: 5 seconds, 100 MB.

    It has no files, no network and no installed packages; `math`, `re`, `json`, `datetime` and the like are there. It returns
    what the program prints and the value of its last expression.
    """
    if not code.strip():
        raise InvalidArguments("`code` is empty.")
    if len(code) > MAX_CODE_CHARS:
        raise InvalidArguments(f"`code` is longer than {MAX_CODE_CHARS:,} characters; hand data over in `variables`.")
    given = variables or {}
    for name in given:
        if not name.isidentifier() or keyword.iskeyword(name):
            raise InvalidArguments(f"`{name[:80]}` in `variables` cannot name a variable.")
    ran = run_program(code, given)
    return ToolOutput(_told(ran), data={"value": ran.value, "printed": ran.printed})


def _told(ran: Ran) -> str:
    printed = ran.printed.rstrip("\n")
    parts = [printed] if printed else []
    if ran.value is not None:
        parts.append(f"Value: {_written(ran.value)}" if printed else _written(ran.value))
    return "\n".join(parts) or "The program ended without printing anything or returning a value."


def _written(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
