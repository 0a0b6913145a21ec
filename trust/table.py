"""Every kind of call, by who chose it, what of it comes from outside, and what the operator declared: what the policy decides.

``docs/reference/policy.md`` is made from this, and a test holds each line against the rules in plain words.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from itertools import product
from typing import Any

from trust.declaring import declared
from trust.labels import SYSTEM, USER, Label, Trust, Visibility, join
from trust.policy import CallFacts, DeclaredPolicy
from trust.policy_settings import PolicySettings

OWN = join(SYSTEM, USER)


class Origin(StrEnum):
    """Where a value comes from."""

    OWN = "the person or the plan"
    MAIL = "private and untrusted"
    PAGE = "public and untrusted"
    LEDGER = "private and trusted"

    @property
    def label(self) -> Label:
        if self is Origin.OWN:
            return OWN
        trust = Trust.TRUSTED if self is Origin.LEDGER else Trust.UNTRUSTED
        visibility = Visibility.PUBLIC if self is Origin.PAGE else Visibility.PRIVATE
        return Label(sources=(f"tool:{self.name.lower()}",), trust=trust, visibility=visibility)


class Chooser(StrEnum):
    """Who chose the call and wrote its literals."""

    PLAN = "a plan"
    READ_PLAN = "a plan made after reading"
    TURN = "a turn before reading"
    READ_TURN = "a turn after reading"

    @property
    def label(self) -> Label:
        return join(OWN, Origin.MAIL.label) if self in (Chooser.READ_PLAN, Chooser.READ_TURN) else OWN

    @property
    def plans(self) -> bool:
        return self in (Chooser.PLAN, Chooser.READ_PLAN)


_ARGS = {"which": "id", "text": "content"}
CLASSIFIED: Mapping[str, dict[str, Any]] = {
    "read": {"effect": "read", "args": _ARGS},
    "fetch": {"effect": "fetch", "args": {"which": "url", "text": "content"}},
    "write": {"effect": "write", "args": _ARGS},
    "send": {"effect": "send", "args": {"which": "recipient", "text": "content"}},
    "pay": {"effect": "pay", "args": {"which": "amount", "text": "content"}},
    "delete": {"effect": "delete", "args": _ARGS},
    "execute": {"effect": "execute", "args": {"which": "command", "text": "content"}},
    "post to a URL": {"effect": "send", "args": {"which": "url", "text": "content"}},
}
UNCLASSIFIED: Mapping[str, tuple[str, ...]] = {
    "workspace": ("vouched", "workspace_only"),
    "vouched read": ("vouched", "read_only"),
    "vouched open-world read": ("vouched", "read_only", "open_world"),
    "vouched effect": ("vouched",),
    "says it only reads": ("read_only",),
}
TOOLS = (*UNCLASSIFIED, *CLASSIFIED)

POLICIES: Mapping[str, dict[str, Any]] = {
    "default": {},
    'unclassified_effect = "deny"': {"unclassified_effect": "deny"},
    'private_egress = "deny"': {"private_egress": "deny"},
    'under_condition = "allow"': {"each": {"under_condition": "allow"}},
    'always = "ask"': {"each": {"always": "ask"}},
    'always = "deny"': {"each": {"always": "deny"}},
}


@dataclass(frozen=True, slots=True)
class Situation:
    """``which`` and ``text`` are the origins of an argument that decides and of one that does not, ``condition`` that of what
    the call depends on."""

    chooser: Chooser
    tool: str
    policy: str
    which: Origin = Origin.OWN
    text: Origin = Origin.OWN
    condition: Origin = Origin.OWN

    @property
    def facts(self) -> CallFacts:
        """A call as the policy sees it. In a turn everything may come from anything that was read."""
        labels = {"which": _label(self, self.which), "text": _label(self, self.text)}
        hints = UNCLASSIFIED.get(self.tool, ())
        return CallFacts(
            tool=self.tool,
            args={"which": "somewhere", "text": "something"},
            labels=labels,
            decided=self.chooser.label,
            condition=SYSTEM if self.condition is Origin.OWN else self.condition.label,
            vouched="vouched" in hints,
            read_only="read_only" in hints,
            open_world="open_world" in hints,
            workspace_only="workspace_only" in hints,
        )


def _label(situation: Situation, origin: Origin) -> Label:
    return situation.chooser.label if origin is Origin.OWN or not situation.chooser.plans else origin.label


def policy_named(name: str) -> DeclaredPolicy:
    """The policy of ``POLICIES`` with the tools of ``CLASSIFIED``."""
    more = dict(POLICIES[name])
    each = more.pop("each", {})
    tools = {tool: {**lines, **_where_it_may(lines, each)} for tool, lines in CLASSIFIED.items()}
    return declared(PolicySettings.model_validate({**more, "tools": tools}), {})


def _where_it_may(lines: Mapping[str, Any], each: Mapping[str, Any]) -> Mapping[str, Any]:
    """What asks in any case cannot be told to pass."""
    return {} if lines["effect"] == "delete" and "under_condition" in each else each


def situations() -> Iterator[Situation]:
    """All combinations that there can be: a turn has no conditions, and no labels for each argument."""
    for chooser, tool, policy in product(Chooser, TOOLS, POLICIES):
        if not chooser.plans:
            yield Situation(chooser, tool, policy)
            continue
        for which, text, condition in product(Origin, Origin, Origin):
            yield Situation(chooser, tool, policy, which, text, condition)
