"""The client's command line: every `fieldrep` verb, each a thin door to a command, a query, the store or a sync."""

from fieldrep.cli import attachments, bundles, diagnostics, history, records, refused, syncing, upkeep
from fieldrep.cli.console import main

__all__ = [
    "attachments",
    "bundles",
    "diagnostics",
    "history",
    "main",
    "records",
    "refused",
    "syncing",
    "upkeep",
]
