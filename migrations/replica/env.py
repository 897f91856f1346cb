"""Alembic's environment of the replica: runs on the connection it is given, inside the transaction of its owner.

The owner is `fieldrep/store/migrate.py`, so that a migration that fails leaves nothing behind. There is no other way
in: a replica is encrypted, and only the program has its key.
"""

from __future__ import annotations

from alembic import context

connection = context.config.attributes["connection"]
context.configure(connection=connection, transactional_ddl=True, transaction_per_migration=False)
context.run_migrations()
