"""Labels, policy, digests and redaction: pure rules over plain data, without I/O."""
