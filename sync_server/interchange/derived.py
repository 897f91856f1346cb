"""Derived fields: what an import computes from a whole row by the rules of the domain, and checks between rows.

Owns line amounts, order totals, paths of territories, and that logins, SKUs and chains of parents make sense. Must
not know where records come from.
"""

from __future__ import annotations

from collections import Counter
from typing import ClassVar

from fieldrep.contract.entity import Entity
from fieldrep.contract.fields import Value
from fieldrep.domain.orders import amount_of_line
from sync_server.interchange.columns import column_name
from sync_server.interchange.records import checked
from sync_server.interchange.rejects import CellError, shortened
from sync_server.store.statements import Row
from sync_server.store.transaction import WriteTransaction

DEEPEST_CHAIN = 100


class Derivation:
    """Completes the rows of one entity, a chunk of records at a time. This one has nothing to add.

    Attributes:
        reads: references whose rows it looks into.
    """

    reads: ClassVar[frozenset[str]] = frozenset()

    def __init__(self, entity: Entity, tx: WriteTransaction) -> None:
        self.entity = entity
        self.tx = tx

    def complete(self, row: Row, present: Row | None) -> bool:  # noqa: ARG002 - others need them
        """Fills the derived fields of a row; False when its parent is not there, which only a dry run meets.

        Raises:
            CellError: when the row as a whole cannot be taken.
        """
        return True

    def finish(self) -> int:
        """Settles what the chunk changed in other rows; says how many."""
        return 0


class _Chained(Derivation):
    """Rows that refer to a row above them, and one field no two rows may share."""

    above: ClassVar[str] = ""
    unique: ClassVar[str] = ""

    def complete(self, row: Row, present: Row | None) -> bool:
        if self.unique and (present is None or present[self.unique] != row[self.unique]):
            self._check_unique(row)
        if self.above and row[self.above] is not None:
            self._check_chain(row)
        return True

    def _check_unique(self, row: Row) -> None:
        for other in self.tx.find(self.entity.name, self.unique, row[self.unique]):
            if other["id"] != row["id"]:
                field = self.entity.fields[self.unique]
                problem = f"Another {self.entity.title.lower()} has this {field.title} already."
                what = f"Give each {self.entity.title.lower()} its own, or use that record's key."
                raise CellError(problem, what, column=self.unique, value=shortened(str(row[self.unique])))

    def _check_chain(self, row: Row) -> None:
        above: Value = row[self.above]
        column = column_name(self.entity.fields[self.above])
        chain = f"The chain of {self.entity.plural.lower()} above this one"
        for _ in range(DEEPEST_CHAIN):
            if above == row["id"]:
                raise CellError(
                    f"{chain} comes back to it.", "Let one of them stand at the top.", column=column
                )
            found = self.tx.row(self.entity.name, above) if isinstance(above, bytes) else None
            if found is None:
                return
            above = found[self.above]
        raise CellError(f"{chain} is longer than {DEEPEST_CHAIN}.", "Leave some of them out.", column=column)


class _Users(_Chained):
    above = "manager_id"
    unique = "login"


class _Products(_Chained):
    above = "replaces_id"
    unique = "sku"


class _Accounts(_Chained):
    above = "parent_id"


class _Territories(_Chained):
    """Territories carry the path of codes from the root down."""

    reads = frozenset({"parent_id"})
    above = "parent_id"

    def complete(self, row: Row, present: Row | None) -> bool:
        super().complete(row, present)
        parent = row["parent_id"]
        found = self.tx.row("territory", parent) if isinstance(parent, bytes) else None
        if parent is not None and found is None:
            return False
        own = str(row["code"] or row["name"])
        path = "/".join([str(found["path"] or found["name"]), own]) if found else own
        row["path"] = checked(self.entity, self.entity.fields["path"], path)
        return True


class _Orders(Derivation):
    """Orders carry the sum of their lines; an import of orders alone leaves it as it is."""

    def complete(self, row: Row, present: Row | None) -> bool:
        if present is not None and present["currency"] != row["currency"]:
            what = "Cancel the order in the other system and make a new one."
            raise CellError("The currency of an order cannot change.", what, column="currency")
        row["goods_amount"] = present["goods_amount"] if present is not None else 0
        row["total_amount"] = checked(self.entity, self.entity.fields["total_amount"], _total(row))
        return True


class _Lines(Derivation):
    """Lines carry the order's account and their amount, and move the order's totals by what they change."""

    reads = frozenset({"order_id"})

    def __init__(self, entity: Entity, tx: WriteTransaction) -> None:
        super().__init__(entity, tx)
        self._moves: Counter[bytes] = Counter()

    def complete(self, row: Row, present: Row | None) -> bool:
        order_id = row["order_id"]
        order = self.tx.row("sales_order", order_id) if isinstance(order_id, bytes) else None
        if order is None or not isinstance(order_id, bytes):
            return False
        row["account_id"] = order["account_id"]
        amount = amount_of_line(row, str(order["currency"]))
        row["line_amount"] = checked(self.entity, self.entity.fields["line_amount"], amount)
        before = amount_of_line(present, str(order["currency"])) if present is not None else 0
        moved = self._moves[order_id] + amount - before
        try:
            goods = _whole(order, "goods_amount") + moved
            checked(self.entity, self.entity.fields["line_amount"], _total({**order, "goods_amount": goods}))
        except CellError as error:
            raise CellError(
                "The order's total would be larger than can be kept.", error.what_to_do
            ) from error
        self._moves[order_id] = moved
        return True

    def finish(self) -> int:
        changed = 0
        for order_id, moved in self._moves.items():
            order = self.tx.row("sales_order", order_id)
            if not moved or order is None:
                continue
            order["goods_amount"] = _whole(order, "goods_amount") + moved
            order.update(total_amount=_total(order), changed_at=self.tx.now, changed_by=None)
            order["revision"] = self.tx.new_revision()
            self.tx.stage("sales_order", order)
            changed += 1
        self._moves.clear()
        return changed


def _total(order: Row) -> int:
    return sum(_whole(order, name) for name in ("goods_amount", "freight_amount", "tax_amount"))


def _whole(row: Row, name: str) -> int:
    value = row[name]
    return value if isinstance(value, int) else 0


_DERIVATIONS: dict[str, type[Derivation]] = {
    "user": _Users,
    "territory": _Territories,
    "product": _Products,
    "account": _Accounts,
    "sales_order": _Orders,
    "document_line": _Lines,
}


def derivation_of(entity: Entity, tx: WriteTransaction) -> Derivation:
    """The derivation of an entity's rows, for one chunk."""
    return _DERIVATIONS.get(entity.name, Derivation)(entity, tx)
