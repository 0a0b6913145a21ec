"""The messages sent to a model, as a projection of the journal.

The prompt only ever grows at its end, and each message in it is stored in exactly one event, so a resumed task sends byte
for byte what an unbroken one would have sent.
"""

from journal import events as ev
from journal.events import Event
from journal.values import Message
from llm.types import Prompt
from trust.labels import SYSTEM


class Transcript:
    """Folds events into a ``Prompt``. Apply every event in order."""

    def __init__(self) -> None:
        self.prompt = Prompt()
        self._submitted: ev.TaskSubmitted | None = None
        self._awaited: dict[str, Message | None] = {}
        self._later: list[Message] = []

    def apply(self, event: Event) -> None:
        match event.data:
            case ev.TaskSubmitted() as data:
                self._submitted = data
            case ev.TaskStarted() as data:
                self._open(data)
            case ev.LlmRequested(added=added):
                self._say(*added)
            case ev.LlmCompleted(content=content, tool_calls=calls, opaque=opaque):
                self._say(Message(role="assistant", content=content, tool_calls=calls, label=SYSTEM, opaque=opaque))
                self._awaited = dict.fromkeys(call.id for call in calls)
            case ev.ToolCompleted(call_id=call_id, result=result, shown=shown):
                text = result.content if shown is None else shown
                self._result(Message(role="tool", call_id=call_id, content=text, label=result.label))
            case ev.ToolFailed(call_id=call_id, message=why, label=label):
                self._result(Message(role="tool", call_id=call_id, content=f"Error: {why}", label=label, is_error=True))
            case ev.MessageReceived(call_id=None, text=text, label=label):
                self._later.append(Message(role="user", content=text, label=label))
                self._flush()

    def _open(self, started: ev.TaskStarted) -> None:
        submitted = self._submitted
        if submitted is None:
            raise ValueError("task.started comes behind task.submitted")
        goal = f"{submitted.goal}\n\nContext:\n{submitted.context}" if submitted.context else submitted.goal
        self._say(
            Message(role="system", content=started.instructions, label=SYSTEM),
            *submitted.history,
            Message(role="user", content=goal, label=submitted.label),
        )

    def _say(self, *messages: Message) -> None:
        for message in messages:
            self.prompt.append(message)

    def _result(self, message: Message) -> None:
        self._awaited[message.call_id or ""] = message
        self._flush()

    def _flush(self) -> None:
        """A turn's results stand in the order of its calls, and what people said meanwhile behind them."""
        results = [message for message in self._awaited.values() if message is not None]
        if len(results) < len(self._awaited):
            return
        self._say(*results, *self._later)
        self._awaited, self._later = {}, []
