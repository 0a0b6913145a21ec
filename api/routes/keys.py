"""Keys of the caller's own tenant."""

from typing import Annotated

from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response
from pydantic import BaseModel, ConfigDict, Field

from api.keys import Key, KeyStore, NewKey
from api.problems import Fault, may_fail
from api.routing import Caller, StrictRoute, answer

router = APIRouter(prefix="/v1/keys", tags=["keys"], route_class=StrictRoute)


async def _keys(request: Request) -> KeyStore:
    keys: KeyStore = request.app.state.keys
    return keys


Keys = Annotated[KeyStore, Depends(_keys)]


class KeyRequest(BaseModel):
    """``name`` says who or what will use the key. It opens the API; ``scopes`` add to that, and only what the caller may."""

    model_config = ConfigDict(extra="forbid")

    name: str = Field(min_length=1, max_length=200)
    scopes: list[str] = Field(default_factory=list, max_length=20)


class KeyList(BaseModel):
    keys: tuple[Key, ...]


@router.get("", response_model=KeyList, responses=may_fail(503))
async def list_keys(keys: Keys, caller: Caller) -> Response:
    """All keys, oldest first, the revoked ones among them; never the keys themselves."""
    return answer(KeyList(keys=tuple(await keys.list(caller.tenant))))


@router.post("", status_code=201, response_model=NewKey, responses=may_fail(400, 403, 413, 415, 422, 503, 507))
async def create_key(keys: Keys, caller: Caller, body: KeyRequest) -> Response:
    """Make a key. This answer is the only place that shows it."""
    if beyond := [scope for scope in body.scopes if not caller.may(scope)]:
        raise Fault(403, f"This key may not give the scope {beyond[0]!r}.", hint="A key can give what it has itself.")
    return answer(await keys.create(body.name, caller.tenant, body.scopes), 201)


@router.delete("/{key_id}", response_model=Key, responses=may_fail(404, 503, 507))
async def revoke_key(keys: Keys, caller: Caller, key_id: str) -> Response:
    """Take a key out of use; within seconds it opens nothing any more."""
    return answer(await keys.revoke(key_id, caller.tenant))
