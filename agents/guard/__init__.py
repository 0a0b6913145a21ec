"""The guard: the second line behind the policy. It can only tighten: nothing it finds, or misses, lets a call through."""
