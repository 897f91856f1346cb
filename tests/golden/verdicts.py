"""What else a sync may come to: each verdict, outcomes that wait or lack a field, questions, a restore.

Owns those histories. Must not know how messages are kept or compared.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import msgspec

from fieldrep.commands.refused import hand_over
from fieldrep.contract.change import Change, Edit
from fieldrep.contract.fields import WireValue
from fieldrep.contract.ids import RowId, id_text
from fieldrep.contract.messages import ExchangeRequest
from fieldrep.sync.engine import sync
from fieldrep.sync.handshake import handshake_of
from sync_server.store.devices.standing import lock, unlock
from sync_server.store.devices.wiping import order_wipe
from sync_server.store.office.handed import close, handed_changes
from sync_server.store.upkeep.retention import set_rule, tidy
from tests.golden.tapped import Message, Tapped, asking, company
from tests.store_suite.laptop import Laptop, go_back, keep
from tests.store_suite.world import World


def verdicts(folder: Path) -> Iterator[Message]:
    """Every message of these histories by its file's name."""
    kept: list[Message] = []
    for scenes in (_everyday, _barred, _long_away, _restored, _first_back, _ahead):
        with company(folder / scenes.__name__) as world:
            ana = Laptop(folder / scenes.__name__, world, world.user("ana"), "ana")
            scenes(folder / scenes.__name__, world, ana, kept)
            ana.replica.close()
    yield from kept


def _everyday(folder: Path, world: World, ana: Laptop, kept: list[Message]) -> None:
    shop, inn = (RowId(world.account(ana.admission.user_id, name=name)) for name in ("Shop", "Inn"))
    for number in range(40):
        world.make("contact", account_id=shop, family_name=f"Smit {number}")
    sync(ana.replica, Tapped(world, ana, "12-in-parts", kept, page_bytes=2_000))
    _further(world, ana, kept)
    _differing(world, ana, kept)
    _handed(world, ana, shop, kept)
    _of_another_age(world, ana, "18-a-field-left-out", shop, kept, phone="1")
    world.change("account", inn, owner_user_id=world.user("ben", manager=None))
    _of_another_age(world, ana, "19-held", inn, kept, name="Renamed late")


def _further(world: World, ana: Laptop, kept: list[Message]) -> None:
    for name in ("One", "Two"):
        ana.create(name)
    changes, *counted = ana.replica.to_send(1, 1_000_000)
    told = handshake_of(ana.replica, *counted)
    line = Tapped(world, ana, "13-more-waits", kept)
    line.exchange(ExchangeRequest(told, tuple(changes), further=True))
    ana.sync()


def _differing(world: World, ana: Laptop, kept: list[Message]) -> None:
    """A row altered and a row deleted behind the app's back: the count of the next day asks where."""
    with ana.replica.write() as connection:
        connection.execute("UPDATE account SET name = 'Altered' WHERE name = 'Shop'")
        connection.execute("DELETE FROM contact WHERE family_name = 'Smit 7'")
    world.clock.pass_days(1)
    sync(ana.replica, Tapped(world, ana, "14-rows-that-differ", kept))


def _of_another_age(
    world: World, ana: Laptop, scene: str, row_id: RowId, kept: list[Message], **values: str
) -> None:
    """An edit as an app makes it that takes the office's own field for one that it may write."""
    with ana.replica.read() as reader:
        row = reader.row("account", row_id)
    assert row is not None
    after: dict[str, WireValue] = {**values, "erp_ref": "4711"}
    before: dict[str, WireValue] = {field: row[field] for field in after}
    edit = Edit("account", row_id, "update", int(str(row["revision"])), before, after)
    changes = (Change(1_000_000 + len(kept), 0, "edit_account", (edit,)),)
    Tapped(world, ana, scene, kept).exchange(msgspec.structs.replace(asking(ana), changes=changes))


def _refused(world: World, ana: Laptop, account_id: RowId) -> None:
    """Enters what the server does not take: a note's text, which somebody has written meanwhile."""
    with ana.replica.begin("create_note", "note") as uow:
        note = uow.create("activity", {"account_id": account_id, "kind": "note", "subject": "They called"})
    ana.sync()
    world.change("activity", note, body="By the office.")
    with ana.replica.begin("edit_note", "note") as uow:
        uow.update("activity", note, {"body": "By Ana."})


