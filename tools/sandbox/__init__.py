"""Running programs that a model wrote, with nothing to reach and nothing to outlast."""
