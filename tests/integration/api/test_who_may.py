"""Keys over HTTP: every route wants one, and nobody sees another tenant's things."""

import re
from pathlib import Path

import pytest

from api.settings import ApiSettings
from tests.integration.api.served_api import RUN_TOKEN, Api, serving

OPEN = {"/healthz", "/readyz"}


def routes(api: Api) -> list[tuple[str, str]]:
    paths = api.spec["paths"]
    return [(method.upper(), path) for path, operations in paths.items() for method in operations]


async def test_every_route_but_health_wants_a_key(api: Api) -> None:
    guarded = [(method, path) for method, path in routes(api) if path not in OPEN]
    assert len(guarded) > 20
    for key in ("", "jm_wrong", "the token of another run"):
        async with api.connect(key) as client:
            for method, path in guarded:
                response = await client.request(method, re.sub(r"\{\w+\}", "x", path))
                assert response.status_code == 401, (method, path, key)
                assert response.headers["www-authenticate"].startswith("Bearer")
                assert response.json()["hint"]


async def test_a_wrong_key_is_told_from_no_key(api: Api) -> None:
    async with api.connect("") as client:
        assert "invalid_token" not in (await client.get("/v1/tasks")).headers["www-authenticate"]
    async with api.connect("jm_wrong") as client:
        assert "invalid_token" in (await client.get("/v1/tasks")).headers["www-authenticate"]


@pytest.mark.parametrize("header", ["Basic abc", "Bearer", "jm_x", "Bearer a b"])
async def test_a_header_that_is_no_bearer_key_is_refused(api: Api, header: str) -> None:
    assert (await api.client.get("/v1/tasks", headers={"authorization": header})).status_code == 401


async def test_a_path_that_is_no_route_wants_a_key_too(api: Api) -> None:
    async with api.connect("") as client:
        assert (await client.get("/v1/nothing")).status_code == 401
        assert (await client.get("/elsewhere")).status_code == 401


async def test_health_and_docs_want_no_key(api: Api) -> None:
    async with api.connect("") as client:
        for path in ("/healthz", "/readyz", "/openapi.json", "/docs"):
            assert (await client.get(path)).status_code == 200, path


async def test_the_token_of_this_run_opens_the_default_tenant(api: Api) -> None:
    task = await api.ended("at once")
    async with api.connect(RUN_TOKEN) as client:
        assert (await client.get(f"/v1/tasks/{task['id']}")).status_code == 200


async def test_another_tenant_finds_nothing(api: Api) -> None:
    task_id = await api.submit("shout")
    await api.until(task_id, "input_required")
    (approval,) = (await api.client.get("/v1/approvals")).json()["approvals"]
    key_id = (await api.client.get("/v1/keys")).json()["keys"][0]["id"]
    await api.client.post("/v1/memory/documents", json={"text": "The quay is long.", "source": "quay.md"})
    (item,) = (await api.client.get("/v1/memory")).json()["items"]
    stranger = await api.keys.create("stranger", tenant="elsewhere")
    fork, said, decision = {"seq": 1}, {"text": "hi"}, {"decision": "approve"}
    async with api.connect(stranger.key) as client:
        for method, path, body in [
            ("GET", f"/v1/tasks/{task_id}", None),
            ("GET", f"/v1/tasks/{task_id}?as_of=1", None),
            ("GET", f"/v1/tasks/{task_id}/events", None),
            ("GET", f"/v1/tasks/{task_id}/steps", None),
            ("POST", f"/v1/tasks/{task_id}/cancel", None),
            ("POST", f"/v1/tasks/{task_id}/pause", None),
            ("POST", f"/v1/tasks/{task_id}/resume", None),
            ("POST", f"/v1/tasks/{task_id}/fork", fork),
            ("POST", f"/v1/tasks/{task_id}/input", said),
            ("GET", f"/v1/approvals?task_id={task_id}", None),
            ("GET", f"/v1/approvals/{approval['id']}", None),
            ("POST", f"/v1/approvals/{approval['id']}", decision),
            ("GET", f"/v1/memory/{item['id']}", None),
            ("DELETE", f"/v1/memory/{item['id']}", None),
            ("DELETE", f"/v1/keys/{key_id}", None),
        ]:
            response = await client.request(method, path, json=body) if body else await client.request(method, path)
            assert response.status_code == 404, (method, path, response.text)
        stream = await client.get(f"/v1/tasks/{task_id}/events", headers={"accept": "text/event-stream"})
        assert stream.status_code == 404
        assert (await client.get("/v1/tasks")).json()["tasks"] == []
        assert (await client.get("/v1/approvals")).json()["approvals"] == []
        assert (await client.get("/v1/memory")).json()["items"] == []
        assert [key["id"] for key in (await client.get("/v1/keys")).json()["keys"]] == [stranger.id]
        found = (await client.post("/v1/memory/search", json={"query": "quay"})).json()
        assert found["items"] == []
    assert (await api.client.get(f"/v1/tasks/{task_id}")).json()["status"] == "input_required"


async def test_a_key_is_made_shown_once_and_revoked(api: Api) -> None:
    made = await api.client.post("/v1/keys", json={"name": "robot"})
    assert made.status_code == 201
    key = made.json()
    assert re.fullmatch(r"jm_[\w-]{43}", key["key"])
    async with api.connect(key["key"]) as client:
        assert (await client.get("/v1/tasks")).status_code == 200
        listed = (await client.get("/v1/keys")).json()["keys"]
        assert [k["name"] for k in listed] == ["test", "robot"]
        assert key["key"] not in str(listed)
        revoked = await api.client.delete(f"/v1/keys/{key['id']}")
        assert revoked.json()["revoked_at"] is not None
        assert (await client.get("/v1/tasks")).status_code == 401


async def test_a_task_knows_the_name_of_the_key_it_came_with(api: Api) -> None:
    task = await api.ended("at once")
    (first, *_) = (await api.client.get(f"/v1/tasks/{task['id']}/events")).json()["events"]
    assert first["data"]["submitted_by"] == "test"


async def test_a_stream_is_cut_off_when_its_key_is_revoked(tmp_path: Path) -> None:
    async with serving(tmp_path / "home", ApiSettings(port=0, heartbeat_seconds=0.05)) as api:
        task_id = await api.submit("shout")
        await api.until(task_id, "input_required")
        made = await api.keys.create("guest")
        live = {"accept": "text/event-stream"}
        async with (
            api.connect(made.key) as client,
            client.stream("GET", f"/v1/tasks/{task_id}/events", headers=live) as stream,
        ):
            lines = stream.aiter_lines()
            async for line in lines:
                if line.startswith(":"):
                    break
            await api.keys.revoke(made.id)
            async for _ in lines:
                pass
        assert (await api.client.get(f"/v1/tasks/{task_id}")).json()["status"] == "input_required"
