"""Webhooks over real sockets: signed, tried again, never lost with the event that causes them."""

import asyncio
import base64
import json
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography.fernet import Fernet
from standardwebhooks.webhooks import Webhook as Verifier
from standardwebhooks.webhooks import WebhookVerificationError

from agents.requests import TaskRequest, WebhookChange, WebhookRequest
from agents.runtime import Runtime
from agents.sealing import KEY_FILE, Seal
from agents.webhooks.records import Delivery, NewWebhook
from agents.webhooks.webhooks import Webhooks
from journal.errors import ConfigurationError, InvalidInput, NotFound
from journal.values import Status
from journeyman.testing import HookAnswer, WebhookReceiver
from tests.integration.agents.conftest import World, calls, says, until

Build = Callable[..., Awaitable[World]]
SEND = ("send", {"to": "ann", "text": "hello"})
BY = {"actor": "tester", "via": "key_1"}


def allowing(receiver: WebhookReceiver, **more: Any) -> dict[str, Any]:
    return {"webhooks": {"allow": [receiver.address], "retry_seconds": [0.0, 0.0], **more}}


async def hook(w: World, url: str, **more: Any) -> NewWebhook:
    return await w.runtime.webhooks.create("default", WebhookRequest(url=url, **more), **BY)


async def deliver(w: World) -> int:
    started = await w.runtime.webhooks.deliver_due()
    await w.runtime.webhooks.settled()
    return started


async def delivered(w: World, webhook_id: str) -> list[Delivery]:
    """Deliver until nothing is due, then the deliveries, oldest first."""
    while await deliver(w):
        pass
    return (await w.runtime.webhooks.deliveries("default", webhook_id))[::-1]


async def test_an_end_and_a_wait_for_a_person_are_told_and_the_signature_holds(world: Build) -> None:
    async with WebhookReceiver() as receiver:
        w = await world(calls(SEND), says("sent"), settings=allowing(receiver))
        made = await hook(w, receiver.url)
        record = await w.run()
        assert await deliver(w) == 1
        await w.runtime.cancel("default", record.id, by="tester")
        assert await deliver(w) == 1
        assert await deliver(w) == 0
    told = [Verifier(made.secret).verify(r.body, r.headers) for r in receiver.received]
    assert [t["type"] for t in told] == ["task.waiting", "task.canceled"]
    assert [(t["data"]["id"], t["data"]["status"]) for t in told] == [(record.id, "input_required"), (record.id, "canceled")]
    assert told[0]["data"]["waiting"]["reason"] == "approval"
    assert "tenant" not in told[0]["data"]
    ids = {r.headers["webhook-id"] for r in receiver.received}
    assert len(ids) == 2
    with pytest.raises(WebhookVerificationError):
        Verifier(made.secret).verify(receiver.received[0].body + b" ", receiver.received[0].headers)


async def test_only_the_kinds_asked_for_and_only_the_own_tenant(world: Build) -> None:
    async with WebhookReceiver() as receiver:
        w = await world(says("ok"), settings=allowing(receiver))
        failed = await hook(w, receiver.url, events=("task.failed",))
        await w.runtime.webhooks.create("other", WebhookRequest(url=receiver.url), **BY)
        await w.run()
        assert await delivered(w, failed.id) == []
        with pytest.raises(NotFound):
            await w.runtime.webhooks.get("other", failed.id)
    assert receiver.received == []


async def test_a_task_brings_its_own_webhook(world: Build) -> None:
    secret = "whsec_" + base64.b64encode(b"x" * 32).decode()
    async with WebhookReceiver() as receiver:
        w = await world(says("ok"), settings=allowing(receiver))
        own = await w.run("mine", webhook=WebhookRequest.model_validate({"url": receiver.url, "secret": secret}))
        await w.run("not mine")
        assert await deliver(w) == 1
        [listed] = await w.runtime.webhooks.all("default", task_id=own.id)
        assert await w.runtime.webhooks.all("default") == []
        assert listed.task_id == own.id
    assert Verifier(secret).verify(receiver.received[0].body, receiver.received[0].headers)["data"]["id"] == own.id
    journaled = str(await w.runtime.journal.read("default", own.id))
    assert secret not in journaled
    assert "/hook" not in journaled


