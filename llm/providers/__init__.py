"""Adapters: each speaks one API's wire format behind ``llm.provider.Provider``."""
