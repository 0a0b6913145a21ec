"""The journal: every task is an append-only log of typed events; all else is a view of it."""
