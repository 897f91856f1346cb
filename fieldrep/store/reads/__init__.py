"""What commands and queries both read from the replica, told in one place."""
