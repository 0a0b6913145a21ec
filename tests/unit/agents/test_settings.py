"""Settings: their order, and one clear error for every mistake at once."""

from pathlib import Path

import pytest

from agents.profile import find_profile
from agents.requests import BudgetRequest
from agents.settings import AgentSettings, RuntimeSettings
from journal.errors import ConfigurationError, InvalidInput
from journal.values import Budget


@pytest.fixture
def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("JOURNEYMAN_HOME", "JOURNEYMAN_CONFIG", "JOURNEYMAN_JOURNAL__LEASE_SECONDS"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    return tmp_path / "journeyman.toml"


def test_defaults_then_file_then_environment_then_flags(config: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert RuntimeSettings.load().journal.lease_seconds == 6
    config.write_text("[journal]\nlease_seconds = 7\n")
    assert RuntimeSettings.load().journal.lease_seconds == 7
    monkeypatch.setenv("JOURNEYMAN_JOURNAL__LEASE_SECONDS", "8")
    assert RuntimeSettings.load().journal.lease_seconds == 8
    assert RuntimeSettings.load(flags={"journal": {"lease_seconds": 9}}).journal.lease_seconds == 9


def test_every_mistake_is_named_at_once(config: Path) -> None:
    config.write_text('[models.x]\nprovder = "openai"\nmodel = "m"\n[agnts]\n[journal]\nlease_seconds = "soon"\n')
    with pytest.raises(ConfigurationError) as refused:
        RuntimeSettings.load()
    message = refused.value.message
    assert "did you mean `provider`" in message
    assert "did you mean `agents`" in message
    assert "journal.lease_seconds" in message
    assert str(config) in refused.value.hint


def test_a_file_that_is_named_must_be_there_and_be_toml(config: Path) -> None:
    with pytest.raises(ConfigurationError, match="no configuration file"):
        RuntimeSettings.load(config)
    config.write_text("[models")
    with pytest.raises(ConfigurationError, match="not valid TOML"):
        RuntimeSettings.load(config)


def test_the_journal_lies_in_the_home(config: Path) -> None:
    config.write_text('home = "~/somewhere"\n')
    settings = RuntimeSettings.load()
    assert settings.journal_url == f"sqlite:///{config.parent}/somewhere/journal.db"


def test_folders_of_tools_are_relative_to_the_file(config: Path) -> None:
    config.write_text('[tools]\nfolders = ["tools.d", "/srv/tools"]\n')
    assert RuntimeSettings.load().tools.folders == (config.parent / "tools.d", Path("/srv/tools"))


def test_a_request_may_lower_ceilings_and_not_raise_them() -> None:
    profile = find_profile({"default": AgentSettings(budget=Budget(max_steps=10))}, "default")
    assert profile.budget(BudgetRequest(max_steps=3)).max_steps == 3
    assert profile.budget(BudgetRequest()).max_steps == 10
    with pytest.raises(InvalidInput, match="above the 10"):
        profile.budget(BudgetRequest(max_steps=11))


def test_an_unknown_agent_names_the_known_ones() -> None:
    with pytest.raises(InvalidInput) as refused:
        find_profile({"clerk": AgentSettings()}, "clark")
    assert "clerk, default" in refused.value.hint
