"""The loop an agent runs, over documents in memory: plain tools, a recall by shared words, and a calculator of the test's own."""

import json
import re
from dataclasses import dataclass, field
from datetime import date, timedelta

from journal.values import Message
from llm.providers.rehearsal import Rehearsal
from llm.settings import ModelSettings
from llm.types import Prompt, Request, ToolOffer

MODEL = Rehearsal(ModelSettings(provider="rehearsal", model="rehearsal"), strict=True)
MAX_TURNS = 20


def _offer(name: str, description: str, required: dict[str, str], optional: dict[str, str] | None = None) -> ToolOffer:
    properties = {k: {"type": t} for k, t in {**required, **(optional or {})}.items()}
    return ToolOffer(name, description, {"type": "object", "properties": properties, "required": list(required)})


OFFERS = (
    _offer("recall", "Search the documents.", {"query": "string"}, {"k": "integer"}),
    _offer("calculate", "Calculate exactly.", {"expression": "string"}),
    _offer("now", "The date and time now.", {}, {"timezone": "string"}),
    _offer("write_file", "Write a text file.", {"path": "string", "content": "string"}),
    _offer("read_file", "Read a text file.", {"path": "string"}, {"offset": "integer", "limit": "integer"}),
    _offer("list_files", "List files.", {}, {"folder": "string"}),
    _offer("http_get", "Fetch a page.", {"url": "string"}),
    _offer("remember", "Remember a text.", {"text": "string"}, {"source": "string"}),
    _offer("ask_person", "Ask a person.", {"question": "string"}),
)


@dataclass
class World:
    """What the tools see. ``calls`` are all calls in order; ``files`` is the workspace."""

    documents: dict[str, str] = field(default_factory=dict)
    files: dict[str, str] = field(default_factory=dict)
    pages: dict[str, str] = field(default_factory=dict)
    today: str = "2026-06-15"
    reply: str = "yes"
    calls: list[tuple[str, dict]] = field(default_factory=list)
    offers: tuple[ToolOffer, ...] = OFFERS
    own: dict = field(default_factory=dict)

    def call(self, tool: str, args: dict) -> str:
        self.calls.append((tool, args))
        try:
            return self.own[tool](**args) if tool in self.own else getattr(self, "_" + tool)(**args)
        except (KeyError, ValueError, SyntaxError, ArithmeticError, NameError, TypeError) as error:
            return f"Error: {error}"

    def used(self, tool: str) -> list[dict]:
        return [args for name, args in self.calls if name == tool]

    def _recall(self, query: str, k: int = 8) -> str:
        words = set(re.findall(r"[^\W_]{3,}", query.lower()))
        scored = []
        for number, (source, position, heading, text) in enumerate(_chunks(self.documents)):
            have = re.findall(r"[^\W_]{3,}", f"{source} {heading} {text}".lower())
            score = sum(1 for w in words if any(w[:4] == h[:4] for h in have))
            if score:
                scored.append((-score, number, source, position, heading, text))
        hits = sorted(scored)[:k]
        heads = (" · ".join(filter(None, (s, p, h))) + "\n" + t for _, _, s, p, h, t in hits)
        return "\n\n".join(f"[{n}] {hit}" for n, hit in enumerate(heads, 1)) or "Nothing found."

    def _calculate(self, expression: str) -> str:
        if match := re.fullmatch(r"(\d{4}-\d\d-\d\d) ([+-]) (\d+) days", expression):
            shift = timedelta(days=int(match[3]) * (1 if match[2] == "+" else -1))
            return (date.fromisoformat(match[1]) + shift).isoformat()
        if match := re.fullmatch(r"(\d{4}-\d\d-\d\d) - (\d{4}-\d\d-\d\d)", expression):
            return f"{(date.fromisoformat(match[1]) - date.fromisoformat(match[2])).days} days"
        if not re.fullmatch(r"[\d\s.+\-*/%(),]|[\d\s.+\-*/%(),a-z]+", expression):
            raise ValueError(f"not an expression: {expression}")
        names = {"sqrt": lambda v: v**0.5, "min": min, "max": max, "abs": abs, "round": round, "sum": lambda *v: sum(v)}
        return f"{round(eval(expression, {'__builtins__': {}}, names), 9):.12g}"

    def _now(self, timezone: str = "UTC") -> str:
        return f"{self.today}T09:30:00+00:00 Monday"

    def _write_file(self, path: str, content: str) -> str:
        self.files[path] = content
        return f"Wrote {len(content)} bytes to {path}."

    def _read_file(self, path: str, offset: int = 0, limit: int = 20_000) -> str:
        if path not in self.files:
            raise ValueError(f"There is no file `{path}`.")
        end = offset + limit
        more = (
            f"\n[{len(self.files[path]) - end} more characters; read on with offset={end}]"
            if end < len(self.files[path])
            else ""
        )
        return self.files[path][offset:end] + more

    def _list_files(self, folder: str = ".") -> str:
        return "\n".join(f"{name} ({len(text)} bytes)" for name, text in self.files.items()) or "The folder is empty."

    def _http_get(self, url: str) -> str:
        return f"HTTP 200 · text/plain · {url}\n\n{self.pages[url]}"

    def _remember(self, text: str, source: str = "") -> str:
        return "Remembered."

    def _ask_person(self, question: str) -> str:
        return self.reply


def _chunks(documents: dict[str, str]):
    for source, text in documents.items():
        if source.endswith(".csv"):
            header, *rows = [line.split(",") for line in text.strip().splitlines()]
            for number, row in enumerate(rows, 2):
                yield source, f"row {number}", "", "; ".join(f"{h}: {c}" for h, c in zip(header, row, strict=False))
        elif source.endswith(".json"):
            records = json.loads(text)
            for number, record in enumerate(records if isinstance(records, list) else [records]):
                yield source, f"$[{number}]", "", "\n".join(f"{k}: {v}" for k, v in record.items())
        else:
            yield from _sections(source, text)


def _sections(source: str, text: str):
    heading, start, lines = "", 1, []
    for number, line in enumerate([*text.splitlines(), "# end"], 1):
        if line.startswith("#"):
            body = "\n".join(lines).strip()
            if body:
                yield source, f"lines {start}-{number - 1}", heading, body
            heading, start, lines = line.lstrip("# "), number, []
        else:
            lines.append(line)


async def run(goal: str, world: World, deltas: list[str] | None = None) -> str:
    """The final answer to ``goal``."""
    prompt = Prompt([Message(role="system", content="You are an agent."), Message(role="user", content=goal)])
    seen: set[str] = set()
    for _ in range(MAX_TURNS):
        done = await MODEL.complete(Request(prompt, 8000, world.offers), deltas.append if deltas is not None else None)
        if not done.tool_calls:
            return done.content
        prompt.append(Message(role="assistant", content=done.content, tool_calls=done.tool_calls))
        for call in done.tool_calls:
            assert call.id not in seen
            seen.add(call.id)
            prompt.append(Message(role="tool", content=world.call(call.tool, dict(call.args)), call_id=call.id))
    raise AssertionError(f"no answer after {MAX_TURNS} turns: {world.calls[-3:]}")
