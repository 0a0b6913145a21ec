"""The API's tables, beside the journal's in the same database."""

from sqlalchemy import JSON, BigInteger, Column, Float, Index, Integer, Table, Text

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
    Column("user_name", Text),
    Column("roles", JSON),  # null: the key is older than roles and has them all
    Column("requests_per_minute", Integer),
    Column("expires_at", BigInteger),
)
Index("ux_api_keys_hash", api_keys.c.hash, unique=True)
Index("ix_api_keys_tenant", api_keys.c.tenant, api_keys.c.id)

api_rates = Table(
    "api_rates",
    metadata,
    Column("key_id", Text, primary_key=True),
    Column("tokens", Float(53), nullable=False),
    Column("at", BigInteger, nullable=False),
)
