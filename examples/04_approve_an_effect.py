"""A call that changes the world waits for your word, and shows exactly what it would do.

python examples/04_approve_an_effect.py
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
from pathlib import Path

def send_mail(to: str, text: str) -> str:
    """Send a mail."""
    Path("outbox").write_text(f"{to}: {text}")
    return "sent"
'''
MAIL = Call(tool="send_mail", args={"to": "ada@example.org", "text": "The berth is booked."})
SCRIPT = [Rule(when=When(tool_results=0), reply=Reply(calls=(MAIL,))), Rule(reply=Reply(text="Ada has her mail."))]
CONFIG = """
tools.folders = ["tools.d"]
agents.default.planner = "react"  # as the script above goes
models.scripted = {{ provider = "openai_compatible", model = "m", base_url = "{url}", price = {{ input = 0, output = 0 }} }}
"""


async def journeyman(folder: Path, *arguments: str) -> tuple[int, str]:
    env = {**os.environ, "JOURNEYMAN_HOME": str(folder / "home")}
    pipe = asyncio.subprocess.PIPE
    command = await asyncio.create_subprocess_exec(JOURNEYMAN, *arguments, env=env, cwd=folder, stdin=pipe, stdout=pipe)
    out, _ = await command.communicate()
    return command.returncode or 0, out.decode()


async def main() -> None:
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        (folder / "tools.d").mkdir()
        (folder / "tools.d" / "mail.py").write_text(TOOL)
        async with StubServer(SCRIPT) as model:
            (folder / "journeyman.toml").write_text(CONFIG.format(url=model.url))
            code, _ = await journeyman(folder, "run", "Tell Ada that the berth is booked.")
            print(f"exit code {code}: it waits; sent so far: {(folder / 'outbox').exists()}")
            [approval] = json.loads((await journeyman(folder, "approvals", "list", "--json"))[1])
            code, answer = await journeyman(folder, "approvals", "approve", approval["id"], "--note", "go ahead")
            print(f"exit code {code}: {answer.strip()}\noutbox: {(folder / 'outbox').read_text()}")


if __name__ == "__main__":
    asyncio.run(main())
