"""The base image of a row that a save edits lies in its outbox entry until anything but a save is written."""

from __future__ import annotations

from pathlib import Path

import pytest

from fieldrep.contract.catalogue import CATALOGUE
from fieldrep.contract.change import Accepted, Refused
from fieldrep.contract.errors import Code
from fieldrep.store.damage import Finding
from fieldrep.store.engine import PAGE_BYTES
from fieldrep.store.incoming.apply import apply_reply
from fieldrep.store.outgoing.pending import at_the_office, decode_image, encode_image
from fieldrep.store.repairing.repair import repair
from fieldrep.store.replica import Replica
from fieldrep.store.verify import verify
from tests.unit.store.answers import central_row, reply, row_id
from tests.unit.store.conftest import KEY, enrol, open_replica

ACCOUNT = CATALOGUE["account"]
SHOP, PUB = row_id(1), row_id(2)
HELD = [
    ("account", central_row("account", 1, 10, name="Shop", phone="old")),
    ("account", central_row("account", 2, 11, name="Pub", phone="old")),
]


@pytest.fixture
def held(replica: Replica) -> Replica:
    apply_reply(replica, reply(*HELD))
    return replica


def call(replica: Replica, phone: str, *shops: bytes) -> None:
    with replica.begin("edit_account", "Phone") as unit:
        for shop in shops:
            unit.update("account", shop, {"phone": phone})


def in_the_outbox(replica: Replica) -> list[object]:
    with replica.read() as reader:
        found = reader.rows("SELECT base FROM outbox ORDER BY n")
    return [None if base is None else (decode_image(ACCOUNT, base) or {})["phone"] for (base,) in found]


def in_the_table(replica: Replica) -> dict[bytes, object]:
    with replica.read() as reader:
        found = reader.rows("SELECT row_id, image FROM base_row")
    return {held_id: (decode_image(ACCOUNT, image) or {}).get("phone") for held_id, image in found}


def at_office(replica: Replica, shop: bytes) -> object:
    with replica.read() as reader:
        return (at_the_office(reader.driver, "account", shop) or {})["phone"]


def findings(replica: Replica) -> list[Finding]:
    with replica.read() as reader:
        return verify(reader)


def test_the_first_edit_of_a_row_carries_its_image_and_later_ones_carry_none(held: Replica) -> None:
    call(held, "1", SHOP)
    call(held, "2", SHOP)
    call(held, "3", SHOP, PUB)
    assert (in_the_outbox(held), in_the_table(held)) == (["old", None, None], {PUB: "old"})
    assert (at_office(held, SHOP), at_office(held, PUB)) == ("old", "old")
    assert findings(held) == []


def test_whatever_else_is_written_finds_the_images_in_their_table(held: Replica) -> None:
    call(held, "1", SHOP)
    call(held, "2", SHOP)
    with held.write() as connection:
        ((image,),) = connection.execute("SELECT image FROM base_row").fetchall()
    assert (decode_image(ACCOUNT, image) or {})["phone"] == "old"
    assert (in_the_outbox(held), in_the_table(held)) == ([None, None], {SHOP: "old"})
    call(held, "3", PUB)
    assert (in_the_outbox(held), findings(held)) == ([None, None, "old"], [])


def test_what_is_written_and_rolled_back_leaves_the_images_where_they_were(held: Replica) -> None:
    call(held, "1", SHOP)
    with pytest.raises(ZeroDivisionError), held.write():
        raise ZeroDivisionError
    assert (in_the_outbox(held), in_the_table(held)) == (["old"], {})
    held.tidy()
    assert (in_the_outbox(held), in_the_table(held)) == ([None], {SHOP: "old"})


def test_a_program_that_starts_anew_still_finds_them(tmp_path: Path) -> None:
    path = tmp_path / "replica.db"
    with open_replica(path) as replica:
        enrol(replica)
        apply_reply(replica, reply(*HELD))
        call(replica, "1", SHOP)
        call(replica, "1", PUB)
    with open_replica(path) as replica:
        sent = replica.waiting(10, 10**6)
        outcomes = [Refused(sent[0].n, Code.OUT_OF_SCOPE, "No."), Accepted(sent[1].n, 20)]
        apply_reply(replica, reply(outcomes=outcomes, revision=12, holds=HELD, cursor=b"2"), sent)
        with replica.read() as reader:
            shop, pub = reader.row("account", SHOP), reader.row("account", PUB)
        assert shop is not None
        assert pub is not None
        assert (shop["phone"], pub["phone"]) == ("old", "1")
        assert findings(replica) == []


def test_a_repair_takes_them_along(tmp_path: Path) -> None:
    path = tmp_path / "replica.db"
    with open_replica(path) as replica:
        enrol(replica)
        apply_reply(replica, reply(*HELD))
        call(replica, "1", SHOP)
        with replica.read() as reader:
            ((page,),) = reader.rows("SELECT rootpage FROM sqlite_schema WHERE name = 'account'")
    with path.open("r+b") as file:
        file.seek((page - 1) * PAGE_BYTES + 100)
        file.write(bytes(64))
    assert repair(path, KEY, 1_800_000_000_000).changes == 1
    with open_replica(path) as replica:
        assert (in_the_outbox(replica), in_the_table(replica)) == ([None], {SHOP: "old"})


def test_images_that_an_older_program_kept_do_for_a_newer_one_that_knows_more_fields(held: Replica) -> None:
    call(held, "1", SHOP, PUB)
    with held.write() as connection:
        for shop, blob in connection.execute("SELECT row_id, image FROM base_row").fetchall():
            known = {
                name: value
                for name, value in (decode_image(ACCOUNT, blob) or {}).items()
                if name != "website"
            }
            connection.execute("UPDATE base_row SET image = ? WHERE row_id = ?", (encode_image(known), shop))
    assert findings(held) == []
    apply_reply(
        held,
        reply(HELD[1], outcomes=[Refused(1, Code.OUT_OF_SCOPE, "No.")], cursor=b"next"),
        held.waiting(9, 9999),
    )
    with held.read() as reader:
        rows = [reader.row("account", shop) for shop in (SHOP, PUB)]
    assert [(row or {})["phone"] for row in rows] == ["old", "old"]
    assert findings(held) == []
