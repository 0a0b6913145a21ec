"""Bad input to a running ``serve``: one problem document each that says how to mend it, and nothing lost."""

import json
from collections.abc import Awaitable, Callable
from typing import Any

import httpx
import pytest

from journeyman.testing import Call, Reply, Rule, When
from tests.integration.serve.conftest import House

Build = Callable[..., Awaitable[House]]

SEND = Rule(when=When(tool_results=0, text="send"), reply=Reply(calls=(Call(tool="send", args={"to": "Kiel"}),)))
DONE = Rule(reply=Reply(text="All done."))
JSON = {"content-type": "application/json"}


def refused(response: httpx.Response, status: int, *, mends: bool = True) -> str:
    """What a problem document says: one sentence, and how to mend it."""
    assert response.status_code == status, response.text
    assert response.headers["content-type"] == "application/problem+json"
    problem = response.json()
    assert problem["status"] == status
    assert problem["detail"]
    assert problem["hint"] or not mends, problem
    assert "Traceback" not in response.text
    return f"{problem['detail']} {problem['hint']}"


async def test_every_bad_request_is_refused_and_serve_lives_on(build: Build) -> None:
    house = await build(SEND, DONE)
    served = await house.serve()
    headers = {"authorization": f"Bearer {served.token}"}
    async with httpx.AsyncClient(base_url=served.address, headers=headers, timeout=60) as http:
        task = (await http.post("/v1/tasks", json={"goal": "talk"})).json()
        await served.until_ended(task["id"])
        await _bad_bodies(http)
        await _bad_keys(http)
        await _bad_reading(http, task["id"])
        await _bad_steering(http, task["id"])
        await _bad_approvals(http, house, served)
        await _bad_documents(http)
        assert (await http.get(f"/v1/tasks/{task['id']}")).json()["answer"] == "All done."
        assert len((await http.get("/v1/tasks")).json()["tasks"]) == 3
    served.stop()
    ended = await house.ended(served.process)  # sees to it that there is no traceback
    assert ended.code == 0
    assert all(json.loads(line)["level"] != "error" for line in ended.err.splitlines() if line.startswith("{"))


async def _bad_bodies(http: httpx.AsyncClient) -> None:
    post = http.post
    assert "did you mean `goal`" in refused(await post("/v1/tasks", json={"gaol": "x"}), 422)
    refused(await post("/v1/tasks", json={"goal": 7}), 422)
    refused(await post("/v1/tasks", json={"goal": " "}), 422)
    refused(await post("/v1/tasks", json={"goal": "g", "budget": {"max_steps": 10**9}}), 422)
    refused(await post("/v1/tasks", json={"goal": "g", "budget": {"max_seconds": "soon"}}), 422)
    for field, value in {"agent": "x", "planner": "x", "tools": ["x"], "models": ["x"]}.items():
        refused(await post("/v1/tasks", json={"goal": "g", field: value}), 422)
    refused(await post("/v1/tasks", content=b"{", headers=JSON), 400)
    refused(await post("/v1/tasks", content=b"goal", headers={"content-type": "text/plain"}), 415)
    assert "2,000,000 bytes" in refused(await post("/v1/tasks", json={"goal": "x" * 10_000_000}), 413)
    refused(await post("/v1/tasks", json={"goal": "x" * 200_000}), 422)


async def _bad_keys(http: httpx.AsyncClient) -> None:
    once = {"idempotency-key": "monday"}
    first = await http.post("/v1/tasks", json={"goal": "once"}, headers=once)
    again = await http.post("/v1/tasks", json={"goal": "once"}, headers=once)
    assert first.json()["id"] == again.json()["id"]
    assert "new key" in refused(await http.post("/v1/tasks", json={"goal": "twice"}, headers=once), 422)
    for wrong in ("Bearer jm_wrong", "Basic abc", "Bearer", "Bearer x y"):
        refused(await http.get("/v1/tasks", headers={"authorization": wrong}), 401)
    made = (await http.post("/v1/keys", json={"name": "brief"})).json()
    await http.delete(f"/v1/keys/{made['id']}")
    refused(await http.get("/v1/tasks", headers={"authorization": f"Bearer {made['key']}"}), 401)
    refused(await http.post("/v1/keys", json={"name": ""}), 422)
    refused(await http.delete("/v1/keys/key_none"), 404)


