"""All settings there are: the runtime's, and those of the rooms above it."""

from pydantic import SecretStr, field_validator

from agents.settings import RuntimeSettings
from api.settings import ApiSettings
from workers.settings import WorkerSettings


class Settings(RuntimeSettings):
    """What ``journeyman.toml``, ``JOURNEYMAN_*`` and flags may say. ``broker_url`` may hold a password."""

    broker_url: SecretStr = SecretStr("memory://")
    api: ApiSettings = ApiSettings()
    worker: WorkerSettings = WorkerSettings()

    @field_validator("broker_url")
    @classmethod
    def _known_broker(cls, url: SecretStr) -> SecretStr:
        scheme = url.get_secret_value().partition(":")[0]
        if scheme != "memory":
            raise ValueError(f"only memory:// is supported, not {scheme}://")
        return url
