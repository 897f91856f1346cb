"""Two reps with a customer each that are one, and their manager, in a real store: what the tests of merges stand on.

Devices are stood in for by pushes as their authors' credentials would have them, and by plain copies that pull.
"""

from __future__ import annotations

from fieldrep.contract.catalogue import ENTITIES
from fieldrep.contract.change import Change, Edit, Outcome
from fieldrep.contract.fields import Value
from fieldrep.contract.ids import Incarnation, Revision, RowId
from sync_server.reconcile.author import Author
from sync_server.reconcile.duplicates import look_for_duplicates
from sync_server.reconcile.merge_plan import MergePlan
from sync_server.reconcile.merges import Unmerged, merge, unmerge
from sync_server.reconcile.push import push
from sync_server.store.proof.verify import verify
from sync_server.store.statements import Row
from tests.store_suite.world import World, new_row

STAMPS = ("revision", "created_revision")


class Company:
    """Ana and Ben with a customer each, Mia above both; Ana's holds everything a customer can have."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.mia = world.user("mia")
        self.ana, self.ben = world.user("ana", self.mia), world.user("ben", self.mia)
        self.numbers: dict[bytes, int] = {}
        self.product = world.make("product", sku="T1", name="Tea")
        self.stays = self._customer("Corner Shop", self.ana, phone="030 1234567", note="Ask Maria")
        self.goes = self._customer("Corner Shop Ltd", self.ben, email="shop@corner.example", note="Back door")
        self.founded: set[Value] = set()
        self.founded = {row["id"] for row in self.candidates()}
        for user in (self.mia, self.ana, self.ben):
            world.make("device", row_id=user[::-1], user_id=user, name="Laptop")
        self.copies = {user: world.fresh(user) for user in (self.mia, self.ana, self.ben)}

    def _customer(self, name: str, owner: bytes, **values: Value) -> bytes:
        make = self.world.make
        with self.world.write() as tx:
            account = new_row(tx, "account", name=name, owner_user_id=owner, **values)
            look_for_duplicates(tx)
        make("site", account_id=account, city="Kiel", kind="bill")
        contact = make("contact", account_id=account, family_name="Boss of " + name)
        make("account_contact", account_id=account, contact_id=contact, role="buys")
        make("account_team", account_id=account, user_id=self.mia, team_role="helps")
        make("activity", account_id=account, contact_id=contact, subject="Call")
        order = make(
            "sales_order",
            account_id=account,
            currency="EUR",
            goods_amount=500,
            total_amount=500,
            created_by=owner,
        )
        line = {"order_id": order, "account_id": account, "seq": 1, "product_id": self.product}
        make("document_line", **line, qty=1_000_000, unit_price=5_000_000, line_amount=500)
        make("ar_document", account_id=account, number="R1", currency="EUR", amount=500, open_amount=500)
        return account

    def push(
        self, user: bytes, *edits: Edit, known: int | None = None, device: bytes | None = None
    ) -> Outcome:
        return self.push_all(user, edits, known=known, device=device)[0]

    def push_all(
        self,
        user: bytes,
        *changes: tuple[Edit, ...],
        known: int | None = None,
        device: bytes | None = None,
        stood_at: int | None = None,
    ) -> tuple[Outcome, ...]:
        """Several changes in one push, from a user's laptop or another device of his."""
        sender = device or user[::-1]
        first = self.numbers.get(sender, 0) + 1
        self.numbers[sender] = first + len(changes) - 1
        at = Revision(self.world.database.info().revision if known is None else known)
        stood = at if stood_at is None else Revision(stood_at)
        author = Author(RowId(sender), RowId(user), "rep", Incarnation(b"i" * 16), at, stood)
        batch = [Change(n, 0, "test", edits) for n, edits in enumerate(changes, first)]
        with self.world.write() as tx:
            return push(tx, author, batch)

    def row(self, entity: str, row_id: bytes) -> Row:
        with self.world.database.read() as reader:
            found = reader.row(entity, row_id)
        assert found is not None
        return found

    def of(self, entity: str, account: bytes) -> list[Row]:
        with self.world.database.read() as reader:
            return reader.find(entity, "account_id", account)

    def everything(self) -> dict[str, list[dict[str, Value]]]:
        with self.world.database.read() as reader:
            return {
                entity.name: [{n: v for n, v in row.items() if n not in STAMPS} for row in reader.all(entity)]
                for entity in ENTITIES
                if entity.name != "duplicate_candidate"
            }

    def merge(self, stays: bytes, goes: bytes, *take: str, entity: str = "account") -> MergePlan:
        with self.world.write() as tx:
            tx.new_revision()
            return merge(tx, entity, stays, goes, take)

    def unmerge(self, merged: bytes) -> Unmerged:
        with self.world.write() as tx:
            tx.new_revision()
            return unmerge(tx, merged)

    def candidates(self) -> list[Row]:
        """The pairs raised since the company was founded."""
        with self.world.database.read() as reader:
            return [row for row in reader.all("duplicate_candidate") if row["id"] not in self.founded]

    def candidate(self) -> Row:
        (found,) = self.candidates()
        return found

    def decide(
        self,
        user: bytes,
        status: str,
        survivor: bytes | None = None,
        known: int | None = None,
        device: bytes | None = None,
    ) -> Outcome:
        """A person decides on the one pair there is, as he sees it."""
        row = self.candidate()
        values: dict[str, tuple[Value, Value]] = {"status": ("open", status)}
        if survivor is not None:
            values["survivor_id"] = (None, survivor)
        pair, seen = row["id"], row["revision"]
        assert isinstance(pair, bytes)
        assert isinstance(seen, int)
        base = seen if row["status"] == "open" else seen - 1
        return self.push(user, edit("duplicate_candidate", pair, base, **values), known=known, device=device)

    def sync(self) -> None:
        """Every copy pulls the delta, and holds then what a fresh one holds; the store is sound."""
        for user, copy in self.copies.items():
            self.world.sync(copy)
            assert copy.rows == self.world.fresh(user).rows, "a delta and a first replica differ"
        assert verify(self.world.database) == []

    def accounts_of(self, user: bytes) -> set[bytes]:
        return self.copies[user].ids("account")


def edit(entity: str, row_id: bytes, base: int, **values: tuple[Value, Value]) -> Edit:
    before = {name: pair[0] for name, pair in values.items()}
    return Edit(entity, row_id, "update", base, before, {name: pair[1] for name, pair in values.items()})


def create(entity: str, row_id: bytes, **values: Value) -> Edit:
    return Edit(entity, row_id, "create", 0, {}, values)


def new_id(name: str) -> bytes:
    return name.encode().ljust(16, b".")
