"""Who may use which route: looked up before anything of the request's body is read. What declares nothing is refused."""

from collections.abc import Sequence
from dataclasses import dataclass
from re import Pattern
from typing import Any

from fastapi.routing import iter_route_contexts
from starlette.routing import BaseRoute

from api.principals import Principal, Role, needed
from api.problems import Fault


@dataclass(frozen=True, slots=True)
class Declared:
    """One route: which paths and methods it answers (``None``: all), and which roles may use it (none: nobody)."""

    path: str
    pattern: Pattern[str]
    methods: frozenset[str] | None
    roles: tuple[Role, ...]

    def answers(self, method: str, path: str) -> bool:
        return (self.methods is None or method in self.methods) and self.pattern.match(path) is not None


def declarations(routes: Sequence[BaseRoute]) -> list[Declared]:
    """Every route in the order in which the router tries them, mounted applications among them."""
    return [_declared(context) for context in iter_route_contexts(routes)]


def check_access(declared: Sequence[Declared], principal: Principal, method: str, path: str) -> None:
    """Raises ``Fault`` (403) for a route that is not for this caller. A path that is no route is for the router to refuse."""
    route = next((route for route in declared if route.answers(method, path)), None)
    if route is None:
        return
    if not route.roles:
        raise Fault(403, "This route does not say who may use it, so nobody may.", hint="Report it as a fault of Journeyman.")
    if not principal.has(*route.roles):
        wanted = " or ".join(route.roles)
        raise Fault(
            403, f"This needs the role {wanted}.", hint=f"An admin makes keys: `journeyman keys create --role {wanted}`."
        )


def _declared(context: Any) -> Declared:
    methods = context.methods
    endpoint = context.endpoint or getattr(context.original_route, "app", None)
    return Declared(context.path, context.path_regex, frozenset(methods) if methods else None, needed(endpoint))
