"""Runs the central store's migrations on the connection the store's own code hands over, inside its transaction.

Must not open a connection itself: `sync_server/store/migrate.py` does, and commits all or nothing.
"""

from __future__ import annotations

from alembic import context

connection = context.config.attributes["connection"]
context.configure(connection=connection, transactional_ddl=True, transaction_per_migration=False)
with context.begin_transaction():
    context.run_migrations()
