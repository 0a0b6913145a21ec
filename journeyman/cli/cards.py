"""How tasks, approvals and events look to a person: plain text, built from the API's documents."""

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from journeyman.cli.output import money, one_line, safe

Document = Mapping[str, Any]

_INDENT = "  "


def task_card(task: Document, steps: Sequence[Document]) -> str:
    """A whole task: how it stands, what it spent, what it answered and on what grounds."""
    lines = [f"{task['id']}  {standing(task)}", "", _field("Goal", task["goal"]), _field("Agent", _agent(task))]
    if task.get("thread_id"):
        lines.append(_field("Thread", task["thread_id"]))
    if task.get("forked_from"):
        lines.append(_field("Forked from", task["forked_from"]))
    lines += [_field("Used", spent(task["usage"])), _field("Times", _times(task))]
    lines += _waiting_lines(task)
    lines += _error_lines(task)
    lines += _step_lines(steps)
    lines += _answer_lines(task)
    return "\n".join(lines)


def standing(task: Document) -> str:
    """Status in a word or two: ``completed``, ``failed: budget_exhausted``, ``input_required: approval``."""
    waiting = task.get("waiting")
    if waiting:
        return f"{task['status']}: {waiting['reason']}"
    outcome = task.get("outcome")
    return f"{task['status']}: {outcome}" if outcome and outcome not in ("achieved", "canceled") else str(task["status"])


def spent(usage: Document) -> str:
    """Usage in a line."""
    tokens = f"{usage['input_tokens']:,} tokens in"
    if usage["cached_input_tokens"]:
        tokens += f" ({usage['cached_input_tokens']:,} cached)"
    return (
        f"{_count(usage['steps'], 'step')}, {_count(usage['model_calls'], 'model call')}, "
        f"{_count(usage['tool_calls'], 'tool call')}, {tokens}, {usage['output_tokens']:,} out, {money(usage['cost_usd'])}"
    )


def approval_card(approval: Document) -> str:
    """Exactly what would be done, argument by argument, and where each argument came from."""
    lines = [f"{approval['id']}  {approval['status']}", _field("Task", approval["task_id"])]
    lines.append(_field("Expires", moment(approval["expires_at"])))
    if approval.get("decided_by"):
        note = f": {approval['note']}" if approval.get("note") else ""
        lines.append(_field("Decided", f"by {approval['decided_by']}{note}"))
    for call in approval["calls"]:
        lines += ["", f"  {call['tool']}  (effect: {call['effect']}, step {call['step_id']})"]
        lines += [f"    why: {one_line(call['why'])}"] if call.get("why") else []
        lines += _argument_lines(call)
    return "\n".join(lines)


def origin(label: Document) -> str:
    """A label in words: ``from user; trusted, private``. What is not trusted stands out."""
    trust = "trusted" if label["trust"] == "trusted" else "UNTRUSTED"
    return f"from {', '.join(label['from'])}; {trust}, {label['visibility']}"


def event_line(event: Document) -> str:
    """One event: seq, time, kind and the data that tells it apart."""
    brief = {key: value for key, value in event["data"].items() if value not in (None, "", [], {}) and key != "label"}
    return f"{event['seq']:>5}  {moment(event['at'], seconds=True)}  {event['kind']:<19} {one_line(_json(brief), 160)}"


def moment(text: str | None, *, seconds: bool = False) -> str:
    """A time of the API's (UTC, ISO 8601) in the reader's own zone; ``-`` for none."""
    if not text:
        return "-"
    local = datetime.fromisoformat(text).astimezone()
    return local.strftime("%Y-%m-%d %H:%M:%S" if seconds else "%Y-%m-%d %H:%M")


def ago(text: str, now: datetime | None = None) -> str:
    """How long ago, in one unit: ``40 s``, ``5 min``, ``3 h``, ``12 d``."""
    past = ((now or datetime.now(UTC)) - datetime.fromisoformat(text)).total_seconds()
    for size, unit in ((86400, "d"), (3600, "h"), (60, "min")):
        if past >= size:
            return f"{past // size:.0f} {unit}"
    return f"{max(past, 0):.0f} s"


