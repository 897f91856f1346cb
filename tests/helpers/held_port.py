"""A port that is held for as long as somebody comes back to it, as devices come back to the address of their office.

A free port that is let go of may be given to any program of this machine before it is listened on again.
"""

from __future__ import annotations

import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def held_port() -> Iterator[int]:
    """A port that nobody else on this machine is given, whether a server listens on it just now or not."""
    with socket.socket() as place:
        place.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        place.bind(("127.0.0.1", 0))
        port = int(place.getsockname()[1])
        if sys.platform != "linux":
            place.close()  # elsewhere it would keep the server out as well
        yield port
