"""The past: what rows said before, what was merged, what a device held, and the audit log as it is read."""
