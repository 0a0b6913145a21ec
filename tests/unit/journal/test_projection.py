"""The fold: what each kind of event does to a task's state."""

import copy
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from journal import events as ev
from journal.call_state import CallStage
from journal.codec import KINDS
from journal.events import Event, EventData, Forgotten
from journal.plans import Delegate, Extract, ForEach, Plan, Step
from journal.projection import TaskState
from journal.values import (
    ApprovalStatus,
    Budget,
    CallUnderApproval,
    Outcome,
    Problem,
    Reservation,
    SourceRef,
    Status,
    TokenUsage,
    ToolCall,
    ToolHints,
    ToolResult,
    Usage,
    WaitingReason,
)
from trust.labels import USER, Label, Trust, Visibility

START = datetime(2026, 1, 1, 8, 0, tzinfo=UTC)
WEB = Label(sources=("tool:get",), trust=Trust.UNTRUSTED, visibility=Visibility.PUBLIC)
SOURCE = SourceRef(source="a.md", position="lines 1-2", label=WEB)
ARGS = {"to": "bob"}

SUBMITTED = ev.TaskSubmitted(goal="g", agent="a", planner="react", budget=Budget(), thread_id="t", metadata={"k": 1})
STARTED = ev.TaskStarted(worker="w", instructions="i", prompt_version="1")
ASKED = ev.LlmRequested(model="m", role="act", reserved=Reservation(input_tokens=100, output_tokens=50, cost_usd=0.5))
ANSWERED = ev.LlmCompleted(
    model="m",
    tool_calls=(ToolCall(id="c1", tool="send", args=ARGS), ToolCall(id="c2", tool="get")),
    usage=TokenUsage(input_tokens=80, cached_input_tokens=30, output_tokens=7),
    cost_usd=0.25,
    finish_reason="tool_calls",
    seconds=1.0,
)
SENT = ev.ToolRequested(call_id="c1", tool="send", version="1", args=ARGS, hints=ToolHints(), occurrence=0)
RETURNED = ev.ToolCompleted(call_id="c2", tool="get", result=ToolResult(content="x", label=WEB, sources=(SOURCE,)))
UNDER_APPROVAL = CallUnderApproval(
    step_id="c1", tool="send", version="1", effect="send", args=ARGS, labels={"to": USER}, why="an effect"
)
APPROVAL = ev.ApprovalRequested(approval_id="p", digest="d", expires_at=START + timedelta(hours=1), calls=(UNDER_APPROVAL,))
IN_DOUBT = ev.ToolInDoubt(call_id="c1", tool="send", why="lost")

TURN = (SUBMITTED, STARTED, ASKED, ANSWERED)


def events(*data: EventData) -> list[Event]:
    return [Event(seq, START + timedelta(seconds=seq), 1, one, f"key{seq}") for seq, one in enumerate(data, 1)]


def fold(*data: EventData) -> TaskState:
    return TaskState.of("acme", "task_1", events(*data))


def test_a_submitted_task_waits_for_its_first_holder() -> None:
    state = fold(SUBMITTED)
    record = state.record()
    assert (record.status, record.goal, record.thread_id, record.metadata) == ("submitted", "g", "t", {"k": 1})
    assert (record.created_at, record.started_at, record.last_seq) == (START + timedelta(seconds=1), None, 1)
    assert not state.ended


def test_the_first_holder_starts_it() -> None:
    state = fold(SUBMITTED, STARTED)
    assert (state.status, state.started, state.started_at) == (Status.WORKING, STARTED, START + timedelta(seconds=2))
    assert state.context_label is not None
    assert state.context_label.sources == ("system", "user")
    assert state.context_label.trust is Trust.TRUSTED


@pytest.mark.parametrize("reason", list(WaitingReason))
def test_a_waiting_task_needs_a_person_or_goes_on_by_itself(reason: WaitingReason) -> None:
    wake = START + timedelta(days=1)
    state = fold(SUBMITTED, STARTED, ev.TaskWaiting(reason=reason, wake_at=wake, question="?", calls=("c",), approvals=("p",)))
    person = reason in {"approval", "input", "in_doubt", "paused"}
    assert state.status == (Status.INPUT_REQUIRED if person else Status.WORKING)
    assert state.waiting is not None
    assert (state.waiting.reason, state.waiting.wake_at, state.waiting.question) == (reason, wake, "?")
    assert (state.waiting.calls, state.waiting.approvals) == (("c",), ("p",))
    assert state.waiting.since == START + timedelta(seconds=3)


