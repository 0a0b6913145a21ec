"""Schedules over REST, and tasks that start later."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.integration.api.served_api import Api, eventually

BRIEF = {"name": "brief", "cron": "30 2 * * *", "timezone": "Europe/Berlin", "goal": "at once"}


async def made(api: Api, **more: Any) -> dict[str, Any]:
    answer = await api.client.post("/v1/schedules", json={**BRIEF, **more})
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


async def test_a_schedule_shows_its_next_fires_there_and_in_utc_and_warns(api: Api) -> None:
    schedule = await made(api)
    assert (schedule["status"], schedule["overlap"], schedule["catch_up"]) == ("active", "skip", "last")
    assert len(schedule["next_fires"]) == 5
    for fire in schedule["next_fires"]:
        assert datetime.fromisoformat(fire["at"]) == datetime.fromisoformat(fire["local"])
        assert fire["local"][11:16] in ("02:30", "03:00")
    assert len(schedule["warnings"]) == 2
    assert (await api.client.get("/v1/schedules")).json() == {"schedules": [schedule]}
    assert (await api.client.get(f"/v1/schedules/{schedule['id']}")).json() == schedule


async def test_run_pause_change_and_remove(api: Api) -> None:
    schedule = await made(api)
    url = f"/v1/schedules/{schedule['id']}"
    task = (await api.client.post(f"{url}/run")).json()
    await api.until(task["id"], "completed")
    assert task["metadata"]["schedule"] == "brief"
    await api.runtime.schedules.firing.tick()
    [fire] = (await api.client.get(f"{url}/fires")).json()["fires"]
    assert (fire["state"], fire["task_id"]) == ("completed", task["id"])
    assert (await api.client.patch(url, json={"paused": True})).json()["status"] == "paused"
    changed = (await api.client.patch(url, json={"paused": False, "cron": "0 7 * * *", "overlap": "queue"})).json()
    assert (changed["status"], changed["cron"], changed["overlap"]) == ("active", "0 7 * * *", "queue")
    assert changed["warnings"] == []
    assert (await api.client.delete(url)).status_code == 204
    assert (await api.client.get(url)).status_code == 404


async def test_a_backfill_over_rest(api: Api) -> None:
    schedule = await made(api, cron="0 * * * *")
    now = datetime.now(UTC)
    body = {"from": (now - timedelta(hours=3)).isoformat(), "until": (now - timedelta(minutes=1)).isoformat()}
    fires = (await api.client.post(f"/v1/schedules/{schedule['id']}/backfill", json=body)).json()["fires"]
    assert {fire["state"] for fire in fires} == {"queued"}
    for _ in fires:
        await api.runtime.schedules.firing.tick()
        record = await api.runtime.schedules.get("default", schedule["id"])
        await api.until(record.running[0], "completed")
    await api.runtime.schedules.firing.tick()
    seen = (await api.client.get(f"/v1/schedules/{schedule['id']}/fires")).json()["fires"]
    assert [fire["state"] for fire in seen] == ["completed"] * len(fires)


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"cron": "61 * * * *"}, "bad minute"),
        ({"cron": "0 0 30 2 *"}, "never fires"),
        ({"timezone": "Mars/Base"}, "no time zone 'Mars/Base'"),
        ({"start_at": "2030-01-01T00:00:00Z"}, "exactly one of"),
        ({"cron": None, "start_at": "2020-01-01T00:00:00Z"}, "starts in the past"),
        ({"cron": None, "start_at": "2030-01-01T00:00:00"}, "timezone"),
        ({"name": "a b"}, "a name has up to 100"),
        ({"agent": "nobody"}, "no agent named 'nobody'"),
        ({"overlap": "both"}, "skip"),
    ],
)
async def test_bad_input_is_one_clear_error(api: Api, wrong: dict[str, Any], told: str) -> None:
    answer = await api.client.post("/v1/schedules", json={**BRIEF, **wrong})
    assert answer.status_code == 422
    assert told in answer.json()["detail"]
    assert (await api.client.get("/v1/schedules")).json() == {"schedules": []}


async def test_a_name_that_is_taken(api: Api) -> None:
    await made(api)
    answer = await api.client.post("/v1/schedules", json=BRIEF)
    assert (answer.status_code, answer.json()["detail"]) == (409, "There is a schedule named brief already.")


async def test_a_task_waits_for_its_start(api: Api) -> None:
    start = datetime.now(UTC) + timedelta(seconds=1.5)
    body = {"goal": "at once", "start_at": start.isoformat()}
    first = (await api.client.post("/v1/tasks", json=body, headers={"idempotency-key": "k"})).json()
    assert (first["status"], first["waiting"]["reason"], first["started_at"]) == ("working", "timer", None)
    assert datetime.fromisoformat(first["waiting"]["wake_at"]) == start
    await api.runtime.drive(first["id"])
    assert (await api.client.get(f"/v1/tasks/{first['id']}")).json()["started_at"] is None
    await eventually(lambda: api.runtime.journal.runnable(5), lambda found: first["id"] in found)
    await api.runtime.drive(first["id"])
    task = await api.until(first["id"], "completed")
    assert datetime.fromisoformat(task["started_at"]) >= start
    again = await api.client.post("/v1/tasks", json=body, headers={"idempotency-key": "k"})
    assert (again.status_code, again.json()["id"]) == (202, first["id"])
    late = await api.client.post("/v1/tasks", json=body)
    assert late.status_code == 422
    assert "start_at lies in the past" in late.json()["detail"]


async def test_a_task_that_has_not_started_can_be_canceled(api: Api) -> None:
    start = (datetime.now(UTC) + timedelta(days=1)).isoformat()
    task_id = await api.submit("at once", start_at=start)
    assert (await api.client.post(f"/v1/tasks/{task_id}/cancel", json={})).json()["status"] == "canceled"
