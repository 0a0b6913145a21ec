"""Settings of MCP servers (``[mcp_servers.NAME]``)."""

from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

from trust.labels import Trust, Visibility

ServerName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z](?:_?[A-Za-z0-9-])*$", max_length=32)]
"""A letter, then letters, digits, ``-`` and single ``_``: it becomes the first part of its tools' names."""

VariableName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z_][A-Za-z0-9_]*$", max_length=200)]

HeaderName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9!#$%&'*+.^_`|~-]+$", max_length=200)]

_ONLY_STDIO = ("args", "env", "env_from")


class McpServerSettings(BaseModel):
    """``[mcp_servers.NAME]``: a program (``command``) that is spoken to over its stdin and stdout, or a ``url``.

    The program gets ``HOME``, ``LOGNAME``, ``PATH``, ``SHELL``, ``TERM``, ``USER``, what ``env`` gives, and the variables of
    this process that ``env_from`` names. ``headers_env`` maps a header to the variable that holds its value.
    ``reads`` and ``trust`` label what the tools return; the hints of a server that is not ``trusted`` do not count.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    command: str | None = Field(None, min_length=1)
    args: tuple[str, ...] = ()
    env: dict[VariableName, str] = Field(default_factory=dict)
    env_from: tuple[VariableName, ...] = ()
    url: str | None = Field(None, pattern=r"^https?://[^\s/?#]+[^\s]*$")
    headers_env: dict[HeaderName, VariableName] = Field(default_factory=dict)
    reads: Visibility = Visibility.PRIVATE
    trust: Trust = Trust.UNTRUSTED
    start_seconds: float = Field(10.0, gt=0)
    timeout_seconds: float = Field(60.0, gt=0)

    @model_validator(mode="after")
    def _one_way_in(self) -> Self:
        if (self.command is None) == (self.url is None):
            raise ValueError("give either `command` (a program) or `url` (streamable HTTP)")
        if self.url is not None and (given := [name for name in _ONLY_STDIO if getattr(self, name)]):
            raise ValueError(f"`{given[0]}` belongs to `command`, and this server has a `url`")
        if self.command is not None and self.headers_env:
            raise ValueError("`headers_env` belongs to `url`, and this server has a `command`")
        return self

    @property
    def variables(self) -> tuple[str, ...]:
        """The variables of this process whose values the server is given."""
        return (*self.env_from, *self.headers_env.values())

    @property
    def place(self) -> str:
        """Where it is, for people."""
        return self.url or " ".join((self.command or "", *self.args))


class TaskServerSettings(BaseModel):
    """``[tools.mcp]``: servers that come with a task.

    ``task_variables`` maps a variable that such a server's ``headers_env`` may name to the one origin that may get its value
    (``https://crm.example``).
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    task_variables: dict[VariableName, str] = Field(default_factory=dict)
    max_servers: int = Field(8, ge=0)
