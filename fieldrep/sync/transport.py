"""The HTTP bearer: one request, one reply, and nothing believed that did not arrive whole.

`requests` times each read alone, accepts truncated and altered bodies and follows redirects with credentials; so here
the whole attempt has a deadline and a minimum rate, the media type and the envelope are checked, and a redirect is
taken for what it is on the road: somebody else's page.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from concurrent.futures import TimeoutError as FutureTimeoutError
from contextlib import contextmanager
from typing import Self

import msgspec
import requests
import urllib3
from urllib3.response import HTTPResponse
from urllib3.util import SKIP_HEADER

from fieldrep.contract.errors import Code, KnownError
from fieldrep.contract.files import (
    FILE_MEDIA_TYPE,
    FileReply,
    FileRequest,
    decode_file_reply,
    encode_file_message,
)
from fieldrep.contract.foretold import next_place
from fieldrep.contract.frame import MEDIA_TYPE
from fieldrep.contract.live import BEAT_SECONDS, parse_wait_reply
from fieldrep.contract.messages import (
    EnrollReply,
    EnrollRequest,
    ExchangeReply,
    ExchangeRequest,
    completed,
    decode_reply,
    encode_request,
)
from fieldrep.contract.wiping import WipeReceipt
from fieldrep.sync.answer import MOST_OTHER, media_of, problem_of, read_body
from fieldrep.sync.bearer import BrokeOff, Heard
from fieldrep.sync.line import SAFE, check_address, explained, stranger
from fieldrep.sync.wire import NoLineKept, Upload, Watch, Wire

CONNECT_SECONDS = 10.0
LOOK_SECONDS = 5.0
"""A look whether the server is there takes no longer for each of its steps."""

SILENCE_SECONDS = 60.0
"""No byte either way for so long ends the attempt."""

UNBEATEN_SECONDS = 2.0 * BEAT_SECONDS + 5.0
"""A line held open on which nothing came for so long is dead."""

LONGEST_SECONDS = 600.0
"""No single attempt lives longer, however well it gets on."""

MAX_REPLY = 64 * 1024 * 1024
"""Bytes read of an answer to an exchange; no server of ours sends as much."""

SMALLEST_PORTION = 16_000
"""Bytes of rows that are always asked for, however bad the line; a request of more is a large one."""

_SMALL = 65_536
_WAIT_REPLY = 1_000

_OF_A_DEAD_LINE = frozenset({Code.OFFLINE, Code.CERTIFICATE})
"""What comes of a connection that the other side has let go of, or that was cut between; never the server's word."""


class _Divide(BrokeOff):
    """It broke within a large reply; less is asked for from now on."""


