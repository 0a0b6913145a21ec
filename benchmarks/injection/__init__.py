"""Prompt injection measured: a worst-case model over MCP tools whose texts strangers wrote."""
