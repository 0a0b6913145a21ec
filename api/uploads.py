"""A file that a client uploads, on disk while it is worked on."""

import asyncio
import re
import shutil
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path, PurePosixPath
from typing import BinaryIO

from fastapi import Request
from starlette.datastructures import UploadFile

from journal.errors import InvalidInput

_SUFFIX = re.compile(r"\.[A-Za-z0-9]{1,10}")
_FIELD_BYTES = 10_000
_HINT = 'Send multipart/form-data with one file in the part "file", and text fields beside it.'


@asynccontextmanager
async def received_file(request: Request) -> AsyncIterator[tuple[Path, str, dict[str, str]]]:
    """The uploaded file in a folder of its own, its name at the client, and the form's other fields.

    Nothing of the client's name but the suffix reaches the disk. Raises ``InvalidInput``.
    """
    async with request.form(max_files=1, max_fields=10, max_part_size=_FIELD_BYTES) as form:
        upload = form.get("file")
        if not isinstance(upload, UploadFile):
            raise InvalidInput("There is no file in the form.", hint=_HINT)
        name = PurePosixPath((upload.filename or "").replace("\\", "/")).name
        if not name:
            raise InvalidInput("The uploaded file has no name.", hint=_HINT)
        fields = {key: value for key, value in form.items() if isinstance(value, str)}
        with tempfile.TemporaryDirectory(prefix="journeyman-") as folder:
            suffix = PurePosixPath(name).suffix
            path = Path(folder, "upload" + (suffix if _SUFFIX.fullmatch(suffix) else ""))
            await asyncio.to_thread(_copy, upload.file, path)
            yield path, name[:200], fields


def _copy(source: BinaryIO, path: Path) -> None:
    with path.open("wb") as target:
        shutil.copyfileobj(source, target)
