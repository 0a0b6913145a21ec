"""The providers of models: one file or package for each wire format."""
