"""English as rules: words and their synonyms, numerals, units, quantities, dates."""
