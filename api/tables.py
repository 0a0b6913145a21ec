"""The API's table, beside the journal's in the same database."""

from sqlalchemy import JSON, BigInteger, Column, Index, Table, Text

from journal.schema import metadata

api_keys = Table(
    "api_keys",
    metadata,
    Column("id", Text, primary_key=True),
    Column("tenant", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("hash", Text, nullable=False),
    Column("prefix", Text, nullable=False),
    Column("scopes", JSON, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("last_used_at", BigInteger),
    Column("revoked_at", BigInteger),
)
Index("ux_api_keys_hash", api_keys.c.hash, unique=True)
Index("ix_api_keys_tenant", api_keys.c.tenant, api_keys.c.id)
