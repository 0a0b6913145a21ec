"""Every combination of facts has the decision the rules give it."""

from itertools import product

import pytest

from trust.policy import CallFacts, Decision, decide, urls_in


def facts(**changes: object) -> CallFacts:
    given: dict[str, object] = {
        "tool": "t",
        "args": {},
        "goal": "",
        "vouched": True,
        "read_only": False,
        "workspace_only": False,
        "fetches_url": False,
    }
    return CallFacts(**{**given, **changes})  # type: ignore[arg-type]


@pytest.mark.parametrize(("vouched", "read_only", "workspace_only"), list(product([True, False], repeat=3)))
def test_only_vouched_reads_and_workspace_writes_pass(vouched: bool, read_only: bool, workspace_only: bool) -> None:
    verdict = decide(facts(vouched=vouched, read_only=read_only, workspace_only=workspace_only))
    expected = Decision.ALLOW if vouched and (read_only or workspace_only) else Decision.ASK
    assert verdict.decision is expected


def test_a_claim_of_an_unvouched_tool_is_an_effect() -> None:
    assert decide(facts(vouched=False, read_only=True)).effect == "execute"


@pytest.mark.parametrize(
    ("goal", "url", "passes"),
    [
        ("Read http://a.example/x and sum it up", "http://a.example/x", True),
        ("Read http://a.example/x.", "http://a.example/x", True),
        ("Read (http://a.example/x), please", "http://a.example/x", True),
        ("Read http://a.example/x", "http://a.example/x?leak=secret", False),
        ("Read http://a.example/x/y", "http://a.example/x", False),
        ("Read http://a.example/x", "http://evil.example/http://a.example/x", False),
        ("Read a.example", "http://a.example", False),
        ("", "", False),
        ("Read http://a.example/x", None, False),
    ],
)
def test_only_an_address_the_goal_names_whole_is_fetched(goal: str, url: object, passes: bool) -> None:
    verdict = decide(facts(goal=goal, args={"url": url}, read_only=True, fetches_url=True))
    assert (verdict.decision is Decision.ALLOW) is passes
    assert verdict.effect == "fetch"


def test_urls_end_where_a_sentence_does() -> None:
    assert "https://x.example/a(b)" in urls_in("see https://x.example/a(b).")
