"""A pocket calculator for text: exact numbers, percentages, units and dates. Nothing is ever evaluated as Python."""
