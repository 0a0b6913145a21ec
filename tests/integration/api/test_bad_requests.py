"""Bad input over real sockets: one clear problem document each, and nothing of the inside."""

import asyncio
import http.client
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest

from api.settings import ApiSettings
from tests.integration.api.served_api import Api, serving

JSON = {"content-type": "application/json"}


def problem(response: httpx.Response, status: int) -> dict[str, Any]:
    """The response's problem document, which has every member it should."""
    assert response.status_code == status, response.text
    assert response.headers["content-type"] == "application/problem+json"
    document: dict[str, Any] = response.json()
    assert {"type", "title", "status", "detail", "hint"} <= document.keys()
    assert document["status"] == status
    assert "Traceback" not in response.text
    return document


async def test_an_unknown_field_is_named_with_the_closest_known(api: Api) -> None:
    document = problem(await api.client.post("/v1/tasks", json={"goal": "x", "goaal": "y", "budget": {"max_step": 1}}), 422)
    assert "goaal: unknown field, did you mean `goal`?" in document["detail"]
    assert "budget.max_step: unknown field, did you mean `max_steps`?" in document["detail"]
    assert {error["field"] for error in document["errors"]} == {"goaal", "budget.max_step"}
    assert {error["in"] for error in document["errors"]} == {"body"}


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "goal"),
        ({"goal": 7}, "goal"),
        ({"goal": "  "}, "goal"),
        ({"goal": "x", "budget": {"max_steps": "many"}}, "budget.max_steps"),
        ({"goal": "x", "budget": {"max_cost_usd": -1}}, "budget.max_cost_usd"),
        ({"goal": "x", "tools": "lookup"}, "tools"),
        ({"goal": "x", "techniques": {"self_consistency": 99}}, "techniques.self_consistency"),
        ({"goal": "x", "techniques": {"few_shot": [{"goal": "x"}]}}, "techniques.few_shot.0.answer"),
        ({"goal": "x", "techniques": {"tree_of_thoughts": True}}, "techniques.tree_of_thoughts"),
        ({"goal": "x" * 200_000}, "goal"),
        (["goal"], ""),
        (None, ""),
    ],
)
async def test_a_wrong_value_is_named(api: Api, body: Any, field: str) -> None:
    document = problem(await api.client.post("/v1/tasks", json=body), 422)
    assert document["errors"][0]["field"] == field
    assert document["errors"][0]["detail"] in document["detail"]


@pytest.mark.parametrize("field", ["agent", "planner", "tools", "models"])
async def test_a_name_that_is_not_configured_is_refused(api: Api, field: str) -> None:
    value = ["nonesuch"] if field in ("tools", "models") else "nonesuch"
    document = problem(await api.client.post("/v1/tasks", json={"goal": "x", field: value}), 422)
    assert "nonesuch" in document["detail"]


async def test_a_thousand_mistakes_make_a_short_answer(api: Api) -> None:
    document = problem(await api.client.post("/v1/tasks", json={"goal": "x", "tools": [1] * 1000}), 422)
    assert "and 990 more" in document["detail"]
    assert len(document["errors"]) == 10


async def test_an_unknown_query_parameter_is_named(api: Api) -> None:
    document = problem(await api.client.get("/v1/tasks?stauts=working"), 422)
    assert "stauts: unknown field, did you mean `status`?" in document["detail"]
    assert document["errors"][0]["in"] == "query"


@pytest.mark.parametrize("query", ["limit=0", "limit=1001", "limit=x", "status=done"])
async def test_a_wrong_query_parameter_is_named(api: Api, query: str) -> None:
    document = problem(await api.client.get(f"/v1/tasks?{query}"), 422)
    assert document["errors"][0]["field"] == query.partition("=")[0]


@pytest.mark.parametrize("as_of", ["0", "x", str(2**70)])
async def test_an_impossible_as_of_is_refused(api: Api, as_of: str) -> None:
    task = await api.ended("at once")
    problem(await api.client.get(f"/v1/tasks/{task['id']}?as_of={as_of}"), 422)


@pytest.mark.parametrize("body", [b"{", b'{"goal": NaN}', b'{"goal": "\xff"}', b"[" * 100_000, b'{"goal": "\\ud800"}'])
async def test_what_is_not_json_is_refused(api: Api, body: bytes) -> None:
    problem(await api.client.post("/v1/tasks", content=body, headers=JSON), 400)


@pytest.mark.parametrize("media_type", ["application/x-www-form-urlencoded", "text/plain", "application/jsonx", ""])
async def test_a_body_of_another_type_is_refused(api: Api, media_type: str) -> None:
    headers = {"content-type": media_type} if media_type else {}
    document = problem(await api.client.post("/v1/tasks", content=b'{"goal": "x"}', headers=headers), 415)
    assert "application/json" in document["hint"]


