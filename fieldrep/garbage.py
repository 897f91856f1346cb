"""How often a program looks for rings of objects that nobody uses. Must not know which program it is."""

from __future__ import annotations

import gc

_AFTER = (20_000, 10, 10)
"""Objects made and not let go of, youngest first; with Python's 700 each import and each sync is held up often."""


def look_seldom() -> None:
    """From now on what goes by itself is not looked at again and again while it is in use."""
    gc.set_threshold(*_AFTER)
