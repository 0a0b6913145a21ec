"""How a command reaches the tasks, the memory and the rest of a home: through the running ``serve``, or on its own."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from journeyman.client import Client
from journeyman.home import serving

if TYPE_CHECKING:
    from journeyman.settings import Settings


@asynccontextmanager
async def connect(settings: "Settings") -> AsyncIterator[Client]:
    """A client of the ``serve`` that runs on this home; with none running, of a runtime opened in this process.

    ``client.local`` tells which. Leaving the block hands leases back and lets go of everything.
    """
    served = serving(settings.home)
    if served is not None:
        import httpx

        async with Client(served.address, served.token, transport=httpx.AsyncHTTPTransport()) as client:
            yield client
        return
    from journeyman.local import LocalClient

    async with LocalClient.open(settings) as client:
        yield client
