"""What is done with tools other than recall: files, pages, the clock, memory, a person, and tools of the operator's own."""

import re
from typing import Any
from zoneinfo import available_timezones

from pydantic import JsonValue

from llm.providers.rehearsal.answers import Answer, Line, missing
from llm.providers.rehearsal.asks import PATH, URL, Ask
from llm.providers.rehearsal.language.dates import find_dates
from llm.providers.rehearsal.language.quantities import find_quantities
from llm.providers.rehearsal.language.words import STOPWORDS, canon, content, tokens
from llm.providers.rehearsal.reading.evidence import strong_words
from llm.providers.rehearsal.reading.passages import Passage
from llm.providers.rehearsal.toolbox import Toolbox, ToolFailed
from llm.types import ToolOffer

BUILT_IN = frozenset(
    """
    recall calculate now write_file read_file list_files http_get remember ask_person read_result submit_plan
    revise_plan submit_value
""".split()
)


def list_files(tools: Toolbox, ask: Ask) -> Answer:
    folder = re.search(
        r"\b(?:in|of|under|inside) (?:the )?(?:folder|directory)?\s*[\"'`]?(?P<name>[\w./-]*[\w/])[\"'`]?(?: folder"
        r"| directory)?\W*$",
        ask.text,
        re.IGNORECASE,
    )
    name = (
        folder["name"]
        if folder and folder["name"].lower() not in ("workspace", "the", "my", "here", "folder", "directory")
        else "."
    )
    return attempt(
        "list the files", lambda: Answer((Line(tools.call("list_files", folder=name).strip() or "There are no files."),))
    )


def clock(tools: Toolbox, ask: Ask) -> Answer:
    """Date and time, in the zone of a place the question names."""
    place = re.search(r"\bin ([A-Za-z_/ ]+?)(?:\s+(?:right\s+)?now)?\W*$", ask.text)
    zone = _zone(place[1]) if place else "UTC"
    if not zone:
        return missing(f"I do not know the time zone of {place[1] if place else 'that place'}.")
    return attempt(
        "read the clock",
        lambda: Answer((Line(_told(tools.call("now", **({"timezone": zone} if zone != "UTC" else {})), zone)),)),
    )


def _zone(place: str) -> str:
    wanted = place.strip().replace(" ", "_").lower()
    return next((z for z in sorted(available_timezones()) if z.lower() == wanted or z.lower().endswith("/" + wanted)), "")


def _told(result: str, zone: str) -> str:
    stamp = result.strip().split()[0] if result.strip() else ""
    found = find_dates(stamp.replace("T", " "))
    clock_time = re.search(r"T(\d\d:\d\d)", stamp)
    if not found or not clock_time:
        return result.strip()
    return f"It is {found[0].day:%A}, {found[0].day.isoformat()}, {clock_time[1]} ({zone})."


def remember(tools: Toolbox, ask: Ask) -> Answer:
    text = ask.literal.strip()
    return attempt("remember that", lambda: _done(tools.call("remember", text=text), f"Remembered: “{text}”"))


def _done(_result: str, said: str) -> Answer:
    return Answer((Line(said),))


def ask_person(tools: Toolbox, ask: Ask) -> Answer:
    question = ask.literal.strip().rstrip(".")
    question = question if question.endswith("?") else question + "?"
    return attempt(
        "ask",
        lambda: Answer(
            (
                Line(
                    f"To the question “{question[:1].upper()}{question[1:]}” the answer is: "
                    f"{tools.call('ask_person', question=question).strip()}"
                ),
            )
        ),
    )


def write_file(tools: Toolbox, path: str, text: str) -> Answer:
    return attempt(f"write {path}", lambda: _done(tools.call("write_file", path=path, content=text), f"Written to {path}."))


def attempt(what: str, action: Any) -> Answer:
    """The answer of ``action``, or that it could not be done and why."""
    try:
        answer: Answer = action()
    except ToolFailed as error:
        return missing(f"I could not {what}: {error}")
    return answer


def own_tool(tools: Toolbox, text: str) -> Answer | None:
    """A tool that the operator added, when the text names it or plainly describes it and gives every argument it requires."""
    ranked = sorted(((_fit(offer, text), name) for name, offer in tools.offers.items() if name not in BUILT_IN), reverse=True)
    for fit, name in ranked:
        if fit <= 0:
            break
        args = fill_arguments(tools.offers[name].parameters, text)
        if args is None:
            continue
        return attempt(f"use {name}", lambda name=name, args=args: _result(name, tools.read_whole(name, **args)))
    return None


