"""What waits to go out: changes committed here and not yet covered by the central store, and those set aside."""
