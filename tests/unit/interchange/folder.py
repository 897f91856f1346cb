"""A folder of CSV files beside a central store, with what tests ask of both."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from sync_server.interchange.importing import ImportReport, import_folder
from sync_server.interchange.profile import Profile, load_profile
from sync_server.interchange.rejects import Reject
from sync_server.store.database import Database


class Folder:
    """A folder of CSV files to import."""

    def __init__(self, path: Path, store: Database) -> None:
        self.path = path
        self.store = store

    def write(self, name: str, content: str | bytes) -> None:
        """A file; lines of text are given without indentation."""
        data = content.encode() if isinstance(content, str) else content
        (self.path / name).write_bytes(data)

    def load(self, profile: str | Profile = "fieldrep", **options: Any) -> ImportReport:
        """Imports the folder."""
        chosen = load_profile(profile) if isinstance(profile, str) else profile
        return import_folder(self.store, chosen, self.path, **options)

    def only_reject(self, **options: Any) -> Reject:
        """Imports the folder, which has exactly one thing not to be taken."""
        report = self.load(**options)
        assert report.rejects == len(report.first) == 1, report.first
        return report.first[0]

    def rows(self, entity: str) -> list[dict[str, Any]]:
        """All rows of an entity, by external reference where they have one."""
        with self.store.read() as reader:
            return sorted(map(dict, reader.all(entity)), key=lambda row: str(row.get("erp_ref")))

    def row(self, entity: str, erp_ref: str) -> dict[str, Any]:
        """The row with that external reference."""
        [found] = [row for row in self.rows(entity) if row["erp_ref"] == erp_ref]
        return found

    def edit(self, entity: str, erp_ref: str, **values: Any) -> None:
        """What a person does meanwhile."""
        with self.store.write("somebody") as tx:
            [row] = [row for row in tx.all(entity) if row["erp_ref"] == erp_ref]
            row.update(values, revision=tx.new_revision())
            tx.stage(entity, row)
