"""Tools: how they are written, found, described to models, and kept within bounds."""