def test_a_resumed_task_works_and_waits_for_nothing() -> None:
    state = fold(
        SUBMITTED, STARTED, ev.TaskWaiting(reason=WaitingReason.PAUSED), ev.TaskResumed(reason=WaitingReason.PAUSED, by="a")
    )
    assert (state.status, state.waiting) == (Status.WORKING, None)


PROBLEM = Problem(title="t")


@pytest.mark.parametrize(
    ("last", "status", "outcome", "answer", "error"),
    [
        (ev.TaskCompleted(answer="42", output=[1], sources=(SOURCE,), label=WEB), "completed", "achieved", "42", None),
        (ev.TaskFailed(outcome=Outcome.DEADLINE, error=PROBLEM, answer="part"), "failed", "deadline", "part", PROBLEM),
        (ev.TaskCanceled(by="ann"), "canceled", "canceled", None, None),
        (ev.TaskRejected(outcome=Outcome.INVALID, error=PROBLEM), "rejected", "invalid", None, PROBLEM),
    ],
)
def test_every_ending_has_a_name(
    last: EventData, status: str, outcome: str, answer: str | None, error: Problem | None
) -> None:
    state = fold(SUBMITTED, STARTED, ev.TaskWaiting(reason=WaitingReason.INPUT), last)
    record = state.record()
    assert (record.status, record.outcome, record.answer, record.error) == (status, outcome, answer, error)
    assert (record.waiting, record.ended_at) == (None, START + timedelta(seconds=4))
    assert state.ended


def test_a_completed_task_shows_output_sources_and_label() -> None:
    record = fold(SUBMITTED, ev.TaskCompleted(answer="42", output=[1], sources=(SOURCE,), label=WEB)).record()
    assert (record.output, record.sources, record.label) == ([1], (SOURCE,), WEB)


def test_an_open_request_holds_its_reservation_until_it_is_settled() -> None:
    state = fold(*TURN[:3])
    assert state.open_request is not None
    assert (state.open_request.seq, state.open_request.reserved) == (3, ASKED.reserved)
    assert state.usage == Usage(model_calls=1)
    settled = fold(*TURN)
    assert settled.open_request is None
    assert settled.usage == Usage(
        steps=1, model_calls=1, input_tokens=80, cached_input_tokens=30, output_tokens=7, cost_usd=0.25
    )
    assert settled.last_completion is not None
    assert settled.last_completion == ANSWERED


def test_the_reservation_of_a_request_asked_again_stays_spent() -> None:
    state = fold(SUBMITTED, STARTED, ASKED, ASKED)
    assert state.usage == Usage(model_calls=2, input_tokens=100, output_tokens=50, cost_usd=0.5)
    assert state.open_request is not None
    assert state.open_request.seq == 4


def test_a_request_whose_end_is_unknown_counts_against_the_budget() -> None:
    assert fold(SUBMITTED, STARTED, ASKED).committed.cost_usd == 0.5
    assert fold(SUBMITTED, STARTED, ASKED, ASKED).committed.cost_usd == 1.0
    gave_up = ev.TaskFailed(outcome=Outcome.BUDGET_EXHAUSTED, error=Problem(title="t", detail="d"))
    ended = fold(SUBMITTED, STARTED, ASKED, gave_up)
    assert (ended.usage.cost_usd, ended.committed.cost_usd) == (0.5, 0.5)


@pytest.mark.parametrize(("spent", "cost"), [(True, 0.5), (False, 0.0)])
def test_a_failed_model_call_is_spent_only_if_it_may_have_been_billed(spent: bool, cost: float) -> None:
    state = fold(SUBMITTED, STARTED, ASKED, ev.LlmFailed(model="m", error="e", detail="d", spent=spent))
    assert (state.open_request, state.usage.cost_usd) == (None, cost)


def test_a_turn_opens_the_calls_the_model_asked_for() -> None:
    state = fold(*TURN)
    assert [(c.call.id, c.stage) for c in state.open_calls] == [("c1", CallStage.ASKED), ("c2", CallStage.ASKED)]


