"""A sync from top to bottom: push what waits, pull what is new, compare, give a receipt.

A loop of exchanges. No transaction is open while the network is in use, and a page set and its cursor are committed
together (I6), so a sync may be cut anywhere and goes on from the last committed page. While one reply is being
applied the next is made ready, and the one after it is on its way.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field, replace
from functools import partial

import msgspec

from fieldrep.contract.catalogue import SCHEMA_VERSION
from fieldrep.contract.change import Change, Waits
from fieldrep.contract.comparison import Question
from fieldrep.contract.errors import BARRED, OF_THE_LAPTOP, Code, KnownError
from fieldrep.contract.messages import PAGE_BYTES, ExchangeReply, ExchangeRequest, Verdict
from fieldrep.contract.steps import Step, reached
from fieldrep.contract.wiping import Manner
from fieldrep.store.engine import Connection
from fieldrep.store.incoming.apply import Applied, apply_reply, offer_again, start_over
from fieldrep.store.incoming.arrive import unpack
from fieldrep.store.incoming.beyond import rows_beyond
from fieldrep.store.incoming.foreseen import NOTHING, Foreseen
from fieldrep.store.incoming.quarantine import set_aside
from fieldrep.store.incoming.receipt import Receipt, tell, what_was_done
from fieldrep.store.incoming.receipts import KeptReceipt, Way, keep, kept_form, newest, says_something, spans
from fieldrep.store.incoming.recount import recount
from fieldrep.store.replica import Replica
from fieldrep.store.state import COUNT_ANEW
from fieldrep.sync.ahead import FIRST_PART, Ahead, Fetched
from fieldrep.sync.bearer import Bearer, BrokeOff
from fieldrep.sync.comparing import repairs, rows_that_differ
from fieldrep.sync.handshake import handshake_of
from fieldrep.sync.poison import FAILURES, MOST_TRIES, SENTENCE, Suspicion
from fieldrep.sync.wiping import WipeOrdered, order_in

PUSH_BYTES = 4_000_000
MAX_EXCHANGES = 10_000
"""A server that always says there is more is not believed for ever."""

_SMALLEST_PAGE = 1_000
"""Of a reply that only shows whether the server is well."""

EXAMINE_EVERY_MS = 24 * 3_600_000

CLOCK_TOLERANCE_MS = 5 * 60_000

_PASSES = frozenset({Code.OFFLINE, Code.NAME_UNKNOWN, Code.SERVER_BUSY, *OF_THE_LAPTOP})
"""What ended a sync and is not told later, unless something had gone either way before: a laptop is often offline."""

Progress = Callable[[Receipt, int], None]
"""Called after each exchange with the receipt so far and the number of rows still to come (0 when unknown)."""


def sync(
    replica: Replica,
    bearer: Bearer,
    *,
    ahead: bool = False,
    progress: Progress | None = None,
) -> Receipt:
    """One full sync.

    Args:
        ahead: ask for the next page while the last is applied; off where steps must follow in a fixed order.

    Raises:
        KnownError: when the server cannot be reached or says no; whatever was exchanged before stays.
    """
    offer_again(replica)
    run = Run(replica, bearer, progress)
    try:
        with Ahead(replica, bearer) as beside:
            run.loop(beside if ahead else None)
        if run.verdict is Verdict.START_OVER:
            run.loop(None)  # a restored server awaits it until it tells that it has heard
        if run.wipes and not replica.unanswered():
            raise WipeOrdered(Manner.SEND_FIRST)
        if run.receipt.digests_equal is not None:
            run.agree()
    except KnownError as error:
        raise run.broken_off(error) from error
    return run.concluded()


@dataclass(slots=True)
class Run:
    """One sync under way: what is done with each reply, and the receipt that grows with it.

    Attributes:
        heard_of: the numbers of the changes that were answered.
        kept_no: the receipt's number among those that are kept, once it is.
        verdict: of the last reply.
        wipes: the server ordered to wipe once all is sent.
        foreseen: the rows that what is on its way touches.
    """

    replica: Replica
    bearer: Bearer
    progress: Progress | None
    way: Way = Way.LINE
    receipt: Receipt = field(default_factory=Receipt)
    waiting: int = 0
    answered: int = 0
    conflicts: set[bytes] = field(default_factory=set)
    heard_of: set[int] = field(default_factory=set)
    kept_no: int | None = None
    verdict: Verdict = Verdict.CONTINUE
    wipes: bool = False
    suspicion: Suspicion = field(default_factory=Suspicion)
    foreseen: Future[Foreseen] | None = None

    def broken_off(self, error: KnownError) -> KnownError:
        """The error that ended the sync, with what had gone out before; that the server bars this device is kept."""
        if error.code in BARRED:
            self.replica.change_state(barred=error.sentence)
        self.keep_failure(error)
        if error.code not in OF_THE_LAPTOP or not self.answered:
            return error
        went, them = (
            ("1 change was", "it") if self.answered == 1 else (f"{self.answered:,} changes were", "them")
        )
        safe = f"{went} sent before that; the server has {them}, and nothing is lost."
        return KnownError(error.code, f"{error.sentence} {safe}", field=error.field)

    def concluded(self) -> Receipt:
        """The receipt of the whole, kept when it says anything."""
        self._note_agreement()
        left = {"held_back": self.replica.held_back(), "told_to_wait": self.replica.told_to_wait()}
        receipt = _told(msgspec.structs.replace(self.receipt, waiting=self.waiting, **left))
        kept = kept_form(receipt)
        if kept and (self.kept_no is None or kept != self.replica.state().receipt):
            with self.replica.write() as connection:
                self._keep(connection, receipt)
                self.replica.store_state(connection, replace(self.replica.state(), receipt=kept))
        return receipt

    def _closing(self, reply: ExchangeReply, heard: int, connection: Connection, applied: Applied) -> str:
        """The receipt as it is when this reply is the last and proves all: one commit keeps both then."""
        receipt = _told(self._noted(reply, heard, applied))
        kept = kept_form(receipt) if receipt.digests_equal else ""
        if kept:
            self._keep(connection, receipt)
        return kept

    def _keep(self, connection: Connection, receipt: Receipt, code: str = "") -> None:
        """Puts the receipt among those that are kept, in place of what this sync said before."""
        at = receipt.at or self.replica.clock()
        row = KeptReceipt(self.kept_no, at, self.way, code, receipt, spans(self.heard_of))
        self.kept_no = keep(connection, row)

    def keep_read(self, receipt: Receipt) -> None:
        """Keeps the receipt of an answer that a person had read, whatever it brought."""
        with self.replica.write() as connection:
            self._keep(connection, receipt)

    def keep_failure(self, error: KnownError) -> None:
        """Keeps how the sync ended, when anything had gone either way or the same was not told last."""
        did = says_something(self.receipt)
        if error.code is Code.REPLICA_DAMAGED or (not did and error.code in _PASSES):
            return
        before = f" Before that: {what_was_done(self.receipt)}" if did else ""
        told = msgspec.structs.replace(
            self.receipt, at=self.replica.clock(), sentence=f"{error.sentence}{before}"
        )
        with suppress(KnownError):
            with self.replica.read() as reader:
                last = newest(reader, 1)
            if did or not last or last[0].code != error.code.value or last[0].did_something:
                with self.replica.write() as connection:
                    self._keep(connection, told, error.code.value)

    def loop(self, ahead: Ahead | None) -> None:
        """Exchanges until nothing is left to say on either side."""
        (reply, rows), changes = self._push(ahead)
        for _ in range(MAX_EXCHANGES):
            self._tell_of_others(reply)
            self.obey(reply)
            self.answered += len(reply.outcomes)
            with ExitStack() as turn:
                following = ahead.after(reply, turn) if ahead else None
                reached(Step.ANSWERED)
                closing = partial(self._closing, reply, heard := self.replica.clock())
                known = self.foreseen.result() if self.foreseen else NOTHING
                applied = apply_reply(self.replica, reply, changes, rows, turn, closing, known)
            self.note(reply, applied, heard)
            if following is not None:
                (reply, rows), changes = following.result(), []
                continue
            self.waiting = self.replica.depth()
            if not reply.more and not self.waiting:
                return
            (reply, rows), changes = self._push(ahead)
        raise KnownError(
            Code.SERVER_ERROR, "The server never came to an end; the sync was stopped. Nothing is lost."
        )

    def agree(self) -> None:
        """Fetches again what is not the server's, or all, once a day at most where that does not make both agree."""
        state = self.replica.state()
        waits = state.in_vain(self.replica.clock())
        if self.receipt.digests_equal or not waits or state.examined_at == COUNT_ANEW:
            self.examine()
        if self.receipt.digests_equal is False and not self.receipt.started_over and not waits:
            # The replica differs from the central store: its rows are fetched afresh, its outbox is kept.
            start_over(self.replica)
            self.receipt = msgspec.structs.replace(self.receipt, started_over=True, digests_equal=None)
            self.loop(None)

    def _note_agreement(self) -> None:
        """Remembers when all was fetched and both sides differed still, until they agree."""
        now, state = self.replica.clock(), self.replica.state()
        if self.receipt.digests_equal and state.in_vain_at:
            self.replica.change_state(in_vain_at=0)
        elif self.receipt.digests_equal is False:
            if self.receipt.started_over:
                state = self.replica.change_state(in_vain_at=now)
            self.receipt = msgspec.structs.replace(self.receipt, in_vain=state.in_vain(now))

    def examine(self) -> None:
        """Finds the rows that are not the server's and fetches them again, no others.

        Once a day all rows are counted anew, so that also what was altered behind the app's back is found.
        """
        now, before = self.replica.clock(), self.replica.state().examined_at
        is_due = not 0 <= now - before < EXAMINE_EVERY_MS
        if before and self.receipt.digests_equal and not is_due:
            return
        if before or not self.receipt.digests_equal:  # what has just arrived was counted then
            recount(self.replica)
        if is_due:
            self.replica.change_state(examined_at=now)
        if self.replica.state().digest == self.receipt.theirs:
            return
        rows = rows_that_differ(self.replica, self._ask)
        for question in repairs(rows or []):
            apply_reply(self.replica, self._ask(question))
        if rows:
            self.receipt = msgspec.structs.replace(self.receipt, repaired=len(rows))
        self.receipt = msgspec.structs.replace(self.receipt, digests_equal=False)
        if rows:
            self.loop(None)

    def _tell_of_others(self, reply: ExchangeReply) -> None:
        """Names to a restored store what others had done that it lacks, before it is no longer known here."""
        if reply.verdict not in (Verdict.START_OVER, Verdict.UPGRADE) or not reply.restored_to:
            return
        with self.replica.read() as reader:
            rows = rows_beyond(reader, reply.restored_to, self.replica.state().user_id)
        if rows:
            handshake = handshake_of(self.replica)
            self.bearer.exchange(ExchangeRequest(handshake, page_bytes=_SMALLEST_PAGE, beyond=rows))

    def _ask(self, question: Question) -> ExchangeReply:
        return self.bearer.exchange(ExchangeRequest(handshake_of(self.replica), question=question))

    def _push(self, ahead: Ahead | None) -> tuple[Fetched, list[Change]]:
        """An exchange with what waits; a change on which the server fails alone is set aside, and the rest goes on.

        Where the line breaks with much on it but carries a little, fewer are sent at a time.
        """
        while True:
            request, changes = self._request()
            self.foreseen = ahead.foreseen(changes) if ahead else None
            try:
                fetched = self._fetch(request)
            except BrokeOff:
                if not self.suspicion.broke_off(changes):
                    raise
                self._require_a_well_server()
            except KnownError as error:
                if not changes or error.code not in FAILURES:
                    raise
                self._require_a_well_server()
                poison = self.suspicion.failed(changes)
                if poison is not None:
                    set_aside(self.replica, poison.n, SENTENCE.format(tries=MOST_TRIES))
                    self.receipt = msgspec.structs.replace(self.receipt, refused=self.receipt.refused + 1)
            else:
                self.suspicion.passed()
                return fetched, changes

    def _require_a_well_server(self) -> None:
        """An exchange without any change; asked twice where the failure before it took the connection along.

        Raises:
            KnownError: what ails it; no change is to blame then.
        """
        handshake = handshake_of(self.replica)
        question = ExchangeRequest(handshake, (), _SMALLEST_PAGE)
        try:
            self._fetch(question)
        except KnownError as error:
            if error.code is not Code.OFFLINE:
                raise
            self._fetch(question)

    def _request(self) -> tuple[ExchangeRequest, list[Change]]:
        found = self.replica.to_send(self.suspicion.most, PUSH_BYTES)
        offered_to, further = self.replica.state().offered_to, found.depth > len(found.changes)
        refused = self.replica.refused_before(offered_to) if offered_to else ()
        handshake = handshake_of(self.replica, *found[1:])
        page_bytes = PAGE_BYTES if handshake.cursor else PAGE_BYTES // FIRST_PART
        return ExchangeRequest(handshake, tuple(found.changes), page_bytes, further, refused), found.changes

    def _fetch(self, request: ExchangeRequest) -> Fetched:
        reply = self.bearer.exchange(request)
        return reply, unpack(reply.pages)

    def obey(self, reply: ExchangeReply) -> None:
        """Acts on the handshake's verdict; only a reply to go on with passes."""
        state = self.replica.state()
        foreign = bool(state.server_id) and reply.server_id != state.server_id
        if reply.verdict is Verdict.DIFFERENT_SERVER or foreign:
            raise KnownError(
                Code.DIFFERENT_SERVER,
                f"{state.server_url} answers, but it is not the server this laptop belongs to. Nothing was sent or "
                "changed. Ask your admin, or enrol a new profile.",
            )
        if self._must_send_first(reply, state.epoch):
            return
        if reply.verdict in (Verdict.LOCKED, Verdict.WIPE, Verdict.ENROL_AGAIN):
            sentence = (
                reply.sentence or "This device may not sync any more. Ask your admin. Your work is kept here."
            )
            locked = reply.verdict is Verdict.LOCKED
            raise KnownError(Code.DEVICE_LOCKED if locked else Code.DEVICE_REVOKED, sentence)
        if state.barred:
            self.replica.change_state(barred="")
        # who heard of a restore while it was too old to receive kept its rows; now all come from the beginning
        anew = state.complete and not state.cursor and bool(reply.cursor)
        if anew or reply.verdict in (Verdict.START_OVER, Verdict.TOO_OLD):
            start_over(self.replica)
            self.receipt = msgspec.structs.replace(self.receipt, started_over=True)

    def _must_send_first(self, reply: ExchangeReply, epoch: bytes) -> bool:
        """Whether this profile is to be wiped once all that waits is sent; `WipeOrdered` when that is not wanted."""
        manner = order_in(self.replica, reply)
        if manner is Manner.AT_ONCE:
            raise WipeOrdered(manner)
        self.wipes = manner is Manner.SEND_FIRST
        if self.wipes and epoch and reply.epoch != epoch:
            start_over(self.replica)  # what it forgot is given back
        return self.wipes

    def note(self, reply: ExchangeReply, applied: Applied, heard: int | None = None) -> None:
        """Adds what a reply did to the receipt; one that asks to update ends the sync.

        Args:
            heard: when it came, now if not told.
        """
        self.receipt = self._noted(reply, self.replica.clock() if heard is None else heard, applied)
        self.verdict = reply.verdict
        if reply.verdict is Verdict.UPGRADE and (reply.outcomes or not self.replica.depth()):
            sentence = (
                reply.sentence
                or "This app is too old for the server. What you did was sent; update to receive."
            )
            raise KnownError(Code.UPGRADE_NEEDED, sentence)
        if self.progress is not None:
            self.progress(self.receipt, reply.estimate)

    def _noted(self, reply: ExchangeReply, heard: int, applied: Applied) -> Receipt:
        """The receipt with what a reply did that came at an instant."""
        before = self.receipt
        self.conflicts |= applied.conflicts
        self.heard_of.update(one.n for one in reply.outcomes if not isinstance(one, Waits))
        off = heard - reply.server_time
        complete = reply.digest is not None and not reply.more
        same = reply.schema == SCHEMA_VERSION
        return msgspec.structs.replace(
            before,
            accepted=before.accepted + applied.accepted,
            merged=before.merged + applied.merged,
            held=before.held + applied.held,
            conflicts=len(self.conflicts),
            refused=before.refused + applied.refused,
            returned=before.returned + applied.returned,
            pulled=before.pulled + applied.pulled,
            entered=before.entered + applied.entered,
            left=before.left + applied.left,
            drafts_left=before.drafts_left + applied.drafts_left,
            exchanges=before.exchanges + 1,
            mine=applied.digest,
            theirs=reply.digest,
            digests_equal=(reply.digest == applied.digest) if complete and same else None,
            ages_differ=not same,
            at=heard,
            clock_off_by=off if abs(off) > CLOCK_TOLERANCE_MS else 0,
        )


def _told(receipt: Receipt) -> Receipt:
    return msgspec.structs.replace(receipt, sentence=tell(receipt))
