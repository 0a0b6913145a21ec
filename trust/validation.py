"""What a validator is: somebody who looks at a text and says that it may pass, how it should read, or why it must not pass.

A package of validators registers them as entry points of ``journeyman.validators``; the settings name those to use. A plain
function of one text does too: ``None`` or ``True`` lets it pass, a text says why not, ``False`` refuses without a reason.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Literal, Protocol

Subject = Literal["goal", "answer", "arguments"]


@dataclass(frozen=True, slots=True)
class Ok:
    """The value may pass."""


@dataclass(frozen=True, slots=True)
class Fixed:
    """The value may pass as ``value``. Arguments are never changed: for them it is told to the model."""

    value: str
    why: str = ""


@dataclass(frozen=True, slots=True)
class Refused:
    """The value must not pass; ``why`` is a sentence for the model and the person."""

    why: str


Validity = Ok | Fixed | Refused


class Validator(Protocol):
    """Checks texts. ``subject`` says what the text is; arguments come as JSON."""

    name: str

    async def validate(self, value: str, subject: Subject) -> Validity: ...


class FromFunction:
    """A validator that asks a plain function."""

    def __init__(self, name: str, function: Callable[[str], object]) -> None:
        self.name = name
        self._function = function

    async def validate(self, value: str, subject: Subject) -> Validity:
        said = self._function(value)
        if isinstance(said, Awaitable):
            said = await said
        match said:
            case Ok() | Fixed() | Refused():
                return said
            case None | True:
                return Ok()
            case str() as why if why:
                return Refused(why)
        return Refused(f"The validator {self.name} refused it.")
