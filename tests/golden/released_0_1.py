"""What the lines of ``events-0.1.jsonl`` mean: the events that version 0.1 wrote, in the order of the file.

A released file never changes. When a kind gets a new ``schema_version``, a new file and module are put beside these, and
what stands here is what the old lines read as after the upcast.
"""

from datetime import UTC, datetime

from journal import events as ev
from journal.events import Event, EventData
from journal.values import (
    Budget,
    CallUnderApproval,
    ImagePart,
    Message,
    Opaque,
    Outcome,
    Problem,
    Reservation,
    SourceRef,
    TaskServer,
    TokenUsage,
    ToolCall,
    ToolHints,
    ToolResult,
    WaitingReason,
)
from trust.labels import Label, Trust, Visibility

WEB = Label(sources=("user", "tool:http_get"), trust=Trust.UNTRUSTED, visibility=Visibility.PUBLIC)
SOURCE = SourceRef(source="handbook.md", position="lines 12-18", label=WEB)
LATER = datetime(2026, 5, 4, 12, 0, 0, 500000, tzinfo=UTC)
PROBLEM = Problem(type="urn:x", title="No", status=402, detail="Spent 1.0 of 1.0 USD.", hint="Raise max_cost_usd.")
CALL = ToolCall(id="c1", tool="files.write", args={"path": "a/ü.txt", "n": [1, 2.5, None, True]})
INTENT = "9f" * 32

