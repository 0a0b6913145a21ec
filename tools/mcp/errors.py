"""What can go wrong with a server, by what it means for the call.

Unreachable     there is no connection, and nothing was sent
ConnectionError (Python's own) the connection broke while the call was under way: it is not known whether it was carried out
"""

NOTHING_DONE = -32951
"""Our JSON-RPC code for a request that never reached the server, or that it refused before doing anything."""

SESSION_LOST = -32952
"""Our JSON-RPC code for a request of a session that the server has forgotten; nothing was done."""


class Unreachable(Exception):
    """``str(error)`` says why, as the end of a sentence."""
