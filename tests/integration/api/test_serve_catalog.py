"""Tools, models, agents, health, and the description of it all."""

import re
import sqlite3

from tests.integration.api.served_api import Api


async def test_tools_are_listed_and_shown(api: Api) -> None:
    tools = {tool["name"]: tool for tool in (await api.client.get("/v1/tools")).json()["tools"]}
    assert list(tools) == sorted(tools)
    assert tools["calculate"]["hints"]["read_only"] is True
    assert tools["shout"]["origin"] == "local"
    assert tools["shout"]["parameters"]["properties"]["text"]["type"] == "string"
    assert (await api.client.get("/v1/tools/shout")).json() == tools["shout"]
    response = await api.client.get("/v1/tools/shuot")
    assert response.status_code == 404
    assert "shout" in response.json()["detail"] + response.json()["hint"]


async def test_models_and_agents_are_listed_without_secrets(api: Api) -> None:
    (model,) = (await api.client.get("/v1/models")).json()["models"]
    assert (model["name"], model["provider"], model["model"]) == ("stub", "openai_compatible", "stub")
    assert not {"base_url", "api_key_env", "options"} & model.keys()
    (agent,) = (await api.client.get("/v1/agents")).json()["agents"]
    assert agent["name"] == "default"
    assert agent["budget"]["max_steps"] == 50


async def test_ready_means_that_the_journal_can_be_read(api: Api) -> None:
    assert (await api.client.get("/readyz")).json() == {"status": "ok"}
    with sqlite3.connect(str(api.runtime.settings.home / "journal.db")) as database:
        database.execute("DROP TABLE task_documents")
    response = await api.client.get("/readyz")
    assert response.status_code == 503
    assert response.json()["hint"]
    assert response.headers["retry-after"]
    assert (await api.client.get("/healthz")).status_code == 200


async def test_every_route_is_described(api: Api) -> None:
    spec = (await api.client.get("/openapi.json")).json()
    assert spec["openapi"].startswith("3.1")
    operations = [(path, method, op) for path, methods in spec["paths"].items() for method, op in methods.items()]
    assert len(operations) > 25
    for path, method, operation in operations:
        assert operation["description"], (method, path)
        success = min(operation["responses"])
        assert success in ("200", "201", "202", "204")
        if success != "204":
            content = operation["responses"][success]["content"]
            if "application/octet-stream" not in content:
                schema = content["application/json"]["schema"]
                assert schema["$ref"].startswith("#/components/schemas/"), (method, path)
        for status, response in operation["responses"].items():
            if status >= "400":
                assert list(response["content"]) == ["application/problem+json"], (method, path, status)
        assert ("security" in operation) == path.startswith("/v1"), path
    assert len({operation["operationId"] for _, _, operation in operations}) == len(operations)


async def test_every_reference_in_the_description_leads_somewhere(api: Api) -> None:
    text = (await api.client.get("/openapi.json")).text
    schemas = (await api.client.get("/openapi.json")).json()["components"]["schemas"]
    references = set(re.findall(r'"#/components/schemas/([^"]+)"', text))
    assert "ProblemDocument" in references
    assert references <= schemas.keys()
    assert "HTTPValidationError" not in schemas


async def test_the_event_stream_is_described(api: Api) -> None:
    operation = api.spec["paths"]["/v1/tasks/{task_id}/events"]["get"]
    assert set(operation["responses"]["200"]["content"]) == {"application/json", "text/event-stream"}
    assert "Last-Event-ID" in {parameter["name"] for parameter in operation["parameters"]}


async def test_usage_adds_up_what_tasks_spent(api: Api) -> None:
    first, second = await api.ended("at once"), await api.ended("at once")
    totals = (await api.client.get("/v1/usage")).json()
    assert totals["tasks"]["completed"] == 2
    for name in ("model_calls", "input_tokens", "cost_usd"):
        assert totals["usage"][name] == first["usage"][name] + second["usage"][name]
