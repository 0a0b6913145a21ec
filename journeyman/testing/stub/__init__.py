"""A model server that answers from a script: rules, wire formats, and the server that joins them."""