async def test_json_with_a_charset_or_a_suffix_is_json(api: Api) -> None:
    for media_type in ("application/json; charset=utf-8", "application/problem+json", "Application/JSON"):
        response = await api.client.post("/v1/tasks", content=b'{"goal": "at once"}', headers={"content-type": media_type})
        assert response.status_code == 202, media_type


@pytest.mark.parametrize("key", ["", "x" * 256, "white space", "ünicode"])
async def test_an_unusable_idempotency_key_is_refused(api: Api, key: str) -> None:
    headers = {"idempotency-key": key.encode()}
    problem(await api.client.post("/v1/tasks", json={"goal": "x"}, headers=headers), 422)  # type: ignore[arg-type]


async def test_a_route_or_method_that_is_not_there(api: Api) -> None:
    assert "/v1/tsaks" in problem(await api.client.get("/v1/tsaks"), 404)["detail"]
    response = await api.client.delete("/v1/tasks")
    problem(response, 405)
    assert "GET" in response.headers["allow"] or "POST" in response.headers["allow"]


async def test_a_ten_megabyte_goal_is_refused_by_its_length(api: Api) -> None:
    body = b'{"goal": "' + b"x" * 10_000_000 + b'"}'
    document = problem(await api.client.post("/v1/tasks", content=body, headers=JSON), 413)
    assert "2,000,000 bytes" in document["detail"]


async def test_a_ten_megabyte_goal_in_chunks_is_refused_when_it_grows_too_long(api: Api) -> None:
    async def chunks() -> AsyncIterator[bytes]:
        yield b'{"goal": "'
        for _ in range(100):
            yield b"x" * 100_000
        yield b'"}'

    problem(await api.client.post("/v1/tasks", content=chunks(), headers=JSON), 413)
    assert (await api.client.get("/v1/tasks")).status_code == 200


@pytest.mark.parametrize(("known", "status"), [(True, 413), (False, 401)])
async def test_a_client_that_sends_all_before_it_listens_hears_the_answer(api: Api, known: bool, status: int) -> None:
    """As ``http.client`` does: an early answer on a connection that is then closed would be lost."""

    def send() -> tuple[int, bytes]:
        connection = http.client.HTTPConnection(urlsplit(api.url).netloc)
        headers = {**JSON, "authorization": f"Bearer {api.key if known else 'jm_wrong'}", "connection": "close"}
        connection.request("POST", "/v1/tasks", b'{"goal": "' + b"x" * 10_000_000 + b'"}', headers)
        response = connection.getresponse()
        return response.status, response.read()

    answered, body = await asyncio.to_thread(send)
    assert answered == json.loads(body)["status"] == status


async def test_the_limit_is_a_setting(tmp_path: Path) -> None:
    async with serving(tmp_path / "home", ApiSettings(port=0, max_body_bytes=100)) as api:
        assert (await api.client.post("/v1/tasks", json={"goal": "at once"})).status_code == 202
        problem(await api.client.post("/v1/tasks", json={"goal": "x" * 100}), 413)


@pytest.mark.parametrize("host", ["evil.example", "evil.example:8400", "localhost.evil.example", "", "127.0.0.1.evil.example"])
async def test_another_name_for_this_machine_is_refused(api: Api, host: str) -> None:
    for path in ("/healthz", "/v1/tasks"):
        problem(await api.client.get(path, headers={"host": host}), 421)


@pytest.mark.parametrize("host", ["localhost", "LOCALHOST:1", "127.0.0.1:9", "[::1]", "[::1]:8400", "10.1.2.3"])
async def test_addresses_and_localhost_are_answered(api: Api, host: str) -> None:
    assert (await api.client.get("/healthz", headers={"host": host})).status_code == 200


async def test_a_configured_name_is_answered(tmp_path: Path) -> None:
    async with serving(tmp_path / "home", ApiSettings(port=0, allowed_hosts=("agents.example",))) as api:
        assert (await api.client.get("/healthz", headers={"host": "agents.example"})).status_code == 200


async def test_every_answer_has_the_safe_headers(api: Api) -> None:
    for path in ("/healthz", "/v1/tasks", "/v1/tasks/none", "/nowhere"):
        headers = (await api.client.get(path)).headers
        assert headers["x-content-type-options"] == "nosniff", path
        assert headers["cache-control"] == "no-store"
        assert headers["x-request-id"]
        assert "server" not in headers
        assert "access-control-allow-origin" not in headers
