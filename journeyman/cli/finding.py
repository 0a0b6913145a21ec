"""What one check of ``doctor`` found."""

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of the report. ``mend`` says what to do, where there is something to do."""

    part: str
    level: Literal["ok", "warning", "problem"]
    found: str
    mend: str = ""