def _field(name: str, value: str) -> str:
    first, *rest = safe(value).splitlines() or [""]
    return "\n".join([f"{name + ':':<12} {first}", *(f"{'':<12} {line}" for line in rest)])


def _agent(task: Document) -> str:
    return f"{task['agent']} (planner {task['planner']})"


def _times(task: Document) -> str:
    text = f"submitted {moment(task['created_at'], seconds=True)}"
    if task.get("ended_at") and task.get("started_at"):
        took = datetime.fromisoformat(task["ended_at"]) - datetime.fromisoformat(task["started_at"])
        text += f", took {took.total_seconds():.1f} s"
    return text


def _waiting_lines(task: Document) -> list[str]:
    waiting = task.get("waiting")
    if not waiting:
        return []
    lines = [_field("Waiting", f"for {waiting['reason']} since {moment(waiting['since'], seconds=True)}")]
    if waiting.get("question"):
        lines.append(_field("Question", waiting["question"]))
    return [*lines, *(_field("", way) for way in ways_on(task))]


def ways_on(task: Document) -> list[str]:
    """The commands that carry a resting task on."""
    waiting = task.get("waiting") or {}
    match waiting.get("reason"):
        case "approval":
            return [f"journeyman approvals show {approval}" for approval in approval_ids(waiting)]
        case "input":
            return [f"journeyman tasks input {task['id']} 'your answer'"]
        case "in_doubt":
            calls = waiting.get("calls") or ["CALL"]
            return [f"journeyman tasks input {task['id']} --call {call} --verdict happened|not_happened" for call in calls]
        case "concurrency" if waiting.get("behind"):
            return [f"journeyman tasks show {waiting['behind']}"]
        case "paused":
            return [f"journeyman tasks resume {task['id']}"]
    return []


def approval_ids(waiting: Document) -> list[str]:
    """The ids of the approvals a task waits for; the API gives ids or whole documents."""
    return [entry if isinstance(entry, str) else entry["id"] for entry in waiting.get("approvals") or []]


def _error_lines(task: Document) -> list[str]:
    error = task.get("error")
    if not error:
        return []
    lines = [_field("Error", error.get("detail") or error["title"])]
    return lines + ([_field("", error["hint"])] if error.get("hint") else [])


def _step_lines(steps: Sequence[Document]) -> list[str]:
    return ["", "Steps", *(_step_line(number, step) for number, step in enumerate(steps, 1))] if steps else []


def _step_line(number: int, step: Document) -> str:
    name = f"model {step['name']}" if step["kind"] == "model" else f"{step['name']} {_json(step.get('args') or {})}"
    parts = [one_line(name, 100), step["status"]]
    if step.get("seconds") is not None:
        parts.append(f"{step['seconds']:.1f} s")
    if step.get("cost_usd"):
        parts.append(money(step["cost_usd"]))
    if step.get("error"):
        parts.append(one_line(step["error"], 120))
    return f"{number:>4}. {'  '.join(parts)}"


def _answer_lines(task: Document) -> list[str]:
    if not task.get("answer"):
        return []
    lines = ["", "Answer", *(_INDENT + line for line in safe(task["answer"]).splitlines())]
    sources = task.get("sources") or []
    if sources:
        lines += ["", "Sources", *(f"{_INDENT}{one_line(s['source'])}  {one_line(s['position'])}" for s in sources)]
    return lines


def _argument_lines(call: Document) -> Iterator[str]:
    labels = call.get("labels") or {}
    for name, value in call["args"].items():
        yield f"    {one_line(name)} = {safe(_json(value))}"
        if name in labels:
            yield f"        {one_line(origin(labels[name]))}"


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, default=str)


def _count(number: int, what: str) -> str:
    return f"{number:,} {what}{'' if number == 1 else 's'}"
