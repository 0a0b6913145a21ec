"""Techniques: what is added to the instructions, and what is done with an answer before it counts."""
