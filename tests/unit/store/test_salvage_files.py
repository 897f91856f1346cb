"""Photos that only this device has, in a damaged replica: saved byte for byte where they can be read, else named."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from fieldrep.contract.files import PART, hash_of
from fieldrep.store.engine import PAGE_BYTES
from fieldrep.store.file_queue import uploads
from fieldrep.store.files import body_of
from fieldrep.store.repairing.repair import repair
from fieldrep.store.repairing.repaired import Repaired
from fieldrep.store.replica import Replica
from tests.unit.store.conftest import KEY, enrol, open_replica

NOW = 1_800_000_000_000
BODIES = [random.Random(seed).randbytes(size) for seed, size in enumerate((PART + 5_000, 40_000, 900))]


@pytest.fixture(scope="module")
def photographed(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """A replica with three photos that wait, and one that the server has."""
    path = tmp_path_factory.mktemp("photographed") / "replica.db"
    with open_replica(path) as replica:
        enrol(replica)
        for body in (*BODIES, b"sent"):
            with replica.begin("add_attachment", "add") as uow:
                account = uow.create("account", {"name": "Shop"})
                named = {"account_id": account, "name": "x.jpg", "media_type": "image/jpeg"}
                row_id = uow.create("attachment", {**named, "size": len(body), "sha256": hash_of(body)})
                uow.keep_file(row_id, body)
        with replica.write() as connection:
            connection.execute("DELETE FROM file_upload WHERE sha256 = ?", (hash_of(b"sent"),))
        replica.tidy()
        replica.took_bulk = True
        replica.tidy()
    return path.read_bytes()


def damaged(folder: Path, content: bytes, pages: list[int]) -> Path:
    spoilt = bytearray(content)
    for page in pages:
        spoilt[page * PAGE_BYTES + 900] ^= 0x40
    path = folder / "replica.db"
    path.write_bytes(spoilt)
    return path


def waiting(replica: Replica) -> set[bytes | None]:
    with replica.read() as reader:
        found = {body_of(reader, upload.sha256) for upload in uploads(reader)}
        assert reader.rows("SELECT count(*) FROM file_body") == [(len(found),)], (
            "what the server has comes again"
        )
    return found


def saved(path: Path) -> tuple[Repaired, set[bytes | None]]:
    done = repair(path, KEY, NOW)
    with open_replica(path, create=False) as replica:
        return done, waiting(replica)


def test_photos_that_wait_survive_damage_elsewhere(photographed: bytes, tmp_path: Path) -> None:
    done, found = saved(damaged(tmp_path, photographed, [0]))
    assert (done.files, done.files_lost) == (3, 0)
    assert "3 files that wait" in done.sentence
    assert found == set(BODIES)


def test_a_damaged_photo_is_named_and_the_others_are_saved(photographed: bytes, tmp_path: Path) -> None:
    count = len(photographed) // PAGE_BYTES
    outcomes = set()
    for page in random.Random(3).sample(range(1, count), 14):
        folder = tmp_path / str(page)
        folder.mkdir()
        done, found = saved(damaged(folder, photographed, [page]))
        assert found <= set(BODIES), "nothing is made up"
        assert done.files == len(found)
        if found != set(BODIES):
            assert done.files_lost == 3 - len(found) or done.doubtful, "what is lost is told"
        outcomes.add(len(found))
    assert {2, 3} <= outcomes
