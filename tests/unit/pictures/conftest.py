"""However slow the machine is, these tests wait for the process that decodes.

A limit that is to be met is set by its own test.
"""

from __future__ import annotations

import pytest

from fieldrep.pictures import decoder

PATIENCE_SECONDS = 240.0


@pytest.fixture(autouse=True)
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    for limit in ("START_SECONDS", "ADDED_SECONDS", "SMALL_SECONDS"):
        monkeypatch.setattr(decoder, limit, PATIENCE_SECONDS)