async def test_the_same_submission_again_adds_no_second_webhook(world: Build) -> None:
    w = await world(says("ok"))
    request = TaskRequest(goal="x", webhook=WebhookRequest(url="https://example.com/hook"))
    first, second = [await w.runtime.submit("default", request, by="x", idempotency_key="k") for _ in range(2)]
    assert first.id == second.id
    assert len(await w.runtime.webhooks.all("default", task_id=first.id)) == 1


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (HookAnswer(500), "answered 500"),
        (HookAnswer(None), "failed"),
        (HookAnswer(302, {"location": "http://127.0.0.1:1/elsewhere"}), "a redirect, which is not followed"),
        (HookAnswer(404), "answered 404"),
    ],
)
async def test_what_fails_is_sent_again_under_its_id(world: Build, answer: HookAnswer, said: str) -> None:
    async with WebhookReceiver([answer]) as receiver:
        w = await world(says("ok"), settings=allowing(receiver))
        made = await hook(w, receiver.url)
        await w.run()
        [delivery] = await delivered(w, made.id)
    assert (delivery.status, len(delivery.attempts), len(receiver.received)) == ("delivered", 2, 2)
    assert said in (delivery.attempts[0].error or "")
    assert delivery.attempts[1].status == 204
    assert {r.headers["webhook-id"] for r in receiver.received} == {delivery.id}


async def test_a_receiver_that_does_not_answer_is_given_up_after_the_last_try_and_can_be_replayed(world: Build) -> None:
    opened = asyncio.Event()
    async with WebhookReceiver([HookAnswer(when=opened.wait)] * 3) as receiver:
        w = await world(says("ok"), settings=allowing(receiver, timeout_seconds=0.5))
        made = await hook(w, receiver.url)
        await w.run()
        [delivery] = await delivered(w, made.id)
        assert (delivery.status, len(delivery.attempts), delivery.next_attempt_at) == ("failed", 3, None)
        assert "no answer within" in (delivery.attempts[0].error or "")
        opened.set()
        await w.runtime.webhooks.replay("default", made.id, delivery.id)
        [again] = await delivered(w, made.id)
        assert (again.status, again.id) == ("delivered", delivery.id)
        assert len(again.attempts) > 3
        with pytest.raises(NotFound):
            await w.runtime.webhooks.replay("default", made.id, "msg_none")


async def test_gone_switches_the_webhook_off_and_it_can_be_switched_on(world: Build) -> None:
    async with WebhookReceiver([HookAnswer(410)]) as receiver:
        w = await world(says("ok"), settings=allowing(receiver))
        made = await hook(w, receiver.url)
        await w.run()
        [delivery] = await delivered(w, made.id)
        off = await w.runtime.webhooks.get("default", made.id)
        assert (delivery.status, off.enabled) == ("failed", False)
        assert "410" in (off.disabled_why or "")
        await w.run()
        assert len(await delivered(w, made.id)) == 1
        await w.runtime.webhooks.change("default", made.id, WebhookChange(enabled=True), **BY)
        await w.run()
        assert [d.status for d in await delivered(w, made.id)] == ["failed", "delivered"]


async def test_retry_after_is_honoured_and_waits_grow(world: Build) -> None:
    async with WebhookReceiver([HookAnswer(503, {"retry-after": "600"}), HookAnswer(500)]) as receiver:
        w = await world(says("ok"), settings={"webhooks": {"allow": [receiver.address], "retry_seconds": [5, 300]}})
        made = await hook(w, receiver.url)
        await w.run()
        await deliver(w)
        [first] = await w.runtime.webhooks.deliveries("default", made.id)
        assert first.next_attempt_at is not None
        assert first.next_attempt_at - first.attempts[0].at == timedelta(seconds=600)
        await w.runtime.webhooks.replay("default", made.id, first.id)
        await deliver(w)
        [second] = await w.runtime.webhooks.deliveries("default", made.id)
        assert second.next_attempt_at is not None
        assert timedelta(seconds=5) <= second.next_attempt_at - second.attempts[1].at < timedelta(seconds=6)


async def test_a_rotated_secret_signs_beside_the_new_one(world: Build) -> None:
    async with WebhookReceiver() as receiver:
        w = await world(says("ok"), settings=allowing(receiver))
        made = await hook(w, receiver.url)
        rotated = await w.runtime.webhooks.rotate("default", made.id, **BY)
        assert rotated.secret != made.secret
        await w.run()
        await deliver(w)
    [got] = receiver.received
    assert len(got.headers["webhook-signature"].split(" ")) == 2
    for secret in (made.secret, rotated.secret):
        assert Verifier(secret).verify(got.body, got.headers)


