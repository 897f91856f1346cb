"""Changes taken as plain: the same becomes of them as if everything had been asked of them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fieldrep.contract.change import Accepted, Change, Edit, Outcome
from fieldrep.contract.fields import Kind, Value
from fieldrep.contract.ids import Revision
from sync_server.reconcile.author import Rights
from sync_server.reconcile.edits import OPEN_TO
from sync_server.reconcile.plain import accepted
from sync_server.reconcile.push import _decide
from sync_server.store.transaction import WriteTransaction
from tests.unit.reconcile.conftest import Store, row_id

Judge = Callable[[WriteTransaction, Rights, Change], Outcome]

ROWS = (
    ("account", "shop of ana"),
    ("account", "shop of ben"),
    ("contact", "boss of ana's"),
    ("contact", "gone"),
    ("contact", "merged"),
    ("contact", "left"),
    ("activity", "call ana's"),
    ("sales_order", "order"),
    ("document_line", "line"),
)
UNFIT: tuple[Value, ...] = (None, 5, "", b"", "x" * 30_000, "\x00", b"short")


@pytest.fixture
def company(store: Store) -> Store:
    shop = row_id("shop of ana")
    store.office("contact", "gone", account_id=shop, family_name="Gone", archived=1)
    into = row_id("boss of ana's")
    store.office("contact", "merged", account_id=shop, family_name="Twice", merged_into_id=into)
    store.office("account", "left shop", name="Left", owner_user_id=row_id("ana"))
    store.office("contact", "left", account_id=row_id("left shop"), family_name="Left")
    store.office("account", "left shop", owner_user_id=row_id("ben"))
    author = {"created_by": row_id("ana"), "sales_rep_id": row_id("ana"), "status": "draft"}
    store.office("sales_order", "order", account_id=shop, currency="EUR", number_local="A-1", **author)
    store.office("document_line", "line", order_id=row_id("order"), account_id=shop, line_amount=5)
    return store


def made(store: Store, judge: Judge, changes: list[Change]) -> tuple[list[Outcome], object, int]:
    """What a judge makes of changes by Ana: outcomes, all that is staged, and the revision; nothing of it is kept."""
    left = store.row("contact", "left")
    assert left is not None
    author = replace(store.author("ana"), stood_at=Revision(left["revision"]))
    with store.database.rehearse("test") as tx:
        rights = Rights(tx, author)
        outcomes = [judge(tx, rights, change) for change in changes]
        staged = {
            (entity, one): (entry.row, entry.key, entry.differing)
            for entity, rows in tx.staged.items()
            for one, entry in rows.items()
        }
        return outcomes, (staged, tx.moves_since(0)), tx.revision


def plain_first(tx: WriteTransaction, rights: Rights, change: Change) -> Outcome:
    return accepted(tx, rights, change) or _decide(tx, rights, change)


FIT: dict[Kind, tuple[Value, ...]] = {
    Kind.TEXT: ("0612", "new"),
    Kind.REF: (row_id("shop of ana"), row_id("shop of ben"), row_id("ana")),
    Kind.FLAG: (0, 1),
    Kind.DATE: ("2026-11-30",),
    Kind.JSON: ('{"a":1}', "{}"),
}


@st.composite
def edits(draw: st.DrawFn, store: Store) -> Edit:
    """A plain edit, or one that is not in a single way most of the time."""
    entity, name = draw(st.sampled_from(ROWS))
    row = store.row(entity, name) or {}
    odd = draw(st.sampled_from(("nothing", "base", "before", "value")))
    known = list(OPEN_TO["update"][entity].values())
    ruled = [field for field in known if field.name == "archived" or field.kind is Kind.REF]
    fields = draw(st.lists(st.sampled_from(known) | st.sampled_from(ruled), min_size=1, max_size=2))
    after: dict[str, Value] = {}
    before: dict[str, Value] = {}
    for field in fields:
        fit = field.options or FIT.get(field.kind, (7, 60))
        after[field.name] = draw(st.sampled_from(UNFIT if odd == "value" else (*fit, row[field.name])))
        before[field.name] = draw(st.sampled_from(fit)) if odd == "before" else row[field.name]
    base = draw(st.sampled_from((0, row["revision"] - 1))) if odd == "base" else row["revision"]
    return Edit(entity, row_id(name), "update", base, before, after)


def changes(store: Store) -> st.SearchStrategy[list[Change]]:
    one = st.lists(edits(store), min_size=1, max_size=1) | st.lists(edits(store), min_size=2, max_size=2)
    return st.lists(one, min_size=1, max_size=4).map(
        lambda drawn: [Change(n, 0, "test", tuple(some)) for n, some in enumerate(drawn, 1)]
    )


@settings(max_examples=500, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_a_change_taken_as_plain_becomes_what_the_whole_judgement_makes_of_it(
    company: Store, data: st.DataObject
) -> None:
    drawn = data.draw(changes(company))
    assert made(company, plain_first, drawn) == made(company, _decide, drawn)


@pytest.mark.parametrize(
    ("name", "field"),
    [("shop of ana", "phone"), ("boss of ana's", "job_title"), ("call ana's", "subject")],
)
def test_an_ordinary_edit_is_taken_as_plain(company: Store, name: str, field: str) -> None:
    entity = next(entity for entity, one in ROWS if one == name)
    row = company.row(entity, name)
    assert row is not None
    edit = company.edit(entity, name, **{field: (row[field], "new")})
    author = company.author("ana")
    with company.database.rehearse("test") as tx:
        assert isinstance(accepted(tx, Rights(tx, author), Change(1, 0, "test", (edit,))), Accepted)


@pytest.mark.parametrize(("entity", "name"), [("sales_order", "order"), ("document_line", "line")])
def test_an_edit_of_an_order_is_never_plain(company: Store, entity: str, name: str) -> None:
    edit = company.edit(entity, name, custom=("{}", '{"a":1}'))
    author = company.author("ana")
    with company.database.rehearse("test") as tx:
        assert accepted(tx, Rights(tx, author), Change(1, 0, "test", (edit,))) is None
        assert not tx.moves_since(0)
