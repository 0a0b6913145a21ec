"""Who may bring MCP servers with a task."""

from tests.integration.api.served_api import RUN_TOKEN, Api

BODY = {"goal": "at once", "mcp_servers": [{"name": "crm", "url": "https://crm.invalid/mcp"}]}


async def key_with(api: Api, *scopes: str) -> str:
    async with api.connect(RUN_TOKEN) as client:
        made = await client.post("/v1/keys", json={"name": "robot", "scopes": list(scopes)})
    assert made.status_code == 201
    assert set(made.json()["scopes"]) == {"api", *scopes}
    return str(made.json()["key"])


async def test_a_plain_key_may_not_bring_servers_nor_make_a_key_that_may(api: Api) -> None:
    async with api.connect(await key_with(api)) as client:
        refused = await client.post("/v1/tasks", json=BODY)
        assert refused.status_code == 403
        assert "--scope mcp_servers" in refused.json()["hint"]
        assert (await client.post("/v1/tasks", json={"goal": "at once"})).status_code == 202
        for scope in ("mcp_servers", "*"):
            assert (await client.post("/v1/keys", json={"name": "more", "scopes": [scope]})).status_code == 403
        assert (await client.get("/v1/tasks")).status_code == 200


async def test_a_key_with_the_scope_and_the_token_of_the_run_may(api: Api) -> None:
    for key in (await key_with(api, "mcp_servers"), RUN_TOKEN):
        async with api.connect(key) as client:
            assert (await client.post("/v1/tasks", json=BODY)).status_code == 202


async def test_a_scope_that_there_is_not_is_refused(api: Api) -> None:
    async with api.connect(RUN_TOKEN) as client:
        assert (await client.post("/v1/keys", json={"name": "robot", "scopes": ["everything"]})).status_code == 422
