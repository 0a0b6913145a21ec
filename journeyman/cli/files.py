"""Files that go to a task with its goal, and files that come out of it."""

import base64
import json
from pathlib import Path
from typing import Any

from journal.errors import InvalidInput
from journeyman.cli.output import one_line, say
from journeyman.client import Client


def attachment(file: Path) -> dict[str, Any]:
    """A file as the request wants it: text where it is text."""
    data = _read(file)
    try:
        text = data.decode()
    except UnicodeDecodeError:
        return {"name": file.name, "data_base64": base64.b64encode(data).decode()}
    return {"name": file.name, "text": text}


def read_schema(file: Path) -> dict[str, Any]:
    """The JSON Schema in a file. Raises ``InvalidInput``."""
    try:
        schema = json.loads(_read(file))
    except (ValueError, RecursionError) as error:
        raise InvalidInput(f"The schema {file} is not JSON: {error}.") from None
    if not isinstance(schema, dict):
        raise InvalidInput(f"The schema {file} is not a JSON object.")
    return schema


async def say_files(client: Client, home: Path, task_id: str) -> None:
    """Where the files are that the task wrote."""
    artifacts = (await client.artifacts(task_id))["artifacts"]
    for artifact in artifacts:
        say(f"wrote {one_line(str(home / 'workspaces' / task_id / artifact['name']))}")


async def save(client: Client, task_id: str, name: str, folder: Path) -> Path:
    """Put one artifact into ``folder``, under its own path there. Raises ``InvalidInput`` where that is not possible."""
    target = _inside(folder, name)
    part = target.with_name(f".{target.name}.part")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with part.open("wb") as file:
            async for piece in client.artifact(task_id, name):
                file.write(piece)
        part.replace(target)
    except OSError as error:
        raise InvalidInput(f"{target} cannot be written: {error.strerror}.") from None
    finally:
        part.unlink(missing_ok=True)
    return target


def _inside(folder: Path, name: str) -> Path:
    target, whole = folder / name, folder.resolve()
    if target.resolve() == whole or not target.resolve().is_relative_to(whole):
        raise InvalidInput(f"{name!r} is no file below {folder}; nothing was written.")
    return target


def _read(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        raise InvalidInput(f"{file} cannot be read: {error.strerror}.") from None