DATA: list[EventData] = [
    ev.TaskSubmitted(goal="Sum it up.", agent="default", planner="react", budget=Budget()),
    ev.TaskSubmitted(
        goal="Zähle\u2028die \x00 Äpfel 🍏",
        agent="clerk",
        planner="react",
        budget=Budget(max_steps=3, max_cost_usd=0.25, max_tokens=1000, max_seconds=60),
        tools=("lookup", "files.*"),
        models=("fast", "strong"),
        history=(Message(role="user", content="Before.", label=WEB),),
        thread_id="thread_1",
        parent_id="task_0",
        forked_from="task_9",
        namespaces=("docs",),
        mcp_servers=(TaskServer(name="crm", url="https://crm.example/mcp", headers_env={"Authorization": "CRM_TOKEN"}),),
        context="Earlier we spoke of pears.",
        metadata={"ticket": 7, "tags": ["a", None]},
        submitted_by="key:ops",
        label=WEB,
    ),
    ev.TaskStarted(worker="host-1:42", instructions="Be brief.", prompt_version="3", tools={"lookup": "0a1b2c"}),
    ev.TaskWaiting(reason=WaitingReason.TIMER),
    ev.TaskWaiting(reason=WaitingReason.APPROVAL, wake_at=LATER, question="May I?", calls=("c1", "c2"), approvals=("apr_1",)),
    ev.TaskResumed(reason=WaitingReason.APPROVAL, by="ann"),
    ev.TaskCompleted(answer="42", label=WEB),
    ev.TaskCompleted(answer="42", output={"n": 42}, sources=(SOURCE,), label=WEB),
    ev.TaskFailed(outcome=Outcome.ERROR, error=Problem(title="Broken")),
    ev.TaskFailed(outcome=Outcome.BUDGET_EXHAUSTED, error=PROBLEM, answer="So far: 40"),
    ev.TaskCanceled(by="ann"),
    ev.TaskCanceled(by="ann", note="No longer needed."),
    ev.TaskRejected(outcome=Outcome.REFUSED_BY_POLICY, error=PROBLEM),
    ev.LlmRequested(model="fast", role="act", reserved=Reservation(input_tokens=900, output_tokens=100, cost_usd=0.0123)),
    ev.LlmRequested(
        model="strong",
        role="summarize",
        reserved=Reservation(input_tokens=900, output_tokens=100, cost_usd=0.0123),
        added=(Message(role="system", content="Repair it."), Message(role="tool", content="x", call_id="c1", label=WEB)),
        tools_digest="ab" * 32,
        attempt=2,
    ),
    ev.LlmCompleted(model="fast", usage=TokenUsage(), cost_usd=0.0, finish_reason="stop", seconds=0.25),
    ev.LlmCompleted(
        model="fast",
        content="I shall write it down.",
        tool_calls=(CALL, ToolCall(id="c2", tool="lookup", malformed='{"q": ')),
        usage=TokenUsage(input_tokens=812, cached_input_tokens=640, output_tokens=31),
        cost_usd=0.00123,
        finish_reason="tool_calls",
        response_id="chatcmpl-1",
        seconds=1.5,
    ),
    ev.LlmFailed(model="fast", error="RateLimited", detail="429", spent=False),
    ev.LlmFailed(model="fast", error="ConnectionLost", detail="reset", spent=True, again=True, transient=True, retry_at=LATER),
    ev.ToolRequested(call_id="c1", tool="files.write", version="0a1b", args={}, hints=ToolHints(), occurrence=0),
    ev.ToolRequested(
        call_id="c1",
        tool="files.write",
        version="0a1b",
        args=CALL.args,
        hints=ToolHints(read_only=False, destructive=True, idempotent=False, open_world=False),
        occurrence=1,
        attempt=2,
        approval_id="apr_1",
    ),
    ev.ToolCompleted(call_id="c1", tool="lookup", result=ToolResult(content="found", label=WEB)),
    ev.ToolCompleted(
        call_id="c1",
        tool="lookup",
        result=ToolResult(content="found much", data={"rows": [[1, "a"]]}, label=WEB, sources=(SOURCE,)),
        seconds=0.125,
        shown="found ...",
    ),
    ev.ToolFailed(call_id="c1", tool="lookup", error="NotFound", message="There is no x.", label=WEB),
    ev.ToolFailed(call_id="c1", tool="lookup", error="Timeout", message="Too slow.", label=WEB, seconds=60.0),
    ev.ToolInDoubt(call_id="c1", tool="files.write", why="The worker died before the result was journaled."),
    ev.ToolReconciled(call_id="c1", tool="files.write", verdict="not_happened", by="ann"),
    ev.ApprovalRequested(
        approval_id="apr_1",
        digest="cd" * 32,
        expires_at=LATER,
        calls=(
            CallUnderApproval(
                step_id="c1",
                tool="files.write",
                version="0a1b",
                effect="write",
                args=CALL.args,
                labels={"path": WEB},
                why="It changes the world.",
            ),
        ),
    ),
    ev.ApprovalDecided(approval_id="apr_1", decision="expired", by="system"),
    ev.ApprovalDecided(
        approval_id="apr_1", decision="edit", by="ann", note="Shorter.", edited={"c1": {"path": "b.txt", "n": []}}
    ),
    ev.MessageReceived(text="Go on.", by="ann"),
    ev.MessageReceived(text="Berlin", by="ann", call_id="c2", label=WEB),
    ev.Forgotten(was="tool.completed", digest="ef" * 32),
    ev.LlmRequested(
        model="strong",
        role="act",
        reserved=Reservation(input_tokens=900, output_tokens=100, cost_usd=0.0123),
        added=(
            Message(role="user", content="What is this?", images=(ImagePart(media_type="image/png", data="iVBORw0KGgo="),)),
            Message(role="tool", content="Error: gone", call_id="c1", label=WEB, is_error=True),
        ),
    ),
    ev.LlmCompleted(
        model="strong",
        content="A ship.",
        tool_calls=(CALL,),
        usage=TokenUsage(
            input_tokens=812, cached_input_tokens=640, output_tokens=31, cache_write_tokens=100, reasoning_tokens=12
        ),
        cost_usd=0.00123,
        finish_reason="tool_calls",
        seconds=1.5,
        opaque=Opaque(
            format="anthropic.messages",
            model="claude",
            parts=({"type": "thinking", "thinking": "Hm.", "signature": "c2lnbmVk"}, 7, -1),
        ),
    ),
    ev.TaskSubmitted(
        goal="Sum it up.",
        agent="default",
        planner="react",
        budget=Budget(),
        output_schema={"type": "object", "required": ["n"]},
        history=(Message(role="user", content="Hello."), Message(role="assistant", content="Hello.", label=WEB)),
    ),
    ev.AttachmentReceived(name="a.csv", media_type="text/csv", size=4, digest="12" * 32, label=WEB, inline=True, text="a;b\n"),
    ev.AttachmentReceived(name="b.png", media_type="image/png", size=3, digest="34" * 32, label=WEB, data_base64="AAEC"),
    ev.LlmCompleted(model="fast", usage=TokenUsage(), cost_usd=0.0, finish_reason="stop", seconds=0.25, role="summarize"),
    ev.LlmFailed(model="fast", error="StreamCut", detail="cut", spent=True, again=True, transient=True),
    ev.ContextCompacted(upto_seq=12, summary="There are 7 berths.", kept=3, reason="window", by="fast", label=WEB),
]

AT = datetime(2026, 5, 4, 10, 20, 30, 123456, tzinfo=UTC)

EVENTS = [Event(seq, AT, 2, data, INTENT if isinstance(data, ev.ToolRequested) else None) for seq, data in enumerate(DATA, 1)]
