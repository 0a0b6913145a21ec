"""Webhooks of a real ``serve``, by its REST API and its command line."""

import json
from collections.abc import Awaitable, Callable

import httpx
import pytest
from standardwebhooks.webhooks import Webhook as Verifier

from journeyman.testing import Reply, Rule, WebhookReceiver
from tests.integration.serve.conftest import House

Build = Callable[..., Awaitable[House]]
DONE = Rule(reply=Reply(text="All done."))


async def test_serve_tells_of_an_end_and_the_log_shows_it(build: Build) -> None:
    house = await build(DONE)
    async with WebhookReceiver() as receiver:
        house.config.write_text(house.config.read_text() + f'[webhooks]\nallow = ["{receiver.address}"]\n')
        served = await house.serve()
        made = json.loads((await house.run("webhooks", "add", receiver.url, "--event", "task.completed", "--json")).out)
        task = await served.call("POST", "/v1/tasks", json={"goal": "do it"})
        await house.until(lambda: len(receiver.received) == 1)
        [got] = receiver.received
        assert Verifier(made["secret"]).verify(got.body, got.headers)["data"]["id"] == task["id"]
        path = f"/v1/webhooks/{made['id']}"
        assert "secret" not in await served.call("GET", path)
        await served.call("GET", f"{path}/deliveries")
        [delivery] = json.loads((await house.run("webhooks", "deliveries", made["id"], "--json")).out)
        assert (delivery["event"], delivery["id"]) == ("task.completed", got.headers["webhook-id"])
        assert (await house.run("webhooks", "replay", made["id"], delivery["id"])).code == 0
        await house.until(lambda: len(receiver.received) == 2)
        assert receiver.received[1].headers["webhook-id"] == delivery["id"]
        rotated = json.loads((await house.run("webhooks", "rotate", made["id"], "--json")).out)
        assert rotated["secret"] != made["secret"]
        assert (await house.run("webhooks", "disable", made["id"])).code == 0
        assert "off" in (await house.run("webhooks", "list")).out
        assert (await house.run("webhooks", "enable", made["id"])).code == 0
        assert (await house.run("webhooks", "remove", made["id"])).code == 0
        assert json.loads((await house.run("webhooks", "list", "--json")).out) == []
        served.stop()
        ended = await house.ended(served.process)
    assert made["secret"] not in ended.err
    assert rotated["secret"] not in ended.err


async def test_bad_webhooks_get_one_clear_answer(build: Build) -> None:
    house = await build(DONE)
    served = await house.serve()
    for wrong, said in (
        ({"url": "nonsense"}, "http"),
        ({"url": "https://example.com", "secret": "hunter2"}, "whsec_"),
        ({"url": "https://example.com", "events": ["task.compelted"]}, "events"),
    ):
        for path, body in (("/v1/webhooks", wrong), ("/v1/tasks", {"goal": "x", "webhook": wrong})):
            with pytest.raises(httpx.HTTPStatusError) as refused:
                await served.call("POST", path, json=body)
            assert refused.value.response.status_code == 422
            assert said in refused.value.response.text
            assert "hunter2" not in refused.value.response.text
    unknown = await house.run("webhooks", "remove", "wh_none")
    assert (unknown.code, "no webhook wh_none" in unknown.err) == (2, True)
