"""A damaged replica: what can still be read of it, what is saved out of it, and the fresh one in its place."""
