"""All settings there are: the runtime's, and those of the rooms above it."""

from pydantic import SecretStr, field_validator

from agents.settings import RuntimeSettings
from api.settings import ApiSettings
from workers.app import SCHEMES
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
        if scheme not in SCHEMES:
            raise ValueError(f"{scheme}:// is no known broker; use memory://, amqp:// (RabbitMQ) or redis://")
        return url
