"""Validators as a package of somebody else's would bring them."""

from trust.validation import Fixed, Subject, Validity


class Shouts:
    """Has everything in capitals."""

    name = "shouts"

    async def validate(self, value: str, subject: Subject) -> Validity:
        return Fixed(value.upper())


def no_kiel(text: str) -> str | None:
    """A plain function: a text says why not."""
    return "Kiel is not to be named." if "Kiel" in text else None
