<<<<<<< HEAD
"""Adapters: each speaks one API's wire format behind ``llm.provider.Provider``."""
=======
"""The providers of models: one file or package for each wire format."""
>>>>>>> rehearsal
