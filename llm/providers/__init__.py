"""Providers: one module or package for each API that models are asked through."""
