"""More at once than a server can do, and senders who take their time: the others go on, health stays up, nobody errs.

Cites I17: one device's bad change, slow line or revocation changes nothing for another.
"""

from __future__ import annotations

import select
import socket
import threading
import urllib.request
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

import pytest

from fieldrep.contract.errors import Code, KnownError
from fieldrep.contract.frame import MEDIA_TYPE
from fieldrep.store.replica import Replica
from fieldrep.sync.session import sync_now
from sync_server.http import limits
from tests.helpers.served import Served, served

SLOW_ONES = 60


@pytest.fixture
def stack() -> Iterator[ExitStack]:
    with ExitStack() as stack:
        yield stack


def health(office: Served) -> int:
    with urllib.request.urlopen(f"{office.address}/v1/health", timeout=30) as reply:  # noqa: S310 - our own server
        return int(reply.status)


def edit(replica: Replica, name: str) -> None:
    with replica.begin("create_account", "New account") as uow:
        uow.create("account", {"name": name})


@contextmanager
def half_a_message(office: Served, token: str) -> Iterator[socket.socket]:
    """A device whose line lets through only the beginning of what it sends."""
    host, _, port = office.address.removeprefix("http://").partition(":")
    head = (
        f"POST /v1/exchange HTTP/1.1\r\nHost: {host}\r\nAuthorization: Bearer {token}\r\n"
        f"Content-Type: {MEDIA_TYPE}\r\nContent-Length: 400000\r\n\r\n"
    )
    with socket.create_connection((host, int(port))) as line:
        line.sendall(head.encode() + bytes(1_000))
        yield line


def test_slow_senders_hold_neither_worker_nor_lock(tmp_path: Path, stack: ExitStack) -> None:
    """More of them than there are threads; the quick ones push and pull meanwhile."""
    office = stack.enter_context(served(tmp_path))
    slow, quick = (
        office.make("user", login="slow", name="Slow"),
        office.make("user", login="quick", name="Quick"),
    )
    token = stack.enter_context(office.device(slow, "slow")).secret("token")
    device = stack.enter_context(office.device(quick, "quick"))
    for _ in range(SLOW_ONES):
        stack.enter_context(half_a_message(office, token))
    edit(device, "Corner Shop")
    receipt = sync_now(device)
    assert (receipt.accepted, receipt.digests_equal) == (1, True)
    assert health(office) == 200


def test_beyond_a_bound_senders_are_asked_to_come_again_and_health_stays_up(
    tmp_path: Path, stack: ExitStack, monkeypatch: pytest.MonkeyPatch
) -> None:
    """While an import holds the store, the pushes that fit wait for it; the next are told when to come again."""
    monkeypatch.setattr(limits, "WORKERS", 2)
    monkeypatch.setattr(limits, "MAX_IN_WORK", 3)
    office = stack.enter_context(served(tmp_path))
    people = [office.make("user", login=f"u{n}", name=f"U {n}") for n in range(6)]
    devices = [stack.enter_context(office.device(user, f"d{n}")) for n, user in enumerate(people)]
    for n, device in enumerate(devices):
        sync_now(device)
        edit(device, f"Shop {n}")
    pool = stack.enter_context(ThreadPoolExecutor(len(devices)))
    taking = threading.Event()
    refused: list[KnownError] = []

    def push(device: Replica) -> bool:
        try:
            return sync_now(device).whole
        except KnownError as error:
            refused.append(error)
            if len(refused) == 3:
                taking.set()
            return False

    with office.database.write("import"):
        ended = [pool.submit(push, device) for device in devices]
        assert taking.wait(60), "three wait, three are asked to come again"
        assert health(office) == 200
    assert sorted(one.result(60) for one in ended) == [False] * 3 + [True] * 3
    assert {error.code for error in refused} == {Code.SERVER_BUSY}
    assert {error.retry_after for error in refused} == {limits.BUSY_SECONDS}
    assert all("Nothing is lost" in error.sentence for error in refused)
    assert all(sync_now(device).whole for device in devices), "and then they all are through"
    with office.database.read() as snapshot:
        assert snapshot.rows("SELECT count(*) FROM account") == [(6,)]


def test_bodies_beyond_the_room_for_them_are_asked_to_come_again(
    tmp_path: Path, stack: ExitStack, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "MAX_BODIES", 20_000)
    office = stack.enter_context(served(tmp_path))
    user = office.make("user", login="ana", name="Ana")
    device = stack.enter_context(office.device(user, "ana"))
    sync_now(device)
    with ExitStack() as slow:
        lines = [slow.enter_context(half_a_message(office, device.secret("token"))) for _ in range(30)]
        answered, _, _ = select.select(lines, [], [], 60)
        busy = answered[0].recv(65_536)
        assert b" 503 " in busy
        assert b"retry-after: 5" in busy.lower()
    edit(device, "Corner Shop")
    assert _accepted_in_the_end(device) == 1, "what they held is free again"


def _accepted_in_the_end(device: Replica) -> int:
    """The server may come to know of lines that are gone only after the next has come."""
    accepted = 0
    for _ in range(50):
        with suppress(KnownError):
            accepted += sync_now(device).accepted
        if accepted:
            break
    return accepted


def test_a_body_that_stands_still_is_given_up(
    tmp_path: Path, stack: ExitStack, monkeypatch: pytest.MonkeyPatch
) -> None:
    office = stack.enter_context(served(tmp_path))
    user = office.make("user", login="ana", name="Ana")
    token = stack.enter_context(office.device(user, "ana")).secret("token")
    monkeypatch.setattr(limits, "PATIENCE_SECONDS", 0.1)
    with half_a_message(office, token) as line:
        line.settimeout(60)
        answer = line.recv(65_536)
    assert answer.startswith(b"HTTP/1.1 400 ")
    assert b"stood still" in answer
