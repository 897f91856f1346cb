"""The HTTP bearer: one request, one reply, and nothing believed that did not arrive whole.

`requests` times each read alone, accepts truncated and altered bodies and follows redirects with credentials; so here
the whole attempt has a deadline and a minimum rate, the media type and the envelope are checked, and a redirect is
taken for what it is on the road: somebody else's page.
"""

from __future__ import annotations

import ssl
import threading
import time
import urllib.parse
from concurrent.futures import ThreadPoolExecutor
from concurrent.futures import TimeoutError as FutureTimeoutError
from typing import Any

import msgspec
import requests
import truststore
import urllib3
from requests.adapters import HTTPAdapter
from requests.utils import get_environ_proxies

from fieldrep.contract.errors import Code, KnownError
from fieldrep.contract.frame import MEDIA_TYPE
from fieldrep.contract.hosts import is_loopback
from fieldrep.contract.messages import (
    EnrollReply,
    EnrollRequest,
    ExchangeReply,
    ExchangeRequest,
    Problem,
    decode_reply,
    encode_request,
)

CONNECT_SECONDS = 10.0
SILENCE_SECONDS = 60.0
"""No byte for so long ends the attempt."""

MINIMUM_RATE = 1_000
"""Bytes a second, averaged from the 30th second on; a slower line is given up and tried again later."""

MAX_REPLY = 64 * 1024 * 1024
_CHUNK = 262_144


class HttpBearer:
    """Carries exchanges to a server over HTTP or HTTPS, with this device's token.

    Args:
        url: the server's address, without a path.
        token: the device's secret, "" for enrolment.
        fingerprint: SHA-256 of the server's certificate in hex, when the enrolment link named one; then that very
            certificate is required, else the system's trust decides.
    """

    def __init__(self, url: str, token: str = "", fingerprint: str = "") -> None:
        check_address(url)
        self._url = url.rstrip("/")
        self._token = token
        self._session = _session(self._url, fingerprint)
        self._requests: dict[str, requests.PreparedRequest] = {}
        self._worker = ThreadPoolExecutor(1, "fieldrep-http")
        self._heard = time.monotonic()
        self._stop = threading.Event()

    def close(self) -> None:
        """Ends an attempt under way and gives the connection back."""
        self._stop.set()
        self._worker.shutdown(wait=False, cancel_futures=True)
        self._session.close()

    def exchange(self, request: ExchangeRequest) -> ExchangeReply:
        """One step of a sync."""
        return decode_reply(self._post("/v1/exchange", encode_request(request), MEDIA_TYPE))

    def enroll(self, request: EnrollRequest) -> EnrollReply:
        """Trades a one-time code for a credential."""
        body = self._post("/v1/enroll", msgspec.json.encode(request), "application/json")
        try:
            return msgspec.json.decode(body, type=EnrollReply)
        except (msgspec.DecodeError, ValueError) as error:
            raise not_a_server(self._url) from error

    def _post(self, path: str, body: bytes, media_type: str) -> bytes:
        """The body of a good answer, within the deadline; the attempt runs beside, so that a drip cannot hold us."""
        self._heard = time.monotonic()
        future = self._worker.submit(self._attempt, path, body, media_type)
        while True:
            try:
                return future.result(timeout=1.0)
            except FutureTimeoutError:
                if future.done():
                    continue
                if self._stop.is_set() or time.monotonic() - self._heard > SILENCE_SECONDS:
                    self._renew()
                    raise KnownError(
                        Code.OFFLINE, f"{self._url} stopped answering. Everything is safe here."
                    ) from None

    def _renew(self) -> None:
        """Leaves a stuck attempt behind; its thread ends when its socket does."""
        self._worker.shutdown(wait=False, cancel_futures=True)
        self._worker = ThreadPoolExecutor(1, "fieldrep-http")
        self._session.close()

    def _attempt(self, path: str, body: bytes, media_type: str) -> bytes:
        request = self._prepared(path, media_type)
        request.prepare_body(body, None)
        try:
            with self._session.send(
                request, timeout=(CONNECT_SECONDS, SILENCE_SECONDS), allow_redirects=False, stream=True
            ) as answer:
                return self._believe(answer, self._read(answer), media_type)
        except requests.exceptions.SSLError as error:
            raise KnownError(
                Code.CERTIFICATE,
                f"{self._url} does not prove to be your server: its certificate is not the expected one. Nothing was "
                "sent. On a hotel or guest network, sign in there first.",
            ) from error
        except (requests.RequestException, urllib3.exceptions.HTTPError, OSError) as error:
            raise KnownError(
                Code.OFFLINE, f"{self._url} cannot be reached. Everything is safe here and goes out later."
            ) from error

    def _prepared(self, path: str, media_type: str) -> requests.PreparedRequest:
        """A request that lacks its body alone; making one takes half the time of a whole round trip, so it is kept."""
        request = self._requests.get(path)
        if request is None:
            headers = {"Content-Type": media_type, "Accept-Encoding": "identity", "User-Agent": "FieldRep"}
            if self._token:
                headers["Authorization"] = f"Bearer {self._token}"
            request = requests.Request("POST", self._url + path, headers).prepare()
            self._requests[path] = request
        return request.copy()

    def _read(self, answer: requests.Response) -> bytes:
        begun = time.monotonic()
        parts: list[bytes] = []
        size = 0
        while True:
            part = answer.raw.read1(_CHUNK)
            now = self._heard = time.monotonic()
            if not part:
                return b"".join(parts)
            parts.append(part)
            size += len(part)
            if size > MAX_REPLY:
                raise KnownError(
                    Code.TOO_LARGE, f"{self._url} sent more than {MAX_REPLY >> 20} MB in one reply."
                )
            if self._stop.is_set() or (now - begun > 30 and size / (now - begun) < MINIMUM_RATE):
                raise KnownError(Code.OFFLINE, "The line is too slow to go on. Everything is safe here.")

    def _believe(self, answer: requests.Response, body: bytes, media_type: str) -> bytes:
        found = answer.headers.get("Content-Type", "").split(";")[0].strip()
        if answer.status_code == 200 and found == media_type:
            length = answer.headers.get("Content-Length")
            if length is not None and length != str(len(body)):
                raise KnownError(Code.DAMAGED_MESSAGE, "The reply was cut on the way. Nothing was applied.")
            return body
        if found != "application/problem+json":
            raise not_a_server(self._url)
        try:
            problem = msgspec.json.decode(body, type=Problem)
            code = Code(problem.code)
        except (msgspec.DecodeError, ValueError) as error:
            raise not_a_server(self._url) from error
        raise KnownError(code, problem.sentence)