def test_a_new_turn_replaces_the_calls_of_the_last() -> None:
    state = fold(*TURN, RETURNED, ASKED, ANSWERED.model_copy(update={"tool_calls": (ToolCall(id="c9", tool="get"),)}))
    assert list(state.calls) == ["c9"]


def test_an_intent_marks_its_call_as_sent_and_counts_the_occurrence() -> None:
    state = fold(*TURN, SENT)
    call = state.calls["c1"]
    assert (call.stage, call.intent_key, call.occurrence, call.attempts) == (CallStage.SENT, "key5", 0, 1)
    assert state.occurrence("send", "1", ARGS) == 1
    assert state.occurrence("send", "2", ARGS) == 0
    again = fold(*TURN, SENT, SENT.model_copy(update={"attempt": 2}))
    assert again.occurrence("send", "1", ARGS) == 1
    assert again.calls["c1"].attempts == 2


def test_a_result_closes_its_call_and_taints_the_context() -> None:
    state = fold(*TURN, RETURNED)
    assert state.calls["c2"].stage is CallStage.DONE
    assert [c.call.id for c in state.open_calls] == ["c1"]
    assert (state.usage.tool_calls, state.sources) == (1, (SOURCE,))
    assert state.context_label is not None
    assert state.context_label.trust is Trust.UNTRUSTED
    assert fold(*TURN, RETURNED, RETURNED).sources == (SOURCE,)


def test_a_failure_closes_its_call_too() -> None:
    state = fold(*TURN, ev.ToolFailed(call_id="c2", tool="get", error="E", message="m", label=WEB))
    assert (state.calls["c2"].stage, state.usage.tool_calls) == (CallStage.DONE, 1)
    assert state.context_label is not None
    assert state.context_label.trust is Trust.UNTRUSTED


def test_a_doubtful_call_stays_in_doubt_until_it_is_settled() -> None:
    state = fold(*TURN, SENT, IN_DOUBT)
    assert state.calls["c1"].stage is CallStage.IN_DOUBT


@pytest.mark.parametrize(
    ("verdict", "stage", "not_happened"),
    [
        ("happened", CallStage.IN_DOUBT, False),
        ("skipped", CallStage.IN_DOUBT, False),
        ("not_happened", CallStage.APPROVED, True),
    ],
)
def test_only_what_did_not_happen_may_be_sent_again(verdict: Any, stage: CallStage, not_happened: bool) -> None:
    settled = ev.ToolReconciled(call_id="c1", tool="send", verdict=verdict, by="ann")
    call = fold(*TURN, SENT, IN_DOUBT, settled).calls["c1"]
    assert (call.stage, call.not_happened) == (stage, not_happened)


def test_an_approval_is_pending_and_known_to_its_call() -> None:
    state = fold(*TURN, APPROVAL)
    approval = state.approvals["p"]
    assert (approval.task_id, approval.status, approval.calls) == ("task_1", ApprovalStatus.PENDING, (UNDER_APPROVAL,))
    assert state.calls["c1"].approval_id == "p"


@pytest.mark.parametrize(
    ("decision", "status", "stage", "denied"),
    [
        ("approve", ApprovalStatus.APPROVED, CallStage.APPROVED, None),
        ("edit", ApprovalStatus.APPROVED, CallStage.APPROVED, None),
        ("deny", ApprovalStatus.DENIED, CallStage.ASKED, "not now"),
        ("expired", ApprovalStatus.EXPIRED, CallStage.ASKED, "not now"),
        ("void", ApprovalStatus.VOID, CallStage.ASKED, None),
    ],
)
def test_a_persons_word_decides(decision: Any, status: ApprovalStatus, stage: CallStage, denied: str | None) -> None:
    edited = {"c1": {"to": "eve"}} if decision == "edit" else {}
    decided = ev.ApprovalDecided(approval_id="p", decision=decision, by="ann", note="not now", edited=edited)
    state = fold(*TURN, APPROVAL, decided)
    call = state.calls["c1"]
    assert (state.approvals["p"].status, state.approvals["p"].decided_by) == (status, "ann")
    assert (call.stage, call.denied) == (stage, denied)
    assert call.call.args == (edited["c1"] if edited else ARGS)


