"""Settings of tools (``[tools]``)."""

from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field

from tools.mcp.settings import TaskServerSettings


class HttpSettings(BaseModel):
    """``[tools.http]``. ``allow`` lists hosts, ``host:port`` or CIDR blocks that may be reached although they are private."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    allow: tuple[str, ...] = ()
    timeout_seconds: float = Field(20.0, gt=0)
    max_bytes: int = Field(5_000_000, ge=1)


class ToolSettings(BaseModel):
    """Each typed, documented public function in the Python files of ``folders`` is a tool."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    folders: tuple[Path, ...] = ()
    http: HttpSettings = HttpSettings()
    mcp: TaskServerSettings = TaskServerSettings()

    def under(self, folder: Path) -> "ToolSettings":
        """The same with ``folders`` taken from ``folder``, where they are relative; ``~`` is the user's home."""
        return self.model_copy(update={"folders": tuple(folder / path.expanduser() for path in self.folders)})
