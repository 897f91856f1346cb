"""Planted bugs: each breaks one promise of the engine while a `with` lasts, to prove that the harness notices.

Patches the product in the test process only. Every bug is one that a real sync engine has had.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import msgspec
import pytest

from fieldrep.contract.merge import Fit
from fieldrep.store.incoming import apply, arrive, settle, shown
from fieldrep.store.outgoing import pending
from fieldrep.store.replica import Replica, ToSend
from sync_server.reconcile import edits, orders, push
from sync_server.store.feed import pulling as feed
from sync_server.store.transaction import WriteTransaction

Patch = pytest.MonkeyPatch
Bug = Callable[[Patch], None]


def cursor_before_rows(patch: Patch) -> None:
    """The cursor is saved first and the rows in a second transaction: a kill between them loses the rows."""
    real = apply.apply_reply

    def apply_in_two(replica: Replica, reply: Any, *rest: Any) -> Any:
        if reply.pages and reply.cursor:
            replica.change_state(cursor=reply.cursor)
        return real(replica, reply, *rest)

    patch.setattr("fieldrep.sync.engine.apply_reply", apply_in_two)


def no_deduplication(patch: Patch) -> None:
    """The server forgets which changes it has answered and applies a repeat again."""
    patch.setattr(WriteTransaction, "ask_outcomes", lambda *_: dict)
    write = WriteTransaction._write_changes

    def write_over(tx: Any) -> None:
        for applied in tx._changes:
            known = (applied.author.device_id, applied.author.incarnation, applied.change.n)
            for table in ("applied_change", "refused_change"):
                tx.session.run(
                    f"DELETE FROM {table} WHERE device_id = ? AND incarnation = ? AND n = ?", known
                )
        write(tx)

    patch.setattr(WriteTransaction, "_write_changes", write_over)


def new_number_on_retry(patch: Patch) -> None:
    """A change whose reply was lost is sent again under a new number."""
    real = Replica.to_send
    tried: dict[tuple[bytes, int], int] = {}

    def to_send(replica: Replica, limit: int, limit_bytes: int) -> ToSend:
        found = real(replica, limit, limit_bytes)
        for place, change in enumerate(found.changes):
            known = (replica.state().device_id, change.n)
            tried[known] = tried.get(known, 0) + 1
            if tried[known] == 2:
                found.changes[place] = msgspec.structs.replace(change, n=change.n + 1_000_000)
        return found

    patch.setattr(Replica, "to_send", to_send)


def last_writer_by_clock(patch: Patch) -> None:
    """A clash is decided by the laptop's clock: the later one wins and nothing is kept."""
    clocks: dict[bytes, int] = {}
    real = push._apply

    def apply_with_clock(tx: Any, rights: Any, change: Any) -> Any:
        clocks["now"] = change.made_at  # type: ignore[index]
        return real(tx, rights, change)

    def by_clock(field: Any, before: Any, after: Any, present: Any) -> tuple[Fit, Any]:
        if after == present:
            return Fit.SAME, present
        later = clocks.get("now", 0) > 1_795_000_000_000  # type: ignore[call-overload]
        return (Fit.TAKE, after) if before == present or later else (Fit.SAME, present)

    patch.setattr(push, "_apply", apply_with_clock)
    patch.setattr(edits, "merge_field", by_clock)


def digest_copied_from_the_peer(patch: Patch) -> None:
    """The laptop takes the server's digest for its own and so never notices that it lost a row of a long page."""
    real_after, real_columns = apply._after, arrive.page_columns

    def after(state: Any, reply: Any, digest: Any, now: int) -> Any:
        return real_after(state, reply, reply.digest or digest, now)

    def all_but_one(page: Any) -> Any:
        columns = real_columns(page)
        if page.count > 3:
            for column in columns:
                column[-1] = column[0]
        return columns

    patch.setattr(apply, "_after", after)
    patch.setattr(arrive, "page_columns", all_but_one)


def half_a_unit(patch: Patch) -> None:
    """A refused edit is left out and the rest of its unit is taken."""
    real = edits.apply_edit

    def lenient(tx: Any, rights: Any, edit: Any, *rest: Any) -> Any:
        try:
            return real(tx, rights, edit, *rest)
        except edits.Refusal:
            if edit.kind == "create":
                raise
            return False, []

    patch.setattr(push, "apply_edit", lenient)


