"""The HTTP server: uvicorn, told to end event streams before it waits for open requests."""

import asyncio
import socket

import uvicorn
from fastapi import FastAPI

from api.settings import ApiSettings

_GRACE_SECONDS = 5


class ApiServer(uvicorn.Server):
    """Serves an app made by ``create_app``. ``await serve()`` runs it; setting ``should_exit`` ends it cleanly."""

    def __init__(self, app: FastAPI, settings: ApiSettings) -> None:
        super().__init__(
            uvicorn.Config(
                app,
                host=settings.host,
                port=settings.port,
                ws="none",
                lifespan="off",
                log_config=None,
                access_log=False,
                server_header=False,
                proxy_headers=False,
                timeout_graceful_shutdown=_GRACE_SECONDS,
            )
        )
        self._closing: asyncio.Event = app.state.closing

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self._closing.set()
        await super().shutdown(sockets)
