"""Backups, and all that follows a restore: what comes back, from whom, and what nobody has any more."""
