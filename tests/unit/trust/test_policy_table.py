"""No approval, no effect: every combination of chooser, tool, labels and policy has the decision that the rules give it."""

from itertools import product

from trust.labels import Trust, Visibility
from trust.policy import Decision
from trust.table import CLASSIFIED, POLICIES, TOOLS, UNCLASSIFIED, Chooser, Origin, Situation, policy_named, situations

ALLOW, ASK, DENY = Decision.ALLOW, Decision.ASK, Decision.DENY


def expected(s: Situation) -> Decision:
    """The rules in plain words, apart from the code that holds them."""
    asks, denies = False, False
    says = s.policy
    read = s.chooser in (Chooser.READ_PLAN, Chooser.READ_TURN)
    which = Origin.MAIL if read and s.which is Origin.OWN else s.which
    text = Origin.MAIL if read and s.text is Origin.OWN else s.text
    secret = (Origin.MAIL, Origin.LEDGER)
    if s.tool in CLASSIFIED and says in ('always = "ask"', 'always = "deny"'):
        asks, denies = True, says == 'always = "deny"'
    if s.tool in ("workspace", "vouched read", "read"):
        pass
    elif s.tool in ("vouched effect", "says it only reads"):
        asks, denies = True, says == 'unclassified_effect = "deny"'
    elif s.tool in ("fetch", "vouched open-world read"):
        leaks = bool({which, text, s.condition} & set(secret))
        asks, denies = asks or leaks, denies or (leaks and says == 'private_egress = "deny"')
    else:
        outside = (Origin.MAIL, Origin.PAGE)
        under_condition = s.condition in outside and (says != 'under_condition = "allow"' or s.tool == "delete")
        asks = asks or s.tool == "delete" or read or under_condition or which in outside
        if s.tool == "post to a URL" and (which in secret or s.condition in secret):
            asks, denies = True, denies or says == 'private_egress = "deny"'
    return DENY if denies else ASK if asks else ALLOW


def test_every_combination_has_its_decision() -> None:
    policies = {name: policy_named(name) for name in POLICIES}
    wrong = [s for s in situations() if policies[s.policy].decide(s.facts).decision is not expected(s)]
    assert wrong[:5] == []
    assert sum(1 for _ in situations()) == len(POLICIES) * len(TOOLS) * (2 * len(Origin) ** 3 + 2)


def test_no_effect_passes_that_text_from_outside_chose() -> None:
    for s in situations():
        verdict = policy_named(s.policy).decide(s.facts) if s.policy == "default" else None
        if verdict is None or not verdict.effect.changes or s.tool == "workspace":
            continue
        labels = [s.facts.decided, s.facts.condition, s.facts.labels["which"]]
        if any(label.trust is Trust.UNTRUSTED for label in labels):
            assert verdict.decision is not ALLOW, s


def test_a_stricter_word_never_lets_more_pass() -> None:
    default = policy_named("default")
    order = [ALLOW, ASK, DENY]
    for name, s in product(POLICIES, (s for s in situations() if s.policy == "default")):
        if name != 'under_condition = "allow"':
            stricter = policy_named(name).decide(s.facts).decision
            assert order.index(stricter) >= order.index(default.decide(s.facts).decision)


def test_more_suspicion_never_lets_more_pass() -> None:
    order = [ALLOW, ASK, DENY]
    for s in situations():
        rules = policy_named(s.policy) if s.policy == "default" else None
        if rules is None or not s.chooser.plans or s.which is not Origin.OWN:
            continue
        worse = Situation(s.chooser, s.tool, s.policy, Origin.MAIL, s.text, s.condition)
        assert order.index(rules.decide(worse.facts).decision) >= order.index(rules.decide(s.facts).decision)


def test_the_tools_are_of_every_kind() -> None:
    assert {lines["effect"] for lines in CLASSIFIED.values()} == {
        "read", "fetch", "write", "send", "pay", "delete", "execute",
    }  # fmt: skip
    assert set(UNCLASSIFIED) & set(CLASSIFIED) == set()
    assert Origin.PAGE.label.visibility is Visibility.PUBLIC
