"""The file that `init` writes: its values are the defaults, and each example in it works."""

import re
import tomllib
from pathlib import Path

import pytest
from pydantic import BaseModel

from journal.errors import ConfigurationError
from journeyman.cli.init import template
from journeyman.settings import Settings


def uncommented(text: str) -> str:
    """The template with every example made real: examples begin with # and no blank."""
    return re.sub(r"(?m)^#(?=\S)", "", text)


def load(folder: Path, text: str) -> Settings:
    file = folder / "journeyman.toml"
    file.write_text(text, encoding="utf-8")
    return Settings.load(file)


def test_as_it_is_every_value_is_the_default(tmp_path: Path) -> None:
    empty = load(tmp_path, "")
    assert load(tmp_path, template()) == empty


def test_every_example_is_valid(tmp_path: Path) -> None:
    settings = load(tmp_path, uncommented(template()))
    assert set(settings.models) == {"strong", "claude", "azure", "fast", "rehearsal"}
    assert settings.routes["default"].models == ("fast", "strong")
    assert settings.embedder is not None


def test_examples_that_show_defaults_show_the_real_ones(tmp_path: Path) -> None:
    defaults, shown = load(tmp_path, ""), load(tmp_path, uncommented(template()))
    assert shown.journal == defaults.journal
    assert shown.memory == defaults.memory
    assert shown.api == defaults.api
    assert shown.worker == defaults.worker
    assert shown.broker_url == defaults.broker_url
    assert shown.approval_hours == defaults.approval_hours
    assert shown.agents["default"].budget == defaults.agents["default"].budget
    assert shown.agents["default"].planner == defaults.agents["default"].planner
    assert shown.tools.http.max_bytes == defaults.tools.http.max_bytes
    assert shown.tools.http.timeout_seconds == defaults.tools.http.timeout_seconds


def test_every_setting_is_in_the_template() -> None:
    shown = tomllib.loads(uncommented(template()))
    assert missing(Settings, shown) == []


def missing(model: type[BaseModel], shown: dict[str, object], path: str = "") -> list[str]:
    """The settings of ``model`` that ``shown`` leaves out; of named things (models, agents) one must show each key."""
    found = []
    for name, field in model.model_fields.items():
        if field.exclude:
            continue
        where = f"{path}{name}"
        inner = _model_in(field.annotation)
        if name not in shown:
            found.append(where)
        elif inner is not None:
            found += _missing_inside(inner, shown[name], field.annotation, where)
    return found


def _missing_inside(inner: type[BaseModel], value: object, annotation: object, where: str) -> list[str]:
    if isinstance(value, list):
        return missing(inner, {key: part for entry in value for key, part in entry.items()}, f"{where}.")
    assert isinstance(value, dict)
    if "dict" not in str(annotation):
        return missing(inner, value, f"{where}.")
    assert value, where
    together = {key: part for entry in reversed(value.values()) for key, part in entry.items()}
    return missing(inner, together, f"{where}.NAME.")


def _model_in(annotation: object) -> type[BaseModel] | None:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    args = getattr(annotation, "__args__", ())
    return next((found for arg in args if (found := _model_in(arg)) is not None), None)


@pytest.mark.parametrize("mistake", ["modles = 1", "[journal]\nlease = 3", '[models.x]\nprovider = "rehearsal"'])
def test_a_mistake_in_it_is_found(tmp_path: Path, mistake: str) -> None:
    with pytest.raises(ConfigurationError):
        load(tmp_path, mistake + "\n" + template())
