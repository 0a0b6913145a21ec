"""What the tasks of the suite do: between them they touch every kind of boundary.

The model's part depends on the conversation alone, never on how often it was asked, so a task that is asked again after a
crash goes on as it would have.
"""

import re
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from journal.values import Outcome
from journeyman.testing import Asked, Call, Reply, Rule, When
from journeyman.testing.stub.script import Answer, Player, Script

Play = Callable[[Asked], Answer | None]


@dataclass(frozen=True, slots=True)
class Scenario:
    """``effects`` are what must have happened once each by the end, ``repeatable`` what may have happened more often, under
    one key. One that is not ``sound`` must be found out: it shows that the suite sees what it is there to see."""

    name: str
    about: str
    play: Play
    outcome: Outcome = Outcome.ACHIEVED
    answer: str | None = "All done."
    request: Mapping[str, Any] = field(default_factory=dict)
    effects: Counter[tuple[str, str]] = field(default_factory=Counter)
    repeatable: frozenset[tuple[str, str]] = frozenset()
    pauses: bool = False
    """A person pauses the task before it starts."""
    cancels: bool = False
    """A person cancels it where it asks for approval."""
    mail_server: bool = False
    window: int = 128_000
    sound: bool = True


def _rules(*rules: Rule) -> Play:
    return Player(Script(rules=rules)).answer


def _turn(results: int, *calls: tuple[str, dict[str, Any]]) -> Rule:
    return Rule(when=When(tool_results=results), reply=Reply(calls=tuple(Call(tool=t, args=a) for t, a in calls)))


def _plan(*steps: dict[str, Any], text: str) -> Rule:
    return Rule(reply=Reply(calls=(Call(tool="submit_plan", args={"steps": list(steps), "answer": {"text": text}}),)))


def _once(*effects: tuple[str, str]) -> Counter[tuple[str, str]]:
    return Counter(dict.fromkeys(effects, 1))


_DONE = Rule(reply=Reply(text="All done."))
_CITY = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}
_PAGES = 9


def _turn_pages(asked: Asked) -> Reply:
    """Page after page, until the window is outgrown and a summary takes the place of the first ones."""
    if not asked.tools:
        return Reply(text="Pages were read.")
    read = max((int(number) for number in re.findall(r"page (\d+) x", str(asked.body["messages"]))), default=0)
    return Reply(text="All done.") if read >= _PAGES else Reply(calls=(Call(tool="page", args={"number": read + 1}),))


def _never_done(asked: Asked) -> Reply:
    return Reply(calls=(Call(tool="look", args={"item": f"i{asked.tool_results}"}),))


_ALL = (
    Scenario(
        "react",
        "step by step: reads at once, effects of each kind behind an approval",
        _rules(
            _turn(0, ("look", {"item": "a"}), ("look", {"item": "b"})),
            _turn(2, ("send", {"subject": "x"}), ("put", {"subject": "k"})),
            _turn(4, ("book", {"subject": "room"}), ("jot", {"subject": "line"})),
            _DONE,
        ),
        effects=_once(("send", "x"), ("book", "room"), ("jot", "line")),
        repeatable=frozenset({("put", "k")}),
    ),
    Scenario(
        "plan",
        "a plan with effects, an extraction, a loop and a child task",
        _rules(
            Rule(when=When(text="Find: the city"), reply=Reply(calls=(Call(tool="submit_value", args={"city": "Kiel"}),))),
            Rule(when=When(text="Ask around"), reply=Reply(text="north")),
            _plan(
                {"id": "a1", "tool": "look", "args": {"item": "a"}},
                {"id": "a2", "tool": "send", "args": {"subject": "mail"}, "after": ["a1"]},
                {"id": "b1", "extract": {"from": "$a1", "ask": "the city", "schema": _CITY}},
                {"id": "b2", "tool": "jot", "args": {"subject": "{$b1.city}"}},
                {"id": "c1", "tool": "rows", "args": {"count": 2}},
                {"id": "c2", "tool": "jot", "args": {"subject": "{$row.id}"}, "for_each": {"in": "$c1.rows", "as": "row"}},
                {"id": "d1", "delegate": {"goal": "Ask around."}},
                {"id": "d2", "tool": "jot", "args": {"subject": "{$d1}"}, "after": ["c2"]},
                text="{$a2} {$b2} {$d2}",
            ),
        ),
        answer=None,
        request={"planner": "plan"},
        effects=_once(("send", "mail"), ("jot", "Kiel"), ("jot", "r0"), ("jot", "r1"), ("jot", "north")),
    ),
    Scenario(
        "doubt",
        "effects that break off: one that arrived, one that did not, each settled by a person",
        _rules(_turn(0, ("send_badly", {"subject": "x"})), _turn(1, ("send_nowhere", {"subject": "y"})), _DONE),
        effects=_once(("send_badly", "x")),
    ),
    Scenario(
        "control",
        "paused before it starts, resumed, asks a person, and is slower than a heartbeat",
        _rules(_turn(0, ("ask_person", {"question": "Which?"})), _turn(1, ("slow_look", {"item": "a"})), _DONE),
        pauses=True,
    ),
    Scenario(
        "cancel",
        "canceled while it asks for approval",
        _rules(_turn(0, ("send", {"subject": "x"})), _DONE),
        outcome=Outcome.CANCELED,
        answer=None,
        cancels=True,
    ),
    Scenario("compaction", "a conversation that outgrows the window", _turn_pages, window=6000),
    Scenario(
        "budget",
        "a model that never comes to an end, against a ceiling",
        _never_done,
        outcome=Outcome.BUDGET_EXHAUSTED,
        answer=None,
        request={"budget": {"max_cost_usd": 14.0}},
    ),
    Scenario(
        "mcp",
        "an effect through an MCP server",
        _rules(_turn(0, ("mail.read", {"box": "in"})), _turn(1, ("mail.send", {"subject": "x"})), _DONE),
        effects=_once(("mail.send", "x")),
        mail_server=True,
    ),
    Scenario(
        "liar",
        "an effect that wrongly says it may be repeated",
        _rules(_turn(0, ("lie", {"subject": "x"})), _DONE),
        effects=_once(("lie", "x")),
        sound=False,
    ),
)

SCENARIOS: Mapping[str, Scenario] = {scenario.name: scenario for scenario in _ALL}
