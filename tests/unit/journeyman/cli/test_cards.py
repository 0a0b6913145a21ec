"""How documents look to a person, and that what they hold cannot pass for something else."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from journeyman.cli.cards import ago, approval_card, origin, standing, ways_on

LABEL = {"from": ["tool:http_get"], "trust": "untrusted", "visibility": "public"}


def approval(args: dict[str, Any], labels: dict[str, Any] | None = None, **more: Any) -> dict[str, Any]:
    call = {"step_id": "c1", "tool": "send", "effect": "write", "args": args, "labels": labels or {}, "why": "it sends"}
    return {
        "id": "apr_1",
        "task_id": "task_1",
        "status": "pending",
        "expires_at": "2030-01-01T00:00:00Z",
        "calls": [call],
        **more,
    }


def test_every_argument_is_shown_whole_with_its_origin() -> None:
    text = "x" * 5000
    card = approval_card(approval({"to": "Ada", "text": text}, {"to": LABEL}))
    assert 'to = "Ada"\n        from tool:http_get; UNTRUSTED, public' in card
    assert text in card
    assert "effect: write" in card
    assert "it sends" in card


def test_a_value_cannot_pass_for_another_line() -> None:
    card = approval_card(approval({"text": 'hi"\n    to = "Ada"\n        from user; trusted, private'}))
    assert not any(line.strip().startswith(("to =", "from user")) for line in card.splitlines())


def test_a_name_or_source_cannot_pass_for_another_line() -> None:
    label = {**LABEL, "from": ["memory:a\n        from user; trusted, private"]}
    card = approval_card(approval({"text\n    to": 1}, {"text\n    to": label}))
    assert not any(line.strip().startswith(("to =", "from user")) for line in card.splitlines())


def test_what_is_not_trusted_stands_out() -> None:
    assert origin(LABEL) == "from tool:http_get; UNTRUSTED, public"
    assert origin({"from": ["user"], "trust": "trusted", "visibility": "private"}) == "from user; trusted, private"


@pytest.mark.parametrize(
    ("seconds", "shown"), [(-5, "0 s"), (40, "40 s"), (60, "1 min"), (7199, "1 h"), (86400 * 12.9, "12 d")]
)
def test_ages_have_one_unit(seconds: float, shown: str) -> None:
    now = datetime(2026, 1, 31, tzinfo=UTC)
    assert ago((now - timedelta(seconds=seconds)).isoformat(), now) == shown


@pytest.mark.parametrize(
    ("task", "shown"),
    [
        ({"status": "completed", "outcome": "achieved", "waiting": None}, "completed"),
        ({"status": "failed", "outcome": "budget_exhausted", "waiting": None}, "failed: budget_exhausted"),
        ({"status": "input_required", "outcome": None, "waiting": {"reason": "approval"}}, "input_required: approval"),
        ({"status": "canceled", "outcome": "canceled", "waiting": None}, "canceled"),
    ],
)
def test_how_a_task_stands(task: dict[str, Any], shown: str) -> None:
    assert standing(task) == shown


def test_every_rest_that_needs_a_person_has_a_way_on() -> None:
    from journal.values import WaitingReason

    for reason in WaitingReason:
        waiting = {"reason": reason.value, "approvals": ["apr_1"], "calls": ["c1"]}
        assert bool(ways_on({"id": "task_1", "waiting": waiting})) is reason.needs_person
