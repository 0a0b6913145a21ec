"""From files and texts to chunks: reading, splitting along the structure, and keeping memory in step with a folder."""
