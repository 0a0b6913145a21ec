"""The audit log over SQLite and Postgres: appended in order, and what is tampered with shows."""

import asyncio
from collections.abc import AsyncIterator

import pytest
import sqlalchemy as sa

from journal.audit import FIRST, Act, AuditHead, AuditLog, head_of
from journal.database import Database
from journal.errors import InvalidInput
from journal.schema import audit_heads, audit_log

TENANT = "audited"
C = audit_log.c


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    opened = await Database.open(database_url)
    for table in (audit_log, audit_heads):
        await opened.write(lambda connection, emptied=table: connection.execute(sa.delete(emptied)))
    yield opened
    await opened.close()


@pytest.fixture
async def audit(database: Database) -> AuditLog:
    """Three acts of one tenant, one of another."""
    log = AuditLog(database)
    for number in range(1, 4):
        await log.record(TENANT, Act("ada", "key_1", "key.created", f"key_{number}", {"name": f"robot {number}"}))
    await log.record("elsewhere", Act("eve", "key_9", "key.revoked", "key_9"))
    return log


async def change(database: Database, statement: sa.Update | sa.Delete | sa.Insert) -> None:
    await database.write(lambda connection: connection.execute(statement))


async def test_entries_are_numbered_within_their_tenant_and_listed_newest_first(audit: AuditLog) -> None:
    assert [e.seq for e in await audit.entries(TENANT)] == [3, 2, 1]
    assert [e.target for e in await audit.entries(TENANT, before=3, limit=1)] == ["key_2"]
    assert [e.actor for e in await audit.entries("elsewhere")] == ["eve"]
    assert [len(await audit.entries(TENANT, act=act)) for act in ("key", "key.created", "ke", "key.revoked")] == [3, 3, 0, 0]
    assert await audit.entries(TENANT, actor="eve") == []


async def test_an_untouched_log_is_sound_and_tells_its_head(audit: AuditLog) -> None:
    verdict = await audit.verify(TENANT)
    assert (verdict.sound, verdict.entries, verdict.problem) == (True, 3, None)
    (last, *_) = await audit.entries(TENANT)
    assert verdict.head == AuditHead(seq=3, hash=last.hash)
    assert (await audit.verify("nobody")).head == AuditHead(seq=0, hash=FIRST)


@pytest.mark.parametrize(
    ("statement", "where"),
    [
        (sa.update(audit_log).where(C.tenant == TENANT, C.seq == 2).values(actor="eve"), "Entry 2"),
        (sa.update(audit_log).where(C.tenant == TENANT, C.seq == 2).values(at=1), "Entry 2"),
        (sa.update(audit_log).where(C.tenant == TENANT, C.seq == 1).values(details="{}"), "Entry 1"),
        (sa.update(audit_log).where(C.tenant == TENANT, C.seq == 3).values(hash=FIRST), "Entry 3"),
        (sa.delete(audit_log).where(C.tenant == TENANT, C.seq == 2), "Entry 2"),
        (sa.delete(audit_log).where(C.tenant == TENANT, C.seq == 3), "ends at entry 2"),
        (sa.delete(audit_log).where(C.tenant == TENANT), "ends at entry 0"),
        (sa.delete(audit_heads).where(audit_heads.c.tenant == TENANT), "its head says 0"),
    ],
)
async def test_what_is_tampered_with_shows(
    database: Database, audit: AuditLog, statement: sa.Update | sa.Delete, where: str
) -> None:
    await change(database, statement)
    verdict = await audit.verify(TENANT)
    assert not verdict.sound
    assert where in (verdict.problem or "")
    assert (await audit.verify("elsewhere")).sound


async def test_a_log_written_anew_shows_against_a_head_that_was_noted(database: Database, audit: AuditLog) -> None:
    noted = (await audit.verify(TENANT)).head
    await audit.record(TENANT, Act("ada", "key_1", "key.revoked", "key_3"))
    assert (await audit.verify(TENANT, noted)).sound
    for table in (audit_log, audit_heads):
        await change(database, sa.delete(table).where(table.c.tenant == TENANT))
    for _ in range(4):
        await audit.record(TENANT, Act("ada", "key_1", "key.created", "key_innocent"))
    assert (await audit.verify(TENANT)).sound
    assert "rewritten" in ((await audit.verify(TENANT, noted)).problem or "")


async def test_acts_at_once_in_two_processes_make_one_chain(database_url: str, database: Database) -> None:
    other = await Database.open(database_url)
    try:
        logs = [AuditLog(database), AuditLog(other)]
        await asyncio.gather(*(logs[n % 2].record(TENANT, Act("ada", "k", "key.created", str(n))) for n in range(40)))
        verdict = await logs[0].verify(TENANT)
        assert (verdict.sound, verdict.entries) == (True, 40)
    finally:
        await other.close()


@pytest.mark.parametrize("text", ["", "3", "3:abc", "x:" + FIRST, "-1:" + FIRST, "9999999999:" + FIRST])
def test_what_is_no_head_is_refused(text: str) -> None:
    with pytest.raises(InvalidInput):
        head_of(text)
    assert head_of(f"3:{FIRST}") == AuditHead(seq=3, hash=FIRST)
