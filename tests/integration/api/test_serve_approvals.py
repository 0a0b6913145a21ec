"""Approvals over HTTP: what a person sees, and what their word does."""

from typing import Any

from tests.integration.api.served_api import Api


async def waiting(api: Api) -> tuple[str, dict[str, Any]]:
    """A task that waits, and its approval."""
    task_id = await api.submit("shout")
    task = await api.until(task_id, "input_required")
    assert task["waiting"]["reason"] == "approval"
    (approval,) = (await api.client.get("/v1/approvals")).json()["approvals"]
    assert task["waiting"]["approvals"] == [approval["id"]]
    return task_id, approval


async def test_a_person_sees_everything_there_is_to_judge_and_approves(api: Api) -> None:
    task_id, approval = await waiting(api)
    (call,) = approval["calls"]
    assert approval["task_id"] == task_id
    assert approval["status"] == "pending"
    assert approval["expires_at"].endswith("Z")
    assert (call["tool"], call["args"]) == ("shout", {"text": "hello"})
    assert set(call["labels"]["text"]) == {"from", "trust", "visibility"}
    assert call["why"]
    shown = await api.client.get(f"/v1/approvals/{approval['id']}")
    assert shown.json() == approval
    decided = await api.client.post(f"/v1/approvals/{approval['id']}", json={"decision": "approve", "note": "go on"})
    assert decided.status_code == 200
    assert (await api.until(task_id, "completed"))["answer"] == "All done."
    events = (await api.client.get(f"/v1/tasks/{task_id}/events")).json()["events"]
    (result,) = [event["data"]["result"]["content"] for event in events if event["kind"] == "tool.completed"]
    assert result == "HELLO"
    of_task = (await api.client.get(f"/v1/approvals?task_id={task_id}")).json()["approvals"]
    assert [(a["status"], a["decided_by"], a["note"]) for a in of_task] == [("approved", "test", "go on")]


async def test_what_is_denied_does_not_happen(api: Api) -> None:
    task_id, approval = await waiting(api)
    await api.client.post(f"/v1/approvals/{approval['id']}", json={"decision": "deny", "note": "too loud"})
    await api.until(task_id, "completed")
    kinds = [event["kind"] for event in (await api.client.get(f"/v1/tasks/{task_id}/events")).json()["events"]]
    assert "tool.completed" not in kinds


async def test_arguments_are_edited(api: Api) -> None:
    task_id, approval = await waiting(api)
    edit = {"decision": "edit", "calls": {approval["calls"][0]["step_id"]: {"text": "psst"}}}
    assert (await api.client.post(f"/v1/approvals/{approval['id']}", json=edit)).status_code == 200
    await api.until(task_id, "completed")
    events = (await api.client.get(f"/v1/tasks/{task_id}/events")).json()["events"]
    (result,) = [event["data"]["result"]["content"] for event in events if event["kind"] == "tool.completed"]
    assert result.endswith("PSST")


async def test_a_decision_stands(api: Api) -> None:
    task_id, approval = await waiting(api)
    path = f"/v1/approvals/{approval['id']}"
    await api.client.post(path, json={"decision": "deny"})
    await api.until(task_id, "completed")
    again = await api.client.post(path, json={"decision": "approve"})
    assert again.status_code == 409
    assert again.headers["content-type"] == "application/problem+json"


async def test_a_word_that_is_no_decision_changes_nothing(api: Api) -> None:
    task_id, approval = await waiting(api)
    path = f"/v1/approvals/{approval['id']}"
    for body in (
        {},
        {"decision": "maybe"},
        {"decision": "approve", "by": "me"},
        {"decision": "edit"},
        {"decision": "edit", "calls": {"x": {}}},
    ):
        assert (await api.client.post(path, json=body)).status_code == 422, body
    assert (await api.client.get(f"/v1/tasks/{task_id}")).json()["status"] == "input_required"
    assert (await api.client.get("/v1/approvals/apr_none_1")).status_code == 404
    assert (await api.client.post("/v1/approvals/none", json={"decision": "deny"})).status_code == 404
