"""The embedded default model: a deterministic local program behind the same protocol as any language model."""

from llm.providers.rehearsal.provider import Rehearsal

__all__ = ["Rehearsal"]
