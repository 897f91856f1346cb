"""Order entry: the fast field, the lines, why a price is what it is, the totals, submitting."""