async def test_a_rotated_secret_signs_no_longer_than_it_should(world: Build) -> None:
    async with WebhookReceiver() as receiver:
        w = await world(says("ok"), settings=allowing(receiver, rotation_hours=0))
        made = await hook(w, receiver.url)
        rotated = await w.runtime.webhooks.rotate("default", made.id, **BY)
        await w.run()
        await deliver(w)
    [got] = receiver.received
    assert Verifier(rotated.secret).verify(got.body, got.headers)
    with pytest.raises(WebhookVerificationError):
        Verifier(made.secret).verify(got.body, got.headers)


async def test_a_private_address_is_refused_when_it_is_called(world: Build) -> None:
    async with WebhookReceiver() as receiver:
        w = await world(says("ok"))
        made = await hook(w, receiver.url)
        await w.run()
        await deliver(w)
        [delivery] = await w.runtime.webhooks.deliveries("default", made.id)
        assert "`webhooks.allow`" in (delivery.attempts[0].error or "")
    assert receiver.received == []


@pytest.mark.parametrize(
    "wrong",
    [
        {"url": "ftp://example.com"},
        {"url": "https://user:pw@example.com"},
        {"url": "https://example.com", "secret": "hunter2"},
        {"url": "https://example.com", "secret": "whsec_AAAA"},
        {"url": "https://example.com", "secret": "whsec_%%%"},
    ],
)
async def test_a_webhook_that_cannot_be_is_refused_and_its_secret_not_repeated(world: Build, wrong: dict[str, str]) -> None:
    w = await world(says("ok"))
    with pytest.raises(InvalidInput) as refused:
        await w.runtime.webhooks.create("default", WebhookRequest.model_validate(wrong), **BY)
    assert wrong.get("secret", "hunter2") not in refused.value.message
    with pytest.raises(InvalidInput):
        await w.submit("x", webhook=WebhookRequest.model_validate(wrong))
    assert await w.runtime.journal.runnable(10) == []


async def test_several_processes_send_each_message_once(world: Build) -> None:
    async with WebhookReceiver() as receiver:
        w = await world(says("ok"), settings=allowing(receiver))
        other = await Runtime.open(w.runtime.settings)
        try:
            made = await hook(w, receiver.url)
            for _ in range(6):
                await w.run()
            while (await w.runtime.webhooks.deliveries("default", made.id, limit=500))[0].status == "pending":
                await asyncio.gather(w.runtime.webhooks.deliver_due(), other.webhooks.deliver_due())
                await asyncio.gather(w.runtime.webhooks.settled(), other.webhooks.settled())
        finally:
            await other.aclose()
    ids = [r.headers["webhook-id"] for r in receiver.received]
    assert (len(ids), len(set(ids))) == (6, 6)


async def test_what_a_dead_process_had_under_way_is_sent_by_another(world: Build) -> None:
    never = asyncio.Event()
    async with WebhookReceiver([HookAnswer(when=never.wait)]) as receiver:
        w = await world(says("ok"), settings=allowing(receiver))
        made = await hook(w, receiver.url)
        await w.run()
        assert await w.runtime.webhooks.deliver_due() == 1
        await until(lambda: len(receiver.received) == 1)
        await w.runtime.webhooks.aclose()
        assert await deliver(w) == 0
        [claimed] = await w.runtime.webhooks.deliveries("default", made.id)
        assert claimed.next_attempt_at is not None
        assert claimed.next_attempt_at > datetime.now(UTC)
        await w.runtime.webhooks.replay("default", made.id, claimed.id)
        [again] = await delivered(w, made.id)
        assert again.status == "delivered"


async def test_one_that_does_not_answer_holds_nobody_up(world: Build) -> None:
    never = asyncio.Event()
    async with WebhookReceiver([HookAnswer(when=never.wait)] * 50) as dead, WebhookReceiver() as alive:
        allow = {"webhooks": {"allow": [dead.address, alive.address]}}
        w = await world(says("ok"), settings=allow)
        await hook(w, dead.url)
        for _ in range(10):
            await w.run()
        await w.runtime.webhooks.deliver_due()
        await until(lambda: len(dead.received) == 4)
        await hook(w, alive.url)
        await w.run()
        assert await w.runtime.webhooks.deliver_due() == 1
        await until(lambda: len(alive.received) == 1)
        assert len(dead.received) == 4


