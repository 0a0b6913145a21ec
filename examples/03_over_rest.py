"""Serve Journeyman, submit a goal over REST, and follow its events as they are journaled.

python examples/03_over_rest.py
"""

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import httpx

JOURNEYMAN = Path(sys.executable).parent / "journeyman"


def address_of(home: Path, server: subprocess.Popen[bytes]) -> str:
    """Where `serve` listens: it says so in serve.json once it is ready."""
    while not (home / "serve.json").exists():
        if server.poll() is not None:
            sys.exit("serve ended")
        time.sleep(0.05)
    return str(json.loads((home / "serve.json").read_text())["address"])


def follow(client: httpx.Client, task_id: str) -> None:
    headers = {"accept": "text/event-stream"}
    with client.stream("GET", f"/v1/tasks/{task_id}/events", headers=headers, timeout=60) as stream:
        for line in stream.iter_lines():
            if line.startswith("event:"):
                print(line.removeprefix("event:").strip())


def main() -> None:
    with tempfile.TemporaryDirectory() as scratch:
        folder, home = Path(scratch), Path(scratch) / "home"
        env = {**os.environ, "JOURNEYMAN_HOME": str(home)}
        server = subprocess.Popen([JOURNEYMAN, "serve", "--port", "0"], env=env, cwd=folder, stderr=subprocess.DEVNULL)
        try:
            address = address_of(home, server)
            create = [JOURNEYMAN, "keys", "create", "--name", "example", "--json"]
            key = json.loads(subprocess.run(create, env=env, cwd=folder, check=True, stdout=subprocess.PIPE).stdout)["key"]
            with httpx.Client(base_url=address, headers={"authorization": f"Bearer {key}"}) as client:
                task = client.post("/v1/tasks", json={"goal": "What is 17.5 % of 2480?"}).raise_for_status().json()
                follow(client, task["id"])
                print(client.get(f"/v1/tasks/{task['id']}").json()["answer"])
        finally:
            server.terminate()
            server.wait()


if __name__ == "__main__":
    main()
