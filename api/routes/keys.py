"""Keys of the caller's own tenant; an operator's key (scope ``*``) sees to those of every tenant."""

from datetime import timedelta
from typing import Annotated

from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response
from pydantic import BaseModel, ConfigDict, Field

from api.keys import Key, KeyStore, NewKey
from api.principals import Role, needs
from api.problems import Fault, may_fail
from api.routing import Caller, StrictRoute, Whose, answer, tenant_for

router = APIRouter(prefix="/v1/keys", tags=["keys"], route_class=StrictRoute)


async def _keys(request: Request) -> KeyStore:
    keys: KeyStore = request.app.state.keys
    return keys


Keys = Annotated[KeyStore, Depends(_keys)]


class KeyRequest(BaseModel):
    """``name`` says what will use the key, ``user`` for whom it acts (absent: for its own name). ``roles`` says what it may
    do, ``scopes`` add to that, and only what the caller may. ``tenant`` other than one's own is for operators."""

    model_config = ConfigDict(extra="forbid")

    name: str = Field(min_length=1, max_length=200)
    user: str | None = Field(None, min_length=1, max_length=200)
    roles: list[Role] = Field(default_factory=lambda: [Role.ADMIN], min_length=1, max_length=len(Role))
    scopes: list[str] = Field(default_factory=list, max_length=20)
    tenant: str | None = Field(None, min_length=1, max_length=64)
    expires_in_days: float | None = Field(None, gt=0, le=3650)
    requests_per_minute: int | None = Field(None, ge=0, le=1_000_000, description="0 means no limit.")


class RotateRequest(BaseModel):
    """How long the old key goes on working."""

    model_config = ConfigDict(extra="forbid")

    grace_hours: float = Field(24.0, ge=0, le=720)


class KeyList(BaseModel):
    keys: tuple[Key, ...]


@router.get("", response_model=KeyList, responses=may_fail(422, 503))
@needs(Role.ADMIN)
async def list_keys(keys: Keys, caller: Caller, which: Whose) -> Response:
    """All keys, oldest first, the revoked ones among them; never the keys themselves."""
    return answer(KeyList(keys=tuple(await keys.list(tenant_for(caller, which.tenant)))))


@router.post("", status_code=201, response_model=NewKey, responses=may_fail(400, 413, 415, 422, 503, 507))
@needs(Role.ADMIN)
async def create_key(keys: Keys, caller: Caller, body: KeyRequest) -> Response:
    """Make a key. This answer is the only place that shows it."""
    if beyond := [scope for scope in body.scopes if not caller.may(scope)]:
        raise Fault(403, f"This key may not give the scope {beyond[0]!r}.", hint="A key can give what it has itself.")
    made = await keys.create(
        body.name,
        tenant_for(caller, body.tenant),
        body.scopes,
        user=body.user,
        roles=body.roles,
        life=None if body.expires_in_days is None else timedelta(days=body.expires_in_days),
        requests_per_minute=body.requests_per_minute,
        by=caller,
    )
    return answer(made, 201)


@router.post(
    "/{key_id}/rotate", status_code=201, response_model=NewKey, responses=may_fail(400, 404, 409, 413, 415, 422, 503, 507)
)
@needs(Role.ADMIN)
async def rotate_key(keys: Keys, caller: Caller, key_id: str, which: Whose, body: RotateRequest | None = None) -> Response:
    """A new key that may do the same; the old one goes on working for a while."""
    grace = timedelta(hours=(body or RotateRequest()).grace_hours)
    return answer(await keys.rotate(key_id, tenant_for(caller, which.tenant), grace=grace, by=caller), 201)


@router.delete("/{key_id}", response_model=Key, responses=may_fail(404, 422, 503, 507))
@needs(Role.ADMIN)
async def revoke_key(keys: Keys, caller: Caller, key_id: str, which: Whose) -> Response:
    """Take a key out of use; from then on it opens nothing."""
    return answer(await keys.revoke(key_id, tenant_for(caller, which.tenant), by=caller))
