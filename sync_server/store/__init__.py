"""The central store: the authority on order, on SQLite and on PostgreSQL. It knows rows, revisions and scope keys.

`database.py` opens it; a `Snapshot` reads one consistent state, a `WriteTransaction` changes it under one lock.
It must not know HTTP, nor what a pushed change becomes.
"""