def scope_of_the_present_only(patch: Patch) -> None:
    """Work done before its author heard that the account moved is refused."""
    patch.setattr(WriteTransaction, "held_between", lambda *_: False)


def scope_not_checked_on_the_child(patch: Patch) -> None:
    """The feed sends children of accounts the user no longer holds."""
    real = feed._Feed._by_revision

    def everything(self: Any, table: Any, at: Any, wanted: int) -> Any:
        if table.entity.name not in ("contact", "site"):
            return real(self, table, at, wanted)
        names, name = ", ".join(table.names), table.entity.table
        sql = f"SELECT {names} FROM {name} WHERE (revision, id) > (?, ?) AND revision <= ? "
        sql += "ORDER BY revision, id LIMIT ?"
        start = (at.revision, at.row_id) if at.row_id else (at.since, feed.AFTER_ALL_IDS)
        return self._session.rows(sql, (*start, at.target, wanted))

    patch.setattr(feed._Feed, "_by_revision", everything)


def managers_forgotten(patch: Patch) -> None:
    """The ledger gives an account to its owner and not to the managers above."""
    from fieldrep.domain.holders import Coverage

    def alone(self: Any, user_id: bytes) -> frozenset[bytes]:
        return frozenset({user_id} if user_id in self.people and self.people[user_id].active else ())

    patch.setattr(Coverage, "upward", alone)


def epoch_ignored(patch: Patch) -> None:
    """A restored server is taken for the same one: the laptop goes on from a cursor of another history."""
    from sync_server.reconcile import exchange
    from sync_server.reconcile.handshake import judge

    def forgiving(info: Any, device: Any, handshake: Any) -> Any:
        return judge(info, device, msgspec.structs.replace(handshake, epoch=b""))

    patch.setattr(exchange, "judge", forgiving)


def deleted_row_resurrected(patch: Patch) -> None:
    """An edit on a row deleted elsewhere brings it back."""
    real = edits._update

    def update(tx: Any, rights: Any, entity: Any, row_id: Any, edit: Any, *rest: Any) -> Any:
        found = tx.row(entity, row_id)
        if found is not None and found["archived"] and "archived" not in edit.after:
            after = {**edit.after, "archived": 0}
            edit = msgspec.structs.replace(edit, after=after, before={**edit.before, "archived": 1})
        return real(tx, rights, entity, row_id, edit, *rest)

    patch.setattr(edits, "_update", update)


def deletion_beats_an_edit(patch: Patch) -> None:
    """A row that somebody edited meanwhile is deleted without a word."""
    patch.setattr(WriteTransaction, "others_wrote_since", lambda *_: False)


def base_row_lost(patch: Patch) -> None:
    """A pull writes over pending edits instead of going under them."""
    patch.setattr(apply, "_pending", lambda _connection: {})


def leave_ignored(patch: Patch) -> None:
    """Rows of an account that moved to a colleague stay on the laptop."""
    patch.setattr(apply, "leave", lambda *_: None)


def settled_before_the_echo(patch: Patch) -> None:
    """An accepted change leaves the outbox without waiting for the row that shows it: pages may come later."""
    real = pending.replay

    def replay(entity: str, base: Any, found: Any, user_id: bytes) -> Any:
        return real(entity, base, [one for one in found if one.state == pending.READY], user_id)

    patch.setattr(shown, "replay", replay)


def refused_and_forgotten(patch: Patch) -> None:
    """A refused change is dropped: nobody can correct it."""
    real = settle._refuse

    def refuse(connection: Any, *rest: Any) -> Any:
        gone = real(connection, *rest)
        connection.execute("DELETE FROM refused_change")
        return gone

    patch.setattr(settle, "_refuse", refuse)


def totals_from_the_laptop(patch: Patch) -> None:
    """The server believes an order's total instead of adding up its lines."""
    patch.setattr(push, "settle_order", lambda *_: None)
    patch.setattr(edits, "DERIVED", {})


def authority_not_looked_at(patch: Patch) -> None:
    """An order is received whatever discount it gives."""
    patch.setattr(orders, "_above", lambda *_: ())