async def _bad_reading(http: httpx.AsyncClient, task_id: str) -> None:
    stream = {"accept": "text/event-stream"}
    for path in ("tasks/task_none", "tasks/task_none/events", "tasks/task_none/steps", "approvals/apr_none", "memory/m_none"):
        refused(await http.get(f"/v1/{path}"), 404)
    for query in ("before=nothing", "limit=0", "limit=x", "status=done", "stauts=working"):
        refused(await http.get(f"/v1/tasks?{query}"), 422)
    for as_of in ("0", "-1", "x", str(2**70)):
        refused(await http.get(f"/v1/tasks/{task_id}?as_of={as_of}"), 422)
    for last in ("x", "-1", "999"):
        refused(await http.get(f"/v1/tasks/{task_id}/events", headers={**stream, "last-event-id": last}), 422)
    refused(await http.get(f"/v1/tasks/{task_id}/events?after=x"), 422)
    refused(await http.get("/v1/nothing"), 404)
    refused(await http.put("/v1/tasks"), 405)
    refused(await http.get("/v1/tasks", headers={"host": "evil.example"}), 421)


async def _bad_steering(http: httpx.AsyncClient, ended: str) -> None:
    for verb in ("cancel", "pause", "resume"):
        refused(await http.post(f"/v1/tasks/{ended}/{verb}"), 409)
        refused(await http.post(f"/v1/tasks/task_none/{verb}"), 404)
    refused(await http.post(f"/v1/tasks/{ended}/input", json={"text": "hello"}), 409)
    refused(await http.post(f"/v1/tasks/{ended}/input", json={"verdict": "maybe", "call_id": "c"}), 422)
    for seq in (0, 999):
        refused(await http.post(f"/v1/tasks/{ended}/fork", json={"seq": seq}), 422)


async def _bad_approvals(http: httpx.AsyncClient, house: House, served: Any) -> None:
    task = (await http.post("/v1/tasks", json={"goal": "send it"})).json()
    while not (waiting := (await http.get(f"/v1/tasks/{task['id']}")).json()["waiting"]):
        pass
    path = f"/v1/approvals/{waiting['approvals'][0]}"
    assert "waits for a decision" in refused(await http.post(f"/v1/tasks/{task['id']}/resume"), 409)
    refused(await http.post(path, json={"decision": "perhaps"}), 422)
    refused(await http.post(path, json={"decision": "edit"}), 422)
    refused(await http.post(path, json={"decision": "edit", "calls": {"nothing": {}}}), 422)
    assert (await http.post(path, json={"decision": "deny", "note": "no"})).status_code == 200
    refused(await http.post(path, json={"decision": "approve"}), 409)
    assert (await served.until_ended(task["id"]))["status"] == "completed"
    assert not (house.tools / "sent").exists()


async def _bad_documents(http: httpx.AsyncClient) -> None:
    add = "/v1/memory/documents"
    for name, content in {"a.md": b"\x00\x01\x02" * 500, "b.md": b"", "c.pdf": b"%PDF-1.7 nothing", "d.json": b"{"}.items():
        refused(await http.post(add, files={"file": (name, content)}), 422)
    assert "UTF-8" in refused(await http.post(add, files={"file": ("e.txt", b"caf\xe9 au lait")}), 422)
    refused(await http.post(add, json={"text": "", "source": "x.md"}), 422)
    refused(await http.post(add, json={"text": "x", "source": "x.md", "sauce": 1}), 422)
    refused(await http.post(add, files={"file": ("big.md", b"x" * 60_000_000)}), 413)
    refused(await http.post("/v1/memory/search", json={"query": ""}), 422)


async def test_a_full_disk_is_told_and_nothing_is_lost(build: Build, small_disk: Any) -> None:
    look = Rule(when=When(tool_results=0), reply=Reply(calls=(Call(tool="wait_for_file", args={"name": "go"}),)))
    house = await build(look, DONE)
    house.home = small_disk.folder
    served = await house.serve()
    headers = {"authorization": f"Bearer {served.token}"}
    async with httpx.AsyncClient(base_url=served.address, headers=headers, timeout=60) as http:
        task = (await http.post("/v1/tasks", json={"goal": "wait"})).json()
        await house.until((house.tools / "waiting").exists)
        small_disk.fill()
        goal = {"goal": "x" * 90_000}
        responses = [await http.post("/v1/tasks", json={**goal, "context": str(n) * 900_000}) for n in range(6)]
        assert "room" in refused(responses[-1], 507)
        accepted = [response.json()["id"] for response in responses if response.status_code == 202]
        (house.tools / "go").touch()
        assert (await http.get("/healthz")).status_code == 200
        assert (await http.get(f"/v1/tasks/{task['id']}")).status_code == 200
        small_disk.make_room()
        for task_id in (task["id"], *accepted):
            assert (await served.until_ended(task_id))["status"] == "completed", task_id
    served.stop()
    ended = await house.ended(served.process)
    assert ended.code == 0


@pytest.mark.parametrize("what", ["serve", "run"])
async def test_a_home_on_a_full_disk_is_told(build: Build, small_disk: Any, what: str) -> None:
    house = await build(DONE)
    house.home = small_disk.folder
    small_disk.fill()
    ended = await house.run(what, *(["--port", "0"] if what == "serve" else ["hello"]))
    assert ended.code in (1, 2)
    assert "disk is full" in ended.err or "No space left" in ended.err, ended.err
