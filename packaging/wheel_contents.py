"""What the wheel carries beside the packages: each side's migrations, inside its program's package.

Hatchling runs this hook. An editable installation gets nothing here: there the programs find the
migrations in the checkout. Must not know what a migration is.
"""

from __future__ import annotations

from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

SHIPPED = {
    "migrations/replica": "fieldrep/migrations",
    "migrations/central": "sync_server/migrations",
}


class WheelContents(BuildHookInterface[Any]):
    """Adds the migrations to a real wheel, so that an installed program can bring its database up to date."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        if version == "standard":
            build_data["force_include"].update(SHIPPED)
