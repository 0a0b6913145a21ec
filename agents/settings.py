"""The runtime's settings: each room's own, composed. Defaults, then the TOML file, then ``JOURNEYMAN_*``, then flags."""

import difflib
import os
import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Self, get_args

from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, EnvSettingsSource, PydanticBaseSettingsSource, SettingsConfigDict, SettingsError

from agents.escalation import Terms
from agents.guard.settings import GuardSettings
from agents.scheduling.requests import ScheduleRequest
from agents.webhooks.settings import WebhookSettings
from journal.errors import ConfigurationError
from journal.settings import JournalSettings
from journal.techniques import Techniques
from journal.values import Budget
from llm.settings import EmbedderSettings, ModelSettings, RouteSettings
from memory.settings import MemorySettings
from tools.mcp.settings import McpServerSettings, ServerName
from tools.settings import ToolSettings
from trust.declaring import declared
from trust.policy import DeclaredPolicy
from trust.policy_settings import PolicySettings, ProfilePolicy

_PLAIN = {
    "missing": "this key is required",
    "model_type": "must be a table",
    "dict_type": "must be a table",
    "tuple_type": "must be a list",
}
"""What pydantic calls some mistakes, in TOML's words."""


class TechniqueSettings(Techniques):
    """``[agents.NAME.techniques]``: what is done for better answers. A task may ask for others."""

    model_config = ConfigDict(extra="forbid")


class AgentSettings(BaseModel):
    """``[agents.NAME]``: one agent profile. ``tools`` are names or patterns; absent: all there are.

    At most ``concurrency`` of a tenant's tasks run at once (0: any number), on workers that serve ``queue``.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    instructions: str = ""
    planner: str = "auto"
    tools: tuple[str, ...] | None = None
    models: tuple[str, ...] | None = None
    budget: Budget = Budget()
    concurrency: int = Field(0, ge=0)
    queue: str = Field("default", pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,62}$")
    policy: ProfilePolicy = ProfilePolicy()
    techniques: TechniqueSettings = TechniqueSettings()


class ApprovalSettings(BaseModel):
    """``[approvals]``: who is told, and who may decide.

    ``notify`` names notifiers (``log``, or what an installed package adds); they hear of each request, and once more when
    nobody has decided after ``escalate_after_hours``. With ``four_eyes`` nobody approves calls of a task of their own.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    notify: tuple[str, ...] = ("log",)
    escalate_after_hours: float | None = Field(None, gt=0)
    four_eyes: bool = False


class RuntimeSettings(BaseSettings):
    """All that the runtime and the rooms below it can be told."""

    model_config = SettingsConfigDict(
        extra="forbid", frozen=True, env_prefix="JOURNEYMAN_", env_nested_delimiter="__", env_ignore_empty=True
    )

    home: Path = Path("~/.journeyman")
    database_url: SecretStr | None = None
    qdrant_url: SecretStr | None = None
    journal: JournalSettings = JournalSettings()
    models: dict[str, ModelSettings] = Field(default_factory=dict)
    routes: dict[str, RouteSettings] = Field(default_factory=dict)
    embedder: EmbedderSettings | None = None
    memory: MemorySettings = MemorySettings()
    tools: ToolSettings = ToolSettings()
    mcp_servers: dict[ServerName, McpServerSettings] = Field(default_factory=dict)
    agents: dict[str, AgentSettings] = Field(default_factory=lambda: {"default": AgentSettings()})
    webhooks: WebhookSettings = WebhookSettings()
    schedules: tuple[ScheduleRequest, ...] = ()
    policy: PolicySettings = PolicySettings()
    guard: GuardSettings = GuardSettings()
    approval_hours: float = Field(72.0, gt=0)
    approvals: ApprovalSettings = ApprovalSettings()
    config_file: Path | None = Field(None, exclude=True)
    """Where the settings were read from; set by ``load``."""

    @field_validator("schedules")
    @classmethod
    def _each_named_once(cls, schedules: tuple[ScheduleRequest, ...]) -> tuple[ScheduleRequest, ...]:
        names = [schedule.name for schedule in schedules]
        if twice := next((name for name in names if names.count(name) > 1), None):
            raise ValueError(f"there are two schedules named {twice!r}")
        return schedules

    @model_validator(mode="after")
    def _no_profile_is_milder(self) -> Self:
        for name in self.agents:
            self.policy_of([name])
        return self

    def policy_of(self, agents: Iterable[str]) -> DeclaredPolicy:
        """The policy for work under the profiles of these agents, all at once."""
        return declared(self.policy, {name: self.agents[name].policy for name in agents if name in self.agents})

    @property
    def journal_url(self) -> str:
        """The database's SQLAlchemy URL: the one given, or a SQLite file in the home."""
        if self.database_url is not None:
            return self.database_url.get_secret_value()
        return f"sqlite:///{self.home / 'journal.db'}"

    @property
    def memory_server(self) -> str | None:
        """The Qdrant server's address, where memory is not embedded."""
        return self.qdrant_url.get_secret_value() if self.qdrant_url else None

    @property
    def approval_terms(self) -> Terms:
        return Terms(self.approval_hours, self.approvals.escalate_after_hours)

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """``load`` merges the sources itself, so that the file's place in the order is plain to see."""
        return (init_settings,)

    @classmethod
    def load(cls, config: Path | None = None, flags: Mapping[str, Any] | None = None) -> Self:
        """Read the settings. ``config`` defaults to ``JOURNEYMAN_CONFIG``, else ``journeyman.toml`` in the working folder or
        the home, where there is one. Raises ``ConfigurationError`` naming every wrong key."""
        given = _merge(_read_environment(cls), dict(flags or {}))
        file = _find_config(config, Path(given.get("home", cls.model_fields["home"].default)))
        merged = _merge(_read_toml(file) if file else {}, given)
        try:
            settings = cls(**merged)
        except ValidationError as error:
            raise _mistaken(cls, error, hint=f"Mend {file or 'the JOURNEYMAN_* variables'}.") from None
        return settings.model_copy(
            update={
                "home": settings.home.expanduser().absolute(),
                "tools": settings.tools.under(file.parent if file else Path.cwd()),
                "config_file": file,
            }
        )