def test_a_message_answers_the_call_that_asked_and_joins_the_context() -> None:
    state = fold(*TURN, ev.MessageReceived(text="Berlin", by="ann", call_id="c1", label=WEB))
    assert state.calls["c1"].reply == "Berlin"
    assert state.context_label is not None
    assert state.context_label.trust is Trust.UNTRUSTED
    assert fold(*TURN, ev.MessageReceived(text="hi", by="ann", call_id="gone")).calls["c1"].reply is None


STORY: list[EventData] = [
    *TURN,
    APPROVAL,
    ev.TaskWaiting(reason=WaitingReason.APPROVAL, approvals=("p",)),
    ev.ApprovalEscalated(approval_id="p"),
    ev.ApprovalDecided(approval_id="p", decision="approve", by="ann"),
    ev.TaskResumed(reason=WaitingReason.APPROVAL, by="ann"),
    SENT,
    RETURNED,
    IN_DOUBT,
    ev.ToolReconciled(call_id="c1", tool="send", verdict="skipped", by="ann"),
    ev.ToolFailed(call_id="c1", tool="send", error="Skipped", message="left undone", label=USER),
    ASKED,
    ev.LlmFailed(model="m", error="e", detail="d", spent=True),
    ASKED,
    ANSWERED.model_copy(update={"tool_calls": ()}),
    ev.MessageReceived(text="hurry", by="ann"),
    ev.PlanCreated(
        plan=Plan(
            steps=(
                Step(id="s1", tool="send"),
                Step(id="s2", extract=Extract(source="$s1", ask="it", schema_={})),
                Step(id="s3", tool="send", for_each=ForEach(list_="$s1", name="x")),
                Step(id="s4", delegate=Delegate(goal="g")),
            )
        ),
        prompt_version="plan_v1",
        label=USER,
    ),
    SENT.model_copy(update={"call_id": "s1"}),
    RETURNED.model_copy(update={"call_id": "s1"}),
    ASKED.model_copy(update={"step": "s2"}),
    ev.LlmFailed(model="m", error="e", detail="d", spent=True, step="s2"),
    ASKED.model_copy(update={"step": "s2"}),
    ANSWERED.model_copy(update={"step": "s2"}),
    ev.StepCompleted(step_id="s2", value=1, label=WEB),
    RETURNED.model_copy(update={"call_id": "s3[0]"}),
    ev.StepCompleted(step_id="s3", items=1, label=WEB),
    ev.StepDelegated(step_id="s4", task_id="task_2", budget=Budget()),
    ev.StepFailed(step_id="s4", error="canceled", label=WEB, usage=Usage(cost_usd=0.5)),
    ev.PlanRevised(steps=(Step(id="s5", tool="send"),), dropped=("s1", "s4")),
    ev.StepCompleted(step_id="s5", same_as=1, label=WEB),
    ev.StepSkipped(step_id="s6", why="x"),
    ev.PlannerChanged(planner="react", prompt_version="react_v1", why="w", instructions="i"),
    ev.AttachmentReceived(name="a", media_type="text/plain", size=1, digest="d", label=WEB, text="x"),
    ev.ContextCompacted(upto_seq=9, summary="s", kept=0, reason="window", by="m", label=WEB),
    ev.GuardFlagged(detector="heuristics", action="withheld", where="result of http_get", score=0.9, why="w", excerpt="x"),
    ev.TaskForked(origin="task_0", seq=1, by="ann"),
]
ENDINGS: list[EventData] = [
    ev.TaskCompleted(answer="42", label=WEB),
    ev.TaskFailed(outcome=Outcome.ERROR, error=PROBLEM),
    ev.TaskCanceled(by="ann"),
    ev.TaskRejected(outcome=Outcome.INVALID, error=PROBLEM),
]


def test_the_story_tells_of_every_kind() -> None:
    assert {data.kind for data in (*STORY, *ENDINGS)} == set(KINDS)


SUMMARIZING = ASKED.model_copy(update={"role": "summarize"})
SUMMARIZED = ANSWERED.model_copy(update={"role": "summarize", "tool_calls": ()})


def test_a_summary_is_paid_for_and_is_no_turn() -> None:
    before = fold(*TURN)
    state = fold(*TURN, SUMMARIZING, SUMMARIZED)
    assert (state.last_completion, state.calls.keys()) == (ANSWERED, before.calls.keys())
    assert (state.usage.steps, state.usage.model_calls) == (1, 2)
    assert state.usage.cost_usd == 2 * before.usage.cost_usd
    assert state.asked_since_completion == 0


