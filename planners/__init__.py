"""Planners: from a goal and what has happened so far to the next move. Pure: they decide, the loop acts."""
