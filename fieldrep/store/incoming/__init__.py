"""What comes in: outcomes, rows and leaves of a reply, applied in one transaction, and the receipt of it."""
