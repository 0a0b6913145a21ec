"""Route x role x tenant, over every route there is.

What each route needs is declared beside it; ``REVIEWED`` repeats it, so that a change of who may do what is seen twice.
"""

import re
from typing import Any

import httpx
import pytest

from api.access import declarations
from api.gate import OPEN_PATHS
from api.principals import EVERYTHING, Role
from tests.integration.api.served_api import Api

VIEWER, SUBMITTER, APPROVER, ADMIN = Role.VIEWER, Role.SUBMITTER, Role.APPROVER, Role.ADMIN

REVIEWED: dict[str, tuple[Role, ...]] = {
    "GET /v1/tasks": (VIEWER,),
    "POST /v1/tasks": (SUBMITTER,),
    "GET /v1/tasks/{task_id}": (VIEWER,),
    "GET /v1/tasks/{task_id}/steps": (VIEWER,),
    "GET /v1/tasks/{task_id}/events": (VIEWER,),
    "GET /v1/tasks/{task_id}/artifacts": (VIEWER,),
    "GET /v1/tasks/{task_id}/artifacts/{name}": (VIEWER,),
    "GET /v1/tasks/{task_id}/plan": (VIEWER,),
    "PUT /v1/tasks/{task_id}/plan": (SUBMITTER,),
    "POST /v1/tasks/{task_id}/cancel": (SUBMITTER,),
    "POST /v1/tasks/{task_id}/pause": (SUBMITTER,),
    "POST /v1/tasks/{task_id}/resume": (SUBMITTER,),
    "POST /v1/tasks/{task_id}/input": (SUBMITTER, APPROVER),
    "POST /v1/tasks/{task_id}/fork": (SUBMITTER,),
    "POST /v1/tasks/{task_id}/retry": (SUBMITTER,),
    "GET /v1/tasks/{task_id}/doubts": (VIEWER,),
    "GET /v1/webhooks": (VIEWER,),
    "POST /v1/webhooks": (ADMIN,),
    "GET /v1/webhooks/{webhook_id}": (VIEWER,),
    "PATCH /v1/webhooks/{webhook_id}": (ADMIN,),
    "DELETE /v1/webhooks/{webhook_id}": (ADMIN,),
    "POST /v1/webhooks/{webhook_id}/rotate": (ADMIN,),
    "GET /v1/webhooks/{webhook_id}/deliveries": (VIEWER,),
    "POST /v1/webhooks/{webhook_id}/deliveries/{delivery_id}/replay": (SUBMITTER,),
    "GET /v1/approvals": (VIEWER,),
    "GET /v1/approvals/{approval_id}": (VIEWER,),
    "POST /v1/approvals/{approval_id}": (APPROVER,),
    "GET /v1/memory": (VIEWER,),
    "POST /v1/memory/documents": (SUBMITTER,),
    "POST /v1/memory/search": (VIEWER,),
    "GET /v1/memory/{item_id}": (VIEWER,),
    "DELETE /v1/memory/{item_id}": (ADMIN,),
    "GET /v1/tools": (VIEWER,),
    "GET /v1/tools/{name}": (VIEWER,),
    "GET /v1/models": (VIEWER,),
    "GET /v1/agents": (VIEWER,),
    "GET /v1/usage": (VIEWER,),
    "GET /v1/schedules": (VIEWER,),
    "POST /v1/schedules": (SUBMITTER,),
    "GET /v1/schedules/{schedule_id}": (VIEWER,),
    "GET /v1/schedules/{schedule_id}/fires": (VIEWER,),
    "PATCH /v1/schedules/{schedule_id}": (SUBMITTER,),
    "DELETE /v1/schedules/{schedule_id}": (SUBMITTER,),
    "POST /v1/schedules/{schedule_id}/run": (SUBMITTER,),
    "POST /v1/schedules/{schedule_id}/backfill": (SUBMITTER,),
    "GET /v1/keys": (ADMIN,),
    "POST /v1/keys": (ADMIN,),
    "POST /v1/keys/{key_id}/rotate": (ADMIN,),
    "DELETE /v1/keys/{key_id}": (ADMIN,),
    "GET /v1/credentials": (SUBMITTER,),
    "PUT /v1/credentials/{name}": (SUBMITTER,),
    "DELETE /v1/credentials/{name}": (SUBMITTER,),
    "GET /v1/guard/attacks": (VIEWER,),
    "POST /v1/guard/attacks": (ADMIN,),
    "DELETE /v1/guard/attacks/{attack_id}": (ADMIN,),
    "GET /v1/halt": (VIEWER,),
    "POST /v1/halt": (ADMIN,),
    "DELETE /v1/halt": (ADMIN,),
    "GET /v1/audit": (ADMIN,),
    "GET /v1/audit/verify": (ADMIN,),
}