def _result(name: str, text: str) -> Answer:
    return Answer((Line(f"{text.strip()}", (Passage(f"tool {name}", "", "", text),)),))


def _fit(offer: ToolOffer, text: str) -> float:
    if re.search(rf"(?<![\w.]){re.escape(offer.name)}(?![\w])", text):
        return 10.0
    named = [
        canon(t) for t in tokens(re.sub(r"[._]", " ", re.sub(r"(?<=[a-z])(?=[A-Z])", " ", offer.name))) if t not in STOPWORDS
    ]
    asked = {canon(t) for t in tokens(text)}
    described = set(content(offer.description.split("\n")[0]))
    names = len(set(named) & asked)
    telling = len(set(named)) > 1 or described & set(content(text)) - set(named) or offer.parameters.get("required")
    if named and names == len(set(named)) and telling:
        return 3.0 + names
    shared = len(described & set(content(text)))
    return 1.0 + shared / 10 if names and shared >= 2 and shared >= len(described) / 3 else 0.0


def fill_arguments(schema: dict[str, Any], text: str) -> dict[str, JsonValue] | None:
    """Every required argument from the text; ``None`` when one cannot be found."""
    properties = schema.get("properties")
    if not isinstance(properties, dict):
        return {}
    required = schema.get("required")
    left = [q.value for q in find_quantities(text)]
    used: list[str] = []
    args: dict[str, JsonValue] = {}
    for name in required if isinstance(required, list) else []:
        value = _argument(name, properties.get(name, {}), text, left, used)
        if value is None:
            return None
        args[name] = value
    return args


def _argument(name: str, schema: Any, text: str, numbers: list[Any], used: list[str]) -> JsonValue:
    kind = schema.get("type") if isinstance(schema, dict) else None
    if isinstance(schema, dict) and isinstance(schema.get("enum"), list):
        return next((v for v in schema["enum"] if str(v).lower() in text.lower()), None)
    if kind in ("integer", "number"):
        named = re.search(rf"\b{re.escape(name.replace('_', ' '))}\s*(?:=|:|is|of)?\s*(-?\d+(?:\.\d+)?)", text, re.IGNORECASE)
        value = float(named[1]) if named else float(numbers.pop(0)) if numbers else None
        return None if value is None else int(value) if kind == "integer" or value.is_integer() else value
    if kind == "boolean":
        return bool(re.search(rf"\b{re.escape(name)}\b", text, re.IGNORECASE))
    return _text_argument(name, text, used) if kind in ("string", None) else None


def _text_argument(name: str, text: str, used: list[str]) -> str | None:
    candidates = [g for m in re.finditer(r"[\"“]([^\"”\n]+)[\"”]|'([^'\n]+)'", text) for g in m.groups() if g]
    lowered = name.lower()
    if "url" in lowered or "uri" in lowered:
        candidates = [m.group().rstrip(".,;:!?)") for m in URL.finditer(text)]
    elif "path" in lowered or "file" in lowered:
        candidates += [m.group() for m in PATH.finditer(text)]
    elif "mail" in lowered:
        candidates = re.findall(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+", text)
    elif "date" in lowered or "day" in lowered:
        candidates += [f.day.isoformat() for f in find_dates(text)]
    named = re.search(
        rf"\b{re.escape(name.replace('_', ' '))}\s*(?:=|:|is|of|called|named)?\s+([\w.@:/-]+)", text, re.IGNORECASE
    )
    candidates += [named[1].rstrip(".")] if named and named[1].lower() not in STOPWORDS else []
    candidates += re.findall(r"(?:\b(?:in|for|to|of|at|from|about|with)\s)((?:[A-ZÀ-Þ][\w’'-]*)(?:\s[A-ZÀ-Þ][\w’'-]*)*)", text)
    candidates += re.findall(r"\b[A-Z][A-Z0-9]*-?\d[\w-]*\b", text)
    candidates += [w for w in re.findall(r"[A-ZÀ-Þ][\w’'-]+", text) if canon(w.lower()) in strong_words(text)]
    chosen = next((c for c in candidates if c not in used), None)
    if chosen is not None:
        used.append(chosen)
    return chosen
