"""The Celery application: one kind of message, in JSON, that says which task may be run."""

from typing import TYPE_CHECKING, Any

from journal.errors import ConfigurationError
from workers.settings import WorkerSettings

if TYPE_CHECKING:
    from celery import Celery

RUN = "journeyman.run"
"""The name of the one Celery task. Its one argument is a task id; all else is in the journal."""

SCHEMES = ("memory", "amqp", "amqps", "redis", "rediss")
"""Brokers that are supported: inside `serve`, RabbitMQ, Redis."""

_POLLING_SECONDS = 0.02
"""How often the in-process broker looks for messages: 0.5 % of a core when idle, 10 ms of delay on average."""

_CONNECT_SECONDS = 3.0


def make_app(broker_url: str, settings: WorkerSettings | None = None) -> "Celery":
    """A Celery application on this broker, with no result backend and no other format than JSON.

    A message is acknowledged once the task it names is claimed, or turned away. Raises ``ConfigurationError`` where the
    broker's client is not installed.
    """
    from celery import Celery

    _require_client(broker_url)
    app = Celery("journeyman", set_as_current=False)
    app.conf.update(
        broker_url="memory://localhost/" if in_process(broker_url) else broker_url,
        broker_connection_timeout=_CONNECT_SECONDS,
        broker_connection_retry_on_startup=True,
        broker_connection_max_retries=None,
        broker_transport_options=_transport_options(broker_url),
        task_default_queue=(settings or WorkerSettings()).queue_named(),
        task_serializer="json",
        accept_content=["json"],
        result_backend=None,
        task_ignore_result=True,
        task_store_errors_even_if_ignored=False,
        task_acks_late=True,
        worker_prefetch_multiplier=1,
        worker_consumer="workers.consumer:Consumer",
        worker_enable_remote_control=False,
        worker_send_task_events=False,
        worker_hijack_root_logger=False,
        worker_redirect_stdouts=False,
        worker_cancel_long_running_tasks_on_connection_loss=False,
    )
    if broker_url.startswith("amqp"):
        app.conf.update(task_default_queue_type="quorum", task_create_missing_queue_type="quorum")
    return app


def in_process(broker_url: str) -> bool:
    """Whether messages stay inside this process."""
    return broker_url.startswith("memory:")


def check_broker(broker_url: str) -> str | None:
    """Connect once; what is wrong, without the URL's password, or ``None``. Blocks for some seconds at most."""
    from kombu.connection import Connection

    _require_client(broker_url)
    try:
        with Connection(broker_url, connect_timeout=_CONNECT_SECONDS) as connection:  # type: ignore[no-untyped-call]
            connection.ensure_connection(max_retries=1, interval_start=0, timeout=_CONNECT_SECONDS)
            connection.default_channel.close()
    except Exception as error:
        return f"{shown(broker_url)} cannot be reached: {_reason(error)}"
    return None


def shown(broker_url: str) -> str:
    """The URL without its password."""
    from kombu.utils.url import maybe_sanitize_url

    return str(maybe_sanitize_url(broker_url))


def _reason(error: BaseException) -> str:
    cause = error.__cause__ or error
    text = getattr(cause, "strerror", None) or str(cause) or type(cause).__name__
    return str(text).splitlines()[0].rstrip(".")


def _require_client(broker_url: str) -> None:
    if broker_url.startswith("redis"):
        try:
            import redis  # noqa: F401
        except ImportError:
            raise ConfigurationError(
                "A Redis broker needs the redis client.", hint="Install it: pip install 'journeyman[redis]'."
            ) from None


def _transport_options(broker_url: str) -> dict[str, Any]:
    if in_process(broker_url):
        return {"polling_interval": _POLLING_SECONDS}
    if broker_url.startswith("amqp"):
        return {"confirm_publish": True}
    return {"socket_connect_timeout": _CONNECT_SECONDS, "socket_keepalive": True, "health_check_interval": 25}
