"""The seeded simulator: real replicas, a real central store, a bad line, and an oracle that judges."""
