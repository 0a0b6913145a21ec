"""What the OpenAPI document allows, and what it forbids, sent to every route: no server error, no answer it does not tell of.

A few examples for each route by default; ``JOURNEYMAN_SLOW=1`` sends many.
"""

import asyncio
import os

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from tests.integration.api.served_api import Api

EXAMPLES = 30 if os.environ.get("JOURNEYMAN_SLOW") else 4
CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]


def attack(api: Api, operation: schemathesis.APIOperation, mode: GenerationMode, ids: dict[str, str]) -> None:
    """Send what the operation's schema gives rise to; valid requests name things that are there."""
    bounded = settings(
        max_examples=EXAMPLES,
        deadline=None,
        derandomize=True,
        database=None,
        phases=[Phase.generate] if EXAMPLES < 20 else [Phase.generate, Phase.shrink],
        suppress_health_check=list(HealthCheck),
    )
    headers = {"authorization": f"Bearer {api.key}"}

    @bounded
    @given(case=operation.as_strategy(generation_mode=mode))
    def send(case: schemathesis.Case) -> None:
        if mode is GenerationMode.POSITIVE:
            case.path_parameters.update({name: ids[name] for name in case.path_parameters if name in ids})
        case.call_and_validate(base_url=api.url, headers=headers, checks=CHECKS, timeout=20)

    send()


def takes_anything(operation: schemathesis.APIOperation) -> bool:
    """Whether there is something in its requests that can be wrong."""
    return bool(operation.path_parameters or operation.query or operation.headers or operation.body)


async def things(api: Api) -> dict[str, str]:
    """One of each thing that a path can name."""
    task_id = await api.submit("shout")
    await api.until(task_id, "input_required")
    (approval,) = (await api.client.get("/v1/approvals")).json()["approvals"]
    await api.client.post("/v1/memory/documents", json={"text": "The quay is long.", "source": "quay.md"})
    (item,) = (await api.client.get("/v1/memory")).json()["items"]
    spare = await api.keys.create("spare")
    webhook = (await api.client.post("/v1/webhooks", json={"url": "https://hooks.example/x"})).json()
    return {
        "task_id": task_id,
        "approval_id": approval["id"],
        "item_id": item["id"],
        "key_id": spare.id,
        "webhook_id": webhook["id"],
    }


@pytest.mark.timeout(3600 if EXAMPLES > 20 else 240)
async def test_every_route_keeps_to_its_description(api: Api) -> None:
    ids = await things(api)
    schema = schemathesis.openapi.from_dict(api.spec)
    faults: list[str] = []
    for found in schema.get_all_operations():
        operation = found.ok()
        modes = list(GenerationMode) if takes_anything(operation) else [GenerationMode.POSITIVE]
        for mode in modes:
            try:
                await asyncio.to_thread(attack, api, operation, mode, ids)
            except Exception as error:
                faults.append(f"{operation.label} ({mode.value}): {error}")
    assert not faults, "\n\n".join(faults)
