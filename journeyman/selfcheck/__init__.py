"""The crash-conformance suite: real processes killed at every named point, and what must hold once they are back."""
