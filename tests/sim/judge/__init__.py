"""The judge: what the oracle says must become of each thing, and what must hold at every instant and at the end."""
