"""Proof: digests and exports that both sides compute from their own rows, and where a store or a device differs."""
