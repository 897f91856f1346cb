"""The central store: the authority on order, on SQLite and on PostgreSQL. It knows rows, revisions and scope keys.

`database.py` opens it; a `Snapshot` reads one consistent state, a `WriteTransaction` changes it under one lock:
that, and what every part of it stands on, lies here. Each folder is one subject and knows only those it builds on:
`devices`, `feed`, then `past`, `proof` and `upkeep`, then `office`, then `restoring`.
It must not know HTTP, nor what a pushed change becomes.
"""