def derived_totals_unannounced(patch: Patch) -> None:
    """An order's new total is written without a new revision, so that nobody hears of it."""
    patch.setattr(orders, "_stamps", lambda *_: {})


def conflict_listed_twice(patch: Patch) -> None:
    """Every further edit of a chain makes another conflict."""
    from sync_server.reconcile import conflicts

    patch.setattr(conflicts, "open_conflict", lambda *_: None)


def late_decision_writes_its_value(patch: Patch) -> None:
    """The second of two deciders does not decide the conflict any more, but the record still takes his value."""
    from sync_server.reconcile.decisions import Decisions

    patch.setattr(Decisions, "holds_back", lambda *_: False)


def refusal_of_marketing_lost(patch: Patch) -> None:
    """The later value of a customer's opt-out stands, whatever it is."""
    real = edits.merge_field

    def merge(field: Any, before: Any, after: Any, present: Any) -> Any:
        return (Fit.TAKE, after) if field.name == "opt_out" else real(field, before, after, present)

    patch.setattr(edits, "merge_field", merge)


def grants_for_ever(patch: Patch) -> None:
    """Whoever once held an account may write to it for ever."""
    sql = "SELECT 1 FROM scope_ledger WHERE user_id = ? AND scope_key = ?"
    patch.setattr(
        WriteTransaction,
        "held_between",
        lambda tx, user_id, key, *_states: tx.session.first(sql, (user_id, key)) is not None,
    )


def outcome_made_up_on_repeat(patch: Patch) -> None:
    """A repeated change is answered anew instead of with its first answer."""
    real = push._outcome_decoder

    class Again:
        def decode(self, blob: bytes) -> Any:
            return push.Accepted(real.decode(blob).n, 1)

    patch.setattr(push, "_outcome_decoder", Again())


def entering_rows_forgotten(patch: Patch) -> None:
    """An account that enters a scope brings only rows changed since, not what was there before."""
    real = feed._Feed._gained

    def gained(self: Any, at: Any) -> Any:
        return [] if at.since else real(self, at)

    patch.setattr(feed._Feed, "_gained", gained)


def clock_in_the_rows(patch: Patch) -> None:
    """Stamps come from the laptop's clock."""
    real = push._apply

    def apply_by_their_clock(tx: Any, rights: Any, change: Any) -> Any:
        tx.now = change.made_at
        return real(tx, rights, change)

    patch.setattr(push, "_apply", apply_by_their_clock)


def saved_without_the_outbox(patch: Patch) -> None:
    """Row and outbox entry are saved in two transactions."""
    from fieldrep.store.unit_of_work import UnitOfWork

    real = UnitOfWork.finish

    def finish(self: Any, n: int) -> None:
        self.driver.execute("COMMIT")
        self.driver.execute("BEGIN IMMEDIATE")
        real(self, n)

    patch.setattr(UnitOfWork, "finish", finish)


def any_file_believed(patch: Patch) -> None:
    """The rows of a file are taken wherever the replica stands, so that an old answer turns it back."""
    from fieldrep.sync import bundle

    class Anywhere(bundle._Reading):
        def _beginning(self, first: Any) -> bytes:
            return bytes(self.run.replica.state().cursor)

    patch.setattr(bundle, "_Reading", Anywhere)


BUGS: tuple[Bug, ...] = (
    cursor_before_rows,
    no_deduplication,
    new_number_on_retry,
    last_writer_by_clock,
    digest_copied_from_the_peer,
    half_a_unit,
    scope_of_the_present_only,
    scope_not_checked_on_the_child,
    managers_forgotten,
    epoch_ignored,
    deleted_row_resurrected,
    deletion_beats_an_edit,
    base_row_lost,
    leave_ignored,
    settled_before_the_echo,
    refused_and_forgotten,
    totals_from_the_laptop,
    authority_not_looked_at,
    derived_totals_unannounced,
    conflict_listed_twice,
    late_decision_writes_its_value,
    refusal_of_marketing_lost,
    grants_for_ever,
    outcome_made_up_on_repeat,
    entering_rows_forgotten,
    clock_in_the_rows,
    saved_without_the_outbox,
    any_file_believed,
)


@contextmanager
def planted(bug: Bug) -> Iterator[None]:
    """The product with one bug in it."""
    with pytest.MonkeyPatch.context() as patch:
        bug(patch)
        yield
