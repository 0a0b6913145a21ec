"""Each user's credentials for tools, encrypted at rest, and handed to the tools that declare them.

Values are sealed with Fernet (AES-CBC and HMAC-SHA-256). The key comes from ``JOURNEYMAN_CREDENTIALS_KEY`` (one or more, with
commas, the current one first), else from ``HOME/credentials.key`` (one a line), which is made when it is first needed. A
sealed value says whose it is: one that is moved to another user's row does not open.
"""

import json
import os
import re
import stat
from pathlib import Path
from typing import TYPE_CHECKING

from journal.audit import Act
from journal.credentials import CredentialName, CredentialStore
from journal.errors import ConfigurationError, InvalidInput, JourneymanError, NotFound
from tools.errors import ToolError
from tools.types import Tool
from trust.redaction import Redactor

if TYPE_CHECKING:
    from cryptography.fernet import MultiFernet

KEY_VARIABLE = "JOURNEYMAN_CREDENTIALS_KEY"
KEY_FILE = "credentials.key"
MAX_CHARS = 20_000

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,99}")


class Vault:
    """The credentials of every user. ``redactor`` learns each value before a tool gets it."""

    def __init__(self, store: CredentialStore, home: Path, redactor: Redactor) -> None:
        self._store = store
        self._file = home / KEY_FILE
        self._redactor = redactor
        self._keys: MultiFernet | None = None

    async def set(self, tenant: str, user: str, name: str, value: str, act: Act) -> CredentialName:
        """Keep a value for the user. Raises ``InvalidInput``, or ``ConfigurationError`` for a key that cannot be used."""
        if not _NAME.fullmatch(name):
            raise InvalidInput(
                f"`{name[:100]}` cannot name a credential.", hint="Use letters, digits and `_`, a letter first."
            )
        if not 1 <= len(value) <= MAX_CHARS:
            raise InvalidInput(f"A credential has 1 to {MAX_CHARS:,} characters.")
        self._redactor.learn([value])
        sealed = self._open_keys(make=True).encrypt(json.dumps([tenant, user, name, value]).encode()).decode()
        return await self._store.put(tenant, user, name, sealed, act)

    async def names(self, tenant: str, user: str) -> list[CredentialName]:
        """What the user has; never the values."""
        return await self._store.names(tenant, user)

    async def remove(self, tenant: str, user: str, name: str, act: Act) -> None:
        """Forget a value for good. Raises ``NotFound``."""
        if not await self._store.remove(tenant, user, name, act):
            hint = "`journeyman credentials list` shows what there is."
            raise NotFound(f"There is no credential {name[:100]}.", hint=hint)

    async def rotate(self) -> int:
        """Seal every value with a new key (where the key is in the variable: with its first); how many there are.

        The older keys stay where they are, for what other processes are just sealing. Raises ``ConfigurationError``.
        """
        if not os.environ.get(KEY_VARIABLE):
            self._write([_new_key(), *self._read()])
        keys = self._keys = _fernet(self._read())
        return await self._store.reseal(lambda sealed: _rotated(keys, sealed))

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
        return None if sealed is None else self._unsealed(sealed, [tenant, user, name])

    def _unsealed(self, sealed: str, place: list[str]) -> str:
        from cryptography.fernet import InvalidToken

        try:
            opened = self._open_keys().decrypt(sealed.encode())
        except InvalidToken:
            try:  # another process may have made a new key since
                self._keys = None
                opened = self._open_keys().decrypt(sealed.encode())
            except InvalidToken:
                raise _unreadable(place[-1]) from None
        *sealed_for, value = json.loads(opened)
        if sealed_for != place:
            raise _unreadable(place[-1])
        return str(value)

    def _open_keys(self, *, make: bool = False) -> "MultiFernet":
        if self._keys is None:
            if make and not os.environ.get(KEY_VARIABLE) and not self._file.exists():
                self._write([_new_key()])
            self._keys = _fernet(self._read())
        return self._keys

    def _read(self) -> list[str]:
        if given := os.environ.get(KEY_VARIABLE):
            return [key.strip() for key in given.split(",") if key.strip()]
        try:
            if stat.S_IMODE(self._file.stat().st_mode) & 0o077:
                raise ConfigurationError(f"Others can read {self._file}.", hint=f"chmod 600 {self._file}")
            return self._file.read_text(encoding="ascii").split()
        except (OSError, UnicodeDecodeError):
            return []

    def _write(self, keys: list[str]) -> None:
        draft = self._file.with_suffix(".new")
        draft.unlink(missing_ok=True)
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="ascii") as out:
            out.write("\n".join(keys) + "\n")
            out.flush()
            os.fsync(out.fileno())
        draft.replace(self._file)


def _fernet(keys: list[str]) -> "MultiFernet":
    from cryptography.fernet import Fernet, MultiFernet

    if not keys:
        raise ConfigurationError("The key of the credentials is not here.", hint=f"Set {KEY_VARIABLE}, or restore {KEY_FILE}.")
    try:
        return MultiFernet([Fernet(key) for key in keys])
    except ValueError:
        hint = f"Each in {KEY_VARIABLE} or {KEY_FILE} is 32 bytes in URL-safe base64."
        raise ConfigurationError("A key of the credentials is no Fernet key.", hint=hint) from None


def _new_key() -> str:
    from cryptography.fernet import Fernet

    return Fernet.generate_key().decode()


def _rotated(keys: "MultiFernet", sealed: str) -> str:
    from cryptography.fernet import InvalidToken

    try:
        return keys.rotate(sealed.encode()).decode()
    except InvalidToken:
        raise _unreadable("of some user") from None


def _unreadable(name: str) -> ConfigurationError:
    hint = f"The key it was sealed with is not in {KEY_VARIABLE} or {KEY_FILE}. Restore it, or set the credential again."
    return ConfigurationError(f"The credential {name} does not open.", hint=hint)
