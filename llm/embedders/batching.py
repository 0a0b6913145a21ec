"""What embedders over HTTP share: batches, patience, and a look at what came."""

import math
from collections.abc import Awaitable, Callable, Iterator, Sequence

from llm.calling import Waiting
from llm.errors import MalformedAnswer, Overloaded, RateLimited

_BATCH_TEXTS = 64
_BATCH_CHARS = 100_000

_HINT = "Check `model`, `dimensions` and `base_url` of [embedder]."


def batches(texts: Sequence[str]) -> Iterator[list[str]]:
    """The texts in requests of a size that every API takes."""
    batch: list[str] = []
    for text in texts:
        if batch and (len(batch) == _BATCH_TEXTS or sum(map(len, batch)) + len(text) > _BATCH_CHARS):
            yield batch
            batch = []
        batch.append(text)
    if batch:
        yield batch


async def patiently(waiting: Waiting, ask: Callable[[], Awaitable[list[list[float]]]]) -> list[list[float]]:
    """Ask, and again while the API is busy; it says itself how long to wait, or ``waiting`` does."""
    waited = 0.0
    for failures in range(1, waiting.attempts):
        try:
            return await ask()
        except (RateLimited, Overloaded) as error:
            seconds = waiting.seconds(failures, error)
            waited += seconds
            if waited > waiting.total_seconds:
                raise
        await waiting.sleep(seconds)
    return await ask()


def checked(vectors: Sequence[Sequence[float]], count: int, dimensions: int | None, address: str) -> int:
    """The one length of ``count`` vectors of finite numbers, which is ``dimensions`` where that is known. Raises
    ``MalformedAnswer``."""
    lengths = {len(vector) for vector in vectors} | ({dimensions} if dimensions else set())
    if len(vectors) != count or len(lengths) != 1 or lengths == {0}:
        what = f"{len(vectors)} vectors of the lengths {sorted(lengths)} for {count} texts"
        raise MalformedAnswer(f"{address} sent {what}.", hint=_HINT)
    if not all(math.isfinite(number) for vector in vectors for number in vector):
        raise MalformedAnswer(f"{address} sent numbers that are not finite.", hint=_HINT)
    return lengths.pop()
