"""What lies in the database sealed: users' credentials and the secrets of webhooks, under one key that is not in it.

Values are sealed with Fernet (AES-CBC and HMAC-SHA-256). The key comes from ``JOURNEYMAN_CREDENTIALS_KEY`` (one or more, with
commas, the current one first), else from ``HOME/credentials.key`` (one a line), which is made when the first value is sealed.
Processes that share a database need the same key. A sealed value says where it belongs: one that is moved does not open.
"""

import json
import os
import stat
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from agents.webhooks.store import WebhookStore
from journal.credentials import CredentialStore
from journal.database import Database
from journal.errors import ConfigurationError

if TYPE_CHECKING:
    from cryptography.fernet import MultiFernet

KEY_VARIABLE = "JOURNEYMAN_CREDENTIALS_KEY"
KEY_FILE = "credentials.key"


class SealedStore(Protocol):
    """A store that keeps sealed values among others."""

    async def sealed_values(self) -> list[str]:
        """All of them, of every tenant."""
        ...

    async def reseal(self, seal_anew: Callable[[str], str]) -> int:
        """Put ``seal_anew`` of each in its place, all of them or none; how many there are."""
        ...


class Seal:
    """Seals and opens values with the keys of this process; ``stores`` are where sealed ones lie."""

    def __init__(self, home: Path, stores: Sequence[SealedStore]) -> None:
        self._file = home / KEY_FILE
        self._stores = stores
        self._keys: MultiFernet | None = None

    @classmethod
    def of(cls, database: Database, home: Path) -> "Seal":
        """For all that a database keeps sealed."""
        return cls(home, (CredentialStore(database), WebhookStore(database)))

    async def seal(self, place: Sequence[str], value: str) -> str:
        """``value``, to be opened at ``place`` alone. The first value of a database makes the key where there is none; later
        ones raise ``ConfigurationError``, for another process has it."""
        if not self._read() and not await self._sealed_values():
            self._write([_new_key()])
        return self._open_keys().encrypt(json.dumps([*place, value]).encode()).decode()

    def open(self, place: Sequence[str], sealed: str) -> str:
        """The value. Raises ``ConfigurationError``, with the last part of ``place`` in it."""
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
        if sealed_for != [*place]:
            raise _unreadable(place[-1])
        return str(value)

    async def rotate(self) -> int:
        """Seal every value with a new key (where the key is in the variable: with its first); how many there are.

        The older keys stay where they are, for what other processes are just sealing. Raises ``ConfigurationError``.
        """
        if not os.environ.get(KEY_VARIABLE):
            if not self._read() and await self._sealed_values():
                raise _no_key()
            self._write([_new_key(), *self._read()])
        keys = self._keys = _fernet(self._read())
        return sum([await store.reseal(lambda sealed: _rotated(keys, sealed)) for store in self._stores])

    async def closed(self) -> tuple[int, int]:
        """How many sealed values there are, and how many of them do not open with the keys that are here. Raises
        ``ConfigurationError`` where there are some, and no key."""
        from cryptography.fernet import InvalidToken

        values = await self._sealed_values()
        if not values:
            return 0, 0
        keys, closed = self._open_keys(), 0
        for value in values:
            try:
                keys.decrypt(value.encode())
            except InvalidToken:
                closed += 1
        return len(values), closed

    async def _sealed_values(self) -> list[str]:
        return [value for store in self._stores for value in await store.sealed_values()]

    def _open_keys(self) -> "MultiFernet":
        if self._keys is None:
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
        self._file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
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
        raise _no_key()
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
        raise _unreadable("of some user or webhook") from None


def _no_key() -> ConfigurationError:
    return ConfigurationError(
        "The key of the credentials and webhook secrets is not here.",
        hint=f"Give every process the same {KEY_VARIABLE}, or put {KEY_FILE} back into the home.",
    )


def _unreadable(name: str) -> ConfigurationError:
    hint = f"The key it was sealed with is not in {KEY_VARIABLE} or {KEY_FILE}. Restore it, or set the value again."
    return ConfigurationError(f"The secret {name} does not open.", hint=hint)
