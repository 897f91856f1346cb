"""All routes of the server in one table. One without a credential says so; the others check theirs first (S1)."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TypeVar

import msgspec
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from fieldrep.contract.errors import Code, KnownError
from fieldrep.contract.files import (
    FILE_MEDIA_TYPE,
    MAX_FILE_MESSAGE,
    decode_file_request,
    encode_file_message,
)
from fieldrep.contract.foretold import head_of
from fieldrep.contract.frame import MEDIA_TYPE
from fieldrep.contract.live import parse_hold, parse_place
from fieldrep.contract.messages import (
    EnrollRequest,
    ExchangeReply,
    ExchangeRequest,
    decode_request,
    encode_reply,
    shortened,
)
from fieldrep.contract.wiping import WipeReceipt
from sync_server.http.errors import on_bug, on_known_error
from sync_server.http.limits import MAX_ENROLMENTS, Attempts, Intake, OneAtATime, Work
from sync_server.http.waiting import Waiting
from sync_server.reconcile.exchange import at_a_glance, exchange, last_word
from sync_server.reconcile.files import answer_about_file
from sync_server.store.database import Database, StoreInfo
from sync_server.store.devices.credentials import DeviceIdentity, admit, identify, identify_in, why_unknown
from sync_server.store.devices.glance import glance
from sync_server.store.devices.wiping import note_wiped, order_for_barred
from sync_server.store.reading import Reader

_LITTLE = 1_000
"""Bytes of a request that may have nothing to say; one with a change in it is hardly shorter."""

Handler = Callable[[Request], Awaitable[Response]]

PUBLIC_PATHS = frozenset({"/v1/health", "/v1/enroll", "/v1/wiped"})
"""The only routes that answer without a device's token; what the last of them takes is signed with a device's key."""


def make_app(database: Database, processes: int = 1) -> Starlette:
    """The application on one central store; it keeps nothing between requests but turns and counts.

    Each of several processes has its own; the bounds on what strangers may do, and on memory, are parted among them.
    """
    routes = _Routes(database, processes)
    app = Starlette(
        routes=[
            # asked for in this order: what comes most often stands first
            Route("/v1/exchange", routes.exchange, methods=["POST"]),
            Route("/v1/wait", routes.wait, methods=["GET"]),
            Route("/v1/files", routes.files, methods=["POST"]),
            Route("/v1/enroll", routes.enroll, methods=["POST"]),
            Route("/v1/wiped", routes.wiped, methods=["POST"]),
            Route("/v1/health", routes.health, methods=["GET"]),
        ],
        exception_handlers={KnownError: on_known_error, Exception: on_bug},
    )
    app.state.end = routes.end
    return app


_Told = TypeVar("_Told")


class _Routes:
    def __init__(self, database: Database, processes: int) -> None:
        self._database = database
        self._turns = OneAtATime()
        self._file_turns = OneAtATime()
        of_each = -(-MAX_ENROLMENTS // processes)
        self._attempts = Attempts(of_each, database.clock)
        self._receipts = Attempts(of_each, database.clock)
        self._intake = Intake(processes)
        self._work = Work()
        self._waiting = Waiting(database)

    def end(self) -> None:
        """The server stops: what is in work ends, and whoever waits is answered."""
        self._waiting.end()
        self._work.end()

    async def health(self, _request: Request) -> Response:
        """Alive and able to read its store; says nothing else to strangers."""
        await run_in_threadpool(self._database.info)
        return Response(b'{"status":"ok"}', media_type="application/json")

    async def enroll(self, request: Request) -> Response:
        """Trades a one-time code for a device's credential."""
        self._attempts.count()
        wanted = await self._told(request, 64 * 1024, EnrollRequest, "a request to enrol")
        reply = await run_in_threadpool(admit, self._database, wanted)
        return Response(msgspec.json.encode(reply), media_type="application/json")

    async def wiped(self, request: Request) -> Response:
        """Takes the receipt of a device that has destroyed what it had, its token with it."""
        self._receipts.count()
        receipt = await self._told(request, 4 * 1024, WipeReceipt, "a receipt")
        await run_in_threadpool(note_wiped, self._database, receipt)
        return Response(b'{"status":"ok"}', media_type="application/json")

    async def _told(self, request: Request, most: int, kind: type[_Told], what: str) -> _Told:
        """What somebody says who has no token, or none any more."""
        async with self._intake.body(request, most) as body:
            try:
                return msgspec.json.decode(body, type=kind)
            except (msgspec.DecodeError, ValueError, RecursionError) as error:
                raise KnownError(Code.DAMAGED_MESSAGE, f"This is not {what}.") from error

    async def exchange(self, request: Request) -> Response:
        """One step of a sync."""
        token = request.headers.get("authorization", "")
        if request.headers.get("content-type", "") != MEDIA_TYPE:
            raise KnownError(Code.DAMAGED_MESSAGE, f"The body must be {MEDIA_TYPE}.")
        async with self._intake.body(request) as body:
            answer = self._at_a_glance(token, body) if self._database.dialect.is_local else None
            if answer is None:
                answer = await self._work.run(self._answer, token, body)
        return answer

    async def files(self, request: Request) -> Response:
        """A part of a file, up or down."""
        token = request.headers.get("authorization", "")
        if request.headers.get("content-type", "") != FILE_MEDIA_TYPE:
            raise KnownError(Code.DAMAGED_MESSAGE, f"The body must be {FILE_MEDIA_TYPE}.")
        async with self._intake.body(request, 2 * MAX_FILE_MESSAGE) as body:
            message = await self._work.run(self._answer_about_file, token, body)
        return Response(message, media_type=FILE_MEDIA_TYPE)

    async def wait(self, request: Request) -> Response:
        """Held open until there is something new for the device's user, or the time it asked for is over."""
        self._waiting.require_room()
        token = request.headers.get("authorization", "")
        query = request.query_params
        device, info = await run_in_threadpool(self._identify_now, token)
        # a locked device has news at once: its next exchange says so
        place = parse_place(query.get("at", "")) if device.state == "active" else None
        body = self._waiting.answer(device, info, place, parse_hold(query.get("hold", "")))
        return StreamingResponse(body, headers={"Cache-Control": "no-store"}, media_type="application/json")

    def _identify_now(self, header: str) -> tuple[DeviceIdentity, StoreInfo]:
        with self._database.read() as snapshot:
            return _known(snapshot, header), snapshot.info()

    def _device(self, header: str) -> DeviceIdentity:
        device = identify(self._database, _token(header))
        if device is not None:
            return device
        with self._database.read() as snapshot:
            return _known(snapshot, header)

    def _at_a_glance(self, token: str, body: bytes) -> Response | None:
        """The answer to a device with nothing to say for which there is nothing new; None when it takes more.

        In a database of this process it takes less time than finding a thread for it.
        """
        seen = glance(self._database, _token(token)) if len(body) <= _LITTLE else None
        if seen is None:
            return None
        with self._turns.turn(seen.device.device_id):
            request = decode_request(body)
            reply = at_a_glance(self._database, seen, request)
            return None if reply is None else _response(reply, request)

    def _answer(self, token: str, body: bytes) -> Response:
        seen = glance(self._database, _token(token))
        device = identify(self._database, _token(token)) if seen is None else seen.device
        if device is None:
            return self._answer_barred(token, body)
        with self._turns.turn(device.device_id):
            request = decode_request(body)
            reply = None if seen is None else at_a_glance(self._database, seen, request)
            return _response(reply or exchange(self._database, device, request, seen), request)

    def _answer_barred(self, header: str, body: bytes) -> Response:
        """A device that is not admitted hears why, or that it is to be wiped."""
        with self._database.read() as snapshot:
            barred, info = order_for_barred(snapshot, _token(header)), snapshot.info()
            if barred is None:
                raise KnownError(Code.UNAUTHORISED, why_unknown(snapshot, _token(header)))
        request = decode_request(body)
        return _response(last_word(self._database, info, barred, request), request)

    def _answer_about_file(self, token: str, body: bytes) -> bytes:
        device = self._device(token)
        with self._file_turns.turn(device.device_id):
            return encode_file_message(answer_about_file(self._database, device, decode_file_request(body)))


def _response(reply: ExchangeReply, request: ExchangeRequest) -> Response:
    told = request.handshake
    message = encode_reply(shortened(reply, told))
    return Response(message, headers=head_of(reply, told), media_type=MEDIA_TYPE)


def _token(header: str) -> str:
    """The secret in an Authorization header, "" for none."""
    scheme, _, token = header.partition(" ")
    return token if scheme.lower() == "bearer" else ""


def _known(reader: Reader, header: str) -> DeviceIdentity:
    """The device that speaks; the sentence says which of the reasons it is when it is not admitted."""
    device = identify_in(reader, _token(header))
    if device is None:
        raise KnownError(Code.UNAUTHORISED, why_unknown(reader, _token(header)))
    return device
