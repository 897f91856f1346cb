"""The sockets under the HTTP bearer: what is trusted, which proxy stands between, and a way to let go of all at once.

A thread that waits on a socket cannot be told to stop, but its socket can be shut: so every connection of a session is
noted. Must not know what is sent.
"""

from __future__ import annotations

import http.client
import io
import socket
import ssl
import threading
import urllib.parse
import weakref
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any, BinaryIO

import requests
import truststore
from requests.adapters import HTTPAdapter
from requests.utils import get_environ_proxies, select_proxy
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.exceptions import ClosedPoolError
from urllib3.poolmanager import PoolManager
from urllib3.response import HTTPResponse
from urllib3.util import Retry, Timeout
from urllib3.util.ssl_ import create_urllib3_context

_ONE_TRY = Retry(0, read=False)
"""As `requests` has it: whatever goes wrong is told as it is."""


Watch = Callable[[], None]
"""Called before each read; raises when the attempt has had its time."""


class NoLineKept(Exception):
    """No connection of an exchange before is left, and to make one may take longer than the caller can wait."""


class _Here(threading.local):
    """What goes for requests of the present thread."""

    watch: Watch | None = None


class Wire:
    """A `requests` session to one server, and its sockets.

    Args:
        url: the server's address.
        fingerprint: SHA-256 of the one certificate to accept, "" for what the operating system trusts.
    """

    def __init__(self, url: str, fingerprint: str) -> None:
        self._sockets: weakref.WeakSet[socket.socket] = weakref.WeakSet()
        self._over = False
        self._here = _Here()
        self.session = requests.Session()
        # No .netrc may replace the device's credential; the proxies of the environment are taken, and nothing else of
        # it. Plain HTTP stays on this machine, so no proxy may see it.
        self.session.trust_env = False
        if urllib.parse.urlsplit(url).scheme == "https":
            self.session.proxies.update(get_environ_proxies(url))
        self.proxy = select_proxy(url, self.session.proxies) or ""
        self.session.mount("https://", _Adapter(self._note, self._here, fingerprint, secure=True))
        self.session.mount("http://", _Adapter(self._note, self._here, "", secure=False))
        if fingerprint:
            self.session.verify = False
        self._pool: HTTPConnectionPool | None = None

    def ask(
        self,
        request: requests.PreparedRequest,
        timeout: tuple[float, float],
        body: bytes | BinaryIO | None = None,
        size: int = 0,
        watch: Watch | None = None,
    ) -> HTTPResponse:
        """Sends a request, with a body of so many bytes; the answer's own body is still to come.

        `requests` says how the server is reached and trusted, and through which proxy. What it does beside with every
        answer (cookies, hooks, redirects) is of no use here and takes longer than the server.

        Args:
            watch: asks for a connection that stands already, on which nothing takes longer than its time: each read
                has the time of `timeout`, and `watch` is called before it, also for the body.

        Raises:
            NoLineKept: with `watch`, when none stands; nothing was sent then.
            urllib3.exceptions.HTTPError, requests.RequestException, OSError: what kept it from its answer.
        """
        if watch is not None and self._pool is None:
            raise NoLineKept
        headers = dict(request.headers)
        if body is not None:
            headers["Content-Length"] = str(size)
        self._here.watch = watch
        try:
            answer = self._pool_of(request).urlopen(
                request.method or "",
                request.path_url,  # a proxy sees no more: only https goes through one, and that in a tunnel
                body=body,
                headers=headers,
                redirect=False,
                assert_same_host=False,
                preload_content=False,
                decode_content=False,
                retries=_ONE_TRY,
                timeout=Timeout(connect=timeout[0], read=timeout[1]),
            )
        except ClosedPoolError:
            self._pool = None  # cut meanwhile
            raise
        assert isinstance(answer, HTTPResponse)  # noqa: S101 - what these pools give
        return answer

    def _pool_of(self, request: requests.PreparedRequest) -> HTTPConnectionPool:
        """The connections to the server, kept until they are cut."""
        pool = self._pool
        if pool is None:
            adapter = self.session.get_adapter(request.url or "")
            assert isinstance(adapter, _Adapter)  # noqa: S101 - mounted above
            verify, proxies = self.session.verify, self.session.proxies
            made = adapter.get_connection_with_tls_context(request, verify, proxies)
            adapter.cert_verify(made, request.url or "", verify, None)  # type: ignore[no-untyped-call]
            assert isinstance(made, HTTPConnectionPool)  # noqa: S101 - both kinds are
            self._pool = pool = made
        return pool

    def cut(self, *, for_good: bool = False) -> None:
        """Shuts every connection: whoever waits on one gets an error at once.

        Args:
            for_good: also those that are still being made.
        """
        self._over = self._over or for_good
        for open_one in list(self._sockets):
            _shut(open_one)
        self.session.close()
        self._pool = None

    def _note(self, opened: socket.socket) -> None:
        self._sockets.add(opened)
        if self._over:
            _shut(opened)


