"""Each user's credentials for tools, sealed at rest, and handed to the tools that declare them."""

import os
import re

from agents.sealing import Seal
from journal.audit import Act
from journal.credentials import CredentialName, CredentialStore
from journal.errors import InvalidInput, JourneymanError, NotFound
from tools.errors import ToolError
from tools.types import Tool
from trust.redaction import Redactor

MAX_CHARS = 20_000

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,99}")


class Vault:
    """The credentials of every user. ``redactor`` learns each value before a tool gets it."""

    def __init__(self, store: CredentialStore, seal: Seal, redactor: Redactor) -> None:
        self._store = store
        self._seal = seal
        self._redactor = redactor

    async def set(self, tenant: str, user: str, name: str, value: str, act: Act) -> CredentialName:
        """Keep a value for the user. Raises ``InvalidInput``, or ``ConfigurationError`` for a key that cannot be used."""
        if not _NAME.fullmatch(name):
            raise InvalidInput(
                f"`{name[:100]}` cannot name a credential.", hint="Use letters, digits and `_`, a letter first."
            )
        if not 1 <= len(value) <= MAX_CHARS:
            raise InvalidInput(f"A credential has 1 to {MAX_CHARS:,} characters.")
        self._redactor.learn([value])
        sealed = await self._seal.seal([tenant, user, name], value)
        return await self._store.put(tenant, user, name, sealed, act)

    async def names(self, tenant: str, user: str) -> list[CredentialName]:
        """What the user has; never the values."""
        return await self._store.names(tenant, user)

    async def remove(self, tenant: str, user: str, name: str, act: Act) -> None:
        """Forget a value for good. Raises ``NotFound``."""
        if not await self._store.remove(tenant, user, name, act):
            hint = "`journeyman credentials list` shows what there is."
            raise NotFound(f"There is no credential {name[:100]}.", hint=hint)

    async def secrets_of(self, tool: Tool, tenant: str, owner: str) -> dict[str, str]:
        """The values of what a tool declares: the task owner's own, else the variable of this process; what is nowhere is
        left out. Raises ``ToolError`` where they cannot be read: nothing was done yet."""
        found: dict[str, str] = {}
        for name in tool.secrets:
            try:
                value = await self._value(tenant, owner, name)
            except JourneymanError as error:
                raise ToolError(f"The credential {name} cannot be read: {error.message}") from error
            if value := value or os.environ.get(name):
                found[name] = value
        self._redactor.learn(found.values())
        return found

    async def _value(self, tenant: str, user: str, name: str) -> str | None:
        sealed = await self._store.sealed(tenant, user, name)
        return None if sealed is None else self._seal.open([tenant, user, name], sealed)
