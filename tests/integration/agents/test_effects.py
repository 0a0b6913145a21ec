"""Effects: asked for, sent at most once, and in doubt where nobody knows."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from agents.requests import Decision, InputRequest
from journal.errors import Conflict, InvalidInput, NotFound
from journal.values import ApprovalStatus, Outcome, Status, WaitingReason
from journeyman.testing import StubServer
from tests.integration.agents.conftest import World, calls, says, until

Build = Callable[..., Awaitable[World]]
SEND = ("send", {"to": "ann", "text": "hello"})


async def waiting_for_word(w: World) -> tuple[str, str]:
    record = await w.run()
    assert record.status is Status.INPUT_REQUIRED
    assert record.waiting is not None
    assert record.waiting.reason is WaitingReason.APPROVAL
    return record.id, record.waiting.approvals[0]


async def test_an_effect_waits_for_a_persons_word(world: Build) -> None:
    w = await world(calls(SEND), says("sent it"))
    task_id, approval_id = await waiting_for_word(w)
    assert w.witnessed == []
    [approval] = await w.runtime.approvals("default")
    assert approval.calls[0].args == SEND[1]
    assert approval.calls[0].labels["to"].sources == ("system", "user")
    decided = await w.runtime.decide("default", approval_id, Decision(decision="approve"), by="ann")
    assert (decided.status, decided.decided_by) == (ApprovalStatus.APPROVED, "ann")
    assert (await w.drive(task_id)).answer == "sent it"
    assert w.witnessed == ["send ann hello"]
    [intent] = await w.events(task_id, "tool.requested")
    assert intent.approval_id == approval_id
    assert await w.runtime.approvals("default") == []
    with pytest.raises(Conflict):
        await w.runtime.decide("default", approval_id, Decision(decision="deny"), by="ann")


async def test_a_denied_effect_is_not_sent_and_the_model_is_told(world: Build) -> None:
    w = await world(calls(SEND), says("not sent"))
    task_id, approval_id = await waiting_for_word(w)
    await w.runtime.decide("default", approval_id, Decision(decision="deny", note="not today"), by="ann")
    assert (await w.drive(task_id)).answer == "not sent"
    assert w.witnessed == []
    assert "not today" in w.stub.requests[-1].text


async def test_an_edited_effect_is_sent_as_edited(world: Build) -> None:
    w = await world(calls(SEND), says("ok"))
    task_id, approval_id = await waiting_for_word(w)
    step = (await w.runtime.approval("default", approval_id)).calls[0].step_id
    with pytest.raises(InvalidInput):
        await w.runtime.decide("default", approval_id, Decision(decision="edit"), by="ann")
    edit = Decision(decision="edit", calls={step: {"to": "bob", "text": "hi"}})
    await w.runtime.decide("default", approval_id, edit, by="ann")
    await w.drive(task_id)
    assert w.witnessed == ["send bob hi"]


async def test_reads_of_the_same_turn_do_not_wait(world: Build) -> None:
    w = await world(calls(SEND, ("lookup", {"q": "x"})), says("ok"))
    await waiting_for_word(w)
    assert w.witnessed == ["lookup x"]


async def test_a_changed_tool_voids_the_approval(world: Build) -> None:
    rules = (calls(SEND), says("ok"))
    w = await world(*rules)
    task_id, approval_id = await waiting_for_word(w)
    await w.runtime.decide("default", approval_id, Decision(decision="approve"), by="ann")
    file = w.folder / "acts.py"
    source = file.read_text().replace("Send a message. Changes the world.", "Send a message, and a copy to mallory.")
    changed = await world(*rules)
    file.write_text(source)
    from agents.runtime import Runtime

    runtime = await Runtime.open(changed.runtime.settings)
    try:
        record = await runtime.drive(task_id)
        assert record is not None
        assert record.waiting is not None
        assert record.waiting.reason is WaitingReason.APPROVAL
        assert record.waiting.approvals != (approval_id,)
        assert (await runtime.approval("default", approval_id)).status is ApprovalStatus.VOID
    finally:
        await runtime.aclose()
    assert w.witnessed == []


async def test_a_broken_effect_is_in_doubt_and_never_repeated(world: Build) -> None:
    w = await world(calls(("send_badly", {"to": "ann"})), says("ok"))
    task_id, approval_id = await waiting_for_word(w)
    await w.runtime.decide("default", approval_id, Decision(decision="approve"), by="ann")
    record = await w.drive(task_id)
    assert record.waiting is not None
    assert record.waiting.reason is WaitingReason.IN_DOUBT
    [doubt] = await w.events(task_id, "tool.in_doubt")
    assert "the line broke" in doubt.why
    assert w.witnessed == ["send_badly ann"]


@pytest.mark.parametrize(
    ("verdict", "sends", "status"),
    [
        ("happened", 1, Status.COMPLETED),
        ("not_happened", 2, Status.INPUT_REQUIRED),
        ("skipped", 1, Status.COMPLETED),
        ("fail", 1, Status.FAILED),
    ],
)
async def test_a_person_settles_the_doubt(world: Build, verdict: str, sends: int, status: Status) -> None:
    w = await world(calls(("send_badly", {"to": "ann"})), says("ok"))
    task_id, approval_id = await waiting_for_word(w)
    await w.runtime.decide("default", approval_id, Decision(decision="approve"), by="ann")
    record = await w.drive(task_id)
    assert record.waiting is not None
    [call_id] = record.waiting.calls
    with pytest.raises(Conflict):
        await w.runtime.input("default", task_id, InputRequest(call_id="other", verdict="happened"), by="ann")
    settled = InputRequest.model_validate({"call_id": call_id, "verdict": verdict})
    record = await w.runtime.input("default", task_id, settled, by="ann")
    if not record.status.ended:
        record = await w.drive(task_id)
    assert (record.status, len(w.witnessed)) == (status, sends)
    if verdict == "fail":
        assert record.outcome is Outcome.ERROR


async def test_an_idempotent_effect_is_repeated_under_one_key(world: Build) -> None:
    w = await world(calls(("put", {"key": "k"})), says("ok"))
    task_id, approval_id = await waiting_for_word(w)
    await w.runtime.decide("default", approval_id, Decision(decision="approve"), by="ann")
    assert (await w.drive(task_id)).answer == "ok"
    assert w.witnessed == ["put k"] * 3
    intents = [e for e in await w.runtime.journal.read("default", task_id) if e.kind == "tool.requested"]
    assert [e.data.attempt for e in intents] == [1, 2, 3]  # type: ignore[attr-defined]
    assert len({e.intent_key for e in intents}) == 1


async def test_writing_in_the_workspace_asks_nobody(world: Build) -> None:
    w = await world(calls(("write_file", {"path": "report.md", "content": "fine"})), says("written"))
    record = await w.run()
    assert record.status is Status.COMPLETED
    file = w.runtime.settings.home / "workspaces" / record.id / "report.md"
    assert file.read_text() == "fine"
    kinds = await w.kinds(record.id)
    assert kinds.index("tool.requested") < kinds.index("tool.completed")


async def test_once_something_private_was_read_only_an_address_the_goal_names_is_fetched_unasked(world: Build) -> None:
    async with StubServer([says("x")]) as site:
        host = site.url.removesuffix("/v1")
        settings = {"tools": {"http": {"allow": [host.removeprefix("http://")]}}}
        fetch = ("http_get", {"url": f"{host}/v1/models"})
        w = await world(calls(("list_files", {})), calls(fetch, after=1), says("ok"), settings=settings)
        assert (await w.run(f"read {host}/v1/models")).status is Status.COMPLETED
        asked = await w.run("read something")
        assert asked.waiting is not None
        assert asked.waiting.reason is WaitingReason.APPROVAL


async def test_a_private_address_is_refused(world: Build) -> None:
    w = await world(calls(("http_get", {"url": "http://127.0.0.1:9/x"})), says("refused"))
    record = await w.run("read http://127.0.0.1:9/x")
    [failed] = await w.events(record.id, "tool.failed")
    assert failed.error == "Refused"
    assert "tools.http" in failed.message


async def test_a_cancel_in_the_middle_of_an_effect_leaves_it_in_doubt(world: Build) -> None:
    w = await world(calls(("slow_send", {"to": "ann"})))
    (w.folder / "slow.py").write_text(SLOW)
    from agents.runtime import Runtime

    runtime = await Runtime.open(w.runtime.settings)
    w.runtime = runtime
    try:
        task_id, approval_id = await waiting_for_word(w)
        await runtime.decide("default", approval_id, Decision(decision="approve"), by="ann")
        running = asyncio.create_task(w.drive(task_id))
        await until(lambda: (w.folder / "sending").exists())
        await runtime.cancel("default", task_id, by="ann")
        record = await running
        assert record.status is Status.CANCELED
        assert "tool.in_doubt" in await w.kinds(task_id)
    finally:
        (w.folder / "stop").touch()
        await runtime.aclose()


SLOW = '''
import asyncio, pathlib
HERE = pathlib.Path(__file__).parent

async def slow_send(to: str) -> str:
    """Send very slowly."""
    (HERE / "sending").touch()
    await asyncio.sleep(600)
    return "sent"
'''


async def test_an_unknown_approval_is_absent(world: Build) -> None:
    w = await world(calls(SEND))
    _, approval_id = await waiting_for_word(w)
    for wrong in ("apr_x", "nonsense", approval_id + "9"):
        with pytest.raises(NotFound):
            await w.runtime.approval("default", wrong)
    with pytest.raises(NotFound):
        await w.runtime.approval("other", approval_id)
