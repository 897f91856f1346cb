"""T8: what a delta of 200 changes costs, in a large central store and in a small one; it must follow the delta alone.

Measures the exchange of a device that was up to date, from its request to the decoded reply, over the real line. Must
not apply anything: T3 measures that.
"""

from __future__ import annotations

import os
import random
import time
from pathlib import Path

from fieldrep import __version__
from fieldrep.contract.catalogue import SCHEMA_VERSION
from fieldrep.contract.messages import PAGE_BYTES, PROTOCOL_VERSION, ExchangeRequest, Handshake
from fieldrep.sync.transport import HttpBearer
from sync_server.store.database import Database
from sync_server.store.devices.cursor import Cursor, encode_cursor
from tests.bench.concurrency import admitted
from tests.bench.machine import Server
from tests.bench.workload import SEED, SIZES, Workload

CHANGES = 200
ROUNDS = 40


def deltas(url: str, size: str, folder: Path) -> list[float]:
    """Seconds of each round: 200 rows of one user change, then his device asks what is new."""
    load, source = Workload(SIZES[size]), random.Random(f"{SEED}/delta")
    database = Database.open(url, lambda: time.time_ns() // 1_000_000, os.urandom)
    try:
        with Server(folder, url) as server:
            line = HttpBearer(server.address, admitted(database, load.rep_id(0)).token)
            ids = [row["id"] for name, rows in load.of_rep(0) if name == "contact" for row in rows]
            info = database.info()
            handshake = {
                "protocol": PROTOCOL_VERSION,
                "schema": SCHEMA_VERSION,
                "app_version": __version__,
                "incarnation": os.urandom(16),
                "server_id": info.server_id,
                "epoch": info.epoch,
            }
            took = []
            for _ in range(ROUNDS):
                before = database.info().revision
                expected = _change(database, source, [i for i in ids if isinstance(i, bytes)])
                cursor = encode_cursor(Cursor(since=before, target=before))
                request = ExchangeRequest(Handshake(**handshake, cursor=cursor), (), PAGE_BYTES)
                begun = time.perf_counter()
                reply = line.exchange(request)
                took.append(time.perf_counter() - begun)
                if reply.more or sum(page.count for page in reply.pages) != expected:
                    raise RuntimeError("the delta does not hold what was changed")
            line.close()
            return took
    finally:
        database.close()


def _change(database: Database, source: random.Random, ids: list[bytes]) -> int:
    """Changes 200 rows, or as many as there are, as the office might; gives how many."""
    chosen = source.sample(ids, min(CHANGES, len(ids)))
    with database.write("bench") as tx:
        tx.preload("contact", chosen)
        for row_id in chosen:
            row = tx.row("contact", row_id)
            assert row is not None
            mobile = f"+31 {source.randrange(10**8)}"
            tx.stage("contact", {**row, "mobile": mobile, "revision": tx.new_revision()})
    return len(chosen)
