"""Webhooks of the caller's tenant: who is told when a task ends or waits for a person."""

from typing import Annotated

from fastapi import APIRouter, Query
from fastapi.responses import Response
from pydantic import BaseModel, ConfigDict, Field

from agents.requests import WebhookChange, WebhookRequest
from agents.webhooks.records import Delivery, NewWebhook, Webhook
from api.principals import Role, needs
from api.problems import may_fail
from api.routing import Caller, Served, StrictRoute, answer
from journal.values import Value

router = APIRouter(prefix="/v1/webhooks", tags=["webhooks"], route_class=StrictRoute)

_BODY = may_fail(400, 404, 413, 415, 422, 503, 507)
_NO_BODY = may_fail(404, 503, 507)


class WebhookList(Value):
    webhooks: tuple[Webhook, ...]


class DeliveryPage(Value):
    """Deliveries, newest first. ``next`` is the ``before`` of the next page; ``null`` on the last one."""

    deliveries: tuple[Delivery, ...]
    next: str | None


class WebhookQuery(BaseModel):
    """``task_id``: the webhooks that came with this task, in place of the tenant's own."""

    model_config = ConfigDict(extra="forbid")

    task_id: str | None = Field(None, max_length=200)


class DeliveryQuery(BaseModel):
    """``before`` is the ``next`` of the page before."""

    model_config = ConfigDict(extra="forbid")

    before: str | None = Field(None, max_length=200)
    limit: int = Field(50, ge=1, le=500)


@router.get("", response_model=WebhookList, responses=may_fail(422, 503))
@needs(Role.VIEWER)
async def list_webhooks(runtime: Served, caller: Caller, which: Annotated[WebhookQuery, Query()]) -> Response:
    """The tenant's webhooks, oldest first; never their secrets."""
    return answer(WebhookList(webhooks=tuple(await runtime.webhooks.all(caller.tenant, task_id=which.task_id))))


@router.post("", status_code=201, response_model=NewWebhook, responses=may_fail(400, 413, 415, 422, 503, 507))
@needs(Role.ADMIN)
async def create_webhook(runtime: Served, caller: Caller, body: WebhookRequest) -> Response:
    """Have an address told of events. This answer is the only place that shows the secret."""
    return answer(await runtime.webhooks.create(caller.tenant, body, actor=caller.name, via=caller.key_id), 201)


@router.get("/{webhook_id}", response_model=Webhook, responses=may_fail(404, 503))
@needs(Role.VIEWER)
async def show_webhook(runtime: Served, caller: Caller, webhook_id: str) -> Response:
    """One webhook, without its secret."""
    return answer(await runtime.webhooks.get(caller.tenant, webhook_id))


@router.patch("/{webhook_id}", response_model=Webhook, responses=_BODY)
@needs(Role.ADMIN)
async def change_webhook(runtime: Served, caller: Caller, webhook_id: str, body: WebhookChange) -> Response:
    """Another address, other events, on or off. What waits is sent by the new rules."""
    return answer(await runtime.webhooks.change(caller.tenant, webhook_id, body, actor=caller.name, via=caller.key_id))


@router.delete("/{webhook_id}", status_code=204, response_class=Response, responses=_NO_BODY)
@needs(Role.ADMIN)
async def remove_webhook(runtime: Served, caller: Caller, webhook_id: str) -> Response:
    """Forget the webhook, its deliveries and what still waits for it."""
    await runtime.webhooks.remove(caller.tenant, webhook_id, actor=caller.name, via=caller.key_id)
    return Response(status_code=204)


@router.post("/{webhook_id}/rotate", status_code=201, response_model=NewWebhook, responses=_NO_BODY)
@needs(Role.ADMIN)
async def rotate_secret(runtime: Served, caller: Caller, webhook_id: str) -> Response:
    """A new secret, shown this once. For a while messages are signed with the old one as well."""
    return answer(await runtime.webhooks.rotate(caller.tenant, webhook_id, actor=caller.name, via=caller.key_id), 201)


@router.get("/{webhook_id}/deliveries", response_model=DeliveryPage, responses=may_fail(404, 422, 503))
@needs(Role.VIEWER)
async def list_deliveries(
    runtime: Served, caller: Caller, webhook_id: str, which: Annotated[DeliveryQuery, Query()]
) -> Response:
    """What was sent or waits to be, with every attempt, newest first."""
    found = await runtime.webhooks.deliveries(caller.tenant, webhook_id, before=which.before, limit=which.limit)
    following = found[-1].id if len(found) == which.limit else None
    return answer(DeliveryPage.model_construct(deliveries=tuple(found), next=following))


@router.post("/{webhook_id}/deliveries/{delivery_id}/replay", status_code=202, response_model=Delivery, responses=_NO_BODY)
@needs(Role.SUBMITTER)
async def replay_delivery(runtime: Served, caller: Caller, webhook_id: str, delivery_id: str) -> Response:
    """Send a message again, under the same id, whatever became of it."""
    return answer(await runtime.webhooks.replay(caller.tenant, webhook_id, delivery_id), 202)
