"""The client's command line: every `fieldrep` verb, each a thin door to a command, a query, the store or a sync."""

from fieldrep.cli import bundles, records, syncing, upkeep
from fieldrep.cli.console import main

__all__ = ["bundles", "main", "records", "syncing", "upkeep"]
