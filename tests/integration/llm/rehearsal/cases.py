"""Goals with what their answers must hold, run through the real runtime: its memory, calculator, files and HTTP."""

import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from agents.requests import TaskRequest
from agents.runtime import Runtime
from agents.settings import RuntimeSettings

PAGES = {
    "/tariff.txt": ("text/plain", "Night tariff\n\nElectricity costs 0.32 euros per kWh. The meter fee is 9 euros a month.\n"),
    "/page.html": (
        "text/html",
        "<html><head><title>Library</title></head><body><h1>Town library</h1>"
        "<p>The library opens at 9:30 and closes at 18:00. Loans last 21 days.</p></body></html>",
    ),
}


@dataclass(frozen=True)
class Case:
    """``expect``: what the answer must hold, each with ``|`` between ways to write it. ``{url}`` is the pages' address.

    ``source`` must be named in the answer; ``files`` must hold what stands behind their names. ``gap``: known not to succeed.
    """

    goal: str
    expect: list[str]
    source: str = ""
    absent: list[str] = field(default_factory=list)
    files: dict[str, list[str]] = field(default_factory=dict)
    gap: bool = False


@dataclass(frozen=True)
class World:
    """A folder of documents, and goals over it."""

    documents: dict[str, str]
    cases: list[Case]


def missing(text: str, wanted: list[str]) -> list[str]:
    """Those of ``wanted`` that ``text`` does not hold as words of their own; case, thousands marks and mark-up aside."""
    return [want for want in wanted if not any(_holds(text, way) for way in want.split("|"))]


def _holds(text: str, way: str) -> bool:
    return re.search(rf"(?<![\w.]){re.escape(_plain(way))}(?![\w]|\.\d)", _plain(text)) is not None


def _plain(text: str) -> str:
    text = re.sub(r"(?<=\d)[,\u202f\u00a0](?=\d{3})", "", text.lower().replace("’", "'"))
    return re.sub(r"[*`_]", "", text)


class Rehearsals:
    """A runtime without a configured model, and the worlds it has read."""

    def __init__(self, runtime: Runtime, home: Path, url: str) -> None:
        self._runtime = runtime
        self._home = home
        self._url = url

    @classmethod
    async def open(cls, home: Path, url: str) -> "Rehearsals":
        allow = [url.removeprefix("http://")]
        settings = RuntimeSettings.model_validate({"home": home, "tools": {"http": {"allow": allow}}})
        return cls(await Runtime.open(settings), home, url)

    async def aclose(self) -> None:
        await self._runtime.aclose()

    async def read(self, name: str, world: World) -> None:
        """Remember a world's documents under a namespace of its own, from files as a person has them."""
        folder = self._home / "worlds" / name
        folder.mkdir(parents=True)
        for file, text in world.documents.items():
            (folder / file).write_text(text, encoding="utf-8")
        await self._runtime.memory.add_path("default", name, folder)

    async def answer(self, name: str, case: Case) -> tuple[str, str]:
        """The task's id and its answer."""
        request = TaskRequest(goal=case.goal.replace("{url}", self._url), namespaces=[name])
        record = await self._runtime.submit("default", request, by="tester")
        done = await self._runtime.drive(record.id)
        assert done is not None
        return record.id, done.answer or f"{done.status}: {done.error}"

    async def faults(self, name: str, case: Case) -> tuple[list[str], str]:
        """What is wrong with the answer to a case, and the answer."""
        task, answer = await self.answer(name, case)
        body = answer.split("\nSources:")[0]
        faults = [f"lacks {want}" for want in missing(body, case.expect)]
        faults += [f"says {said}" for said in case.absent if _holds(answer, said)]
        if case.source and case.source not in answer:
            faults.append(f"does not name {case.source}")
        for file, wanted in case.files.items():
            path = self._home / "workspaces" / task / file
            found = path.read_text(encoding="utf-8") if path.is_file() else ""
            faults += [f"{file} lacks {want}" for want in missing(found, wanted)] if path.is_file() else [f"no {file}"]
        return faults, answer


class _Page(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        kind, text = PAGES.get(self.path, ("", ""))
        self.send_response(200 if kind else 404)
        self.send_header("Content-Type", f"{kind or 'text/plain'}; charset=utf-8")
        self.end_headers()
        self.wfile.write(text.encode())

    def log_message(self, *_: object) -> None:
        return


@contextmanager
def served_pages() -> Iterator[str]:
    """Serve ``PAGES`` on loopback; the address without a path."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Page)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
