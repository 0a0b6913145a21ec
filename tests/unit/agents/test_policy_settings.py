"""A policy that cannot be read, contradicts itself or is loosened by a profile stops the start, and the rule is named."""

from pathlib import Path

import pytest

from agents.settings import RuntimeSettings
from journal.errors import ConfigurationError

PAY = '[policy.tools."bank.pay"]\neffect = "pay"\nargs = { to = "recipient", amount = "amount" }\n'


def load(folder: Path, text: str) -> RuntimeSettings:
    file = folder / "journeyman.toml"
    file.write_text(text, encoding="utf-8")
    return RuntimeSettings.load(file)


def test_the_form_in_the_contract_loads(tmp_path: Path) -> None:
    text = '[policy]\nunclassified_effect = "deny"\n' + PAY + '[agents.a.policy.tools."bank.pay"]\nalways = "ask"\n'
    settings = load(tmp_path, text)
    assert settings.policy_of(["a"]).tools["bank.pay"].always == "ask"
    assert settings.policy_of(["default"]).tools["bank.pay"].always is None


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('[policy]\nunclassified_effect = "allow"', r"policy\.unclassified_effect"),
        ('[policy.tools."bank.pay"]\nargs = {}', r"bank\.pay\.effect: this key is required"),
        ('[policy.tools."bank.pay"]\neffect = "spend"', r"bank\.pay\.effect"),
        ('[policy.tools."bank.pay"]\neffect = "pay"\nargs = { to = "who" }', r"bank\.pay\.args\.to"),
        ('[policy.tools.bank.pay]\neffect = "pay"', r'quote the whole name.*"server\.pay"'),
        (PAY + 'rules = ["to is nice"]', "the rule 'to is nice' cannot be read"),
        (PAY + 'rules = ["to in friends"]', r"`to in friends` names the list friends; there are: user_mentioned, confirmed"),
        (PAY + 'rules = ["iban in user_mentioned"]', "about iban, which is not among its `args`: to, amount"),
        (PAY + 'rules = ["to in user_mentioned", "to in confirmed"]', "two rules are about to"),
        (PAY + 'always = "deny"\nmax_calls = 3', "contradicts"),
        (PAY + 'always = "ask"\nunder_condition = "allow"', "contradicts"),
        ("[policy.lists]\nfriends = []", "friends is empty"),
        ('[policy.lists]\nconfirmed = ["a"]', "name is taken"),
        ('[policy.tools."http_get"]\neffect = "read"', "http_get: it is a fetch"),
        ('[policy.tools."b*k.pay"]\neffect = "pay"', "a name is whole"),
        (
            '[policy]\nunclassified_effect = "deny"\n[agents.a.policy]\nunclassified_effect = "ask"',
            r"agents\.a\.policy\.unclass",
        ),
        (
            PAY + '[agents.a.policy.tools."bank.pay"]\neffect = "read"',
            "pay.effect: read is milder",
        ),
        (PAY + '[agents.a.policy.tools."bank.pay"]\nargs = { to = "content" }', "to: content is milder"),
        (PAY + '[agents.a.policy.tools."bank.ask"]\neffect = "read"', "no tool is classified by a profile alone"),
        (PAY + 'max_calls = 1\n[agents.a.policy.tools."bank.pay"]\nmax_calls = 2', "2 is more than the 1"),
    ],
)
def test_a_mistake_stops_the_start_and_is_named(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(ConfigurationError, match=said):
        load(tmp_path, text)
