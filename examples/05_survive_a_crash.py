"""Kill the process in the middle of a task: the next one reads the journal and goes on; nothing is done twice.

python examples/05_survive_a_crash.py
"""

import asyncio
import json
import os
import sys
import tempfile
from pathlib import Path

from journeyman.testing import Call, Reply, Rule, StubServer, When

JOURNEYMAN = Path(sys.executable).parent / "journeyman"

TOOL = '''
from journeyman import tool

@tool(read_only=True)
def sounding(place: str) -> str:
    """How deep the water is, in metres."""
    print(place, file=open("soundings", "a"))
    return "4.2"
'''
CALL = Reply(calls=(Call(tool="sounding", args={"place": "north quay"}),))
SLOW, ANSWER = Reply(text="never read", delay_seconds=600), Reply(text="It is 4.2 metres deep at the north quay.")
SCRIPT = [Rule(when=When(tool_results=0), reply=CALL), Rule(times=1, reply=SLOW), Rule(reply=ANSWER)]
CONFIG = """
tools.folders = ["tools.d"]
agents.default.planner = "react"  # as the script above goes
models.scripted = {{ provider = "openai_compatible", model = "m", base_url = "{url}", price = {{ input = 0, output = 0 }} }}
journal.lease_seconds = 2.0  # so long after a crash the task is free
"""


async def journeyman(folder: Path, *arguments: str) -> asyncio.subprocess.Process:
    env = {**os.environ, "JOURNEYMAN_HOME": str(folder / "home")}
    return await asyncio.create_subprocess_exec(JOURNEYMAN, *arguments, env=env, cwd=folder, stdout=asyncio.subprocess.PIPE)


async def main() -> None:
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        (folder / "tools.d").mkdir()
        (folder / "tools.d" / "depths.py").write_text(TOOL)
        async with StubServer(SCRIPT) as model:
            (folder / "journeyman.toml").write_text(CONFIG.format(url=model.url))
            first = await journeyman(folder, "run", "How deep is it at the north quay?")
            while len(model.requests) < 2:
                await asyncio.sleep(0.05)
            first.kill()
            print(f"killed: exit code {await first.wait()}")
            [task] = json.loads((await (await journeyman(folder, "tasks", "list", "--json")).communicate())[0])
            print((await (await journeyman(folder, "tasks", "watch", task["id"])).communicate())[0].decode().strip())
            print(f"soundings taken: {len((folder / 'soundings').read_text().splitlines())}")


if __name__ == "__main__":
    asyncio.run(main())
