"""The one Celery task."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from workers.app import RUN

if TYPE_CHECKING:
    from celery import Celery


def register(app: "Celery", accept: Callable[[str], None]) -> None:
    """Let ``app`` answer ``journeyman.run(task_id)`` by ``accept(task_id)``."""

    @app.task(name=RUN, ignore_result=True, shared=False)  # type: ignore[untyped-decorator]
    def run(task_id: str) -> None:
        accept(task_id)
