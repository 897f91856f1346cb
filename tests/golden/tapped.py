"""The ways on which the messages of the history travel: the real server's own code, and a real server over HTTP.

Both keep the bytes of either side, each under its file's name. Owns those ways and the making of a company. Must not
know what is said, nor how messages are kept or compared.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import contextmanager
from http import HTTPStatus
from http.client import HTTPConnection, HTTPResponse
from pathlib import Path

import msgspec

from fieldrep.contract.bundle import SEED_BYTES
from fieldrep.contract.files import FILE_MEDIA_TYPE, FileRequest, encode_file_message
from fieldrep.contract.frame import MEDIA_TYPE
from fieldrep.contract.live import place_text
from fieldrep.contract.messages import (
    PAGE_BYTES,
    EnrollRequest,
    ExchangeReply,
    ExchangeRequest,
    decode_reply,
    decode_request,
    encode_reply,
    encode_request,
)
from fieldrep.contract.wiping import WipeReceipt
from fieldrep.store.replica import DEVICE_KEY
from fieldrep.sync.bundle import write_request
from fieldrep.sync.handshake import handshake_of
from sync_server.admin.bundles import open_request, write_answer
from sync_server.reconcile.exchange import exchange
from sync_server.store.database import Database
from sync_server.store.devices.credentials import identify
from tests.store_suite.laptop import Laptop
from tests.store_suite.world import SeededBytes, SteppingClock, World

Message = tuple[str, bytes]


@contextmanager
def company(folder: Path) -> Iterator[World]:
    """A central store of its own in a folder; the same bytes each time."""
    folder.mkdir(exist_ok=True)
    url = f"sqlite:///{folder}/central.db"
    Database.create(url, SteppingClock(), SeededBytes(0)).close()
    world = World(url)
    yield world
    world.close()


class Tapped:
    """The direct way to the server, which keeps the bytes of both sides under a name."""

    def __init__(
        self, world: World, laptop: Laptop, name: str, kept: list[Message], page_bytes: int = PAGE_BYTES
    ) -> None:
        self._world, self._laptop, self._name, self._kept = world, laptop, name, kept
        self._page_bytes = page_bytes
        self._count = 0

    def exchange(self, request: ExchangeRequest) -> ExchangeReply:
        self._count += 1
        device = identify(self._world.database, self._laptop.admission.token)
        assert device is not None
        body = encode_request(
            msgspec.structs.replace(request, page_bytes=min(request.page_bytes, self._page_bytes))
        )
        answer = encode_reply(exchange(self._world.database, device, decode_request(body)))
        name = f"{self._name}-{self._count}"
        self._kept += [(f"{name}.request", body), (f"{name}.reply", answer)]
        return decode_reply(answer)


class Line:
    """The way to a real server, which keeps the bodies of both sides under a name."""

    def __init__(self, address: str, token: str, kept: list[Message]) -> None:
        self.address, self.kept, self._token = address, kept, token

    def exchange(self, name: str, request: ExchangeRequest) -> None:
        """One exchange."""
        self._post(name, "/v1/exchange", MEDIA_TYPE, (encode_request(request), "request"), "reply")

    def enroll(self, name: str, request: EnrollRequest) -> bytes:
        """What a link is answered."""
        said = (msgspec.json.encode(request), "enroll-request")
        return self._post(name, "/v1/enroll", "application/json", said, "enroll-reply")

    def file(self, name: str, request: FileRequest) -> None:
        """One request about a file."""
        said = (encode_file_message(request), "file-request")
        self._post(name, "/v1/files", FILE_MEDIA_TYPE, said, "file-reply")

    def wiped(self, name: str, receipt: WipeReceipt) -> None:
        """A receipt, of which nothing is told but that it was taken."""
        answer = self._sent("POST", "/v1/wiped", msgspec.json.encode(receipt), "application/json").read()
        assert answer == b'{"status":"ok"}'
        self.kept.append((f"{name}.wiped", msgspec.json.encode(receipt)))

    def waits(self, laptop: Laptop) -> HTTPResponse:
        """The answer to a wait, of which the head has come."""
        state = laptop.replica.state()
        return self._sent("GET", f"/v1/wait?at={place_text(state.epoch, state.cursor)}", b"", "")

    def _post(self, name: str, path: str, media_type: str, said: tuple[bytes, str], heard: str) -> bytes:
        response = self._sent("POST", path, said[0], media_type)
        answer = response.read()
        kind = heard if response.status == HTTPStatus.OK else "problem"
        self.kept += [(f"{name}.{said[1]}", said[0]), (f"{name}.{kind}", answer)]
        return answer

    def _sent(self, method: str, path: str, body: bytes, media_type: str) -> HTTPResponse:
        line = HTTPConnection(self.address.removeprefix("http://"), timeout=60)
        headers = {
            "Authorization": f"Bearer {self._token}",
            "Content-Type": media_type,
            "Connection": "close",
        }
        line.request(method, path, body, headers)
        return line.getresponse()


def carried(name: str, laptop: Laptop) -> list[Message]:
    """A file of a laptop and its answer, and the seeds that open them."""
    database = laptop.world.database
    asked, answered = io.BytesIO(), io.BytesIO()
    write_request(laptop.replica, asked)
    write_answer(database, open_request(database, asked), answered)
    device = bytes.fromhex(laptop.replica.secret(DEVICE_KEY))
    with database.read() as reader:
        (server,) = reader.rows("SELECT seed FROM bundle_key")[0]
    assert len(device) == len(server) == SEED_BYTES
    return [
        (f"{name}.request-bundle", asked.getvalue()),
        (f"{name}.reply-bundle", answered.getvalue()),
        (f"{name}.seeds", device + bytes(server)),
    ]


def asking(laptop: Laptop) -> ExchangeRequest:
    """A request with nothing in it, from where the laptop stands."""
    return ExchangeRequest(handshake_of(laptop.replica, laptop.replica.depth()))
