"""Working things out: arithmetic, rates times counts, bills, tables, dates."""
