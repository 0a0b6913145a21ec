"""The REST API over one runtime."""

import asyncio
from importlib import metadata

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException

from agents.runtime import Runtime
from api import problems
from api.gate import Envelope, Gate
from api.keys import KeyStore
from api.openapi import describe
from api.rates import RateLimiter
from api.routes import (
    approvals,
    artifacts,
    audit,
    catalog,
    control,
    credentials,
    documentation,
    events,
    guard,
    halt,
    health,
    keys,
    memory,
    plan,
    schedules,
    tasks,
    webhooks,
)
from api.settings import ApiSettings
from journal.errors import JourneymanError

_ROUTERS = (
    tasks.router,
    artifacts.router,
    control.router,
    plan.router,
    events.router,
    approvals.router,
    webhooks.router,
    memory.router,
    catalog.router,
    keys.router,
    audit.router,
    credentials.router,
    guard.router,
    schedules.router,
    health.router,
    halt.router,
)


def create_app(runtime: Runtime, keys: KeyStore, settings: ApiSettings) -> FastAPI:
    """The application. It owns neither ``runtime`` nor ``keys``: whoever made them closes them after the server.

    ``app.state.closing`` is an event that ends open streams; ``api.server.ApiServer`` sets it.
    """
    app = FastAPI(
        title="Journeyman",
        version=metadata.version("journeyman"),
        docs_url=None,
        redoc_url=None,
        openapi_url="/openapi.json",
        redirect_slashes=False,
        telemetry={"auto_configure": False},
        exception_handlers={
            JourneymanError: problems.handle,
            HTTPException: problems.handle,
            RequestValidationError: problems.handle,
        },
    )
    app.state.runtime = runtime
    app.state.keys = keys
    app.state.settings = settings
    app.state.closing = asyncio.Event()
    for router in (*_ROUTERS, documentation.router) if settings.docs else _ROUTERS:
        app.include_router(router)
    app.openapi = describe(app)  # type: ignore[method-assign]
    rates = RateLimiter(runtime.database, settings.requests_per_minute)
    app.add_middleware(Gate, keys=keys, rates=rates, routes=app.routes, settings=settings)
    app.add_middleware(Envelope)
    return app
