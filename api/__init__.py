"""The doors over HTTP: REST, server-sent events, keys."""