async def test_every_act_is_audited_without_a_secret(world: Build) -> None:
    w = await world(says("ok"))
    made = await hook(w, "https://example.com/secret-path")
    rotated = await w.runtime.webhooks.rotate("default", made.id, **BY)
    await w.runtime.webhooks.change("default", made.id, WebhookChange(enabled=False), **BY)
    await w.runtime.webhooks.remove("default", made.id, **BY)
    entries = await w.runtime.audit.entries("default", act="webhook")
    kinds = ["removed", "changed", "rotated", "created"]
    assert [entry.act for entry in entries] == [f"webhook.{kind}" for kind in kinds]
    written = json.dumps([entry.model_dump(mode="json") for entry in entries])
    assert all(hidden not in written for hidden in (made.secret, rotated.secret, "secret-path"))


async def test_a_delivery_is_written_with_its_event(world: Build) -> None:
    async with WebhookReceiver() as receiver:
        w = await world(says("ok"), settings=allowing(receiver))
        made = await hook(w, receiver.url)
        record = await w.run()
        assert record.status is Status.COMPLETED
        [delivery] = await w.runtime.webhooks.deliveries("default", made.id)
        assert (delivery.task_id, delivery.seq, delivery.event) == (record.id, record.last_seq, "task.completed")


async def test_secrets_lie_sealed_and_go_on_signing_after_a_rotation_of_the_key(world: Build) -> None:
    async with WebhookReceiver() as receiver:
        w = await world(says("ok"), settings=allowing(receiver))
        made = await hook(w, receiver.url)
        rotated = await w.runtime.webhooks.rotate("default", made.id, **BY)
        home = w.runtime.settings.home
        for secret in (made.secret, rotated.secret):
            assert not [path for path in home.rglob("*") if path.is_file() and secret.encode() in path.read_bytes()]
        assert await Seal.of(w.runtime.database, home).rotate() == 2
        (home / KEY_FILE).write_text((home / KEY_FILE).read_text().split()[0])
        await w.run()
        await deliver(w)
    [got] = receiver.received
    for secret in (made.secret, rotated.secret):
        assert Verifier(secret).verify(got.body, got.headers)


async def test_a_secret_that_does_not_open_is_told_and_the_message_waits(world: Build) -> None:
    async with WebhookReceiver() as receiver:
        w = await world(says("ok"), settings=allowing(receiver))
        made = await hook(w, receiver.url)
        key = w.runtime.settings.home / KEY_FILE
        kept = key.read_text()
        key.write_text(Fernet.generate_key().decode())
        elsewhere = Webhooks(w.runtime.database, w.runtime.settings.webhooks, Seal.of(w.runtime.database, key.parent))
        await w.run()
        await elsewhere.deliver_due()
        await elsewhere.settled()
        [waiting] = await w.runtime.webhooks.deliveries("default", made.id)
        assert (waiting.status, receiver.received) == ("pending", [])
        assert "does not open" in str(waiting.attempts[0].error)
        key.write_text(kept)
        assert [d.status for d in await delivered(w, made.id)] == ["delivered"]


async def test_a_process_without_the_key_makes_no_second_one(world: Build, tmp_path: Path) -> None:
    w = await world(says("ok"))
    await hook(w, "https://example.com")
    other = tmp_path / "other home"
    other.mkdir()
    elsewhere = Webhooks(w.runtime.database, w.runtime.settings.webhooks, Seal.of(w.runtime.database, other))
    with pytest.raises(ConfigurationError, match="is not here"):
        await elsewhere.create("default", WebhookRequest(url="https://example.com"), **BY)
    assert not (other / KEY_FILE).exists()


async def test_an_approval_that_nobody_decides_is_told(world: Build) -> None:
    async with WebhookReceiver() as receiver:
        settings = allowing(receiver) | {"approvals": {"escalate_after_hours": 1e-6}}
        w = await world(calls(SEND), says("sent"), settings=settings)
        made = await hook(w, receiver.url, events=("approval.escalated",))
        record = await w.run()
        while "approval.escalated" not in await w.kinds(record.id):
            await asyncio.sleep(0.005)
            record = await w.drive(record.id)
        [delivery] = await delivered(w, made.id)
        assert delivery.event == "approval.escalated"
        [approval] = await w.runtime.approvals("default")
        assert json.loads(delivery.body)["data"]["approval_id"] == approval.id
