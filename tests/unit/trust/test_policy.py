"""What the policy decides of calls one by one. ``test_policy_table`` goes through all combinations."""

from itertools import product

import pytest

from trust.declaring import declared
from trust.labels import SYSTEM, USER, Label, Trust, Visibility, join
from trust.policy import CallFacts, Decision, DeclaredPolicy, Verdict
from trust.policy_settings import PolicySettings, ProfilePolicy

OWN = join(SYSTEM, USER)
MAIL = Label(sources=("tool:mail.read",), trust=Trust.UNTRUSTED, visibility=Visibility.PRIVATE)
PAGE = Label(sources=("tool:web.get",), trust=Trust.UNTRUSTED, visibility=Visibility.PUBLIC)
LEDGER = Label(sources=("tool:ledger.read",), trust=Trust.TRUSTED, visibility=Visibility.PRIVATE)
IBAN = "DE89370400440532013000"

TOOLS = {
    "bank.pay": {"effect": "pay", "args": {"recipient": "recipient", "amount": "amount", "subject": "content"}},
    "bank.history": {"effect": "read"},
    "web.get": {"effect": "fetch", "args": {"url": "url"}},
    "web.read": {"effect": "read", "args": {"url": "url"}},
    "web.post": {"effect": "send", "args": {"url": "url", "body": "content"}},
    "mail.delete": {"effect": "delete", "args": {"id": "id"}},
    "notes.*": {"effect": "write", "args": {"text": "content", "path": "path"}},
}


def policy(**more: object) -> DeclaredPolicy:
    return declared(PolicySettings.model_validate({"tools": TOOLS, **more}), {})


def paying(recipient: Label = OWN, amount: Label = OWN, subject: Label = OWN, **more: object) -> CallFacts:
    given: dict[str, object] = {
        "tool": "bank.pay",
        "args": {"recipient": IBAN, "amount": 50, "subject": "rent"},
        "labels": {"recipient": recipient, "amount": amount, "subject": subject},
        "decided": OWN,
    }
    return CallFacts(**{**given, **more})  # type: ignore[arg-type]


def call(tool: str, label: Label = OWN, **more: object) -> CallFacts:
    args = more.pop("args", {})
    given = {"tool": tool, "args": args, "labels": dict.fromkeys(args, label), "decided": OWN}  # type: ignore[call-overload]
    return CallFacts(**{**given, **more})


def decided(facts: CallFacts, **more: object) -> Decision:
    return policy(**more).decide(facts).decision


def test_an_effect_passes_when_the_person_or_the_plan_fixed_what_it_hits() -> None:
    assert decided(paying()) is Decision.ALLOW
    assert decided(paying(subject=MAIL)) is Decision.ALLOW


@pytest.mark.parametrize("name", ["recipient", "amount"])
def test_an_effect_asks_when_data_decides_what_it_hits(name: str) -> None:
    verdict = policy().decide(paying(**{name: MAIL}))  # type: ignore[arg-type]
    assert verdict.decision is Decision.ASK
    assert verdict.why == f"{name} comes from tool:mail.read"
    assert verdict.free == ("subject",)


def test_an_argument_without_a_class_counts_as_one_that_decides() -> None:
    facts = paying()
    more = CallFacts(facts.tool, {**facts.args, "when": "now"}, {**facts.labels, "when": MAIL}, OWN)
    assert decided(more) is Decision.ASK


def test_an_effect_chosen_after_reading_asks_whatever_its_arguments() -> None:
    verdict = policy().decide(paying(decided=join(OWN, MAIL), words=(f"pay 50 to {IBAN}",)))
    assert (verdict.decision, verdict.why) == (Decision.ASK, "it was chosen after reading tool:mail.read")


def test_an_effect_whose_happening_depends_on_data_asks_unless_the_operator_allows_it() -> None:
    assert decided(paying(condition=MAIL)) is Decision.ASK
    allowing = {**TOOLS, "bank.pay": {**TOOLS["bank.pay"], "under_condition": "allow"}}
    assert decided(paying(condition=MAIL), tools=allowing) is Decision.ALLOW
    assert decided(paying(condition=MAIL, recipient=MAIL), tools=allowing) is Decision.ASK


def test_what_the_person_typed_whole_is_trusted_where_data_repeats_it() -> None:
    assert decided(paying(recipient=MAIL, words=(f"Pay the rent to {IBAN}.",))) is Decision.ALLOW
    assert decided(paying(recipient=MAIL, words=(f"Pay the rent to {IBAN}9.",))) is Decision.ASK
    assert decided(paying(amount=MAIL, words=("Pay 50",))) is Decision.ASK, "a number stands there by chance"


def test_what_a_trusted_tool_returned_is_trusted_where_data_repeats_it() -> None:
    assert decided(paying(recipient=MAIL, confirmed=frozenset({IBAN}))) is Decision.ALLOW


def test_reads_pass_and_deletes_ask() -> None:
    assert decided(call("bank.history", MAIL, args={"account": "x"}, decided=join(OWN, MAIL))) is Decision.ALLOW
    assert decided(call("mail.delete", args={"id": "7"})) is Decision.ASK