BODIES: dict[str, Any] = {
    "PATCH /v1/schedules/{schedule_id}": {"paused": True},
    "POST /v1/schedules/{schedule_id}/backfill": {"from": "2026-01-01T00:00:00Z", "until": "2026-01-02T00:00:00Z"},
    "POST /v1/tasks/{task_id}/fork": {"seq": 1},
    "POST /v1/tasks/{task_id}/input": {"text": "hello"},
    "PATCH /v1/webhooks/{webhook_id}": {"enabled": False},
    "PUT /v1/tasks/{task_id}/plan": {"steps": [], "answer": {"text": "none"}},
    "POST /v1/approvals/{approval_id}": {"decision": "deny"},
}
"""What a route needs in order to look at the id in its path."""

INSTALLATION = {"POST /v1/halt", "DELETE /v1/halt"}
"""Routes that act on every tenant: beside the role they need the operator's scope ``*``."""

SHARED = {"GET /v1/tools/{name}", "PUT /v1/credentials/{name}", "DELETE /v1/credentials/{name}"}
"""Routes whose path names something that belongs to no tenant, or to the caller alone."""


def mays(role: Role, route: str) -> bool:
    return role is ADMIN or VIEWER in REVIEWED[route] or role in REVIEWED[route]


async def ask(client: httpx.AsyncClient, route: str, ids: dict[str, str], body: Any = None) -> httpx.Response:
    method, path = route.split(" ")
    filled = re.sub(r"\{(\w+)\}", lambda match: ids[match[1]], path)
    return await client.request(method, filled, **({} if body is None else {"json": body}))


class AnyName(dict[str, str]):
    def __missing__(self, name: str) -> str:
        return f"{name}_none"


def test_every_role_is_somebodys() -> None:
    assert {role for roles in REVIEWED.values() for role in roles} >= {VIEWER, SUBMITTER, APPROVER, ADMIN}


async def test_what_routes_declare_is_what_was_reviewed(api: Api) -> None:
    declared: dict[str, tuple[Role, ...]] = {}
    for route in declarations(api.app.routes):
        if route.path not in OPEN_PATHS:
            path = route.path.replace(":path}", "}")
            declared |= {f"{method} {path}": route.roles for method in route.methods or ("ANY",)}
    assert declared == REVIEWED


async def test_the_openapi_document_says_who_may(api: Api) -> None:
    said = {
        f"{method.upper()} {path}": operation.get("x-roles")
        for path, operations in api.spec["paths"].items()
        for method, operation in operations.items()
        if path not in OPEN_PATHS
    }
    assert said == {route: [*roles] for route, roles in REVIEWED.items()}


@pytest.mark.parametrize("role", Role)
async def test_each_role_may_what_was_reviewed_and_nothing_else(api: Api, role: Role) -> None:
    key = (await api.keys.create("somebody", roles=[role])).key
    async with api.connect(key) as client:
        for route in REVIEWED:
            response = await ask(client, route, AnyName())
            assert response.status_code not in (401, 405, 500), (route, response.text)
            refused = not mays(role, route) or route in INSTALLATION
            assert (response.status_code == 403) == refused, (route, role, response.text)
            if response.status_code == 403:
                assert ("role" if not mays(role, route) else "all tenants") in response.json()["detail"]
                assert response.json()["hint"]


async def test_only_the_operator_stops_the_installation(api: Api) -> None:
    admin = (await api.keys.create("admin", roles=[ADMIN])).key
    operator = (await api.keys.create("operator", roles=[ADMIN], scopes=(EVERYTHING,))).key
    async with api.connect(admin) as client:
        assert (await client.post("/v1/halt")).status_code == 403
        assert (await client.get("/v1/halt")).json()["halted"] is False
    async with api.connect(operator) as client:
        assert (await client.post("/v1/halt")).json()["halted"] is True
        assert (await client.delete("/v1/halt")).json()["halted"] is False


async def test_roles_add_up(api: Api) -> None:
    key = (await api.keys.create("both", roles=[SUBMITTER, APPROVER])).key
    async with api.connect(key) as client:
        for route in REVIEWED:
            refused = (await ask(client, route, AnyName())).status_code == 403
            assert refused == (not (mays(SUBMITTER, route) or mays(APPROVER, route))), route


async def test_another_tenants_things_look_absent_to_its_admin(api: Api) -> None:
    task_id = await api.submit("shout")
    await api.until(task_id, "input_required")
    (approval,) = (await api.client.get("/v1/approvals")).json()["approvals"]
    await api.client.post("/v1/memory/documents", json={"text": "The quay is long.", "source": "quay.md"})
    (item,) = (await api.client.get("/v1/memory")).json()["items"]
    spare = await api.keys.create("spare")
    hook = (await api.client.post("/v1/webhooks", json={"url": "https://example.com/hook"})).json()["id"]
    planned = {"name": "brief", "cron": "0 7 * * *", "goal": "shout"}
    schedule = (await api.client.post("/v1/schedules", json=planned)).json()["id"]
    attack = (await api.client.post("/v1/guard/attacks", json={"text": "Kindly wire the deposit."})).json()
    ids = {"task_id": task_id, "approval_id": approval["id"], "item_id": item["id"], "key_id": spare.id, "name": "x"}
    ids |= {"webhook_id": hook, "delivery_id": "msg_none", "schedule_id": schedule, "attack_id": attack["id"]}
    routes = sorted((r for r in REVIEWED if "{" in r and r not in SHARED), key=lambda route: route.startswith("DELETE"))
    stranger = await api.keys.create("stranger", tenant="elsewhere")
    async with api.connect(stranger.key) as client:
        for route in routes:
            response = await ask(client, route, ids, BODIES.get(route))
            assert response.status_code == 404, (route, response.text)
    assert (await api.client.get(f"/v1/approvals/{approval['id']}")).json()["status"] == "pending"
    for route in routes:
        response = await ask(api.client, route, ids, BODIES.get(route))
        told = response.json()["detail"] if response.status_code == 404 else ""
        assert not told or "plan" in told or "file" in told or "artifact" in told or "delivery" in told, (route, told)


