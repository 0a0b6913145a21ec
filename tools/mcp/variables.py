"""Values that a server is given by the names of the variables that hold them."""

import os

from tools.mcp.errors import Unreachable


def variable_value(name: str) -> str:
    """The value of a variable of this process. Raises ``Unreachable`` where it is not set."""
    value = os.environ.get(name)
    if not value:
        raise Unreachable(f"the variable {name} is not set")
    return value