class HttpBearer:
    """Carries exchanges to a server over HTTP or HTTPS, with this device's token.

    Args:
        url: the server's address, without a path.
        token: the device's secret, "" for enrolment.
        fingerprint: SHA-256 of the server's certificate in hex, when the enrolment link named one; then that very
            certificate is required, else the system's trust decides.
        portion: bytes of rows that are asked for at most, where it is known that the line carries no more.

    Attributes:
        sound: whether nothing has broken on its present connection.
    """

    def __init__(self, url: str, token: str = "", fingerprint: str = "", portion: int = MAX_REPLY) -> None:
        check_address(url)
        self._url = url.rstrip("/")
        self._token, self._fingerprint = token, fingerprint
        self._wire = Wire(self._url, fingerprint)
        self._requests: dict[str, requests.PreparedRequest] = {}
        self._worker = ThreadPoolExecutor(1, "fieldrep-http")
        self._heard = time.monotonic()
        self._stop = threading.Event()
        self._portion = portion
        self._broke_off = False
        self._rested = False
        self._beside: Self | None = None
        self.sound = True

    def close(self) -> None:
        """Ends an attempt under way and gives the connection back."""
        self._stop.set()
        if self._beside is not None:
            self._beside.close()
        self._worker.shutdown(wait=False, cancel_futures=True)
        self._wire.cut(for_good=True)

    def cut(self) -> None:
        """Ends an attempt under way; the next one makes a connection of its own."""
        self._wire.cut()

    def beside(self) -> Self:
        """Another bearer to the same server, which ends with this one; one at a time."""
        self._beside = other = type(self)(self._url, self._token, self._fingerprint, self._portion)
        if self._stop.is_set():
            other.close()
        return other

    def rest(self) -> None:
        """Nothing is asked for a while; meanwhile the other side may close the connection, and say so or not."""
        self._rested = True

    def wait(self, place: str, hold: int, accepted: Callable[[], None]) -> bool:
        """Waits until the server has something new for this device, or the time to hold the line is over.

        Args:
            place: where the replica stands, as `fieldrep.contract.live` writes it.
            hold: seconds.
            accepted: called on another thread once the server holds the line.

        Raises:
            KnownError: as `exchange`, or when the line broke or `close` was called meanwhile.
        """
        self._heard = time.monotonic()
        future = self._worker.submit(self._listen, f"/v1/wait?at={place}&hold={hold}", accepted)
        while True:
            try:
                return future.result(timeout=max(0.0, self._heard + UNBEATEN_SECONDS - time.monotonic()))
            except FutureTimeoutError:
                if not future.done() and time.monotonic() - self._heard >= UNBEATEN_SECONDS:
                    self._renew()
                    raise KnownError(Code.OFFLINE, f"{self._url} stopped answering. {SAFE}") from None

    def exchange(self, request: ExchangeRequest) -> ExchangeReply:
        """One step of a sync. Where a line breaks off large replies, smaller ones are asked for at once."""
        while True:
            try:
                return self._exchange(request)
            except _Divide:
                pass

    def exchange_heard(self, request: ExchangeRequest, heard: Heard) -> ExchangeReply:
        """As `exchange`, but smaller ones are the caller's to ask for."""
        return self._exchange(request, heard)

    def _exchange(self, request: ExchangeRequest, heard: Heard | None = None) -> ExchangeReply:
        """One attempt at one that is not larger than the line carries.

        Raises:
            _Divide: it was, and next time less is asked for.
        """
        portion = min(request.page_bytes, self._portion)
        if portion < request.page_bytes:
            request = msgspec.structs.replace(request, page_bytes=portion)
        self._broke_off = False
        try:
            return self._carried(request, heard)
        except KnownError as error:
            is_smallest = portion <= SMALLEST_PORTION or error.code is Code.NOT_A_SERVER
            if not self._broke_off or is_smallest or self._stop.is_set():
                raise
            self._portion = max(SMALLEST_PORTION, portion // 8)
            raise _Divide(error.code, error.sentence) from error

    def _carried(self, request: ExchangeRequest, heard: Heard | None) -> ExchangeReply:
        """A reply that arrives damaged is the line's fault; only the server says `damaged_message`, of what it got."""
        asked = encode_request(request)
        try:
            body = self._post("/v1/exchange", asked, MEDIA_TYPE, heard)
        except KnownError as error:
            if error.code is not Code.OFFLINE or len(asked) <= SMALLEST_PORTION or self._stop.is_set():
                raise
            raise BrokeOff(error.code, error.sentence) from error
        try:
            return completed(decode_reply(body), request.handshake)
        except KnownError as error:
            code = Code.OFFLINE if error.code is Code.DAMAGED_MESSAGE else error.code
            raise KnownError(code, f"The reply of {self._url}: {error.sentence} {SAFE}") from error

    def file(self, request: FileRequest) -> FileReply:
        """A part of a file, up or down; one that arrives damaged is the line's fault."""
        body = self._post("/v1/files", encode_file_message(request), FILE_MEDIA_TYPE)
        try:
            return decode_file_reply(body)
        except KnownError as error:
            raise KnownError(Code.OFFLINE, f"The reply of {self._url}: {error.sentence} {SAFE}") from error

    def enroll(self, request: EnrollRequest) -> EnrollReply:
        """Trades a one-time code for a credential."""
        body = self._post("/v1/enroll", msgspec.json.encode(request), "application/json")
        try:
            return msgspec.json.decode(body, type=EnrollReply)
        except (msgspec.DecodeError, ValueError) as error:
            raise stranger(200, {}, self._url) from error

    def wiped(self, receipt: WipeReceipt) -> None:
        """Tells the server that this device is wiped; there is no token any more."""
        body = self._post("/v1/wiped", msgspec.json.encode(receipt), "application/json")
        if body != b'{"status":"ok"}':
            raise KnownError(Code.OFFLINE, f"The reply of {self._url} is not its server's. {SAFE}")

    def answers(self) -> bool:
        """Whether a server of ours is there; nothing of this device is said to it."""
        request = requests.Request("GET", self._url + "/v1/health", {"User-Agent": "FieldRep"}).prepare()
        try:
            with self._answer_to(request, LOOK_SECONDS) as answer:
                return answer.status == 200 and answer.headers.get("Content-Type") == "application/json"
        except KnownError:
            return False

    def _post(self, path: str, body: bytes, media_type: str, heard: Heard | None = None) -> bytes:
        """The body of a good answer, within the deadline.

        The attempt runs beside, so that neither a name that is looked up nor a drip can hold us. On a line that stands
        every step has its time, so that a small request needs nobody beside it, which would cost it as much as the way.
        """
        rested, self._rested = self._rested, False
        if rested:
            answer = self._over_rested(path, body, media_type)
            if answer is not None:
                return answer
        begun = self._heard = time.monotonic()
        if len(body) <= _SMALL:
            try:
                return self._attempt(path, body, media_type, self._watch_from(begun), None, heard)
            except NoLineKept:
                pass  # one is made beside
        try:
            future = self._worker.submit(self._attempt, path, body, media_type, None, None, heard)
        except RuntimeError:  # closed meanwhile
            raise KnownError(Code.OFFLINE, f"The attempt was ended. {SAFE}") from None
        while True:
            try:
                return future.result(timeout=1.0)
            except FutureTimeoutError:
                if future.done():
                    continue
                if self._is_over(begun):
                    self._renew()
                    raise KnownError(Code.OFFLINE, f"{self._url} stopped answering. {SAFE}") from None

    def _over_rested(self, path: str, body: bytes, media_type: str) -> bytes | None:
        """The answer over a line that has rested, None where it must be asked for on a new one.

        Such a line may lead nowhere without a word, so it has no longer to answer than a new one to be made, and a
        large body is not risked on it. What arrived all the same is answered once more (I3).
        """
        self._heard = time.monotonic()
        try:
            if len(body) <= _SMALL:
                return self._attempt(path, body, media_type, self._watch_from(self._heard), CONNECT_SECONDS)
        except NoLineKept:
            pass
        except KnownError as error:
            if error.code not in _OF_A_DEAD_LINE or self._stop.is_set():
                raise
            self._broke_off, self.sound = False, True
        self._wire.cut()
        return None

    def _is_over(self, begun: float) -> bool:
        now = time.monotonic()
        return self._stop.is_set() or now - self._heard > SILENCE_SECONDS or now - begun > LONGEST_SECONDS

    def _watch_from(self, begun: float) -> Watch:
        def watch() -> None:
            if self._is_over(begun):
                raise KnownError(Code.OFFLINE, f"{self._url} stopped answering. {SAFE}")

        return watch

    def _renew(self) -> None:
        """Ends a stuck attempt by its socket, and leaves its thread behind to notice."""
        self._worker.shutdown(wait=False, cancel_futures=True)
        self._worker = ThreadPoolExecutor(1, "fieldrep-http")
        self._wire.cut()
        self.sound = False

    def _attempt(
        self,
        path: str,
        body: bytes,
        media_type: str,
        watch: Watch | None = None,
        silence: float | None = None,
        heard: Heard | None = None,
    ) -> bytes:
        request = self._prepared(path, media_type)
        sent = body if len(body) <= _SMALL else Upload(body, self._note_sent)
        with self._answer_to(request, silence or SILENCE_SECONDS, sent, len(body), watch) as answer:
            if answer.status != 200 or media_of(answer) != media_type:
                raise problem_of(answer, media_type, self._url, self._came)
            if heard is not None and (place := next_place(answer.headers)):
                heard(*place)
            self._broke_off = (answer.length_remaining or 0) > SMALLEST_PORTION
            most = MAX_REPLY if media_type == MEDIA_TYPE else MOST_OTHER
            body = read_body(answer, most, self._url, self._came)
            self._broke_off = False
            length = answer.headers.get("Content-Length")
            if length is not None and length != str(len(body)):
                raise KnownError(Code.OFFLINE, f"The reply was cut on the way. Nothing was applied. {SAFE}")
            return body

    def _listen(self, path: str, accepted: Callable[[], None]) -> bool:
        """One wait: blanks until the answer."""
        headers = {"User-Agent": "FieldRep", "Accept-Encoding": "identity"}
        headers["Authorization"] = f"Bearer {self._token}"
        request = requests.Request("GET", self._url + path, headers).prepare()
        with self._answer_to(request, UNBEATEN_SECONDS) as answer:
            self._heard = time.monotonic()
            if answer.status != 200 or answer.headers.get("Content-Type", "") != "application/json":
                raise problem_of(answer, "application/json", self._url, self._came)
            accepted()
            body = b""
            while part := answer.read1(_WAIT_REPLY):
                self._heard = time.monotonic()
                body = (body + part).lstrip()
                if len(body) > _WAIT_REPLY:
                    break
        reply = parse_wait_reply(body)
        if reply is None:
            raise (
                stranger(200, {}, self._url) if body else KnownError(Code.OFFLINE, f"The line broke. {SAFE}")
            )
        if reply.closing:
            raise KnownError(Code.SERVER_BUSY, f"{self._url} is being stopped or restarted. {SAFE}")
        return reply.changed

    @contextmanager
    def _answer_to(
        self,
        request: requests.PreparedRequest,
        silence: float,
        body: bytes | Upload | None = None,
        size: int = 0,
        watch: Watch | None = None,
    ) -> Iterator[HTTPResponse]:
        """The answer to a request, its body still to come; whatever goes wrong has its sentence."""
        try:
            answer = self._wire.ask(request, (min(CONNECT_SECONDS, silence), silence), body, size, watch)
            try:
                yield answer
            finally:
                answer.close()
                answer.release_conn()
        except (requests.RequestException, urllib3.exceptions.HTTPError, OSError) as error:
            self.sound = False
            raise explained(error, self._url, self._wire.proxy, time.time()) from error

    def _came(self) -> bool:
        """A part of an answer is here; whether more is wanted."""
        self._heard = time.monotonic()
        return not self._stop.is_set()

    def _note_sent(self) -> None:
        """A part of a large body is on its way; the line is slow, not dead."""
        self._heard = time.monotonic()
        if self._stop.is_set():
            raise KnownError(Code.OFFLINE, f"The attempt was ended. {SAFE}")

    def _prepared(self, path: str, media_type: str) -> requests.PreparedRequest:
        """A request that lacks its body alone; making one takes half the time of a whole round trip, so it is kept."""
        request = self._requests.get(path)
        if request is None:
            # an envelope is compressed already, and most requests are little more than their headers
            headers = {"Content-Type": media_type, "Accept-Encoding": SKIP_HEADER, "User-Agent": "FR"}
            if self._token:
                headers["Authorization"] = f"Bearer {self._token}"
            request = requests.Request("POST", self._url + path, headers).prepare()
            self._requests[path] = request
        return request
