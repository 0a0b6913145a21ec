"""The messages sent to a model, as a projection of the journal.

The prompt only ever grows at its end, until it outgrows the model's window: then a summary takes the place of its older
turns, and from there it grows on. Each message in it is stored in exactly one event, so a resumed task sends byte for
byte what an unbroken one would have sent.
"""

from dataclasses import dataclass

from pydantic_core import to_json

from journal import events as ev
from journal.asking import SUMMARIZE
from journal.events import Event
from journal.values import Message, ToolCall
from llm.types import Prompt
from planners.answers import demand
from planners.attached import inline, listing
from planners.granted import told
from planners.summaries import Handles, summary_message
from trust.labels import SYSTEM, Label, Trust, join

_MESSAGE_BYTES = 32
"""What a message weighs apart from its text."""

_FORGOTTEN = "(This result was forgotten.)"


@dataclass(frozen=True, slots=True)
class Said:
    """A message behind the goal, and the event that put it there."""

    seq: int
    message: Message


class Transcript:
    """Folds events into a ``Prompt``. Apply every event in order."""

    def __init__(self) -> None:
        self.prompt = Prompt()
        self.weight = 0
        """About the bytes of the prompt's messages."""
        self.measured: dict[str, tuple[int, int]] = {}
        """For each model the weight of the last prompt it read, and its tokens; emptied when the prompt is compacted."""
        self.density = 1.0
        """Tokens for each byte of weight, as last measured. At most one token is one byte."""
        self.summary = ""
        self._kept: list[Message] = []
        """What a plan's steps returned: no part of the context while the plan runs."""
        self._withheld: list[Message] = []
        """What strangers may have written of the conversation so far: no part of the context that a plan is made in."""
        self._submitted: ev.TaskSubmitted | None = None
        self._history: tuple[Message, ...] | None = None
        self._attached: list[ev.AttachmentReceived] = []
        self._head: list[Message] = []
        self._tail: list[Said] = []
        self._summary_label: Label | None = None
        self._handles = Handles()
        self._readable = False
        self._asked_weight = 0
        self._calls: dict[str, ToolCall] = {}
        self._awaited: dict[str, Said | None] = {}
        self._later: list[Said] = []
        self._has_gaps = False

    def apply(self, event: Event) -> None:
        seq = event.seq
        match event.data:
            case ev.TaskSubmitted() as data:
                self._submitted = data
            case ev.AttachmentReceived() as data:
                self._attached.append(data)
            case ev.TaskResumed(history=history):
                self._history = history if history is not None else self._history
            case ev.TaskStarted() as data:
                self._open(data)
            case ev.LlmRequested(role=role, added=added, step=step):
                if role != SUMMARIZE and not step:
                    self._ask(seq, added)
            case ev.LlmCompleted() as data:
                if data.role != SUMMARIZE and not data.step:
                    self._answer(seq, data)
            case ev.ToolCompleted(call_id=call_id, result=result, shown=shown):
                text = result.content if shown is None else shown
                if call_id in self._calls:
                    self._handles.add(seq, self._calls[call_id], len(result.content))
                self._result(seq, Message(role="tool", call_id=call_id, content=text, label=result.label))
            case ev.ToolFailed(call_id=call_id, message=why, label=label):
                self._result(seq, Message(role="tool", call_id=call_id, content=f"Error: {why}", label=label, is_error=True))
            case ev.PlanCreated(call_id=str(call_id)) | ev.PlanRevised(call_id=str(call_id)):
                self._result(seq, Message(role="tool", call_id=call_id, content="The plan is carried out.", label=SYSTEM))
            case ev.StepCompleted(step_id=step_id, items=None, same_as=None, value=value, label=label):
                self._kept.append(Message(role="tool", call_id=step_id, content=to_json(value).decode(), label=label))
            case ev.PlannerChanged() as data:
                self._hand_over(seq, data)
            case ev.MessageReceived(call_id=None, text=text, label=label):
                self._later.append(Said(seq, Message(role="user", content=text, label=label)))
                if self._head:
                    self._flush()
            case ev.ContextCompacted() as data:
                self._compact(data)
            case ev.Forgotten(was=was):
                self._forget(was)

    def cut(self, room: float) -> int | None:
        """The seq up to which turns must be covered so that the newest ones, kept whole, weigh at most ``room``.

        ``None`` where there is nothing behind the goal to cover.
        """
        if not self._tail:
            return None
        upto = max(said.seq for said in self._tail)
        weight = 0
        for said in reversed(self._tail[1:]):
            weight += _weight(said.message)
            if weight > room:
                break
            if said.message.role == "assistant":
                upto = said.seq - 1
        return upto

    def covered(self, upto_seq: int) -> list[Message]:
        """The messages that a summary up to ``upto_seq`` takes the place of, an earlier summary apart."""
        return [said.message for said in self._tail if said.seq <= upto_seq]

    def covered_label(self, upto_seq: int) -> Label:
        """The label of what such a summary is made from."""
        earlier = () if self._summary_label is None else (self._summary_label,)
        return join(SYSTEM, *earlier, *(message.label for message in self.covered(upto_seq)))

    def aside(self, added: tuple[Message, ...], *, again: bool) -> Prompt:
        """The conversation as a prompt of its own, with ``added`` behind it; with ``again`` without its last answer."""
        messages = self.prompt[:]
        if again and messages[-1].role == "assistant":
            del messages[-1]
        return Prompt([*messages, *added])

    @property
    def head_weight(self) -> int:
        """The weight of what is never covered: instructions, history and the goal."""
        return sum(map(_weight, self._head))

    def _open(self, started: ev.TaskStarted) -> None:
        submitted = self._submitted
        if submitted is None:
            raise ValueError("task.started comes behind task.submitted")
        parts = (
            submitted.goal,
            f"Context:\n{submitted.context}" if submitted.context else "",
            listing(self._attached),
            told(submitted.grants),
        )
        history = submitted.history if self._history is None else self._history
        read = inline(self._attached)
        if (started.planner or submitted.planner) == "plan":
            self._withheld = [*(message for message in history if _is_outside(message)), *read]
            history, read = tuple(_withheld(m) if _is_outside(m) else m for m in history), []
        self._head = [
            _instructions(started, submitted),
            *history,
            Message(role="user", content="\n\n".join(filter(None, parts)), label=submitted.label),
            *read,
        ]
        self._attached = []
        self._readable = "read_result" in started.tools
        for message in self._head:
            self._append(message)
        self._flush()

    def _hand_over(self, seq: int, changed: ev.PlannerChanged) -> None:
        """Who goes on step by step reads what the plan's steps returned; who goes on by a plan does not."""
        kept, self._kept = self._kept, []
        if changed.planner == "plan":
            return
        self._later += [Said(seq, message.model_copy(update={"role": "user"})) for message in self._withheld]
        self._withheld = []
        done = [f"{message.call_id}: {message.content}" for message in kept]
        parts = [changed.instructions, f"Until now the work followed a plan. It is dropped: {changed.why}"]
        parts += ["What its steps returned:", *done] if done else ["None of it was carried out."]
        label = join(SYSTEM, *(message.label for message in kept))
        self._later.append(Said(seq, Message(role="user", content="\n\n".join(parts), label=label)))
        self._flush()

    def _ask(self, seq: int, added: tuple[Message, ...]) -> None:
        self._close_gaps()
        self._say(*(Said(seq, message) for message in added))
        self._asked_weight = self.weight

    def _answer(self, seq: int, data: ev.LlmCompleted) -> None:
        if data.usage.input_tokens and self._asked_weight:
            self.measured[data.model] = (self._asked_weight, data.usage.input_tokens)
            self.density = min(1.0, data.usage.input_tokens / self._asked_weight)
        calls = data.tool_calls
        said = Message(role="assistant", content=data.content, tool_calls=calls, label=SYSTEM, opaque=data.opaque)
        self._say(Said(seq, said))
        self._calls = {call.id: call for call in calls}
        self._awaited = dict.fromkeys(self._calls)

    def _append(self, message: Message) -> None:
        self.prompt.append(message)
        self.weight += _weight(message)

    def _say(self, *said: Said) -> None:
        for one in said:
            self._tail.append(one)
            self._append(one.message)

    def _result(self, seq: int, message: Message) -> None:
        """A result that the model did not call for is a plan's, or its turn was forgotten: it stays out of the context."""
        if message.call_id in self._awaited:
            self._awaited[message.call_id] = Said(seq, message)
            self._flush()
        else:
            self._kept.append(message)

    def _flush(self) -> None:
        """A turn's results stand in the order of its calls, and what people said meanwhile behind them."""
        results = [said for said in self._awaited.values() if said is not None]
        if len(results) < len(self._awaited):
            return
        self._say(*results, *self._later)
        self._awaited, self._later = {}, []

    def _compact(self, data: ev.ContextCompacted) -> None:
        self._tail = [said for said in self._tail if said.seq > data.upto_seq]
        self._handles.cover(data.upto_seq)
        self.summary, self._summary_label = data.summary, data.label
        summary = summary_message(data, self._handles, readable=self._readable)
        messages = [*self._head, summary, *(said.message for said in self._tail)]
        self.prompt = self.prompt.replaced(messages)
        self.weight = sum(map(_weight, messages))
        self.measured = {}

    def _forget(self, was: str) -> None:
        self._has_gaps = True
        if was == ev.LlmCompleted.kind:
            self._close_gaps()

    def _close_gaps(self) -> None:
        """A call without a result is one that no API takes: where the result was forgotten, this says so."""
        if self._has_gaps and self._awaited:
            for call_id, said in self._awaited.items():
                if said is None:
                    gap = Message(role="tool", call_id=call_id, content=_FORGOTTEN, label=SYSTEM)
                    self._awaited[call_id] = Said(self._tail[-1].seq, gap)
            self._flush()


def _is_outside(message: Message) -> bool:
    return message.label.trust is Trust.UNTRUSTED


def _withheld(message: Message) -> Message:
    note = "(This answer rests on text from outside; who plans is not shown it.)"
    return Message(role=message.role, content=note, label=SYSTEM)


def _instructions(started: ev.TaskStarted, submitted: ev.TaskSubmitted) -> Message:
    demanded = demand(submitted)
    label = join(SYSTEM, submitted.label) if demanded or submitted.techniques else SYSTEM
    return Message(role="system", content=started.instructions + demanded, label=label)


def _weight(message: Message) -> int:
    calls = sum(len(call.tool) + len(str(call.args)) + _MESSAGE_BYTES for call in message.tool_calls)
    return len(message.content.encode("utf-8", "replace")) + calls + _MESSAGE_BYTES
