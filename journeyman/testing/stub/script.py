"""What a stub server answers: rules, each a condition and an answer, independent of any wire format.

The first rule that fits a request answers it. As JSON, for ``python -m journeyman.testing.stub_server``:

    {"rules": [
        {"times": 1, "error": {"status": 429, "retry_after": 1}},
        {"when": {"tool_results": 0}, "reply": {"calls": [{"tool": "lookup", "args": {"q": "Kiel"}}]}},
        {"reply": {"text": "done"}}
    ]}
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from pydantic import BaseModel, ConfigDict, Field, JsonValue, ValidationError, field_validator, model_validator

from journal.errors import InvalidInput


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


@dataclass(frozen=True, slots=True)
class Asked:
    """One request as the stub received it; ``number`` counts from 1.

    ``text`` is the last message that is not the model's own; ``tool_results`` counts the results in the conversation;
    ``tools`` are the names offered, as on the wire; ``headers`` has lower-case names; ``body`` is the request itself.
    """

    number: int
    model: str
    text: str
    tool_results: int
    tools: tuple[str, ...]
    streamed: bool
    headers: Mapping[str, str]
    body: Mapping[str, Any]


class When(_Part):
    """A condition; all that is given must hold. ``text`` is a regular expression, searched for in ``Asked.text``;
    ``request`` is a request's number."""

    request: int | None = Field(None, ge=1)
    text: str | None = None
    tool_results: int | None = Field(None, ge=0)
    model: str | None = None

    @field_validator("text")
    @classmethod
    def _compiles(cls, pattern: str | None) -> str | None:
        try:
            re.compile(pattern or "")
        except re.error as error:
            raise ValueError(f"not a regular expression ({error})") from None
        return pattern

    def fits(self, asked: Asked) -> bool:
        """Whether ``asked`` meets the condition."""
        exact = ((self.request, asked.number), (self.tool_results, asked.tool_results), (self.model, asked.model))
        if any(wanted is not None and wanted != found for wanted, found in exact):
            return False
        return self.text is None or re.search(self.text, asked.text) is not None


class Call(_Part):
    """One tool call. ``raw`` is sent in place of ``args``, to play a model that writes broken JSON; without an ``id``,
    one is made that is unique to the server."""

    tool: str
    args: dict[str, JsonValue] = Field(default_factory=dict)
    raw: str | None = None
    id: str | None = None


class Usage(_Part):
    """The tokens a reply claims to have used; ``cached_input`` and ``cache_write`` are part of ``input``, ``reasoning`` of
    ``output``."""

    input: int = Field(ge=0)
    output: int = Field(ge=0)
    cached_input: int = Field(0, ge=0)
    cache_write: int = Field(0, ge=0)
    reasoning: int = Field(0, ge=0)


class Reply(_Part):
    """A model's answer: text (written ``repeat`` times: a huge answer), tool calls, or both, behind what it thought.

    ``finish_reason`` is Chat Completions' (``stop``, ``length``, ``tool_calls``, ``content_filter``) and ``paused``: other
    formats say it in their own words, and any other word as it is.

    ``usage`` defaults to an estimate from the sizes; ``report_usage=False`` leaves it out of the response. With
    ``cut_after`` the connection breaks behind so many chunks of a streamed answer (in the middle of a plain one).
    """

    text: str = ""
    repeat: int = Field(1, ge=1)
    reasoning: str = ""
    calls: tuple[Call, ...] = ()
    finish_reason: str | None = None
    usage: Usage | None = None
    report_usage: bool = True
    delay_seconds: float = Field(0, ge=0)
    cut_after: int | None = Field(None, ge=0)


class HttpError(_Part):
    """An error as the API words it. ``retry_after`` is the header of that name: seconds, or an HTTP date."""

    status: int = Field(ge=300, le=599)
    message: str = "The stub was told to fail."
    code: str | None = None
    retry_after: float | str | None = None
    headers: dict[str, str] = Field(default_factory=dict)
    delay_seconds: float = Field(0, ge=0)


class RawBody(_Part):
    """Any bytes at all: an HTML page, a wrong content type, a stream of one's own making."""

    body: str
    content_type: str = "text/html"
    status: int = Field(200, ge=200, le=599)
    delay_seconds: float = Field(0, ge=0)


class Drop(_Part):
    """The connection is closed without a word."""

    delay_seconds: float = Field(0, ge=0)


Answer = Reply | HttpError | RawBody | Drop


class Rule(_Part):
    """A condition and exactly one answer; ``times`` is how often the rule may answer before it is passed over."""

    when: When = When()
    times: int | None = Field(None, ge=1)
    reply: Reply | None = None
    error: HttpError | None = None
    body: RawBody | None = None
    drop: Drop | None = None

    @model_validator(mode="after")
    def _has_one_answer(self) -> Self:
        if len(self._answers()) != 1:
            raise ValueError("a rule has exactly one of reply, error, body and drop")
        return self

    @property
    def answer(self) -> Answer:
        """The rule's one answer."""
        return self._answers()[0]

    def _answers(self) -> list[Answer]:
        return [answer for answer in (self.reply, self.error, self.body, self.drop) if answer is not None]


class Script(_Part):
    """Rules in order; the first that fits answers."""

    rules: tuple[Rule, ...] = Field(min_length=1)

    @classmethod
    def load(cls, file: Path) -> Self:
        """Read a script from a JSON file. Raises ``InvalidInput`` naming every mistake and its place."""
        try:
            return cls.model_validate_json(file.read_bytes())
        except OSError as error:
            raise InvalidInput(f"The script {file} cannot be read: {error.strerror}.") from None
        except ValidationError as error:
            mistakes = "; ".join(_explain(mistake["loc"], mistake["msg"]) for mistake in error.errors(include_url=False))
            raise InvalidInput(f"The script {file} has mistakes: {mistakes}.") from None


def _explain(place: tuple[int | str, ...], message: str) -> str:
    where = ".".join(str(part) for part in place)
    message = message.removeprefix("Value error, ")
    return f"{where}: {message}" if where else message


class Player:
    """Plays a script: remembers how often each rule has answered."""

    def __init__(self, script: Script) -> None:
        self._rules = script.rules
        self._answered = [0] * len(script.rules)

    def answer(self, asked: Asked) -> Answer | None:
        """The answer of the first rule that fits, or ``None``."""
        for index, rule in enumerate(self._rules):
            spent = rule.times is not None and self._answered[index] >= rule.times
            if not spent and rule.when.fits(asked):
                self._answered[index] += 1
                return rule.answer
        return None
