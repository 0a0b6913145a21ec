"""What every route shares: strict JSON in, prebuilt JSON out, who asks, and the runtime."""

from collections.abc import Callable, Coroutine
from typing import Annotated, Any

from fastapi import Depends, Query, Request, Security
from fastapi.responses import Response
from fastapi.routing import APIRoute
from fastapi.security import HTTPBearer
from pydantic import BaseModel, ConfigDict, Field
from pydantic_core import to_json

from agents.runtime import Runtime
from api.principals import Principal
from api.problems import Fault
from api.strict_json import parse_json

_bearer = HTTPBearer(auto_error=False, scheme_name="key", description="A key made with `journeyman keys create`.")


async def _runtime(request: Request) -> Runtime:
    runtime: Runtime = request.app.state.runtime
    return runtime


async def _caller(request: Request, _documented: Annotated[object, Security(_bearer)]) -> Principal:
    principal: Principal = request.state.principal
    return principal


Served = Annotated[Runtime, Depends(_runtime)]
Caller = Annotated[Principal, Depends(_caller)]
"""Whoever the gate let in."""


class TenantQuery(BaseModel):
    """Which tenant's; one other than one's own is for operators."""

    model_config = ConfigDict(extra="forbid")

    tenant: str | None = Field(None, min_length=1, max_length=64)


Whose = Annotated[TenantQuery, Query()]


def tenant_for(caller: Principal, wanted: str | None) -> str:
    """The tenant that an administrative route works on. Raises ``Fault`` (403) for one that is not the caller's."""
    if wanted is None or wanted == caller.tenant:
        return caller.tenant
    if not caller.is_operator:
        raise Fault(403, "This key sees to its own tenant alone.", hint="The first key and the command line see to all.")
    return wanted


def answer(document: Any, status: int = 200) -> Response:
    """A JSON response straight from pydantic's serializer; nothing is validated a second time."""
    return Response(to_json(document, by_alias=True, inf_nan_mode="null"), status, media_type="application/json")


async def read_json(request: Request) -> Any:
    """The body's JSON, for a route that reads its body itself. Raises ``Fault`` (415, 400)."""
    _require_json(request)
    return await request.json()


class StrictRoute(APIRoute):
    """A route whose body must be declared as JSON and be JSON."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handler = super().get_route_handler()
        reads_json = self.body_field is not None

        async def strict(request: Request) -> Response:
            if reads_json:
                _require_json(request)
            return await handler(StrictRequest(request.scope, request.receive))

        return strict


class StrictRequest(Request):
    """Reads JSON strictly."""

    async def json(self) -> Any:
        if not hasattr(self, "_json"):
            self._json = parse_json(await self.body())
        return self._json


def _require_json(request: Request) -> None:
    if request.headers.get("content-length", "0") == "0" and "transfer-encoding" not in request.headers:
        return  # There is no body, so it has no type.
    media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media_type != "application/json" and not media_type.endswith("+json"):
        what = f"not {media_type}" if media_type else "and its type must be named"
        raise Fault(415, f"The body must be JSON, {what}.", hint="Send the header Content-Type: application/json.")
