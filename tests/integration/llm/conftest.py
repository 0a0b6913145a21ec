"""Models for real calls over loopback."""

from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack

import pytest

from journeyman.testing import StubServer
from journeyman.testing.stub.script import Rule
from llm.router import Model, Models
from llm.settings import ModelSettings, Price

Ask = Callable[..., Model]


def settings(url: str, **more: object) -> ModelSettings:
    base = {"provider": "openai_compatible", "model": "stub", "base_url": url, "price": Price(input=0, output=0)}
    return ModelSettings.model_validate(base | more)


@pytest.fixture
async def model_at() -> AsyncIterator[Ask]:
    """Makes a model for an address; its connections are closed when the test ends."""
    async with AsyncExitStack() as stack:

        def make(url: str, **more: object) -> Model:
            models = Models({"stub": settings(url, **more)}, {})
            stack.push_async_callback(models.aclose)
            return models.get("stub")

        yield make


@pytest.fixture
async def stub_of() -> AsyncIterator[Callable[..., object]]:
    """Starts stub servers that stop when the test ends."""
    async with AsyncExitStack() as stack:

        async def start(*rules: Rule) -> StubServer:
            return await stack.enter_async_context(StubServer(rules))

        yield start