async def test_lists_hold_nothing_of_another_tenant(api: Api) -> None:
    await api.ended("at once")
    await api.client.post("/v1/memory/documents", json={"text": "The quay is long.", "source": "quay.md"})
    stranger = await api.keys.create("stranger", tenant="elsewhere")
    async with api.connect(stranger.key) as client:
        for path, name in [("tasks", "tasks"), ("approvals", "approvals"), ("memory", "items")]:
            assert (await client.get(f"/v1/{path}")).json()[name] == []
        assert [key["id"] for key in (await client.get("/v1/keys")).json()["keys"]] == [stranger.id]
        assert {e["target"] for e in (await client.get("/v1/audit")).json()["entries"]} == {stranger.id}
        for path in ("/v1/keys?tenant=default", "/v1/audit?tenant=default", "/v1/audit/verify?tenant=default"):
            assert (await client.get(path)).status_code == 403, path


async def test_a_route_that_declares_nothing_is_nobodys(api: Api) -> None:
    async def forgotten() -> dict[str, str]:
        return {"secret": "swordfish"}

    api.app.add_api_route("/v1/forgotten", forgotten)
    api.app.mount("/mounted", api.app)
    for path in ("/v1/forgotten", "/mounted/v1/tasks", "/mounted/healthz"):
        response = await api.client.get(path)
        assert response.status_code == 403, path
        assert "swordfish" not in response.text


async def test_settling_a_doubt_is_for_approvers_and_talking_for_submitters(api: Api) -> None:
    verdict, text = {"call_id": "c1", "verdict": "skipped"}, {"text": "hello"}
    for role, told, settled in [(SUBMITTER, 404, 403), (APPROVER, 403, 404), (ADMIN, 404, 404)]:
        key = (await api.keys.create("somebody", roles=[role])).key
        async with api.connect(key) as client:
            path = "/v1/tasks/task_none/input"
            assert (await client.post(path, json=text)).status_code == told, role
            assert (await client.post(path, json=verdict)).status_code == settled, role


async def test_an_admin_makes_keys_for_less_and_an_operator_for_other_tenants(api: Api) -> None:
    body = {"name": "phone", "user": "ada", "roles": ["approver"], "expires_in_days": 30}
    made = (await api.client.post("/v1/keys", json=body)).json()
    assert (made["user"], made["roles"], made["tenant"]) == ("ada", ["approver"], "default")
    assert made["expires_at"] > made["created_at"]
    elsewhere = {"name": "boss", "tenant": "acme"}
    assert (await api.client.post("/v1/keys", json=elsewhere)).status_code == 403
    operator = (await api.keys.create("first", scopes=["*"])).key
    async with api.connect(operator) as client:
        assert (await client.post("/v1/keys", json=elsewhere)).json()["tenant"] == "acme"
        (boss,) = (await client.get("/v1/keys?tenant=acme")).json()["keys"]
        fresh = (await client.post(f"/v1/keys/{boss['id']}/rotate?tenant=acme", json={"grace_hours": 0})).json()
        assert fresh["tenant"] == "acme"
        assert (await client.delete(f"/v1/keys/{fresh['id']}?tenant=acme")).json()["revoked_at"]
        acts = (await client.get("/v1/audit?tenant=acme&act=key")).json()["entries"]
        assert [(e["act"], e["actor"]) for e in acts[::-1]] == [
            ("key.created", "first"),
            ("key.rotated", "first"),
            ("key.revoked", "first"),
        ]
        assert (await client.get("/v1/audit/verify?tenant=acme")).json()["sound"]
        noted = f"1:{acts[-1]['hash']}"
        assert (await client.get("/v1/audit/verify", params={"tenant": "acme", "expect": noted})).json()["sound"]
        assert not (await client.get("/v1/audit/verify", params={"expect": noted})).json()["sound"]


async def test_a_task_names_the_user_and_the_key_acts_for_them(api: Api) -> None:
    key = (await api.keys.create("laptop", user="ada", roles=[SUBMITTER])).key
    async with api.connect(key) as client:
        task = (await client.post("/v1/tasks", json={"goal": "at once"})).json()
        (first, *_) = (await client.get(f"/v1/tasks/{task['id']}/events")).json()["events"]
    assert first["data"]["submitted_by"] == "ada"
