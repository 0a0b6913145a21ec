"""The plan planner: the model writes a small program once, in a trusted context, and the executor runs it."""