def _handed(world: World, ana: Laptop, shop: RowId, kept: list[Message]) -> None:
    _refused(world, ana, shop)
    sync(ana.replica, Tapped(world, ana, "15-a-second-text-refused", kept))
    with ana.replica.read() as reader:
        ((key,),) = reader.rows("SELECT refused_no FROM refused_change")
    hand_over(ana.replica, key=key, note="It stands on their invoice.")
    sync(ana.replica, Tapped(world, ana, "16-handed-to-the-admin", kept))
    with world.write() as tx:
        (handed,) = handed_changes(tx)
        assert isinstance(handed["id"], bytes)
        close(tx, id_text(handed["id"]), "Entered.")
    sync(ana.replica, Tapped(world, ana, "17-the-admin-answers", kept))


def _barred(folder: Path, world: World, ana: Laptop, kept: list[Message]) -> None:
    def said(laptop: Laptop, name: str, request: ExchangeRequest) -> None:
        Tapped(world, laptop, name, kept).exchange(request)

    ana.sync()
    elsewhere = msgspec.structs.replace(asking(ana).handshake, server_id=b"\x7f" * 16)
    said(ana, "20-different-server", ExchangeRequest(elsewhere))
    device = ana.admission.device_id
    with world.write() as tx:
        lock(tx, device)
    said(ana, "21-locked", asking(ana))
    with world.write() as tx:
        unlock(tx, device)
    twin = ana.copied(folder)
    ana.create("Entered on the first")
    ana.sync()
    ana.sync()
    said(twin, "22-a-copy", asking(twin))
    twin.replica.close()
    with world.write() as tx:
        order_wipe(tx, device, lost=False)
    ana.create("Sent before")
    changes = tuple(ana.replica.waiting(1, 1_000_000))
    said(ana, "23-to-be-wiped", msgspec.structs.replace(asking(ana), changes=changes))


def _long_away(_folder: Path, world: World, ana: Laptop, kept: list[Message]) -> None:
    """Beyond the horizon: what waits is taken, then all comes anew."""
    world.account(ana.admission.user_id, name="Stays")
    gone = world.account(ana.admission.user_id, name="Goes")
    ana.sync()
    ana.create("Entered before")
    world.change("account", gone, archived=1)
    with world.write() as tx:
        for rule in ("archived", "tombstones", "away"):
            set_rule(tx, rule, 30)
    for _ in range(4):
        world.clock.pass_days(31)
        tidy(world.database)
    sync(ana.replica, Tapped(world, ana, "24-too-long-away", kept))


def _restored(folder: Path, world: World, ana: Laptop, kept: list[Message]) -> None:
    """Back to a backup: the device names what others had done, is filled afresh and gives back what was its own."""
    shop = RowId(world.account(ana.admission.user_id, name="Shop"))
    ana.sync()
    keep(world, folder)
    boss = world.user("boss", manager=None)
    world.change("account", shop, payment_terms="30 days", changed_by=boss)
    ana.create("After the backup")
    _refused(world, ana, shop)
    sync(ana.replica, Tapped(world, ana, "25-after-a-backup", kept))
    go_back(world, folder)
    sync(ana.replica, Tapped(world, ana, "26-restored", kept))


def _first_back(folder: Path, world: World, ana: Laptop, kept: list[Message]) -> None:
    """Back to a backup from before a record was made: who worked on it is here before who made it."""
    other = Laptop(folder, world, ana.admission.user_id, "other")
    for laptop in (ana, other):
        laptop.sync()
    keep(world, folder)
    shop = other.create("After the backup")
    for laptop in (other, ana):
        laptop.sync()
    ana.edit(shop, phone="1")
    ana.sync()
    go_back(world, folder)
    sync(ana.replica, Tapped(world, ana, "41-waits", kept))
    other.replica.close()


def _ahead(_folder: Path, world: World, ana: Laptop, kept: list[Message]) -> None:
    """An app that was updated before its server: what it entered is held back, and the server hears that it is."""
    ana.sync()
    ana.replica.change_state(server_schema=0)
    ana.create("Entered by a newer app")
    Tapped(world, ana, "42-held-back", kept).exchange(asking(ana))
