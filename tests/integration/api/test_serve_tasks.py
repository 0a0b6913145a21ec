"""Tasks over HTTP: submit, show, list, steps, control."""

import asyncio

from tests.integration.api.served_api import Api


async def test_a_goal_goes_in_and_an_answer_comes_out(api: Api) -> None:
    response = await api.client.post("/v1/tasks", json={"goal": "turns=2", "metadata": {"ticket": 7}})
    assert response.status_code == 202
    submitted = response.json()
    assert submitted["status"] == "submitted"
    assert submitted["created_at"].endswith("Z")
    assert "tenant" not in submitted
    task = await api.until(submitted["id"], "completed")
    assert task["outcome"] == "achieved"
    assert task["answer"] == "All done."
    assert task["metadata"] == {"ticket": 7}
    assert task["usage"]["tool_calls"] == 2
    assert task["usage"]["model_calls"] == 3
    assert task["error"] is None
    assert task["waiting"] is None


async def test_a_task_as_of_an_earlier_event(api: Api) -> None:
    task = await api.ended("turns=1")
    then = (await api.client.get(f"/v1/tasks/{task['id']}?as_of=2")).json()
    assert then["last_seq"] == 2
    assert then["status"] == "working"
    assert then["answer"] is None


async def test_the_same_idempotency_key_gives_the_same_task_and_another_body_is_refused(api: Api) -> None:
    header = {"idempotency-key": "order-66"}
    bodies = [{"goal": "answer at once"}, {"goal": "answer at once"}, {"goal": "answer at once, but louder"}]
    first, again, other = [await api.client.post("/v1/tasks", json=body, headers=header) for body in bodies]
    assert first.status_code == again.status_code == 202
    assert first.json()["id"] == again.json()["id"]
    assert other.status_code == 422
    assert "idempotency key" in other.json()["detail"].lower()
    assert len((await api.client.get("/v1/tasks")).json()["tasks"]) == 1


async def test_tasks_are_listed_newest_first_in_pages(api: Api) -> None:
    ids = [await api.submit("answer at once") for _ in range(5)]
    listed: list[str] = []
    before = None
    while True:
        params = {"limit": 2} | ({"before": before} if before else {})
        page = (await api.client.get("/v1/tasks", params=params)).json()
        listed += [task["id"] for task in page["tasks"]]
        before = page["next"]
        if before is None:
            break
    assert listed == ids[::-1]


async def test_tasks_are_filtered_by_status(api: Api) -> None:
    done = await api.ended("answer at once")
    waits = await api.submit("ask")
    await api.until(waits, "input_required")
    page = (await api.client.get("/v1/tasks", params={"status": "input_required"})).json()
    assert [task["id"] for task in page["tasks"]] == [waits]
    page = (await api.client.get("/v1/tasks", params={"status": "completed"})).json()
    assert [task["id"] for task in page["tasks"]] == [done["id"]]


async def test_steps_tell_each_turn_and_each_call(api: Api) -> None:
    task = await api.ended("turns=2")
    steps = (await api.client.get(f"/v1/tasks/{task['id']}/steps")).json()["steps"]
    assert [(step["kind"], step["name"], step["status"]) for step in steps] == [
        ("model", "stub", "completed"),
        ("tool", "calculate", "completed"),
        ("model", "stub", "completed"),
        ("tool", "calculate", "completed"),
        ("model", "stub", "completed"),
    ]
    assert steps[1]["args"] == {"expression": "0 + 1"}
    assert all(step["ended_seq"] > step["seq"] for step in steps)


async def test_a_question_is_answered_and_the_task_goes_on(api: Api) -> None:
    task_id = await api.submit("ask")
    task = await api.until(task_id, "input_required")
    assert task["waiting"]["reason"] == "input"
    assert task["waiting"]["question"] == "Which colour?"
    response = await api.client.post(f"/v1/tasks/{task_id}/input", json={"text": "Blue."})
    assert response.status_code == 200
    assert (await api.until(task_id, "completed"))["answer"] == "All done."


async def test_a_waiting_task_is_canceled_with_a_note(api: Api) -> None:
    task_id = await api.submit("ask")
    await api.until(task_id, "input_required")
    response = await api.client.post(f"/v1/tasks/{task_id}/cancel", json={"note": "not needed"})
    assert response.status_code == 200
    await api.until(task_id, "canceled")
    events = (await api.client.get(f"/v1/tasks/{task_id}/events")).json()["events"]
    assert events[-1]["kind"] == "task.canceled"
    assert events[-1]["data"]["note"] == "not needed"
    again = await api.client.post(f"/v1/tasks/{task_id}/cancel")
    assert again.status_code == 409


async def test_pause_and_resume(api: Api) -> None:
    task_id = await api.submit("ask")
    await api.until(task_id, "input_required")
    not_paused = await api.client.post(f"/v1/tasks/{task_id}/resume")
    assert not_paused.status_code == 409
    assert not_paused.json()["hint"]
    paused = await api.client.post(f"/v1/tasks/{task_id}/pause")
    assert paused.status_code == 200


async def test_a_fork_shares_the_past_and_goes_its_own_way(api: Api) -> None:
    task = await api.ended("turns=2")
    response = await api.client.post(f"/v1/tasks/{task['id']}/fork", json={"seq": 3})
    assert response.status_code == 202
    fork = await api.until(response.json()["id"], "completed")
    assert fork["forked_from"] == task["id"]
    too_far = await api.client.post(f"/v1/tasks/{task['id']}/fork", json={"seq": 10_000})
    assert too_far.status_code == 422


async def test_many_submit_at_once(api: Api) -> None:
    ids = await asyncio.gather(*(api.submit("answer at once") for _ in range(50)))
    assert len(set(ids)) == 50
    for task_id in ids:
        await api.until(task_id, "completed")
