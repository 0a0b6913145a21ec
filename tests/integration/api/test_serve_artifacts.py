"""Attachments in and artifacts out, over HTTP."""

import base64
import hashlib

from tests.integration.api.served_api import Api


async def write(api: Api, task_id: str, name: str, data: bytes) -> None:
    file = api.runtime.surroundings.workspaces / task_id / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(data)


async def test_an_attachment_is_in_the_journal_and_its_content_is_not_in_the_api(api: Api) -> None:
    data = base64.b64encode(b"\x00\x01secret").decode()
    attachment = {"name": "a.bin", "data_base64": data}
    task = await api.ended("answer at once", attachments=[attachment, {"name": "b.txt", "text": "words"}])
    assert task["status"] == "completed"
    events = (await api.client.get(f"/v1/tasks/{task['id']}/events")).json()["events"]
    received = [event["data"] for event in events if event["kind"] == "attachment.received"]
    assert [(one["name"], one["size"]) for one in received] == [("a.bin", 8), ("b.txt", 5)]
    assert data not in str(events)


async def test_attachments_that_cannot_be_used_are_refused(api: Api) -> None:
    for attachment in ({"name": "a"}, {"name": "a", "text": "x", "more": 1}, {"name": "a", "data_base64": "?"}, {"name": ""}):
        response = await api.client.post("/v1/tasks", json={"goal": "g", "attachments": [attachment]})
        assert response.status_code == 422, attachment
    assert (await api.client.get("/v1/tasks")).json()["tasks"] == []


async def test_a_schema_is_checked_and_its_value_is_shown(api: Api) -> None:
    task = await api.ended("answer at once", output_schema={"type": "string"})
    assert (task["outcome"], task["output"], task["answer"]) == ("schema_unmet", None, "All done.")
    response = await api.client.post("/v1/tasks", json={"goal": "g", "output_schema": {"type": "none"}})
    assert response.status_code == 422
    assert "output schema" in response.json()["detail"]


async def test_artifacts_are_listed_and_downloaded(api: Api) -> None:
    task = await api.ended("answer at once")
    assert (await api.client.get(f"/v1/tasks/{task['id']}/artifacts")).json() == {"artifacts": []}
    page = b"<script>alert(1)</script>" * 40_000
    await write(api, task["id"], "out/p\u00e4ge 1.html", page)
    [artifact] = (await api.client.get(f"/v1/tasks/{task['id']}/artifacts")).json()["artifacts"]
    assert artifact["name"] == "out/p\u00e4ge 1.html"
    assert (artifact["media_type"], artifact["bytes"]) == ("text/html", len(page))
    assert artifact["digest"] == hashlib.sha256(page).hexdigest()
    assert artifact["created_at"].endswith("Z")
    response = await api.client.get(f"/v1/tasks/{task['id']}/artifacts/out/p%C3%A4ge%201.html")
    assert response.content == page
    assert response.headers["content-type"] == "application/octet-stream"
    assert response.headers["content-disposition"] == "attachment; filename*=UTF-8''p%C3%A4ge%201.html"
    assert response.headers["x-content-type-options"] == "nosniff"


async def test_no_name_leads_out_of_the_workspace(api: Api) -> None:
    task = await api.ended("answer at once", attachments=[{"name": "a.txt", "text": "x"}])
    await write(api, task["id"], "ok.txt", b"x")
    for name in ("..%2f..%2fjournal.db", "%2fetc%2fpasswd", "attachments/a.txt", "none.txt", "a%00b", "%2e%2e/x", "~root"):
        response = await api.client.get(f"/v1/tasks/{task['id']}/artifacts/{name}")
        assert response.status_code == 404, name
        assert response.json()["hint"] is not None


async def test_another_tenant_sees_no_artifacts(api: Api) -> None:
    task = await api.ended("answer at once")
    await write(api, task["id"], "ok.txt", b"x")
    stranger = (await api.keys.create("stranger", tenant="other")).key
    async with api.connect(stranger) as client:
        assert (await client.get(f"/v1/tasks/{task['id']}/artifacts")).status_code == 404
        assert (await client.get(f"/v1/tasks/{task['id']}/artifacts/ok.txt")).status_code == 404
