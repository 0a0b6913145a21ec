"""Credentials for tools: each user's own. They can be set and removed; nobody can read them back."""

from typing import Annotated

from fastapi import APIRouter, Query
from fastapi.responses import Response
from pydantic import BaseModel, ConfigDict, Field, SecretStr

from agents.vault import MAX_CHARS
from api.principals import Principal, Role, needs
from api.problems import Fault, may_fail
from api.routing import Caller, Served, StrictRoute, answer
from journal.audit import Act
from journal.credentials import CredentialName

router = APIRouter(prefix="/v1/credentials", tags=["credentials"], route_class=StrictRoute)


class UserQuery(BaseModel):
    """Whose; a user other than oneself is for admins."""

    model_config = ConfigDict(extra="forbid")

    user: str | None = Field(None, min_length=1, max_length=200)


Whose = Annotated[UserQuery, Query()]


class CredentialRequest(BaseModel):
    """The value that tools get which declare a secret of this name."""

    model_config = ConfigDict(extra="forbid")

    value: SecretStr = Field(min_length=1, max_length=MAX_CHARS)


class CredentialList(BaseModel):
    credentials: tuple[CredentialName, ...]


@router.get("", response_model=CredentialList, responses=may_fail(422, 503))
@needs(Role.SUBMITTER)
async def list_credentials(runtime: Served, caller: Caller, which: Whose) -> Response:
    """The names of what the user has, by name."""
    names = await runtime.vault.names(caller.tenant, _user(caller, which))
    return answer(CredentialList(credentials=tuple(names)))


@router.put("/{name}", response_model=CredentialName, responses=may_fail(400, 413, 415, 422, 503, 507))
@needs(Role.SUBMITTER)
async def set_credential(runtime: Served, caller: Caller, name: str, which: Whose, body: CredentialRequest) -> Response:
    """Keep a value, encrypted, in place of one that was there."""
    user = _user(caller, which)
    act = Act(caller.name, caller.key_id, "credential.set", name, {"user": user})
    return answer(await runtime.vault.set(caller.tenant, user, name, body.value.get_secret_value(), act))


@router.delete("/{name}", status_code=204, responses=may_fail(404, 422, 503, 507))
@needs(Role.SUBMITTER)
async def remove_credential(runtime: Served, caller: Caller, name: str, which: Whose) -> Response:
    """Forget a value for good."""
    user = _user(caller, which)
    act = Act(caller.name, caller.key_id, "credential.removed", name, {"user": user})
    await runtime.vault.remove(caller.tenant, user, name, act)
    return Response(status_code=204)


def _user(caller: Principal, which: UserQuery) -> str:
    if which.user is None or which.user == caller.name:
        return caller.name
    if not caller.has(Role.ADMIN):
        raise Fault(403, "This needs the role admin.", hint="Everybody sees to their own credentials.")
    return which.user
