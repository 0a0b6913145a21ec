"""Memory with an embedder: meaning helps where it can be had, and its absence is no failure."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from llm.embedders.embedder import Embedder, make_embedder
from llm.settings import EmbedderSettings
from memory.items import Document, Memory, Query, private_label

pytestmark = pytest.mark.parametrize("opened", ["embedded", "server"], indirect=True)

Open = Callable[..., Awaitable[Memory]]


def note(text: str, source: str) -> Document:
    return Document(text, source, private_label(source))


def embedder(url: str, model: str = "bag", **more: Any) -> Embedder:
    made = make_embedder(EmbedderSettings(provider="openai_compatible", model=model, base_url=url, **more))
    assert made
    return made


NOTES = [
    note("A vessel lies at the quay.", "vessel"),
    note("The oranges were sweet.", "fruit"),
    note("Rain is due on Monday.", "weather"),
]


async def first(memory: Memory, question: str) -> tuple[str, str]:
    found = await memory.search("t", Query(question))
    return (found[0].item.source, found[0].why) if found else ("", "")


async def test_what_shares_no_word_is_found_by_meaning(opened: Open, embeddings: Any) -> None:
    memory = await opened(embedder(embeddings.url))
    await memory.add("t", "n", NOTES)
    assert await first(memory, "boat ship") == ("vessel", "similar in meaning")
    assert await first(memory, "sweet oranges") == ("fruit", "has sweet, oranges; similar in meaning")


async def test_small_documents_share_a_request(opened: Open, embeddings: Any) -> None:
    memory = await opened(embedder(embeddings.url))
    await memory.add("t", "n", [note(f"text {number}", f"s{number}") for number in range(30)])
    assert len(embeddings.requests) == 1
    assert len(embeddings.texts) == 30


async def test_without_the_embedder_words_do_and_it_is_said_once(
    opened: Open, embeddings: Any, caplog: pytest.LogCaptureFixture
) -> None:
    embeddings.status = 500
    memory = await opened(embedder(embeddings.url, api_key_env=None))
    with caplog.at_level(logging.WARNING):
        await memory.search("t", Query("quay"))
        await memory.add("t", "n", NOTES)
        assert await first(memory, "quay") == ("vessel", "has quay")
    assert ["by words alone" in record.getMessage() for record in caplog.records].count(True) == 1
    assert len(embeddings.requests) == 1  # it is left alone for a while


async def test_what_was_stored_without_vectors_gets_them_later(opened: Open, embeddings: Any) -> None:
    plain = await opened()
    await plain.add("t", "n", NOTES)
    await plain.close()
    memory = await opened(embedder(embeddings.url))

    while (await first(memory, "boat"))[0] != "vessel":
        pass  # each search lets the background work go on
    await memory.close()
    sent = len(embeddings.texts)
    again = await opened(embedder(embeddings.url))
    assert (await first(again, "boat"))[0] == "vessel"
    assert len(embeddings.texts) == sent + 1  # the query; nothing is embedded twice


async def test_another_model_or_length_means_other_vectors(opened: Open, embeddings: Any) -> None:
    memory = await opened(embedder(embeddings.url))
    await memory.add("t", "n", NOTES)
    await memory.close()
    embeddings.dimensions = 96
    longer = await opened(embedder(embeddings.url, model="longer"))

    assert (await first(longer, "oranges"))[0] == "fruit"
    while (await first(longer, "boat"))[0] != "vessel":
        pass
    assert all(body["model"] == "longer" for body in embeddings.requests[-2:])


async def test_a_search_does_not_wait_long_for_a_server_that_hangs(opened: Open, embeddings: Any) -> None:
    plain = await opened()
    await plain.add("t", "n", NOTES)
    await plain.close()
    embeddings.hold = asyncio.Event()
    memory = await opened(embedder(embeddings.url))
    async with asyncio.timeout(30):
        assert await first(memory, "quay") == ("vessel", "has quay")
        assert await first(memory, "quay") == ("vessel", "has quay")
    assert len(embeddings.requests) == 1


async def test_an_address_where_nobody_listens(opened: Open) -> None:
    memory = await opened(embedder("http://127.0.0.1:9/v1"))
    assert (await memory.add("t", "n", NOTES)).added == 3
    assert await first(memory, "quay") == ("vessel", "has quay")


async def test_a_changed_embedder_takes_over_only_when_all_is_embedded(opened: Open, embeddings: Any) -> None:
    first_one = await opened(embedder(embeddings.url))
    await first_one.add("t", "n", NOTES)
    await first_one.close()
    other = await opened(embedder(embeddings.url, model="other"))
    meaning = other._dense._points  # type: ignore[attr-defined]
    old = await meaning.spaces()
    embeddings.hold = asyncio.Event()
    searching = asyncio.create_task(first(other, "oranges"))
    while embeddings.requests[-1]["model"] != "other":
        await asyncio.sleep(0)
    assert await meaning.spaces() == old  # nothing of the old ones is dropped before the new ones are there
    embeddings.hold.set()
    embeddings.hold = None
    assert (await searching)[0] == "fruit"
    while (await first(other, "boat"))[0] != "vessel":
        pass
    assert [space.name for space in await meaning.spaces()] == ["other"]
