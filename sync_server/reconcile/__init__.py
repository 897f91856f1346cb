"""What a pushed change becomes, who holds what, and which clashes people must hear of. No SQL and no HTTP here."""