def test_a_fetch_asks_when_it_could_carry_private_data_out() -> None:
    url = {"args": {"url": "https://x.example/?q=secret"}}
    assert decided(call("web.get", **url)) is Decision.ALLOW
    assert decided(call("web.get", PAGE, **url)) is Decision.ALLOW
    assert decided(call("web.get", MAIL, **url)) is Decision.ASK
    assert decided(call("web.get", LEDGER, **url)) is Decision.ASK
    assert decided(call("web.get", MAIL, **url), private_egress="deny") is Decision.DENY
    assert decided(call("web.get", MAIL, words=("see https://x.example/?q=secret",), **url)) is Decision.ALLOW
    assert decided(call("web.get", condition=MAIL, **url)) is Decision.ASK


def test_a_read_with_a_url_is_a_fetch() -> None:
    assert decided(call("web.read", MAIL, args={"url": "https://x.example"})) is Decision.ASK


def test_private_data_in_the_url_of_an_effect_asks_though_its_source_is_trusted() -> None:
    facts = CallFacts("web.post", {"url": "https://x.example/?q=1", "body": "b"}, {"url": LEDGER, "body": MAIL}, OWN)
    assert decided(facts) is Decision.ASK


@pytest.mark.parametrize(("vouched", "read_only", "workspace_only"), list(product([True, False], repeat=3)))
def test_without_the_operators_word_hints_count_only_of_whom_the_operator_trusts(
    vouched: bool, read_only: bool, workspace_only: bool
) -> None:
    facts = call("t", vouched=vouched, read_only=read_only, workspace_only=workspace_only)
    expected = Decision.ALLOW if vouched and (read_only or workspace_only) else Decision.ASK
    assert decided(facts) is expected
    if expected is Decision.ASK:
        assert decided(facts, unclassified_effect="deny") is Decision.DENY


def test_a_pattern_classifies_a_servers_tools() -> None:
    facts = call("notes.put", args={"path": "a.md", "text": "x"})
    assert decided(facts) is Decision.ALLOW
    assert decided(call("notes", args={})) is Decision.ASK


RULES = ["recipient in user_mentioned or landlords", "amount <= 100 else deny"]
RULED = {**TOOLS, "bank.pay": {**TOOLS["bank.pay"], "rules": RULES}}


def ruled(facts: CallFacts) -> Verdict:
    return policy(tools=RULED, lists={"landlords": [IBAN]}).decide(facts)


def test_a_rule_settles_its_argument() -> None:
    assert ruled(paying(recipient=MAIL)).decision is Decision.ALLOW
    other = {"recipient": "XX1", "amount": 50, "subject": "s"}
    assert ruled(paying(args=other)).decision is Decision.ASK
    assert ruled(paying(args=other, words=("pay XX1",), recipient=MAIL)).decision is Decision.ALLOW


def test_a_rule_may_deny() -> None:
    verdict = ruled(paying(args={"recipient": IBAN, "amount": 101, "subject": "s"}))
    assert (verdict.decision, verdict.why) == (Decision.DENY, "amount does not keep to the rule `amount <= 100 else deny`")
    assert ruled(paying(args={"recipient": IBAN, "amount": "1", "subject": "s"})).decision is Decision.DENY


def test_a_list_may_hold_a_domain() -> None:
    tools = {"mail.send": {"effect": "send", "args": {"to": "recipient"}, "rules": ["to in staff"]}}
    rules = policy(tools=tools, lists={"staff": ["*@corp.example"]})

    def to(value: object) -> Decision:
        return rules.decide(call("mail.send", MAIL, args={"to": value})).decision

    assert to("ann@corp.example") is Decision.ALLOW
    assert to(["ann@corp.example", "bob@corp.example"]) is Decision.ALLOW
    for other in (
        "ann@evil.example",
        "x@evil.example,a@corp.example",
        "a b@corp.example",
        ["ann@corp.example", "m@x.y"],
        [],
        3,
    ):
        assert to(other) is Decision.ASK, other


def test_further_calls_than_allowed_ask() -> None:
    tools = {**TOOLS, "bank.pay": {**TOOLS["bank.pay"], "max_calls": 2}}
    assert decided(paying(made=1), tools=tools) is Decision.ALLOW
    assert decided(paying(made=2), tools=tools) is Decision.ASK


def test_a_profile_is_stricter_and_its_rules_raise_no_trust() -> None:
    settings = PolicySettings.model_validate({"tools": TOOLS, "lists": {"known": [IBAN]}})
    profile = ProfilePolicy.model_validate(
        {"tools": {"bank.*": {"always": "ask"}, "bank.pay": {"rules": ["recipient in known"]}}, "unclassified_effect": "deny"}
    )
    both = declared(settings, {"careful": profile})
    assert both.decide(call("bank.history")).decision is Decision.ASK
    assert both.decide(paying()).decision is Decision.ASK
    assert both.decide(call("x")).decision is Decision.DENY
    raising = ProfilePolicy.model_validate({"tools": {"bank.pay": {"rules": ["recipient in known"]}}})
    assert declared(settings, {"a": raising}).decide(paying(recipient=MAIL)).decision is Decision.ASK
    lax = declared(settings, {"careful": profile, "lax": ProfilePolicy(unclassified_effect="ask")})
    assert lax.decide(call("x")).decision is Decision.DENY, "under several agents the strictest holds"
