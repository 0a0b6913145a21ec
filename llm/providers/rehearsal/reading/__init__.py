"""What tools returned, cut into segments that can be quoted, ranked against a question, and searched for amounts."""
