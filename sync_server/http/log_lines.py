"""How the lines of the server's log look: each with its moment, on standard error.

Must not know who writes them.
"""

from __future__ import annotations

import logging
import time


def with_moments() -> None:
    """From now on each line of the log begins with its moment, in UTC."""
    lines = logging.Formatter("%(asctime)s %(levelname)s %(message)s", "%Y-%m-%dT%H:%M:%SZ")
    lines.converter = time.gmtime
    handler = logging.StreamHandler()
    handler.setFormatter(lines)
    logging.basicConfig(handlers=[handler])
