"""The ``python`` tool, honest programs and hostile ones, each in a real sandbox process."""

import os
import socket
from typing import Any

import pytest

from tools.builtin import builtin_tools
from tools.errors import InvalidArguments, ToolError
from tools.sandbox.monty import run_program
from tools.sandbox.plain import TooLarge, plain
from tools.types import Tool, ToolContext, ToolOutput

if not os.environ.get("CI"):
    pytest.importorskip("pydantic_monty", reason="the sandbox is not installed")

PYTHON: Tool = next(tool for tool in builtin_tools() if tool.name == "python")


async def run(context: ToolContext, code: str, **variables: Any) -> ToolOutput:
    return await PYTHON.run(context, {"code": code, "variables": variables})


async def test_it_returns_the_value_and_what_was_printed(context: ToolContext) -> None:
    output = await run(context, "print('rows', len(rows))\nsum(r['n'] for r in rows)", rows=[{"n": 40}, {"n": 2}])
    assert output.content == "rows 2\nValue: 42"
    assert output.data == {"value": 42, "printed": "rows 2\n"}


@pytest.mark.parametrize(
    ("code", "content"),
    [
        ("x = 5", "The program ended without printing anything or returning a value."),
        ("'plain text'", "plain text"),
        ("print('only this')", "only this"),
        ("{'a': (1, 2), 3: {4}}", '{"a": [1, 2], "3": [4]}'),
        ("2**100", "1267650600228229401496703205376"),
        ("[float('inf'), float('nan')]", '["inf", "nan"]'),
        ("from datetime import date\ndate(2026, 3, 1)", "2026-03-01"),
        ("import math, re, json\n[math.sqrt(16), re.sub('a', 'b', 'banana'), json.loads('[1]')]", '[4.0, "bbnbnb", [1]]'),
        ("async def f():\n    return 3\nawait f()", "3"),
    ],
)
async def test_values_become_json(context: ToolContext, code: str, content: str) -> None:
    assert (await run(context, code)).content == content


async def test_an_error_names_kind_line_and_what_was_printed(context: ToolContext) -> None:
    with pytest.raises(ToolError) as error:
        await run(context, "print('so far')\nx = 1\nx / 0")
    assert "ZeroDivisionError" in str(error.value)
    assert "line 3" in str(error.value)
    assert "so far" in str(error.value)


@pytest.mark.parametrize(
    ("args", "told"),
    [
        ({"code": " "}, "empty"),
        ({"code": "1", "variables": {"not a name": 1}}, "cannot name a variable"),
        ({"code": "1", "variables": {"class": 1}}, "cannot name a variable"),
        ({"code": "#" * 50_001}, "longer than 50,000"),
    ],
)
async def test_arguments_that_cannot_be_used(context: ToolContext, args: dict[str, Any], told: str) -> None:
    with pytest.raises(InvalidArguments, match=told):
        await PYTHON.run(context, args)


@pytest.mark.parametrize(
    "code",
    [
        "import socket",
        "import subprocess",
        "import ctypes",
        "import urllib.request",
        "import importlib",
        "__import__('os').system('id')",
        "open('/etc/passwd').read()",
        "from pathlib import Path\nPath('/etc/passwd').read_text()",
        "import os\nos.listdir('/')",
        "import os\nos.environ['PATH']",
        "import os\nos.getenv('PATH')",
        "().__class__.__bases__[0].__subclasses__()",
        "(lambda: 0).__globals__",
        "''.__class__.__mro__",
        "globals()['__builtins__']",
        "import sys\nsys._getframe()",
        "import sys\nsys.modules",
        "eval(\"open('/etc/passwd')\")",
        "exec('import socket')",
    ],
)
async def test_there_is_nothing_to_reach(context: ToolContext, code: str) -> None:
    with pytest.raises(ToolError, match="The program failed"):
        await run(context, code)


async def test_it_writes_no_file_and_opens_no_connection(context: ToolContext) -> None:
    context.workspace.mkdir()
    target = context.workspace / "pwned"
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.setblocking(False)
        port = server.getsockname()[1]
        for code in (
            f"open({str(target)!r}, 'w').write('x')",
            f"import socket\nsocket.create_connection(('127.0.0.1', {port}))",
            f"import urllib.request\nurllib.request.urlopen('http://127.0.0.1:{port}')",
        ):
            with pytest.raises(ToolError):
                await run(context, code)
        with pytest.raises(BlockingIOError):
            server.accept()
    assert not target.exists()


@pytest.mark.parametrize(
    "code",
    [
        "while True: pass",
        "while True:\n    try:\n        while True: pass\n    except BaseException: pass",
        "a = 1\nfor i in range(1, 10**7): a *= i",
        "import time\nwhile True: time.sleep(60)",
        "import re\nre.fullmatch('(a*)*(a*)*(a*)*b', 'a' * 200)\nwhile True: pass",
    ],
)
def test_time_is_bounded(code: str) -> None:
    with pytest.raises(ToolError, match=r"time limit|suspension"):
        run_program(code, {}, seconds=0.3)


@pytest.mark.parametrize(
    "code",
    [
        "[0] * 10**10",
        "'a' * 10**11",
        "1 << 10**11",
        "10 ** 10**9",
        "a = []\nwhile True: a.append('x' * 10_000)",
        "list(range(10**9))",
        "f'{1:>10000000000}'",
        "','.join(['x' * 10**6] * 10**5)",
        "a = []\nwhile True:\n    try:\n        a.append('x' * 10**7)\n    except BaseException: pass",
    ],
)
async def test_memory_is_bounded(context: ToolContext, code: str) -> None:
    with pytest.raises(ToolError, match=r"MemoryError|time limit"):
        await run(context, code)


@pytest.mark.parametrize(
    "code",
    [
        "def f(n):\n    return f(n + 1)\nf(0)",
        "(" * 5000 + "1" + ")" * 5000,
        "a = []\nfor i in range(10**4): a = [a]\na",
        "a = ['x']\nfor i in range(60): a = [a, a]\na",
        "'x' * 60_000",
        "raise ValueError('x' * 10**6)",
        "while True: print('x' * 1000)",
    ],
)
async def test_what_comes_back_is_bounded(context: ToolContext, code: str) -> None:
    with pytest.raises(ToolError) as error:
        await run(context, code)
    assert len(str(error.value)) < 6_000


async def test_programs_share_nothing(context: ToolContext) -> None:
    await run(context, "leaked = 'from another task'")
    with pytest.raises(ToolError, match="NameError"):
        await run(context, "leaked")


def test_a_value_of_shared_parts_is_cut_where_it_is_written_out() -> None:
    shared: Any = ["x"]
    for _ in range(60):
        shared = [shared, shared]
    with pytest.raises(TooLarge, match="1,000 characters"):
        plain(shared, 1000)
    cycle: list[Any] = []
    cycle.append(cycle)
    with pytest.raises(TooLarge, match="levels deep"):
        plain(cycle, 10**9)
