"""Webhooks: telling other programs, signed, at least once."""
