"""What a person lets a text decide: which texts, and with which tools it may then be acted."""

from collections.abc import Sequence
from fnmatch import fnmatchcase

from journal.values import Grant
from trust.labels import Label, is_own_source


def covering(grants: Sequence[Grant], label: Label) -> Grant | None:
    """The grant that covers everything from outside in a text of this label, if there is one."""
    outside = [source for source in label.sources if not is_own_source(source)]
    return next((g for g in grants if outside and all(fnmatchcase(source, g.source) for source in outside)), None)


def told(grants: Sequence[Grant]) -> str:
    """The paragraph for the goal's message; empty where there are none."""
    if not grants:
        return ""
    lines = (f"- {grant.source}, with {', '.join(grant.tools)}" for grant in grants)
    head = "What is to be done may be left to texts from these sources: `delegate` with the text as `context`."
    return "\n".join([head, *lines])
