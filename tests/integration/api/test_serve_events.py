"""Events over HTTP: pages, the live stream, and taking it up again where it was cut."""

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import httpx

from tests.integration.api.served_api import Api

STREAM = {"accept": "text/event-stream"}


async def frames(response: httpx.Response) -> AsyncIterator[dict[str, str]]:
    """The stream's frames; comments are left out."""
    frame: dict[str, str] = {}
    async for line in response.aiter_lines():
        if line:
            name, _, value = line.partition(": ")
            frame[name] = value
            continue
        if frame and "" not in frame:
            yield frame
        frame = {}


async def page(api: Api, task_id: str, **params: Any) -> dict[str, Any]:
    response = await api.client.get(f"/v1/tasks/{task_id}/events", params=params)
    assert response.status_code == 200
    return dict(response.json())


async def test_pages_are_gap_free_and_say_when_all_is_told(api: Api) -> None:
    task = await api.ended("turns=3")
    whole = await page(api, task["id"])
    assert whole["ended"]
    assert [event["seq"] for event in whole["events"]] == list(range(1, task["last_seq"] + 1))
    assert set(whole["events"][0]) == {"seq", "kind", "at", "data"}
    assert whole["events"][0]["data"]["label"]["from"] == ["user"]
    events: list[dict[str, Any]] = []
    after, ended = 0, False
    while not ended:
        part = await page(api, task["id"], after=after, limit=4)
        events += part["events"]
        after, ended = part["next"], part["ended"]
    assert events == whole["events"]


async def test_the_page_of_a_task_that_goes_on_has_not_ended(api: Api) -> None:
    task_id = await api.submit("ask")
    task = await api.until(task_id, "input_required")
    part = await page(api, task_id, after=task["last_seq"])
    assert part == {"events": [], "next": task["last_seq"], "ended": False}


async def test_a_stream_cut_again_and_again_has_no_gap_and_no_duplicate(api: Api) -> None:
    task_id = await api.submit("turns=12")
    seen: list[dict[str, str]] = []
    while not seen or seen[-1]["event"] != "task.completed":
        headers = STREAM | ({"last-event-id": seen[-1]["id"]} if seen else {})
        async with api.connect() as client, client.stream("GET", f"/v1/tasks/{task_id}/events", headers=headers) as r:
            assert r.status_code == 200
            assert r.headers["content-type"].startswith("text/event-stream")
            before = len(seen)
            async for frame in frames(r):
                if "id" in frame:
                    seen.append(frame)
                if len(seen) - before == 5:
                    break
    whole = await page(api, task_id, limit=1000)
    assert [json.loads(frame["data"]) for frame in seen] == whole["events"]
    assert [(int(f["id"]), f["event"]) for f in seen] == [(e["seq"], e["kind"]) for e in whole["events"]]


async def test_a_stream_opened_past_the_end_closes_at_once(api: Api) -> None:
    task = await api.ended("answer at once")
    async with api.client.stream("GET", f"/v1/tasks/{task['id']}/events?after={task['last_seq']}", headers=STREAM) as r:
        assert r.status_code == 200
        assert [frame async for frame in frames(r)] == []


async def test_the_last_event_id_wins_over_the_query(api: Api) -> None:
    task = await api.ended("answer at once")
    headers = STREAM | {"last-event-id": str(task["last_seq"] - 1)}
    async with api.client.stream("GET", f"/v1/tasks/{task['id']}/events?after=1", headers=headers) as r:
        assert [frame["event"] async for frame in frames(r)] == ["task.completed"]


async def test_an_id_that_was_never_sent_is_refused(api: Api) -> None:
    task = await api.ended("answer at once")
    for last in ("99999", "-1", "seven"):
        response = await api.client.get(f"/v1/tasks/{task['id']}/events", headers=STREAM | {"last-event-id": last})
        assert response.status_code == 422, last
        assert response.headers["content-type"] == "application/problem+json"


async def test_text_is_streamed_as_the_model_writes_it(api: Api) -> None:
    task_id = await api.submit("ask")
    await api.until(task_id, "input_required")
    kinds: list[tuple[str, bool]] = []
    text = ""
    async with api.client.stream("GET", f"/v1/tasks/{task_id}/events", headers=STREAM) as r:
        async for frame in frames(r):
            if frame["event"] == "task.waiting":
                await api.client.post(f"/v1/tasks/{task_id}/input", json={"text": "Blue."})
            if frame["event"] == "llm.delta":
                text += json.loads(frame["data"])["text"]
            kinds.append((frame["event"], "id" in frame))
    assert kinds[-1] == ("task.completed", True)
    assert text == "All done."
    assert ("llm.delta", True) not in kinds


async def test_open_streams_end_whole_when_the_server_stops(api: Api) -> None:
    task_id = await api.submit("ask")
    await api.until(task_id, "input_required")
    async with api.client.stream("GET", f"/v1/tasks/{task_id}/events", headers=STREAM) as r:
        stream = frames(r)
        assert (await anext(stream))["id"] == "1"
        api.server.should_exit = True
        rest = [frame["event"] async for frame in stream]
    assert rest[-1] == "task.waiting"


async def test_many_readers_of_one_task_see_the_same(api: Api) -> None:
    task_id = await api.submit("turns=5")

    async def read() -> list[str]:
        async with api.connect() as client, client.stream("GET", f"/v1/tasks/{task_id}/events", headers=STREAM) as r:
            return [frame["data"] async for frame in frames(r) if "id" in frame]

    first, *others = await asyncio.gather(*(read() for _ in range(8)))
    assert json.loads(first[-1])["kind"] == "task.completed"
    assert all(other == first for other in others)
