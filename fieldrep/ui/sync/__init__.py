"""The tabs of the Sync page: overview, what waits, conflicts, refused changes, history."""