def test_a_summary_that_failed_speaks_against_no_model() -> None:
    failed = ev.LlmFailed(model="m", error="StreamCut", detail="d", spent=True)
    state = fold(*TURN, SUMMARIZING, failed)
    assert state.failures == []
    assert state.usage.cost_usd == fold(*TURN).usage.cost_usd + SUMMARIZING.reserved.cost_usd


def test_a_model_that_found_the_prompt_too_long_may_read_the_shorter_one() -> None:
    too_long = ev.LlmFailed(model="m", error="ContextTooLong", detail="d", spent=False)
    compacted = ev.ContextCompacted(upto_seq=4, summary="s", kept=0, reason="refused", by="m", label=WEB)
    state = fold(*TURN, ASKED, too_long, compacted)
    assert (state.failures, state.shortened) == ([], True)
    assert not fold(*TURN, ASKED, too_long, compacted, ASKED, ANSWERED).shortened


@pytest.mark.parametrize("ending", ENDINGS, ids=lambda data: data.kind)
def test_folding_a_prefix_is_applying_one_by_one(ending: EventData) -> None:
    journal = events(*STORY, ending)
    state = TaskState.of("acme", "task_1", journal[:1])
    for n, event in enumerate(journal[1:], 2):
        state.apply(event)
        assert TaskState.of("acme", "task_1", journal[:n]) == state


def test_a_fold_shares_nothing_with_a_later_one() -> None:
    journal = events(*STORY)
    early = TaskState.of("acme", "task_1", journal[:5])
    kept = copy.deepcopy(early)
    TaskState.of("acme", "task_1", journal)
    assert early == kept


def test_a_gap_is_an_error() -> None:
    state = fold(SUBMITTED)
    with pytest.raises(ValueError, match="does not follow"):
        state.apply(Event(3, START, 1, STARTED))


def test_a_journal_starts_with_its_submission() -> None:
    with pytest.raises(ValueError, match=r"starts with task\.submitted"):
        fold(STARTED)


@pytest.mark.parametrize("ending", ENDINGS, ids=lambda data: data.kind)
@pytest.mark.parametrize("gone", range(len(STORY) + 1), ids=lambda n: [*(d.kind for d in STORY), "ending"][n])
def test_a_forgotten_event_leaves_a_fold_that_still_ends(gone: int, ending: EventData) -> None:
    journal = events(*STORY, ending)
    was = journal[gone]
    journal[gone] = Event(was.seq, was.at, was.epoch, Forgotten(was=was.kind, digest="0" * 64))
    state = TaskState.of("acme", "task_1", journal)
    whole = TaskState.of("acme", "task_1", events(*STORY, ending))
    assert (state.status, state.ended_at, state.last_seq) == (whole.status, whole.ended_at, whole.last_seq)
    assert state.started_at == whole.started_at


def test_all_but_the_envelope_may_be_forgotten() -> None:
    journal = [Event(e.seq, e.at, e.epoch, Forgotten(was=e.kind, digest="0" * 64)) for e in events(*STORY, ENDINGS[0])]
    record = TaskState.of("acme", "task_1", journal).record()
    assert (record.status, record.outcome, record.goal, record.answer) == ("completed", "achieved", "", None)


def test_a_void_approval_does_not_bring_back_a_call_that_was_sent() -> None:
    approved = ev.ApprovalDecided(approval_id="p", decision="approve", by="ann")
    void = ev.ApprovalDecided(approval_id="p", decision="void", by="system")
    assert fold(*TURN, APPROVAL, approved, SENT, void).calls["c1"].stage is CallStage.SENT
    assert fold(*TURN, APPROVAL, approved, SENT, IN_DOUBT, void).calls["c1"].stage is CallStage.IN_DOUBT


def test_a_wait_for_a_person_that_becomes_a_pause_counts_as_rest_from_its_start() -> None:
    waiting = ev.TaskWaiting(reason=WaitingReason.APPROVAL, approvals=("p",))
    paused, resumed = ev.TaskWaiting(reason=WaitingReason.PAUSED), ev.TaskResumed(reason=WaitingReason.PAUSED, by="ann")
    assert fold(*TURN, waiting, SENT, paused, resumed).rested_seconds == 3
