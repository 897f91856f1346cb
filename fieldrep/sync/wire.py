"""The sockets under the HTTP bearer: what is trusted, which proxy stands between, and a way to let go of all at once.

A thread that waits on a socket cannot be told to stop, but its socket can be shut: so every connection of a session is
noted. Must not know what is sent.
"""

from __future__ import annotations

import socket
import ssl
import urllib.parse
import weakref
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import requests
import truststore
from requests.adapters import HTTPAdapter
from requests.utils import get_environ_proxies, select_proxy
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.poolmanager import PoolManager


class Wire:
    """A `requests` session to one server, and its sockets.

    Args:
        url: the server's address.
        fingerprint: SHA-256 of the one certificate to accept, "" for what the operating system trusts.
    """

    def __init__(self, url: str, fingerprint: str) -> None:
        self._sockets: weakref.WeakSet[socket.socket] = weakref.WeakSet()
        self._over = False
        self.session = requests.Session()
        # No .netrc may replace the device's credential; the proxies of the environment are taken, and nothing else of
        # it. Plain HTTP stays on this machine, so no proxy may see it.
        self.session.trust_env = False
        if urllib.parse.urlsplit(url).scheme == "https":
            self.session.proxies.update(get_environ_proxies(url))
        self.proxy = select_proxy(url, self.session.proxies) or ""
        self.session.mount("https://", _Adapter(self._note, fingerprint, secure=True))
        self.session.mount("http://", _Adapter(self._note, "", secure=False))
        if fingerprint:
            self.session.verify = False

    def cut(self, *, for_good: bool = False) -> None:
        """Shuts every connection: whoever waits on one gets an error at once.

        Args:
            for_good: also those that are still being made.
        """
        self._over = self._over or for_good
        for open_one in list(self._sockets):
            _shut(open_one)
        self.session.close()

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

    def __init__(self, note: Callable[[socket.socket], None], fingerprint: str, *, secure: bool) -> None:
        self._kinds = _noting(note)
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
        elif self._secure:
            kwargs["ssl_context"] = truststore.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        return kwargs

    def _note(self, manager: PoolManager) -> None:
        manager.pool_classes_by_scheme = self._kinds


def _noting(note: Callable[[socket.socket], None]) -> dict[str, type[HTTPConnectionPool]]:
    """Pools whose connections note their socket once it is open."""

    class Plain(HTTPConnection):
        def connect(self) -> None:
            super().connect()
            note(self.sock)

    class Secure(HTTPSConnection):
        def connect(self) -> None:
            super().connect()
            note(self.sock)

    class PlainPool(HTTPConnectionPool):
        ConnectionCls = Plain

    class SecurePool(HTTPSConnectionPool):
        ConnectionCls = Secure

    return {"http": PlainPool, "https": SecurePool}
