"""Calling models: one provider protocol, its adapters, routing, budget and prices."""
