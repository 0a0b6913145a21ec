from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from api.settings import ApiSettings
from tests.integration.api.served_api import Api, serving


@pytest.fixture
async def api(tmp_path: Path) -> AsyncIterator[Api]:
    """An API with default settings on a free port."""
    async with serving(tmp_path / "home", ApiSettings(port=0)) as served:
        yield served
