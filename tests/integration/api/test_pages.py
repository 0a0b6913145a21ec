"""What a browser is told with every answer, and the page of documentation, which loads nothing."""

import base64
import hashlib
import re

from tests.integration.api.served_api import Api


async def test_every_answer_has_the_safe_headers(api: Api) -> None:
    async with api.connect("") as stranger:
        answers = [
            await api.client.get("/v1/tasks"),
            await api.client.get("/v1/tasks/task_none"),
            await stranger.get("/v1/tasks"),
            await stranger.get("/healthz"),
            await stranger.get("/docs"),
        ]
    for answer in answers:
        headers = answer.headers
        assert headers["x-content-type-options"] == "nosniff", answer.url
        assert headers["x-frame-options"] == "DENY"
        assert headers["referrer-policy"] == "no-referrer"
        assert headers["cache-control"] == "no-store"
        assert headers["cross-origin-resource-policy"] == "same-origin"
        assert headers["content-security-policy"].startswith("default-src 'none'")
        assert "server" not in headers
        assert len(headers.get_list("content-security-policy")) == 1


async def test_the_documentation_has_every_route_and_loads_nothing(api: Api) -> None:
    async with api.connect("") as stranger:
        page = await stranger.get("/docs")
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    text = page.text
    assert not re.search(r"<script|<link|<img|<iframe|src=|@import|url\(", text)
    assert {href for href in re.findall(r'href="([^"]*)"', text) if not href.startswith("#")} == {"/openapi.json"}
    for path, operations in api.spec["paths"].items():
        for method, operation in operations.items():
            assert f"<b>{method.upper()}</b> <code>{path}</code> {operation['summary']}" in text
    for link in set(re.findall(r'href="#([^"]*)"', text)):
        assert f'id="{link}"' in text, link


async def test_the_browser_may_use_the_style_of_the_page_and_nothing_else(api: Api) -> None:
    page = await api.client.get("/docs")
    (style,) = re.findall(r"<style>(.*?)</style>", page.text, re.DOTALL)
    hashed = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    assert f"style-src 'sha256-{hashed}'" in page.headers["content-security-policy"]


async def test_what_describes_a_route_cannot_become_markup(api: Api) -> None:
    from api.routes.documentation import page_of

    info = {"title": "<script>", "version": "1"}
    operation = {"summary": "<b>", "description": "<img src=x>", "responses": {"200": {"description": "<i>"}}}
    schema = {"description": "<u>", "properties": {"<p>": {"type": "string", "description": "<q>"}}}
    document = {"info": info, "paths": {"/<x>": {"get": operation}}, "components": {"schemas": {"<D>": schema}}}
    for mark in ("<script>", "<img", "<i>", "<u>", "<q>", "<x>", "<D>"):
        assert mark not in page_of(document)