def check_address(url: str) -> None:
    """Refuses addresses over which a secret must not travel.

    Raises:
        KnownError: `link_invalid` for no address at all, `plain_http` for HTTP beyond this machine.
    """
    parts = urllib.parse.urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.username:
        raise KnownError(Code.LINK_INVALID, f"“{url[:80]}” is not a server address; it begins with https://.")
    if parts.scheme == "http" and not is_loopback(parts.hostname):
        raise KnownError(
            Code.PLAIN_HTTP,
            f"{url} is not encrypted. FieldRep speaks plain HTTP to this machine only; use https://.",
        )


def not_a_server(url: str) -> KnownError:
    """What a login page, a redirect or any other stranger's answer comes to."""
    return KnownError(
        Code.NOT_A_SERVER,
        f"Something else answered for {url}: perhaps this network wants you to sign in first. Nothing was applied or "
        "lost; open a browser, sign in, and try again.",
    )


class _PinnedAdapter(HTTPAdapter):
    """Requires one certificate, by its SHA-256, or else what the operating system trusts."""

    def __init__(self, fingerprint: str) -> None:
        self._fingerprint = fingerprint
        super().__init__(max_retries=0)

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        if self._fingerprint:
            kwargs["assert_fingerprint"] = self._fingerprint
        else:
            kwargs["ssl_context"] = truststore.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        super().init_poolmanager(*args, **kwargs)


def _session(url: str, fingerprint: str) -> requests.Session:
    session = requests.Session()
    # No .netrc may replace the device's credential; the proxies of the environment are taken, and nothing else of it.
    session.trust_env = False
    session.proxies.update(get_environ_proxies(url))
    session.mount("https://", _PinnedAdapter(fingerprint))
    session.mount("http://", HTTPAdapter(max_retries=0))
    if fingerprint:
        session.verify = False
    return session
