"""Which calls need a person's word. Evaluation over plain data: no registry, no journal, no clock.

Suspicion comes from labels alone: who decided that the call is made, where each argument came from, and what whether and how
often depend on. Data from outside may be read, and may be what a call *says*; as soon as it decides which tool, recipient,
URL, path, id, amount or command, or whether an effect happens at all, a person is asked.
"""

from collections.abc import Iterator, Mapping, Set
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Literal, Protocol

from trust.classes import ArgClass, Effect
from trust.labels import SYSTEM, Label, Trust, Visibility, is_from_outside, is_own_source
from trust.rules import ArgRule, Known
from trust.tool_lines import ToolLines
from trust.words import mentions, urls_in

SHORTEST_ATTESTED = 6
"""A shorter value may stand in the person's words by chance, and attests nothing."""

_ATTESTABLE = (ArgClass.RECIPIENT, ArgClass.PATH, ArgClass.ID)


class Decision(StrEnum):
    ALLOW = "allow"
    ASK = "ask"
    DENY = "deny"


@dataclass(frozen=True, slots=True)
class CallFacts:
    """What the policy looks at.

    ``vouched``: the hints come from somebody the operator trusts; hints of others are claims and do not count.
    ``labels`` has every argument's; ``decided`` is the label of what chose the call and wrote its literals (a plan, or all
    that a model had read), ``condition`` of what whether and how often it is made depends on. ``words`` are the person's
    own, ``confirmed`` what trusted tools of the task returned, ``made`` counts the effects this tool has had in the task.
    """

    tool: str
    args: Mapping[str, Any]
    labels: Mapping[str, Label]
    decided: Label
    condition: Label = SYSTEM
    vouched: bool = False
    read_only: bool = False
    open_world: bool = False
    workspace_only: bool = False
    words: tuple[str, ...] = ()
    confirmed: Set[str] = frozenset()
    made: int = 0


@dataclass(frozen=True, slots=True)
class Verdict:
    """``why`` is for a person. ``free`` are the arguments that only say something, and decide nothing."""

    decision: Decision
    effect: Effect
    why: str
    free: tuple[str, ...] = ()


class Policy(Protocol):
    """Judges calls. The product knows one; tests hand in others."""

    def decide(self, facts: CallFacts) -> Verdict:
        """Allow the call, ask a person, or deny it."""
        ...

    def approves(self, tool: str) -> bool:
        """Whether the operator's own word on the tool says that its description was read."""
        ...


@dataclass(frozen=True, slots=True)
class _Objection:
    decision: Decision
    why: str


_FALLBACK = ToolLines()


