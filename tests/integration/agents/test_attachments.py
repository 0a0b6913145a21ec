"""Files that go in with a goal and files that come out."""

import base64
import hashlib
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from agents.requests import AttachmentRequest
from journal.errors import InvalidInput, NotFound
from journal.values import Status
from tests.integration.agents.conftest import World, calls, says
from trust.labels import Trust

Build = Callable[..., Awaitable[World]]

PIXEL = bytes(range(256))


def attached(**fields: Any) -> AttachmentRequest:
    return AttachmentRequest.model_validate({"name": "a.txt", **fields})


async def test_a_short_text_is_read_with_the_goal_and_is_a_source(world: Build) -> None:
    w = await world(says("The fee is 7, see attachments/fees.txt."))
    record = await w.run("What is the fee?", attachments=[attached(name="fees.txt", text="The fee is 7.\n")])
    goal, shown = [m["content"] for m in w.stub.requests[0].body["messages"][1:]]
    assert goal.startswith("What is the fee?")
    assert "- attachments/fees.txt (text/plain, 14 bytes)" in goal
    assert "The fee is 7." in shown
    assert [(s.source, s.position) for s in record.sources] == [("attachments/fees.txt", "lines 1-1")]
    assert record.label is not None
    assert record.label.trust is Trust.UNTRUSTED


async def test_a_long_text_is_read_by_read_file_with_its_lines_as_source(world: Build) -> None:
    text = "".join(f"line {n}\n" for n in range(1, 3001))
    w = await world(calls(("read_file", {"path": "attachments/log.txt", "offset": 7, "limit": 14})), says("ok"))
    record = await w.run(attachments=[attached(name="log.txt", text=text)])
    assert "line 2000" not in str(w.stub.requests[0].body)
    assert w.stub.requests[1].text.startswith("line 2\nline 3\n")
    [source] = record.sources
    assert (source.source, source.position) == ("attachments/log.txt", "lines 2-3")
    assert source.label.sources == ("attachment:log.txt", "tool:read_file")


async def test_bytes_are_kept_as_they_are_and_stand_once_in_the_journal(world: Build) -> None:
    w = await world(says("ok"))
    data = base64.b64encode(PIXEL).decode()
    record = await w.run(attachments=[attached(name="b.png", data_base64=data, media_type="image/png")])
    file = w.runtime.surroundings.workspaces / record.id / "attachments" / "b.png"
    assert file.read_bytes() == PIXEL
    [event] = await w.events(record.id, "attachment.received")
    assert (event.media_type, event.size, event.digest) == ("image/png", 256, hashlib.sha256(PIXEL).hexdigest())
    everything = "".join(e.data.model_dump_json() for e in await w.runtime.journal.read("default", record.id))
    assert everything.count(data) == 1
    assert "- attachments/b.png (image/png, 256 bytes)" in w.stub.requests[0].text


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        ("../../etc/passwd", "passwd"),
        ("C:\\temp\\über plan.md", "über plan.md"),
        ("...", "attachment"),
        (".ssh", "ssh"),
        ("a\nb\x00c.txt", "a_b_c.txt"),
    ],
)
async def test_a_name_leads_nowhere_else(world: Build, said: str, kept: str) -> None:
    w = await world(says("ok"))
    record = await w.run(attachments=[attached(name=said, text="x")])
    folder = w.runtime.surroundings.workspaces / record.id / "attachments"
    assert [file.name for file in folder.iterdir()] == [kept]


async def test_two_of_one_name_both_stay(world: Build) -> None:
    w = await world(says("ok"))
    record = await w.run(attachments=[attached(text="one"), attached(name="x/A.txt", text="two")])
    folder = w.runtime.surroundings.workspaces / record.id / "attachments"
    assert {file.name: file.read_text() for file in folder.iterdir()} == {"a.txt": "one", "A-2.txt": "two"}


@pytest.mark.parametrize(
    ("fields", "why"),
    [
        ({}, "exactly one"),
        ({"text": "x", "data_base64": "eA=="}, "exactly one"),
        ({"data_base64": "???"}, "not base64"),
        ({"text": "x" * 10_000_001}, "larger than 10,000,000 bytes"),
        ({"url": "http://example.org/a"}, "the goal does not name"),
        ({"url": "http://127.0.0.1:9/a"}, "could not be fetched"),
    ],
)
async def test_what_cannot_be_attached_is_refused_before_anything_is_written(
    world: Build, fields: dict[str, Any], why: str
) -> None:
    w = await world(says("ok"))
    with pytest.raises(InvalidInput) as refused:
        await w.submit("Read http://127.0.0.1:9/a and sum it up.", attachments=[attached(**fields)])
    assert why in refused.value.message
    assert not w.runtime.surroundings.workspaces.exists()


async def test_a_fork_has_the_attachments_too(world: Build) -> None:
    w = await world(calls(("read_file", {"path": "attachments/a.txt"})), says("ok"))
    record = await w.run(attachments=[attached(text="x" * 5000)])
    fork = await w.runtime.fork("default", record.id, seq=3, by="tester")
    assert (await w.drive(fork.id)).status is Status.COMPLETED
    assert w.stub.requests[-1].text == "x" * 5000


async def test_files_that_a_task_wrote_are_its_artifacts_and_attachments_are_not(world: Build) -> None:
    w = await world(calls(("write_file", {"path": "out/report.md", "content": "# All well"})), says("written"))
    record = await w.run(attachments=[attached(text="x")])
    [artifact] = await w.runtime.artifacts("default", record.id)
    assert (artifact.name, artifact.media_type, artifact.size) == ("out/report.md", "text/markdown", 10)
    assert artifact.digest == hashlib.sha256(b"# All well").hexdigest()
    with await w.runtime.artifact("default", record.id, "out/report.md") as file:
        assert file.read() == b"# All well"
    for name in ("attachments/a.txt", "./attachments/a.txt", "../../journal.db", "/etc/passwd", "out", "none.md", ""):
        with pytest.raises(NotFound):
            await w.runtime.artifact("default", record.id, name)


async def test_without_a_workspace_there_are_no_artifacts(world: Build) -> None:
    w = await world(says("ok"))
    record = await w.run()
    assert await w.runtime.artifacts("default", record.id) == []
    with pytest.raises(NotFound):
        await w.runtime.artifacts("another", record.id)


async def test_a_link_is_no_artifact(world: Build) -> None:
    w = await world(calls(("write_file", {"path": "a.md", "content": "x"})), says("ok"))
    record = await w.run()
    (w.runtime.surroundings.workspaces / record.id / "link.md").symlink_to("/etc/hostname")
    assert [artifact.name for artifact in await w.runtime.artifacts("default", record.id)] == ["a.md"]
    with pytest.raises(NotFound):
        await w.runtime.artifact("default", record.id, "link.md")


async def test_an_address_that_the_goal_names_is_fetched_and_keeps_its_label(world: Build) -> None:
    w = await world(says("ok"), settings={"tools": {"http": {"allow": ["127.0.0.1"]}}})
    address = f"{w.stub.url}/models"
    record = await w.run(f"What does {address} list?", attachments=[attached(name="list.json", url=address)])
    [event] = await w.events(record.id, "attachment.received")
    assert '"stub"' in event.text
    assert (event.media_type, event.label.trust) == ("application/json", Trust.UNTRUSTED)
    assert event.label.sources == ("tool:http_get",)
