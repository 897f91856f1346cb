"""All routes of the server in one table. One without a credential says so; the others check theirs first (S1)."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import msgspec
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from fieldrep.contract.errors import Code, KnownError
from fieldrep.contract.frame import MEDIA_TYPE
from fieldrep.contract.messages import EnrollRequest, decode_request, encode_reply
from sync_server.http.errors import on_bug, on_known_error
from sync_server.http.limits import MAX_ENROLMENTS, Attempts, OneAtATime, read_body
from sync_server.reconcile.exchange import exchange
from sync_server.store.credentials import DeviceIdentity, admit, identify
from sync_server.store.database import Database

Handler = Callable[[Request], Awaitable[Response]]

PUBLIC_PATHS = frozenset({"/v1/health", "/v1/enroll"})
"""The only routes that answer without a device's credential."""


def make_app(database: Database) -> Starlette:
    """The application on one central store; it keeps nothing between requests but turns and counts."""
    routes = _Routes(database)
    return Starlette(
        routes=[
            Route("/v1/health", routes.health, methods=["GET"]),
            Route("/v1/enroll", routes.enroll, methods=["POST"]),
            Route("/v1/exchange", routes.exchange, methods=["POST"]),
        ],
        exception_handlers={KnownError: on_known_error, Exception: on_bug},
    )


class _Routes:
    def __init__(self, database: Database) -> None:
        self._database = database
        self._turns = OneAtATime()
        self._attempts = Attempts(MAX_ENROLMENTS, database.clock)

    async def health(self, _request: Request) -> Response:
        """Alive and able to read its store; says nothing else to strangers."""
        await run_in_threadpool(self._database.info)
        return Response(b'{"status":"ok"}', media_type="application/json")

    async def enroll(self, request: Request) -> Response:
        """Trades a one-time code for a device's credential."""
        self._attempts.count()
        body = await read_body(request, 64 * 1024)
        try:
            wanted = msgspec.json.decode(body, type=EnrollRequest)
        except (msgspec.DecodeError, ValueError, RecursionError) as error:
            raise KnownError(Code.DAMAGED_MESSAGE, "This is not a request to enrol.") from error
        reply = await run_in_threadpool(admit, self._database, wanted)
        return Response(msgspec.json.encode(reply), media_type="application/json")

    async def exchange(self, request: Request) -> Response:
        """One step of a sync."""
        token = request.headers.get("authorization", "")
        if request.headers.get("content-type", "") != MEDIA_TYPE:
            raise KnownError(Code.DAMAGED_MESSAGE, f"The body must be {MEDIA_TYPE}.")
        body = await read_body(request)
        message = await run_in_threadpool(self._answer, token, body)
        return Response(message, media_type=MEDIA_TYPE)

    def _answer(self, token: str, body: bytes) -> bytes:
        device = self._identify(token)
        with self._turns.turn(device.device_id):
            return encode_reply(exchange(self._database, device, decode_request(body)))

    def _identify(self, header: str) -> DeviceIdentity:
        scheme, _, token = header.partition(" ")
        device = identify(self._database, token) if scheme.lower() == "bearer" and token else None
        if device is None:
            raise KnownError(
                Code.UNAUTHORISED,
                "The server does not know this device (any more). Your work is kept; ask your admin.",
            )
        return device
