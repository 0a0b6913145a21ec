"""Retrieval memory: documents and notes in Qdrant, recalled with source, position and label."""
