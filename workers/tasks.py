"""The one Celery task."""

import logging
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from workers.app import RUN

if TYPE_CHECKING:
    from celery import Celery

log = logging.getLogger(__name__)


def register(app: "Celery", accept: Callable[[str], None]) -> None:
    """Let ``app`` answer ``journeyman.run(task_id)`` by ``accept(task_id)``. An empty id only wakes the consumer up, and may
    reach the next one; any other message is dropped with a warning."""

    @app.task(name=RUN, ignore_result=True, shared=False, typing=False)  # type: ignore[untyped-decorator]
    def run(*args: Any, **kwargs: Any) -> None:
        match args:
            case ("",) if not kwargs:
                return
            case (str() as task_id,) if not kwargs:
                accept(task_id)
            case _:
                log.warning("A message was dropped: it should hold one task id.")
