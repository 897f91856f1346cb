"""A sync that somebody waits for: one busy answer that names its time is waited out, once and within a bound."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from fieldrep.contract.errors import Code, KnownError
from fieldrep.store.replica import Replica
from fieldrep.sync.session import LONGEST_WAITED_SECONDS, sync_patiently
from tests.helpers.served import Served, served
from tests.unit.sync.hostile import Hostile, hostile, page


@contextmanager
def device_behind(folder: Path, busy: list[str]) -> Iterator[tuple[Replica, Hostile]]:
    """An enrolled device, before whose server somebody answers its first exchanges as too busy for so long."""
    with served(folder) as office:

        def answer(connection: socket.socket) -> None:
            asked = gate.asked[-1]
            if busy and asked.startswith(b"POST /v1/exchange"):
                more = f"Retry-After: {busy.pop(0)}\r\n"
                connection.sendall(page(b"", media="text/html", status="503 Service Unavailable", more=more))
            else:
                _pass_on(office, asked, connection)

        user = office.make("user", login="nancy", name="Nancy")
        with hostile(answer) as gate, office.device(user, "nancy", gate.address) as replica:
            yield replica, gate


def _pass_on(office: Served, request: bytes, back: socket.socket) -> None:
    """The server's own answer, on a line of its own."""
    with socket.create_connection(("127.0.0.1", int(office.address.rpartition(":")[2]))) as onward:
        onward.sendall(request.replace(b"\r\n", b"\r\nConnection: close\r\n", 1))
        while data := onward.recv(65_536):
            back.sendall(data)


def exchanges(gate: Hostile) -> int:
    return sum(asked.startswith(b"POST /v1/exchange") for asked in gate.asked)


def test_a_busy_server_is_asked_once_more_after_the_time_it_named(tmp_path: Path) -> None:
    told: list[int] = []
    with device_behind(tmp_path, ["1"]) as (replica, gate):
        receipt = sync_patiently(replica, told.append)
        assert receipt.whole
        assert (told, exchanges(gate)) == ([1], 2)


def test_a_server_that_stays_busy_is_not_asked_for_ever(tmp_path: Path) -> None:
    told: list[int] = []
    with device_behind(tmp_path, ["1", "1", "1"]) as (replica, gate):
        with pytest.raises(KnownError) as raised:
            sync_patiently(replica, told.append)
        assert raised.value.code is Code.SERVER_BUSY
        assert (told, exchanges(gate)) == ([1], 2)


@pytest.mark.parametrize("after", ["", "0", "tomorrow", str(LONGEST_WAITED_SECONDS + 1)])
def test_a_server_that_names_no_time_or_a_long_one_is_not_waited_for(tmp_path: Path, after: str) -> None:
    told: list[int] = []
    with device_behind(tmp_path, [after]) as (replica, gate):
        with pytest.raises(KnownError) as raised:
            sync_patiently(replica, told.append)
        assert raised.value.code is Code.SERVER_BUSY
        assert (told, exchanges(gate)) == ([], 1)
