"""Schedules: when they fire, and firing each time once."""
