"""References: how one step's arguments name another's result.

``$step.path[0].key`` as a whole string is the value itself; ``{$step.path}`` inside a text puts the value's text there; ``$$``
is a dollar. Every value carries a label, and what is made of several carries their join: text from outside stays marked as
such on whatever way it takes through a plan.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache

from pydantic import JsonValue
from pydantic_core import to_json

from trust.labels import Label, join

NAME = r"[A-Za-z_][A-Za-z0-9_-]*"
_PATH = rf"(?:\.{NAME}|\.[0-9]+|\[[0-9]+\]|\[\"(?:[^\"\\]|\\.)*\"\])*"
_WHOLE = re.compile(rf"\$({NAME})({_PATH})")
_PART = re.compile(r"\.([A-Za-z0-9_-]+)|\[([0-9]+)\]|\[\"((?:[^\"\\]|\\.)*)\"\]")
_TOKEN = re.compile(rf"\$\$|\{{\$({NAME})({_PATH})\}}|\{{\$")
_MEANT = re.compile(r"\$[A-Za-z_]")


class MalformedReference(ValueError):
    """A string that begins like a reference and is none."""


@dataclass(frozen=True, slots=True)
class Reference:
    """``step`` is a step's id or the name of a ``for_each`` item; ``path`` holds keys and list positions."""

    step: str
    path: tuple[str | int, ...]
    text: str


@dataclass(frozen=True, slots=True)
class Template:
    """A text with references in it; without any, a literal whose ``$$`` are dollars already."""

    parts: tuple[str | Reference, ...]


@dataclass(frozen=True, slots=True)
class Labelled:
    """A value and where it came from."""

    value: JsonValue
    label: Label


class MissingValue(LookupError):
    """The reference leads nowhere in the result it names."""

    def __init__(self, reference: Reference) -> None:
        super().__init__(f"{reference.text} is not there.")
        self.reference = reference


@lru_cache(maxsize=4096)
def parse(text: str) -> Reference | Template:
    """Read one string of a plan. Raises ``MalformedReference`` saying how it should be written."""
    if "$" not in text:
        return Template((text,))
    whole = _WHOLE.fullmatch(text)
    if whole is not None:
        return Reference(whole[1], _path(whole[2]), text)
    if _MEANT.match(text):
        raise MalformedReference(
            f"{text[:60]!r} is not a reference: write `$step.key[0]` as the whole string, `{{$step.key}}` inside a text, "
            "and `$$` for a dollar."
        )
    return Template(tuple(_parts(text)))


def _parts(text: str) -> Iterator[str | Reference]:
    literal, end = "", 0
    for token in _TOKEN.finditer(text):
        literal += text[end : token.start()]
        end = token.end()
        if token[0] == "$$":
            literal += "$"
        elif token[1] is None:
            shown = text[token.start() : token.start() + 40]
            raise MalformedReference(f"{shown!r} is not a reference: write `{{$step.key}}`.")
        else:
            if literal:
                yield literal
            literal = ""
            yield Reference(token[1], _path(token[2]), f"${token[1]}{token[2]}")
    literal += text[end:]
    if literal:
        yield literal


def _path(text: str) -> tuple[str | int, ...]:
    parts: list[str | int] = []
    for key, index, quoted in _PART.findall(text):
        if index or key.isdigit():
            parts.append(int(index or key))
        else:
            parts.append(key or re.sub(r"\\(.)", r"\1", quoted))
    return tuple(parts)


def references_in(value: JsonValue) -> Iterator[Reference]:
    """Every reference in a value. Raises ``MalformedReference``."""
    if isinstance(value, str):
        parsed = parse(value)
        if isinstance(parsed, Reference):
            yield parsed
        else:
            yield from (part for part in parsed.parts if isinstance(part, Reference))
    elif isinstance(value, list):
        for item in value:
            yield from references_in(item)
    elif isinstance(value, dict):
        for item in value.values():
            yield from references_in(item)


def look_up(reference: Reference, scope: Mapping[str, Labelled]) -> Labelled:
    """The value a reference names, under the label of the whole result. Raises ``MissingValue``."""
    if reference.step not in scope:
        raise MissingValue(reference)
    found = scope[reference.step]
    here, path = found.value, reference.path
    if path[:1] == ("result",) and not (isinstance(here, dict) and "result" in here):
        path = path[1:]  # it was unwrapped already
    for part in path:
        if isinstance(here, dict) and str(part) in here:
            here = here[str(part)]
        elif isinstance(here, list) and isinstance(part, int) and part < len(here):
            here = here[part]
        else:
            raise MissingValue(reference)
    return Labelled(here, found.label)


def resolve(value: JsonValue, scope: Mapping[str, Labelled], own: Label) -> Labelled:
    """A value with its references replaced; ``own`` is the label of the plan's literals. Raises ``MissingValue``."""
    labels: list[Label] = []
    resolved = _replace(value, scope, labels)
    return Labelled(resolved, join(*labels) if labels and isinstance(value, str) and _is_whole(value) else join(own, *labels))


def _is_whole(text: str) -> bool:
    return isinstance(parse(text), Reference)


def _replace(value: JsonValue, scope: Mapping[str, Labelled], labels: list[Label]) -> JsonValue:
    if isinstance(value, str):
        return _replace_text(value, scope, labels)
    if isinstance(value, list):
        return [_replace(item, scope, labels) for item in value]
    if isinstance(value, dict):
        return {key: _replace(item, scope, labels) for key, item in value.items()}
    return value


def _replace_text(text: str, scope: Mapping[str, Labelled], labels: list[Label]) -> JsonValue:
    parsed = parse(text)
    if isinstance(parsed, Reference):
        found = look_up(parsed, scope)
        labels.append(found.label)
        return found.value
    pieces = []
    for part in parsed.parts:
        if isinstance(part, Reference):
            found = look_up(part, scope)
            labels.append(found.label)
            pieces.append(as_text(found.value))
        else:
            pieces.append(part)
    return "".join(pieces)


def as_text(value: JsonValue) -> str:
    """How a value stands in a text: a string as it is, anything else as compact JSON."""
    return value if isinstance(value, str) else to_json(value).decode()
