"""Artifacts: the files that a task wrote, listed and downloaded."""

import asyncio
import os
from collections.abc import AsyncIterator
from io import BufferedReader
from urllib.parse import quote

from fastapi import APIRouter
from fastapi.responses import Response, StreamingResponse

from api.principals import Role, needs
from api.problems import may_fail
from api.routing import Caller, Served, StrictRoute, answer
from api.schemas import ArtifactDocument, ArtifactList

router = APIRouter(prefix="/v1/tasks", tags=["tasks"], route_class=StrictRoute)

_PIECE_BYTES = 256 * 1024
_ANY_BYTES = "application/octet-stream"
"""What every file is served as: a browser must never show what a task wrote as a page of this server."""


@router.get("/{task_id}/artifacts", response_model=ArtifactList, responses=may_fail(404, 503))
@needs(Role.VIEWER)
async def list_artifacts(runtime: Served, caller: Caller, task_id: str) -> Response:
    """The files that the task wrote into its workspace, by name; empty where this server has no such workspace."""
    found = await runtime.artifacts(caller.tenant, task_id)
    return answer(ArtifactList.model_construct(artifacts=tuple(ArtifactDocument.of(artifact) for artifact in found)))


@router.get(
    "/{task_id}/artifacts/{name:path}",
    response_class=StreamingResponse,
    responses={200: {"description": "The file.", "content": {_ANY_BYTES: {}}}, **may_fail(404, 503)},
)
@needs(Role.VIEWER)
async def download_artifact(runtime: Served, caller: Caller, task_id: str, name: str) -> Response:
    """One of these files, to be saved."""
    file = await runtime.artifact(caller.tenant, task_id, name)
    size = os.fstat(file.fileno()).st_size
    headers = {"content-length": str(size), "content-disposition": _disposition(name)}
    return StreamingResponse(_pieces(file, size), media_type=_ANY_BYTES, headers=headers)


async def _pieces(file: BufferedReader, size: int) -> AsyncIterator[bytes]:
    """At most ``size`` bytes, though the task may be writing on."""
    try:
        while size > 0 and (piece := await asyncio.to_thread(file.read, min(_PIECE_BYTES, size))):
            size -= len(piece)
            yield piece
    finally:
        file.close()


def _disposition(name: str) -> str:
    return f"attachment; filename*=UTF-8''{quote(name.rpartition('/')[2], safe='')}"
