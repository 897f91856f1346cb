"""The replica as canonical JSON lines: entity by entity in catalogue order, rows by id; equal bytes for equal content.

The central store exports what a user may hold in the same form, so that two files can be compared byte for byte.
"""

from __future__ import annotations

from collections.abc import Iterator

from fieldrep.contract.catalogue import ENTITIES
from fieldrep.contract.jsonform import canonical_line
from fieldrep.store.reader import Reader
from fieldrep.store.statements import statements_of


def export_lines(reader: Reader) -> Iterator[bytes]:
    """Every row as it stands here, with what was entered and not yet sent."""
    for entity in ENTITIES:
        texts = statements_of(entity)
        for values in reader.driver.execute(texts.select_all):
            yield canonical_line(entity, texts.row(values))