def _find_config(given: Path | None, home: Path) -> Path | None:
    named = given or (Path(os.environ["JOURNEYMAN_CONFIG"]) if os.environ.get("JOURNEYMAN_CONFIG") else None)
    if named is not None:
        if not named.is_file():
            raise ConfigurationError(f"There is no configuration file {named}.", hint="`journeyman init` writes one.")
        return named.absolute()
    candidates = (Path("journeyman.toml"), home.expanduser() / "journeyman.toml")
    return next((path.absolute() for path in candidates if path.is_file()), None)


def _read_environment(settings: type[BaseSettings]) -> dict[str, Any]:
    try:
        return EnvSettingsSource(settings)()
    except SettingsError as error:
        cause = f": {error.__cause__}" if error.__cause__ else ""
        raise ConfigurationError(
            f"A JOURNEYMAN_* variable cannot be read: {error}{cause}.", hint="Tables and lists in variables are JSON."
        ) from None


def _read_toml(file: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(file.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"{file} is not valid TOML: {error}.", hint="Mend that line of the file.") from None
    except OSError as error:
        raise ConfigurationError(f"{file} cannot be read: {error.strerror}.", hint="Check its permissions.") from None


def _merge(*layers: Mapping[str, Any]) -> dict[str, Any]:
    merged: dict[str, Any] = {}
    for layer in layers:
        for key, value in layer.items():
            old = merged.get(key)
            merged[key] = _merge(old, value) if isinstance(old, dict) and isinstance(value, Mapping) else value
    return merged


def _mistaken(model: type[BaseModel], error: ValidationError, *, hint: str) -> ConfigurationError:
    errors = error.errors(include_url=False, include_input=False)
    mistakes = tuple(_explain_one(model, e["loc"], e["type"], e["msg"]) for e in errors)
    return ConfigurationError("The configuration has mistakes: " + "; ".join(mistakes) + ".", hint=hint, mistakes=mistakes)


def _explain_one(model: type[BaseModel], loc: tuple[int | str, ...], kind: str, message: str) -> str:
    where = ".".join(str(part) for part in loc)
    if kind != "extra_forbidden":
        plain = _PLAIN.get(kind) or message.removeprefix("Value error, ")
        return f"{where}: {plain[0].lower() + plain[1:]}"
    known = fields_at(model, loc[:-1])
    close = difflib.get_close_matches(str(loc[-1]), known, 1)
    return f"{where}: unknown key" + (f", did you mean `{close[0]}`?" if close else f"; known: {', '.join(sorted(known))}")


def fields_at(model: type[BaseModel], loc: tuple[int | str, ...]) -> list[str]:
    """The field names of the model that ``loc`` leads to; a step into a mapping's key stays with its value type."""
    here: Any = model
    for part in loc:
        field = here.model_fields.get(part) if _is_model(here) else None
        here = next((t for t in _types_in(field.annotation) if _is_model(t)), here) if field else here
    return list(here.model_fields)


def _types_in(annotation: Any) -> list[Any]:
    return [annotation, *(t for arg in get_args(annotation) for t in _types_in(arg))]


def _is_model(thing: Any) -> bool:
    return isinstance(thing, type) and issubclass(thing, BaseModel)
