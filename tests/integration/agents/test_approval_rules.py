"""Approvals: who is told, who may decide, and what is written down of it."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from pydantic import SecretStr

from agents.auditing import note_settings
from agents.notices import Notice, Notices
from agents.requests import Decision, InputRequest
from journal.errors import ConfigurationError, InvalidInput, NotAllowed
from journal.records import TaskRecord
from journal.values import ApprovalStatus, Status, WaitingReason
from tests.integration.agents.conftest import World, calls, says, until

Build = Callable[..., Awaitable[World]]
SEND = ("send", {"to": "ann", "text": "hello"})
SOON = {"approvals": {"escalate_after_hours": 1e-6}}
FOUR_EYES = {"approvals": {"four_eyes": True}}


class Told:
    """Keeps the notices it is given; raises instead while ``broken``."""

    def __init__(self) -> None:
        self.notices: list[Notice] = []
        self.broken = False

    async def notify(self, notice: Notice) -> None:
        if self.broken:
            raise ConnectionError("no line")
        self.notices.append(notice)


def listen(w: World) -> Told:
    told = Told()
    w.runtime._feed.heeding.append(Notices([told]).heed)
    return told


async def driven(w: World, record: TaskRecord, kind: str) -> TaskRecord:
    """The task, looked at again and again as the sweeper would, until its journal has an event of this kind."""
    while kind not in await w.kinds(record.id):
        await asyncio.sleep(0.005)
        record = await w.drive(record.id)
    return record


async def test_people_are_told_of_a_request_and_once_more_when_nobody_decides(world: Build) -> None:
    w = await world(calls(SEND), says("sent it"), settings=SOON)
    told = listen(w)
    record = await w.run()
    record = await driven(w, record, "approval.escalated")
    await until(lambda: len(told.notices) == 2)
    assert [(n.kind, n.task_id, n.tools, n.submitted_by, n.tenant) for n in told.notices] == [
        ("requested", record.id, ("send",), "tester", "default"),
        ("escalated", record.id, ("send",), "tester", "default"),
    ]
    (approval,) = await w.runtime.approvals("default")
    assert approval.status is ApprovalStatus.PENDING
    assert approval.escalated_at is not None
    assert record.waiting is not None
    assert record.waiting.reason is WaitingReason.APPROVAL
    assert record.waiting.wake_at == approval.expires_at, "the next look is when it expires"
    await w.runtime.decide("default", approval.id, Decision(decision="approve"), by="ann")
    assert (await w.drive(record.id)).answer == "sent it"
    assert (await w.kinds(record.id)).count("approval.escalated") == 1


async def test_without_escalation_an_approval_waits_until_it_expires(world: Build) -> None:
    w = await world(calls(SEND), says("not sent"), settings={"approval_hours": 1e-6})
    record = await w.run()
    assert (await driven(w, record, "task.completed")).answer == "not sent"
    kinds = await w.kinds(record.id)
    assert "approval.escalated" not in kinds
    assert w.witnessed == []


async def test_a_notifier_that_fails_holds_nothing_up(world: Build, caplog: pytest.LogCaptureFixture) -> None:
    w = await world(calls(SEND), says("sent it"))
    told = listen(w)
    told.broken = True
    record = await w.run()
    assert record.status is Status.INPUT_REQUIRED
    await until(lambda: "no line" in caplog.text)


async def test_the_log_is_told_by_default(world: Build, caplog: pytest.LogCaptureFixture) -> None:
    w = await world(calls(SEND), says("sent it"), settings=SOON)
    record = await w.run()
    await driven(w, record, "approval.escalated")
    await until(lambda: "nobody has decided" in caplog.text)
    assert "hello" not in caplog.text, "arguments may be private"


async def test_a_notifier_that_is_not_there_is_a_mistake_in_the_settings(world: Build) -> None:
    with pytest.raises(ConfigurationError, match="carrier-pigeon"):
        await world(says("hi"), settings={"approvals": {"notify": ["carrier-pigeon"]}})


TWO = (SEND, ("send", {"to": "mallory", "text": "hello"}))


async def test_a_person_may_approve_some_calls_and_refuse_the_others(world: Build) -> None:
    w = await world(calls(*TWO), calls(TWO[1], after=2), says("sent one of them"))
    record = await w.run()
    (approval,) = await w.runtime.approvals("default")
    own, foreign = approval.calls
    decided = await w.runtime.decide(
        "default", approval.id, Decision(decision="approve", calls=[own.step_id], note="not to her"), by="ann"
    )
    assert decided.status is ApprovalStatus.APPROVED
    record = await w.drive(record.id)
    assert record.answer == "sent one of them", "the call that was refused is not asked about again"
    assert w.witnessed == ["send ann hello"]
    (said,) = await w.events(record.id, "approval.decided")
    assert said.only == (own.step_id,)
    failed = await w.events(record.id, "tool.failed")
    assert (failed[0].call_id, failed[0].error) == (foreign.step_id, "denied")


async def test_approving_some_for_the_task_says_nothing_of_the_others(world: Build) -> None:
    w = await world(calls(*TWO), calls(SEND, ("send", {"to": "mallory", "text": "again"}), after=2), says("done"))
    record = await w.run()
    (approval,) = await w.runtime.approvals("default")
    word = Decision(decision="approve", calls=[approval.calls[0].step_id], scope="task")
    await w.runtime.decide("default", approval.id, word, by="ann")
    record = await w.drive(record.id)
    (second,) = await w.runtime.approvals("default")
    assert [call.args["to"] for call in second.calls] == ["mallory"]


@pytest.mark.parametrize(
    ("word", "wrong"),
    [
        (Decision(decision="approve", calls=["nobody"]), "has no call 'nobody'"),
        (Decision(decision="deny", calls=["{step}"]), "`calls` holds"),
        (Decision(decision="edit", calls=["{step}"]), "An `edit` needs"),
        (Decision(decision="approve", calls={"{step}": {}}), "`calls` holds"),
    ],
    ids=str,
)
async def test_calls_of_a_decision_that_do_not_fit_it_are_refused(world: Build, word: Decision, wrong: str) -> None:
    w = await world(calls(SEND), says("never"))
    await w.run()
    (approval,) = await w.runtime.approvals("default")
    step = approval.calls[0].step_id
    named = {step: {}} if isinstance(word.calls, dict) else [c.replace("{step}", step) for c in word.calls]
    with pytest.raises(InvalidInput, match=wrong):
        await w.runtime.decide("default", approval.id, word.model_copy(update={"calls": named}), by="ann")


async def test_with_four_eyes_nobody_approves_their_own_calls(world: Build) -> None:
    w = await world(calls(SEND), says("sent it"), settings=FOUR_EYES)
    record = await w.run()
    (approval,) = await w.runtime.approvals("default")
    step = approval.calls[0].step_id
    for own in (Decision(decision="approve"), Decision(decision="edit", calls={step: {"to": "bob", "text": "hi"}})):
        with pytest.raises(NotAllowed):
            await w.runtime.decide("default", approval.id, own, by="tester")
    assert (await w.runtime.approval("default", approval.id)).status is ApprovalStatus.PENDING
    await w.runtime.decide("default", approval.id, Decision(decision="approve"), by="ann")
    assert (await w.drive(record.id)).answer == "sent it"


async def test_with_four_eyes_one_may_still_say_no_to_oneself(world: Build) -> None:
    w = await world(calls(SEND), says("not sent"), settings=FOUR_EYES)
    await w.run()
    (approval,) = await w.runtime.approvals("default")
    denied = await w.runtime.decide("default", approval.id, Decision(decision="deny"), by="tester")
    assert denied.status is ApprovalStatus.DENIED


async def test_without_four_eyes_one_may(world: Build) -> None:
    w = await world(calls(SEND), says("sent it"))
    await w.run()
    (approval,) = await w.runtime.approvals("default")
    approved = await w.runtime.decide("default", approval.id, Decision(decision="approve"), by="tester")
    assert approved.decided_by == "tester"


@pytest.mark.parametrize(("word", "act"), [("approve", "approval.approved"), ("deny", "approval.denied")])
async def test_a_decision_is_in_the_audit_log(world: Build, word: Any, act: str) -> None:
    w = await world(calls(SEND), says("done"))
    record = await w.run()
    (approval,) = await w.runtime.approvals("default")
    await w.runtime.decide("default", approval.id, Decision(decision=word, note="swordfish"), by="ann")
    (entry,) = await w.runtime.audit.entries("default", act="approval")
    assert (entry.act, entry.actor, entry.target) == (act, "ann", approval.id)
    assert entry.details == {"task_id": record.id, "tools": ["send"]}
    await w.drive(record.id)
    assert len(await w.runtime.audit.entries("default")) == 1
    assert (await w.runtime.audit.verify("default")).sound


async def test_a_persons_verdict_on_a_doubt_is_in_the_audit_log(world: Build) -> None:
    w = await world(calls(("send_badly", {"to": "ann"})), says("done"))
    record = await w.run()
    (approval,) = await w.runtime.approvals("default")
    await w.runtime.decide("default", approval.id, Decision(decision="approve"), by="ann")
    record = await w.drive(record.id)
    assert record.waiting is not None
    (call_id,) = record.waiting.calls
    await w.runtime.input("default", record.id, InputRequest(call_id=call_id, verdict="skipped"), by="ann")
    (entry,) = await w.runtime.audit.entries("default", act="doubt.settled")
    assert (entry.actor, entry.target, entry.details["verdict"]) == ("ann", record.id, "skipped")


async def test_other_settings_than_last_time_are_written_down_without_their_values(world: Build) -> None:
    w = await world(says("hi"))
    audit, settings = w.runtime.audit, w.runtime.settings
    await note_settings(audit, settings)
    await note_settings(audit, settings)
    secret = "sqlite:///swordfish.db"
    await note_settings(audit, settings.model_copy(update={"approval_hours": 1.0, "database_url": SecretStr(secret)}))
    second, first = await audit.entries("default")
    assert first.act == second.act == "settings.changed"
    assert second.details["changed"] == ["approval_hours", "database_url"]
    assert "swordfish" not in str(second.details)
