"""Who asks, and what they may do: roles, scopes, and the declaration that every route carries.

A route declares by ``@needs(...)`` which roles may use it. One that declares nothing may be used by nobody.
"""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, TypeVar

F = TypeVar("F", bound=Callable[..., Any])


class Role(StrEnum):
    """What a person is trusted with. Every role may look; an admin may do everything within the tenant."""

    VIEWER = "viewer"
    """Looks at tasks, approvals, memory and what there is."""
    SUBMITTER = "submitter"
    """Submits and steers tasks, and puts documents into memory."""
    APPROVER = "approver"
    """Gives a person's word: decides approvals and settles calls in doubt."""
    REVIEWER = "reviewer"
    """Rates outcomes and works on what is learned from them."""
    ADMIN = "admin"
    """Keys, the audit log, forgetting, and all of the above."""


EVERYTHING = "*"
"""Every scope there is and will be, and every tenant's keys: what the token of a run and the first key have."""

API = "api"
"""What every key has that may do all there is in its tenant. Versions without roles open nothing to a key without it."""

MCP_SERVERS = "mcp_servers"
"""Bringing MCP servers with a task."""

SCOPES = (EVERYTHING, API, MCP_SERVERS)


@dataclass(frozen=True, slots=True)
class Principal:
    """Who asks: the tenant whose things they may see, and the key they came with.

    ``name`` is the person's: the key's user, or for a key without one the key's own name. ``requests_per_minute`` is the
    key's own limit; ``None`` means the server's.
    """

    tenant: str
    key_id: str
    name: str
    scopes: tuple[str, ...] = (API,)
    roles: tuple[str, ...] = (Role.ADMIN,)
    requests_per_minute: int | None = None

    def may(self, scope: str) -> bool:
        return EVERYTHING in self.scopes or scope in self.scopes

    def has(self, *roles: Role) -> bool:
        """Whether they have one of the roles; everybody is a viewer, and an admin is everything."""
        return Role.ADMIN in self.roles or any(role in self.roles or role is Role.VIEWER for role in roles)

    @property
    def is_operator(self) -> bool:
        """Whether they may see to the keys of every tenant."""
        return EVERYTHING in self.scopes


OPERATOR = Principal("default", "run", "command line", (EVERYTHING,))
"""Who works at the machine itself."""

_MARK = "__journeyman_needs__"


def needs(*roles: Role) -> Callable[[F], F]:
    """Declare that a route may be used by whoever has one of ``roles``."""
    if not roles:
        raise ValueError("name the roles that may use the route")

    def mark(endpoint: F) -> F:
        setattr(endpoint, _MARK, roles)
        return endpoint

    return mark


def needed(endpoint: Any) -> tuple[Role, ...]:
    """The roles that a route declares; empty where it declares nothing."""
    found = getattr(endpoint, _MARK, ())
    return found if isinstance(found, tuple) else ()
