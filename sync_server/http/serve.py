"""Runs the application under uvicorn; refuses to start where a secret would travel in the open (S13, S34).

Owns the listening socket and what a server process is to its machine. Must not know how many of them there are.
"""

from __future__ import annotations

import errno
import gc
import socket
import ssl
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import uvicorn

from fieldrep.contract.errors import Code, KnownError
from fieldrep.contract.hosts import is_loopback
from sync_server.http.app import make_app
from sync_server.store.database import Database

_LOOK_AFTER = 50_000
"""Objects made and not let go of, until those are searched for rings that nobody uses."""

MOST_CONNECTIONS = 42_000
"""Two for each of many devices: the line held open for news, and the one of the last sync, which rests a while."""


WAITING_CONNECTIONS = 512
"""Made, and not yet taken by a process."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a server listens, and the certificate and key it shows, if any."""

    host: str
    port: int
    tls_cert: Path | None = None
    tls_key: Path | None = None


def serve(database: Database, place: Place, announce: Callable[[str], None]) -> None:
    """Serves until interrupted; `announce` is told the address once it serves.

    Raises:
        KnownError: as `listening`.
    """
    with listening(place) as (listener, address):
        server = server_of(database, place)
        server.begun = lambda: announce(address)
        server.run(sockets=[listener])


@contextmanager
def listening(place: Place) -> Iterator[tuple[socket.socket, str]]:
    """The socket of a place and the address by which it is reached.

    Raises:
        KnownError: `plain_http` off loopback without a certificate, `wrong_usage` for half a certificate,
            `certificate` for a certificate and a key that do not belong together, `address_in_use`.
    """
    _require_tls(place.host, place.tls_cert, place.tls_key)
    if place.tls_cert and place.tls_key:
        _require_a_pair(place.tls_cert, place.tls_key)
    listener = _listen(place.host, place.port)
    name = f"[{place.host}]" if ":" in place.host else place.host
    try:
        yield listener, f"{'https' if place.tls_cert else 'http'}://{name}:{listener.getsockname()[1]}"
    finally:
        listener.close()


def server_of(database: Database, place: Place, processes: int = 1) -> Server:
    """A server on a central store, one of so many processes; it is run on a socket of that place."""
    _allow_connections()
    app = make_app(database, processes)
    _settle_down()
    config = uvicorn.Config(
        app,
        log_config=None,
        log_level="warning",
        access_log=False,
        server_header=False,
        date_header=False,
        proxy_headers=False,  # nobody asks where a request comes from, and what a proxy says of it is not believed
        timeout_keep_alive=75,
        timeout_graceful_shutdown=10,
        limit_concurrency=MOST_CONNECTIONS,
        h11_max_incomplete_event_size=64 * 1024,
        # of several processes each takes one connection at a time, so that all get some of those that come at once
        backlog=WAITING_CONNECTIONS if processes == 1 else 1,
        ssl_certfile=str(place.tls_cert) if place.tls_cert else None,
        ssl_keyfile=str(place.tls_key) if place.tls_key else None,
    )
    return Server(config, app.state.end)


def _require_tls(host: str, tls_cert: Path | None, tls_key: Path | None) -> None:
    if (tls_cert is None) != (tls_key is None):
        raise KnownError(Code.WRONG_USAGE, "Give --tls-cert and --tls-key together, or neither.")
    if tls_cert is None and not is_loopback(host):
        raise KnownError(
            Code.PLAIN_HTTP,
            f"Plain HTTP is served to this machine only, not on {host}. Give --tls-cert and --tls-key, "
            "or --host 127.0.0.1.",
        )


def _require_a_pair(tls_cert: Path, tls_key: Path) -> None:
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(tls_cert, tls_key, password=_no_password)
    except (OSError, ValueError) as error:
        raise KnownError(
            Code.CERTIFICATE,
            f"{tls_cert} and {tls_key} cannot be used together ({error}). "
            "Name a certificate in PEM form and its own key, without a password.",
        ) from error


def _no_password() -> str:
    """Asked for a key with a password; nobody is there to type it when a service starts."""
    raise ValueError("the key has a password")


class Server(uvicorn.Server):
    """Ends the waits before it waits for the requests under way to end; they are such requests.

    Attributes:
        begun: called once it serves, and ends in order when it is interrupted.
    """

    def __init__(self, config: uvicorn.Config, end: Callable[[], None]) -> None:
        super().__init__(config)
        self._end = end
        self.begun: Callable[[], None] = lambda: None

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.begun()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self._end()
        await super().shutdown(sockets)


def _settle_down() -> None:
    """What the program is made of stays, so the search for garbage need not look at it; and what requests make goes by
    itself, but for rare rings, for which it is looked less often."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(_LOOK_AFTER, 20, 20)


def _allow_connections() -> None:
    """Each line held open takes a file descriptor, and most systems grant a thousand unless asked for more."""
    if sys.platform == "win32":
        return
    import resource

    allowed, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = MOST_CONNECTIONS + 1_000
    if most != resource.RLIM_INFINITY:
        wanted = min(wanted, most)
    if allowed != resource.RLIM_INFINITY and allowed < wanted:
        with suppress(OSError, ValueError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, most))


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    if sys.platform != "win32":
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
    except OSError as error:
        listener.close()
        elsewhere = isinstance(error, socket.gaierror) or error.errno == errno.EADDRNOTAVAIL
        what = "Name an address of this machine with --host" if elsewhere else "Choose another with --port"
        raise KnownError(
            Code.ADDRESS_IN_USE, f"{host}:{port} cannot be used ({error.strerror}). {what}."
        ) from error
    listener.listen(WAITING_CONNECTIONS)
    return listener
