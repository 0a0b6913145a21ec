"""The guard as the loop and the executor use it."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from agents.guard.attacks import Attacks, PastAttacks
from agents.guard.detectors import Heuristics
from agents.guard.judge import ModelCheck
from agents.guard.rebuff import Rebuff
from agents.guard.screening import Screen, Watch
from agents.guard.settings import GuardSettings, OutputSettings
from agents.guard.validators import MaxLength, Moderation, load_validators, url_mistake
from agents.task_log import TaskLog
from journal.events import GuardFlagged
from journal.projection import TaskState
from llm.embedders.embedder import Embedder
from llm.router import Models
from memory.items import Memory
from trust.canary import canary_of, leaks, with_canary, without_canary
from trust.redaction import Redactor
from trust.validation import Fixed, Ok, Refused, Subject, Validator, Validity

_EXCERPT_CHARS = 400
_Action = Literal["stopped", "refused"]


@dataclass(frozen=True, slots=True)
class Objection:
    """Why a value must not pass, and who says so."""

    detector: str
    why: str


class Guard:
    """Screens what tools return, and checks goals, arguments and answers. What it says is journaled as ``guard.flagged``."""

    def __init__(
        self,
        settings: GuardSettings,
        redactor: Redactor,
        *,
        screen: Screen,
        attacks: Attacks,
        goal: Sequence[Validator] = (),
        answers: Sequence[Validator] = (),
        arguments: Sequence[Validator] = (),
    ) -> None:
        self._settings = settings
        self._redactor = redactor
        self.screen = screen
        self.attacks = attacks
        self._goal = tuple(goal)
        self._answers = (MaxLength(settings.answers.max_chars), *answers)
        self._arguments = tuple(arguments)

    @classmethod
    def build(
        cls, settings: GuardSettings, redactor: Redactor, memory: Memory, embedder: Embedder | None, models: Models
    ) -> "Guard":
        """Raises ``ConfigurationError`` for a validator that cannot be loaded."""
        attacks = Attacks(memory, embedder)
        watches = [
            Watch(Heuristics(settings.heuristics_score), settings.heuristics),
            Watch(PastAttacks(attacks, settings.attacks_similarity), settings.attacks),
            Watch(Rebuff(settings.rebuff), settings.rebuff_reaction if settings.rebuff.url else "off"),
            Watch(ModelCheck(models), settings.model),
        ]
        moderation = [Moderation(settings.moderation)] if settings.moderation.url else []
        return cls(
            settings,
            redactor,
            screen=Screen(redactor, hidden_text=settings.hidden_text, watches=watches),
            attacks=attacks,
            goal=[*(moderation if settings.moderation.goals else []), *load_validators(settings.goal_validators)],
            answers=[
                *(moderation if settings.moderation.answers else []),
                *load_validators(settings.answers.validators),
            ],
            arguments=load_validators(settings.arguments.validators),
        )

    def instructions(self, text: str) -> str:
        """The system message with a canary word in it, where that is wanted."""
        return with_canary(text) if self._settings.canary else text

    async def goal(self, log: TaskLog) -> Objection | None:
        """Whether the goal must be refused; noted if so."""
        submitted = log.state.submitted
        said = await _first(self._goal, "\n\n".join(filter(None, (submitted.goal, submitted.context))), "goal")
        return self._refused(log, said, "goal", submitted.goal) if said is not None and said.refused else None

    def stops(self, log: TaskLog, call_id: str, tool: str, args: dict[str, Any]) -> Objection | None:
        """Whether a call must be stopped before anybody is asked about it; noted if so.

        It says nothing about whether a call may run: the policy does.
        """
        text = json.dumps(args, ensure_ascii=False)
        rules = self._settings.arguments
        if self._leaks(log.state, args):
            said = _Said("canary", Refused("The arguments hold the confidential mark of the instructions."))
        elif len(text) > rules.max_chars:
            said = _Said("max_chars", Refused(f"The arguments have more than {rules.max_chars:,} characters."))
        elif why := self._wrong_url(text, rules, log):
            said = _Said("urls", Refused(why))
        else:
            return None
        return self._refused(log, said, f"arguments of {tool}", text, call_id, "stopped")

    async def arguments(self, log: TaskLog, call_id: str, tool: str, args: dict[str, Any]) -> Objection | None:
        """Whether a validator stops a call that is about to be made; noted if so. Nobody changes arguments: a fix is told."""
        if not self._arguments:
            return None
        text = json.dumps(args, ensure_ascii=False)
        said = await _first(self._arguments, text, "arguments")
        if said is not None and isinstance(fixed := said.verdict, Fixed):
            said = _Said(said.detector, Refused(f"{fixed.why or 'They must be changed.'} Use: {fixed.value}"))
        return None if said is None else self._refused(log, said, f"arguments of {tool}", text, call_id, "stopped")

    async def answer(self, log: TaskLog, text: str) -> str | Objection:
        """The answer as it may be given, or why it must not be; an objection is noted."""
        if self._leaks(log.state, text):
            why = "It holds the confidential mark of the instructions: it repeats what is not for others."
            return self._refused(log, _Said("canary", Refused(why)), "answer", text)
        if wrong := self._wrong_url(text, self._settings.answers, log):
            return self._refused(log, _Said("urls", Refused(wrong)), "answer", text)
        said = await _first(self._answers, text, "answer")
        if said is None:
            return text
        if isinstance(said.verdict, Fixed):
            return said.verdict.value
        return self._refused(log, said, "answer", text)

    def _leaks(self, state: TaskState, value: Any) -> bool:
        canary = canary_of(state.started.instructions) if state.started else None
        return canary is not None and leaks(canary, value)

    def _wrong_url(self, text: str, rules: OutputSettings, log: TaskLog) -> str | None:
        if rules.urls == "any" and not rules.url_hosts:
            return None
        known = _known(log) if rules.urls == "known" else ""
        return url_mistake(text, policy=rules.urls, hosts=rules.url_hosts, known=known)

    def _refused(
        self, log: TaskLog, said: "_Said", where: str, text: str, call_id: str | None = None, action: _Action = "refused"
    ) -> Objection:
        why = said.verdict.why if isinstance(said.verdict, Refused) else ""
        canary = canary_of(log.state.started.instructions) if log.state.started else None
        excerpt = self._redactor.text(without_canary(canary, text) if canary else text)
        log.note(
            GuardFlagged(
                detector=said.detector,
                action=action,
                where=where,
                call_id=call_id,
                why=why,
                excerpt=excerpt[:_EXCERPT_CHARS] if said.detector != "canary" else "",
            )
        )
        return Objection(said.detector, why)


@dataclass(frozen=True, slots=True)
class _Said:
    """What a validator had to say, other than that all is well."""

    detector: str
    verdict: Validity

    @property
    def refused(self) -> bool:
        return isinstance(self.verdict, Refused)


async def _first(validators: Sequence[Validator], text: str, subject: Subject) -> _Said | None:
    """Each in turn looks at what the ones before made of the text; the first refusal ends it."""
    fixed: _Said | None = None
    for validator in validators:
        try:
            verdict = await validator.validate(text, subject)
        except Exception as error:  # somebody else's code: what it could not look at does not pass
            verdict = Refused(f"The validator {validator.name} failed: {type(error).__name__}.")
        if isinstance(verdict, Refused):
            return _Said(validator.name, verdict)
        if isinstance(verdict, Fixed):
            text, fixed = verdict.value, _Said(validator.name, verdict)
        elif not isinstance(verdict, Ok):
            return _Said(validator.name, Refused(f"The validator {validator.name} gave no verdict."))
    return fixed


def _known(log: TaskLog) -> str:
    """What the person and the sources said, as far as the task's conversation and its plan hold it."""
    plan = log.state.plan
    results = [str(result.value) for result in plan.results.values()] if plan else []
    heard = [message.content for message in log.transcript.prompt if message.role in ("user", "tool")]
    return "\n".join([log.state.submitted.goal, log.state.submitted.context, *heard, *results])