@dataclass(frozen=True, slots=True)
class DeclaredPolicy:
    """The policy that ``[policy]`` and the profiles of an agent declare; see ``trust.declaring.declared``.

    ``tools`` are by name, or by ``SERVER.*``; the whole name counts before a pattern, and the longer pattern before a shorter.
    """

    unclassified_effect: Literal["ask", "deny"] = "ask"
    private_egress: Literal["ask", "deny"] = "ask"
    lists: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    tools: Mapping[str, ToolLines] = field(default_factory=dict)

    def approves(self, tool: str) -> bool:
        return self.lines_of(tool).effect is not None

    def lines_of(self, tool: str) -> ToolLines:
        """What is declared of a tool, if anything."""
        if tool in self.tools or not self.tools:
            return self.tools.get(tool, _FALLBACK)
        found = [name for name in self.tools if name.endswith(".*") and tool.startswith(name[:-1])]
        return self.tools[max(found, key=len)] if found else _FALLBACK

    def decide(self, facts: CallFacts) -> Verdict:
        lines = self.lines_of(facts.tool)
        effect = _effect(lines, facts)
        if lines.effect is None and facts.vouched and facts.workspace_only:
            objections = list(self._declared(lines, facts))
            passes = f"{facts.tool} stays inside the task's own workspace"
        else:
            objections = [*self._objections(lines, effect, facts), *self._declared(lines, facts)]
            passes = _PASSES.get(effect, "nothing from outside decides what it does").format(tool=facts.tool)
        refusals = [o.why for o in objections if o.decision is Decision.DENY]
        if refusals:
            return Verdict(Decision.DENY, effect, "; ".join(refusals))
        if objections:
            free = tuple(name for name in facts.args if name in lines.args and not lines.args[name].identifies)
            return Verdict(Decision.ASK, effect, "; ".join(o.why for o in objections), free)
        return Verdict(Decision.ALLOW, effect, passes)

    def _objections(self, lines: ToolLines, effect: Effect, facts: CallFacts) -> Iterator[_Objection]:
        """What the classes and labels of a call say against it."""
        if effect is Effect.READ:
            return
        if effect is Effect.FETCH:
            yield from self._leaks(lines, facts, [*facts.args])
            return
        if lines.effect is None:
            why = "may change something" if facts.vouched else "is vouched for by nobody"
            yield _Objection(Decision(self.unclassified_effect), f"{facts.tool} {why}, and no policy says what it does")
            return
        if effect is Effect.DELETE:
            yield _Objection(Decision.ASK, f"{facts.tool} destroys something")
        yield from self._decided_outside(lines, facts)
        yield from self._leaks(lines, facts, [name for name in facts.args if lines.args.get(name) is ArgClass.URL])

    def _decided_outside(self, lines: ToolLines, facts: CallFacts) -> Iterator[_Objection]:
        """What of an effect text from outside decides."""
        if _is_untrusted(facts.decided):
            yield _Objection(Decision.ASK, f"it was chosen after reading {_named(facts.decided)}")
            return
        if _is_untrusted(facts.condition) and lines.under_condition == "ask":
            yield _Objection(Decision.ASK, f"whether and how often it is done depends on {_named(facts.condition)}")
        for name in facts.args:
            kind = lines.args.get(name)
            if kind is not None and not kind.identifies:
                continue
            if _is_untrusted(facts.labels[name]) and not self._settled(lines, name, facts):
                yield _Objection(Decision.ASK, f"{name} comes from {_named(facts.labels[name])}")

    def _leaks(self, lines: ToolLines, facts: CallFacts, names: list[str]) -> Iterator[_Objection]:
        """Private data in what is asked of the open world. What the person typed there goes where they want it."""
        word = Decision(self.private_egress)
        for name in names:
            label = facts.labels[name]
            if is_private_data(label) and not self._settled(lines, name, facts):
                yield _Objection(word, f"{name} would carry private data of {_named(label)} out")
        if names and is_private_data(facts.condition):
            yield _Objection(word, f"whether it is asked for tells of {_named(facts.condition)}")

    def _settled(self, lines: ToolLines, name: str, facts: CallFacts) -> bool:
        """Whether a rule of the operator's or the person's own words make an argument trusted."""
        rules = [rule for rule in _about(lines.rules, lines, name) if rule.sets]
        if rules:
            return all(rule.holds(facts.args[name], self._known(facts)) for rule in rules)
        kind = lines.args.get(name) or (ArgClass.URL if name == "url" else None)
        value = facts.args[name]
        return (
            all(_is_attested(kind, item, facts) for item in value)
            if isinstance(value, list) and value
            else _is_attested(kind, value, facts)
        )

    def _declared(self, lines: ToolLines, facts: CallFacts) -> Iterator[_Objection]:
        """What the operator wrote down apart from classes."""
        if lines.always is not None:
            yield _Objection(Decision(lines.always), f'the policy says `always = "{lines.always}"` of {facts.tool}')
        if lines.max_calls is not None and facts.made >= lines.max_calls:
            yield _Objection(Decision.ASK, f"the task has called {facts.tool} {facts.made} times already")
        for rule in (*lines.rules, *lines.only):
            broken = [name for name in facts.args if name in _args_of(rule, lines) and not self._holds(rule, name, facts)]
            if broken:
                yield _Objection(Decision(rule.otherwise), f"{broken[0]} does not keep to the rule `{rule.text}`")

    def _holds(self, rule: ArgRule, name: str, facts: CallFacts) -> bool:
        return rule.holds(facts.args[name], self._known(facts))

    def _known(self, facts: CallFacts) -> Known:
        return Known(facts.words, facts.confirmed, self.lists)


_PASSES = {Effect.READ: "{tool} only reads", Effect.FETCH: "what is asked for carries no private data out"}


def is_private_data(label: Label) -> bool:
    """Whether a label is that of something private that was read; what the person typed and the plan's words are not."""
    return label.visibility is Visibility.PRIVATE and is_from_outside(label)


def _effect(lines: ToolLines, facts: CallFacts) -> Effect:
    if lines.effect is not None:
        asks_for_url = lines.effect is Effect.READ and ArgClass.URL in lines.args.values()
        return Effect.FETCH if asks_for_url else lines.effect
    if not facts.vouched:
        return Effect.EXECUTE
    if facts.read_only:
        return Effect.FETCH if facts.open_world else Effect.READ
    return Effect.WRITE if facts.workspace_only else Effect.EXECUTE


def _is_untrusted(label: Label) -> bool:
    return label.trust is Trust.UNTRUSTED


def _named(label: Label) -> str:
    """The sources of a label that are not the person's own, for people."""
    outside = [source for source in label.sources if not is_own_source(source)]
    return ", ".join(outside) or "text of unknown origin"


def _about(rules: tuple[ArgRule, ...], lines: ToolLines, name: str) -> list[ArgRule]:
    return [rule for rule in rules if name in _args_of(rule, lines)]


def _args_of(rule: ArgRule, lines: ToolLines) -> list[str]:
    """The arguments that a rule is about: the one it names, or all of the class it names."""
    return [rule.arg] if rule.arg in lines.args else [name for name, kind in lines.args.items() if kind == rule.arg]


def _is_attested(kind: ArgClass | None, value: Any, facts: CallFacts) -> bool:
    if not isinstance(value, str):
        return False
    if kind is ArgClass.URL and any(value in urls_in(text) for text in facts.words):
        return True
    if len(value) < SHORTEST_ATTESTED or (kind not in _ATTESTABLE and kind is not ArgClass.URL):
        return False
    return value in facts.confirmed or (kind is not ArgClass.URL and mentions(facts.words, value))
