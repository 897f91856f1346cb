"""Runs the application under uvicorn; refuses to start where a secret would travel in the open (S13, S34)."""

from __future__ import annotations

import errno
import gc
import socket
import ssl
import sys
from collections.abc import Callable
from contextlib import suppress
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


def serve(
    database: Database,
    host: str,
    port: int,
    tls_cert: Path | None,
    tls_key: Path | None,
    announce: Callable[[str], None],
) -> None:
    """Serves until interrupted; `announce` is told the address once it serves.

    Raises:
        KnownError: `plain_http` off loopback without a certificate, `wrong_usage` for half a certificate,
            `certificate` for a certificate and a key that do not belong together, `address_in_use`.
    """
    _require_tls(host, tls_cert, tls_key)
    if tls_cert and tls_key:
        _require_a_pair(tls_cert, tls_key)
    _allow_connections()
    listener = _listen(host, port)
    app = make_app(database)
    _settle_down()
    config = uvicorn.Config(
        app,
        log_level="warning",
        access_log=False,
        server_header=False,
        date_header=False,
        proxy_headers=False,  # nobody asks where a request comes from, and what a proxy says of it is not believed
        timeout_keep_alive=75,
        timeout_graceful_shutdown=10,
        limit_concurrency=MOST_CONNECTIONS,
        h11_max_incomplete_event_size=64 * 1024,
        ssl_certfile=str(tls_cert) if tls_cert else None,
        ssl_keyfile=str(tls_key) if tls_key else None,
    )
    name = f"[{host}]" if ":" in host else host
    address = f"{'https' if tls_cert else 'http'}://{name}:{listener.getsockname()[1]}"
    try:
        Server(config, app.state.end, lambda: announce(address)).run(sockets=[listener])
    finally:
        listener.close()


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

    Args:
        begun: called once it serves, and ends in order when it is interrupted.
    """

    def __init__(
        self, config: uvicorn.Config, end: Callable[[], None], begun: Callable[[], None] = lambda: None
    ) -> None:
        super().__init__(config)
        self._end, self._begun = end, begun

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self._begun()

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
    listener.listen(512)
    return listener
