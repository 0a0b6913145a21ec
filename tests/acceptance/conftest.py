"""Real processes: the house of the serve tests."""

from tests.integration.serve.conftest import build

__all__ = ["build"]
