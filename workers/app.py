"""The Celery application: one kind of message, in JSON, that says which task may be run."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from celery import Celery

RUN = "journeyman.run"
"""The name of the one Celery task. Its one argument is a task id; all else is in the journal."""

_POLLING_SECONDS = 0.02
"""How often the in-process broker looks for messages: 0.5 % of a core when idle, 10 ms of delay on average."""


def make_app(broker_url: str) -> "Celery":
    """A Celery application on this broker, with no result backend and no other format than JSON."""
    from celery import Celery

    app = Celery("journeyman", set_as_current=False)
    in_process = broker_url.startswith("memory:")
    app.conf.update(
        broker_url="memory://localhost/" if in_process else broker_url,
        broker_transport_options={"polling_interval": _POLLING_SECONDS} if in_process else {},
        broker_connection_retry_on_startup=True,
        task_default_queue="journeyman",
        task_serializer="json",
        accept_content=["json"],
        result_backend=None,
        task_ignore_result=True,
        task_store_errors_even_if_ignored=False,
        worker_enable_remote_control=False,
        worker_send_task_events=False,
        worker_hijack_root_logger=False,
        worker_redirect_stdouts=False,
    )
    return app
