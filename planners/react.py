"""ReAct: the model reasons and acts in turns (Yao et al. 2022), with parallel tool calls."""

from journal.projection import TaskState
from journal.values import Message, Outcome
from planners.answers import MAX_REPAIRS, conclude
from planners.planner import Act, Ask, Finish, GiveUp
from planners.prompts import load
from trust.labels import SYSTEM


class React:
    """Ask, run the calls asked for, ask again; text without calls is the answer."""

    name = "react"
    prompt_version = "react_v1"

    def instructions(self, profile: str) -> str:
        base = load(self.prompt_version)
        return f"{base}\n\n{profile.strip()}" if profile.strip() else base

    def next(self, state: TaskState) -> Ask | Act | Finish | GiveUp:
        last = state.last_completion
        if last is None or state.heard_since_completion:
            return Ask("act") if not state.open_calls else Act(tuple(state.open_calls))
        if state.calls:
            return Act(tuple(state.open_calls)) if state.open_calls else Ask("act")
        if last.finish_reason == "paused":
            return Ask("act")
        if last.finish_reason == "refused":
            return GiveUp(Outcome.GAVE_UP, "The model declined to go on.", answer=last.content or None)
        if last.finish_reason == "length" or not last.content.strip():
            return self._repair(state, cut=last.finish_reason == "length")
        return conclude(state, last.content)

    def _repair(self, state: TaskState, *, cut: bool) -> Ask | GiveUp:
        """An answer that was cut or is empty is asked for again, a bounded number of times."""
        if state.repairs >= MAX_REPAIRS:
            why = "The model's answers were cut off at its output limit." if cut else "The model gave empty answers."
            return GiveUp(Outcome.GAVE_UP, why)
        note = (
            "Your last message was cut off at the output limit. Give the whole answer again, shorter."
            if cut
            else "Your last message was empty. Go on with a tool call, or give the final answer as text."
        )
        return Ask("act", added=(Message(role="user", content=note, label=SYSTEM),))
