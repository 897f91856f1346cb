"""Measurements of the main jobs on a stated workload, with the floors of the same machine beside them."""
