"""The diagnostics export: one JSON file for whoever supports this laptop, without customer data.

Owns what is told of the program, the computer and the choices; what of the replica is a query's. Must not name the
computer, its user, or any host but the company's own server.
"""

from __future__ import annotations

import json
import platform
from importlib import metadata
from pathlib import Path
from typing import Any
from urllib.request import getproxies

from fieldrep import __version__
from fieldrep.contract.whole_file import spare_stores, whole_file
from fieldrep.paths import Profile
from fieldrep.queries.diagnostics import diagnostics
from fieldrep.settings import load_settings
from fieldrep.store.reader import Reader

_LAYOUT = 1
"""Of the export; counts up when something gets another meaning."""


def diagnostics_of(reader: Reader, profile: Profile, now: int) -> dict[str, Any]:
    """Everything the export says."""
    chosen = load_settings(profile.settings)
    of_replica = diagnostics(reader, now=now)
    return {
        "layout": _LAYOUT,
        "made_at": now,
        **of_replica,
        "versions": {
            "fieldrep": __version__,
            "python": platform.python_version(),
            "qt": _version_of("PySide6-Essentials"),
            "system": f"{platform.system()} {platform.release()}",
            "machine": platform.machine(),
            **of_replica["versions"],
        },
        "line": {
            "proxy_for": sorted(scheme for scheme, where in getproxies().items() if where and scheme != "no"),
            "pause_on_metered": chosen.pause_on_metered,
            "metered_files_mb": chosen.metered_files_mb,
            "brought_files_mb": chosen.brought_files_mb,
        },
        "window": {"theme": chosen.theme, "text_size": chosen.text_size},
    }


def write_diagnostics(reader: Reader, profile: Profile, now: int, path: Path) -> None:
    """Writes the export, whole or not at all, and never over a file of FieldRep's own.

    Raises:
        KnownError: `disk_error`, `already_exists` or `wrong_usage`, about the path.
    """
    spare_stores(path, *profile.files)
    told = as_json(diagnostics_of(reader, profile, now))
    with whole_file(path, "Nothing was changed there. Name a file in a folder of yours.") as out:
        out.write(told)


def as_json(told: dict[str, Any]) -> bytes:
    """As it stands in the file."""
    return (json.dumps(told, indent=2, ensure_ascii=False) + "\n").encode()


def _version_of(package: str) -> str:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return "unknown"
