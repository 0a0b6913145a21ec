"""Give the agent a tool: a typed, documented function in a plain Python file.

A scripted model on loopback plays the model, so that the example does the same every time.

    python examples/02_a_tool_of_your_own.py
"""

import asyncio
import os
import sys
import tempfile
from pathlib import Path

from journeyman.testing import Call, Reply, Rule, StubServer, When

JOURNEYMAN = Path(sys.executable).parent / "journeyman"

TOOL = '''
from journeyman import tool


@tool(read_only=True)
def high_water(harbour: str) -> str:
    """When the water is highest today, in local time."""
    return {"Kiel": "11:40", "Husum": "14:05"}.get(harbour, "unknown")
'''
SCRIPT = [
    Rule(when=When(tool_results=0), reply=Reply(calls=(Call(tool="high_water", args={"harbour": "Husum"}),))),
    Rule(reply=Reply(text="High water in Husum is at 14:05.")),
]
CONFIG = """
tools.folders = ["tools.d"]
models.scripted = {{ provider = "openai_compatible", model = "m", base_url = "{url}", price = {{ input = 0, output = 0 }} }}
"""


async def main() -> None:
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        (folder / "tools.d").mkdir()
        (folder / "tools.d" / "tides.py").write_text(TOOL)
        async with StubServer(SCRIPT) as model:
            (folder / "journeyman.toml").write_text(CONFIG.format(url=model.url))
            env = {**os.environ, "JOURNEYMAN_HOME": str(folder / "home")}
            for arguments in (["tools", "show", "high_water"], ["run", "When is high water in Husum?"]):
                command = await asyncio.create_subprocess_exec(JOURNEYMAN, *arguments, env=env, cwd=folder)
                if await command.wait() != 0:
                    sys.exit(1)


if __name__ == "__main__":
    asyncio.run(main())
