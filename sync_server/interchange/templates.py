"""Import templates: for every entity an empty CSV file of the contract, its header derived from the catalogue."""

from __future__ import annotations

import csv
from pathlib import Path

from fieldrep.contract.errors import Code, KnownError
from sync_server.interchange.columns import IMPORTED, KEY, columns_of, file_name


def write_templates(folder: Path) -> int:
    """Writes the templates into a folder; says how many.

    Raises:
        KnownError: `disk_error`, when the folder cannot be written; `already_exists`, when a file would be lost.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for entity in IMPORTED:
            with (folder / file_name(entity)).open("x", encoding="utf-8", newline="") as file:
                csv.writer(file).writerow([KEY, *columns_of(entity)])
    except FileExistsError as error:
        raise KnownError(
            Code.ALREADY_EXISTS,
            f"{error.filename} is there already and was left as it is. Name an empty folder.",
        ) from error
    except OSError as error:
        raise KnownError(
            Code.DISK_ERROR, f"{folder} cannot be written ({error.strerror}). Name another folder."
        ) from error
    return len(IMPORTED)