def _shut(opened: socket.socket) -> None:
    with suppress(OSError):
        # of the plain socket: the TLS one would first take leave of the other side
        socket.socket.shutdown(opened, socket.SHUT_RDWR)


class _Adapter(HTTPAdapter):
    """Requires one certificate, by its SHA-256, or else what the operating system trusts; notes its sockets."""

    def __init__(
        self, note: Callable[[socket.socket], None], here: _Here, fingerprint: str, *, secure: bool
    ) -> None:
        self._kinds = _noting(note, here)
        self._fingerprint = fingerprint
        self._secure = secure
        super().__init__(max_retries=0)

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, **self._trust(kwargs))
        self._note(self.poolmanager)

    def proxy_manager_for(self, proxy: str, **kwargs: Any) -> Any:
        manager = super().proxy_manager_for(proxy, **self._trust(kwargs))
        self._note(manager)
        return manager

    def _trust(self, kwargs: dict[str, Any]) -> dict[str, Any]:
        if self._secure and self._fingerprint:
            kwargs["assert_fingerprint"] = self._fingerprint
            # none of those whom the system trusts is asked; to load them takes ten times as long as the handshake
            kwargs["ssl_context"] = create_urllib3_context(cert_reqs=ssl.CERT_NONE)
        elif self._secure:
            kwargs["ssl_context"] = truststore.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        return kwargs

    def _note(self, manager: PoolManager) -> None:
        manager.pool_classes_by_scheme = self._kinds


class _InOnePiece(HTTPConnection):
    """Sends a request whose body is at hand in one piece, so that the other side wakes once for it and not twice."""

    _joins = False
    _head = b""

    def request(
        self,
        method: str,
        url: str,
        body: Any = None,
        headers: Mapping[str, Any] | None = None,
        **options: Any,
    ) -> None:
        self._joins, self._head = isinstance(body, bytes) and bool(body), b""
        try:
            super().request(method, url, body, headers, **options)
        finally:
            self._joins = False

    def send(self, data: Any) -> None:
        if self._joins and not self._head:
            self._head = data
            return
        if self._joins:
            data, self._joins = self._head + data, False
        super().send(data)


class _Watched(io.RawIOBase):
    """What comes in, watched: an answer's head and its parts are read piece by piece, each piece may be late."""

    def __init__(self, raw: io.RawIOBase, watch: Watch) -> None:
        self._raw = raw
        self._watch = watch

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any, /) -> int | None:
        self._watch()
        return self._raw.readinto(buffer)

    def close(self) -> None:
        self._raw.close()
        super().close()


class Upload(io.BytesIO):
    """A large body, sent in pieces: each has a time of its own, and tells that the line lives."""

    def __init__(self, body: bytes, note: Callable[[], None]) -> None:
        super().__init__(body)
        self._note = note

    def read(self, size: int | None = -1, /) -> bytes:
        self._note()
        return super().read(size)


def _noting(note: Callable[[socket.socket], None], here: _Here) -> dict[str, type[HTTPConnectionPool]]:
    """Pools whose connections note their socket once it is open, and are watched by who asked for that."""

    class Answer(http.client.HTTPResponse):
        def __init__(self, *args: Any, **kwargs: Any) -> None:
            super().__init__(*args, **kwargs)
            if here.watch is not None:
                self.fp = io.BufferedReader(_Watched(self.fp.detach(), here.watch))

    class Plain(_InOnePiece):
        response_class = Answer

        def connect(self) -> None:
            if here.watch is not None:
                raise NoLineKept
            super().connect()
            note(self.sock)

    class Secure(_InOnePiece, HTTPSConnection):
        response_class = Answer

        def connect(self) -> None:
            if here.watch is not None:
                raise NoLineKept
            super().connect()
            note(self.sock)

    class PlainPool(HTTPConnectionPool):
        ConnectionCls = Plain

    class SecurePool(HTTPSConnectionPool):
        ConnectionCls = Secure

    return {"http": PlainPool, "https": SecurePool}
