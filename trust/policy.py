"""Which calls need a person's word. Evaluation over plain data: no registry, no journal, no clock.

The rules are few and strict: a call that only reads passes when somebody we trust vouches that it only reads; an effect
passes when it stays inside the task's own workspace; everything else asks. A URL is fetched without asking only if the
person's own goal contains it, whole.
"""

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

_URL = re.compile(r"https?://[^\s<>\"'`]+", re.IGNORECASE)
_TRAILING = ".,;:!?)]}>'\""


class Decision(StrEnum):
    ALLOW = "allow"
    ASK = "ask"


@dataclass(frozen=True, slots=True)
class CallFacts:
    """What the rules look at.

    ``vouched``: the tool's hints come from somebody the operator trusts; hints of others are claims and do not count.
    ``fetches_url``: the call sends a request to the address in its ``url`` argument. ``goal`` is the person's own words.
    """

    tool: str
    args: dict[str, Any]
    goal: str
    vouched: bool
    read_only: bool
    workspace_only: bool
    fetches_url: bool


@dataclass(frozen=True, slots=True)
class Verdict:
    """``effect`` is the class of the call (``read``, ``fetch``, ``write`` or ``execute``), ``why`` is for a person."""

    decision: Decision
    effect: str
    why: str


def decide(facts: CallFacts) -> Verdict:
    """Allow the call, or ask a person."""
    if not facts.vouched:
        return Verdict(Decision.ASK, "execute", f"nobody vouches for what {facts.tool} says about itself")
    if facts.fetches_url:
        return _decide_fetch(facts)
    if facts.read_only:
        return Verdict(Decision.ALLOW, "read", f"{facts.tool} only reads")
    if facts.workspace_only:
        return Verdict(Decision.ALLOW, "write", f"{facts.tool} stays inside the task's own workspace")
    return Verdict(Decision.ASK, "execute", f"{facts.tool} changes something outside the task")


def _decide_fetch(facts: CallFacts) -> Verdict:
    url = facts.args.get("url")
    if isinstance(url, str) and url in urls_in(facts.goal):
        return Verdict(Decision.ALLOW, "fetch", "the goal itself names this address")
    return Verdict(Decision.ASK, "fetch", "the goal does not name this address, and a request can carry data out")


def urls_in(text: str) -> frozenset[str]:
    """The http(s) URLs that ``text`` contains, each also without the punctuation behind it, mark by mark."""
    found = set()
    for match in _URL.finditer(text):
        url = match.group()
        found.add(url)
        while url[-1] in _TRAILING:
            url = url[:-1]
            found.add(url)
    return frozenset(found)
