"""The API keys that go with a runtime: they live in the journal's database."""

from agents.runtime import Runtime
from api.keys import KeyStore
from journal.errors import ConfigurationError
from journal.sql_store import SqlJournal


def keys_of(runtime: Runtime, run_token: str) -> KeyStore:
    """The keys in the runtime's database, and ``run_token`` for this run."""
    if not isinstance(runtime.journal, SqlJournal):
        raise ConfigurationError("API keys need a journal in a database.")
    return KeyStore(runtime.journal.database, run_token=run_token)
