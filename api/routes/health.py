"""Whether the process is up, and whether it can work. Neither needs a key."""

import asyncio

from fastapi import APIRouter
from fastapi.responses import Response

from api.problems import may_fail
from api.routing import Served, answer
from api.schemas import HealthDocument
from journal.errors import StorageError, StorageUnavailable
from journal.records import TaskFilter

router = APIRouter(tags=["health"])

_READY_SECONDS = 5.0


@router.get("/healthz", response_model=HealthDocument)
async def healthz() -> Response:
    """The process is up."""
    return answer(HealthDocument())


@router.get("/readyz", response_model=HealthDocument, responses=may_fail(503))
async def readyz(runtime: Served) -> Response:
    """The journal can be read."""
    try:
        async with asyncio.timeout(_READY_SECONDS):
            await runtime.journal.records("default", TaskFilter(limit=1))
    except (StorageError, TimeoutError):
        hint = "Check that the database is up and reachable; `journeyman doctor` says more."
        raise StorageUnavailable("The journal cannot be read.", hint=hint) from None
    return answer(HealthDocument())
