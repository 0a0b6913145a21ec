"""The steps of a task, folded from its events: one row for each model turn and each tool call."""

from collections.abc import Iterable
from typing import Any

from api.schemas import StepDocument
from journal import events as ev
from journal.events import Event


class Steps:
    """Feed it a journal in order with ``add``; ``rows`` are the steps so far, in the order they began."""

    def __init__(self) -> None:
        self._rows: list[dict[str, Any]] = []
        self._turns: dict[str, dict[str, Any]] = {}
        """The latest model turn of the task itself (under ``""``) and of each step of a plan."""
        self._calls: dict[str, dict[str, Any]] = {}

    def add(self, events: Iterable[Event]) -> None:
        for event in events:
            self._apply(event, event.data)

    def rows(self) -> tuple[StepDocument, ...]:
        return tuple(StepDocument.model_construct(**row) for row in self._rows)

    def _apply(self, event: Event, data: ev.EventData) -> None:
        match data:
            case ev.LlmRequested():
                self._turns[data.step] = self._begin(event, "model", data.model, "running")
            case ev.LlmCompleted():
                self._end(
                    self._turns.get(data.step),
                    event,
                    "completed",
                    seconds=data.seconds,
                    usage=data.usage,
                    cost_usd=data.cost_usd,
                )
                for call in () if data.step else data.tool_calls:
                    self._calls[call.id] = self._begin(event, "tool", call.tool, "asked", call_id=call.id, args=call.args)
            case ev.LlmFailed():
                self._end(self._turns.get(data.step), event, "failed", error=data.detail)
            case ev.ApprovalRequested():
                self._mark((call.step_id for call in data.calls), "waiting")
            case ev.ApprovalDecided():
                self._mark((i for i, row in self._calls.items() if row["status"] == "waiting"), "asked")
            case ev.ToolRequested():
                self._called(event, data.call_id, data.tool)
                self._mark((data.call_id,), "running", args=data.args)
            case ev.ToolInDoubt():
                self._mark((data.call_id,), "in_doubt", error=data.why)
            case ev.ToolCompleted():
                self._end(self._called(event, data.call_id, data.tool), event, "completed", seconds=data.seconds)
            case ev.ToolFailed():
                self._end(
                    self._called(event, data.call_id, data.tool), event, "failed", seconds=data.seconds, error=data.message
                )

            case ev.PlanCreated(call_id=str(call_id)) | ev.PlanRevised(call_id=str(call_id)):
                self._end(self._calls.get(call_id), event, "completed")

    def _called(self, event: Event, call_id: str, tool: str) -> dict[str, Any]:
        """The row of a call; a plan's begins with its first event, and anew where a revision gave its id away."""
        row = self._calls.get(call_id)
        if row is None or "ended_at" in row:
            row = self._calls[call_id] = self._begin(event, "tool", tool, "running", call_id=call_id)
        return row

    def _begin(self, event: Event, kind: str, name: str, status: str, **more: Any) -> dict[str, Any]:
        row = {"seq": event.seq, "kind": kind, "name": name, "status": status, "started_at": event.at, **more}
        self._rows.append(row)
        return row

    def _mark(self, call_ids: Iterable[str], status: str, **more: Any) -> None:
        for call_id in call_ids:
            if call_id in self._calls:
                self._calls[call_id].update(status=status, **more)

    def _end(self, row: dict[str, Any] | None, event: Event, status: str, **more: Any) -> None:
        if row is not None:
            row.update(status=status, ended_at=event.at, ended_seq=event.seq, **{"error": None, **more})
