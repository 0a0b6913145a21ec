"""Chunks along a document's own structure: what belongs together stays together where it fits."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Literal, cast

Kind = Literal["prose", "table", "list", "code", "record"]


@dataclass(frozen=True, slots=True)
class Place:
    """Where a block stands. ``unit`` is ``line``, ``paragraph``, ``page``, ``row``, or a JSON path; under a path ``first`` and
    ``last`` are indices, and without them the path itself is meant."""

    unit: str
    first: int | None = None
    last: int | None = None

    def __str__(self) -> str:
        numbers = f"{self.first}" if self.first == self.last else f"{self.first}-{self.last}"
        if self.unit.startswith("$"):
            return self.unit if self.first is None else f"{self.unit}[{numbers}]"
        return f"{self.unit} {numbers}" if self.first == self.last else f"{self.unit}s {numbers}"

    def continues(self, other: "Place") -> bool:
        """Whether a chunk may hold both. Pages stay apart, so that a citation names one page."""
        return self.unit == other.unit and self.first is not None and self.unit != "page"

    def to(self, other: "Place") -> "Place":
        return replace(self, last=other.last)


@dataclass(frozen=True, slots=True)
class Block:
    """A unit of structure as the document has it. ``head`` lines of a table are repeated where it must be split."""

    text: str
    place: Place
    kind: Kind = "prose"
    heading: str = ""
    head: int = 0


@dataclass(frozen=True, slots=True)
class Piece:
    """One chunk: its text, its position for a person, and the headings above it."""

    text: str
    position: str
    heading: str = ""


def chunk(blocks: Iterable[Block], size: int) -> list[Piece]:
    """Join neighbouring blocks under one heading up to ``size`` characters; split only a block that is larger by itself."""
    pieces: list[Piece] = []
    group: list[Block] = []
    for block in (part for whole in blocks for part in _split(whole, size)):
        if group and not _fits(group, block, size):
            pieces.append(_join(group))
            group = []
        group.append(block)
    if group:
        pieces.append(_join(group))
    return pieces


def _fits(group: Sequence[Block], block: Block, size: int) -> bool:
    last = group[-1]
    if last.heading != block.heading or not last.place.continues(block.place):
        return False
    # Records are facts of their own: half a chunk of them keeps a citation close to the one that is meant.
    limit = size // 2 if block.kind == "record" else size
    return sum(len(b.text) + 2 for b in group) + len(block.text) <= limit


def _join(group: Sequence[Block]) -> Piece:
    separator = "\n" if group[0].kind == "record" else "\n\n"
    place = group[0].place.to(group[-1].place)
    return Piece(separator.join(b.text for b in group), str(place), group[0].heading)


def _split(block: Block, size: int) -> Iterator[Block]:
    if len(block.text) <= size:
        yield block
    elif block.kind in ("prose", "record"):
        yield from _split_prose(block, size)
    else:
        yield from _split_lines(block, size)


def _split_prose(block: Block, size: int) -> Iterator[Block]:
    from semchunk.semchunk import chunk as split

    texts, offsets = cast(tuple[list[str], list[tuple[int, int]]], split(block.text, size, len, memoize=False, offsets=True))
    for text, (start, end) in zip(texts, offsets, strict=True):
        yield replace(block, text=text, place=_lines_of(block, start, end))


def _lines_of(block: Block, start: int, end: int) -> Place:
    if block.place.unit != "line" or block.place.first is None:
        return block.place
    first = block.place.first + block.text.count("\n", 0, start)
    return Place("line", first, first + block.text.count("\n", start, end))


def _split_lines(block: Block, size: int) -> Iterator[Block]:
    lines = block.text.split("\n")
    head = lines[: block.head] if sum(map(len, lines[: block.head])) < size // 2 else []
    room = size - sum(len(line) + 1 for line in head)
    start, used = len(head), 0
    for number in range(start, len(lines)):
        if used and used + len(lines[number]) > room:
            yield from _part(block, head, lines, start, number, size)
            start, used = number, 0
        used += len(lines[number]) + 1
    yield from _part(block, head, lines, start, len(lines), size)


def _part(block: Block, head: list[str], lines: list[str], start: int, end: int, size: int) -> Iterator[Block]:
    place = block.place
    if place.unit == "line" and place.first is not None:
        place = Place("line", place.first + start, place.first + end - 1)
    part = replace(block, text="\n".join([*head, *lines[start:end]]), place=place)
    if len(part.text) > size:  # one line alone is too long
        yield from _split_prose(replace(part, kind="prose"), size)
    else:
        yield part
