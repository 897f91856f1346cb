"""A sync by file, for where no network reaches: write what waits, have it answered in the office, read the answer.

The file carries the very messages of an exchange (`contract/bundle.py`). Reading follows three rules that make any
order of files and line safe: an outcome is taken whenever its change still waits; rows are taken only by a replica that
stands exactly where they begin, so that its cursor moves as the server meant it (I6); and a file of another lineage of
the store is left alone. A file that is cut is refused before anything is touched, and reading may be cut anywhere.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import BinaryIO

import msgspec

from fieldrep.contract import bundle
from fieldrep.contract.bundle import FILE_MARK, BundleWriter, Header, Keys, PublicKeys, Standing
from fieldrep.contract.change import Change
from fieldrep.contract.counts import counted
from fieldrep.contract.errors import BARRED, Code, KnownError
from fieldrep.contract.messages import (
    MAX_CHANGES,
    PAGE_BYTES,
    ExchangeReply,
    ExchangeRequest,
    Verdict,
    decode_reply,
    encode_request,
)
from fieldrep.contract.steps import Step, reached
from fieldrep.contract.whole_file import whole_file
from fieldrep.contract.wiping import Manner
from fieldrep.store.file_queue import not_taken, uploads
from fieldrep.store.incoming.apply import Applied, apply_reply, offer_again, start_over
from fieldrep.store.incoming.receipt import Receipt, with_files
from fieldrep.store.incoming.receipts import Way
from fieldrep.store.replica import SERVER_KEY, Replica
from fieldrep.store.state import COUNT_ANEW, SyncState
from fieldrep.store.written_bundles import note_written, was_written_here
from fieldrep.sync.carried_files import take_files, write_files
from fieldrep.sync.engine import PUSH_BYTES, Progress, Run
from fieldrep.sync.enrolment import device_keys
from fieldrep.sync.handshake import handshake_of
from fieldrep.sync.wiping import WipeOrdered, prepare

_EVERY_CHANGE = 2**31
_CHECK_THE_STICK = "Check the stick and its free space; what you entered is kept on this laptop."


class CarriedOut(msgspec.Struct, frozen=True):
    """What a file to carry holds: how many changes and photos, and whether all records are asked for afresh."""

    bundle_id: bytes
    changes: int
    afresh: bool
    files: int = 0


def carry_out(replica: Replica, path: Path) -> CarriedOut:
    """Writes everything that waits, and the question for everything new, to a file for the server.

    The file appears whole or not at all; nothing in the replica changes but that it remembers the file.

    Raises:
        KnownError: `not_enrolled`, or `disk_error` about the file.
    """
    with whole_file(path, _CHECK_THE_STICK) as out:
        written = write_request(replica, out)
    reached(Step.CARRIED_OUT)
    return written


def write_request(
    replica: Replica, out: BinaryIO, *, most_changes: int = MAX_CHANGES, page_bytes: int = PAGE_BYTES
) -> CarriedOut:
    """As `carry_out`, to an open stream."""
    offer_again(replica)
    state, keys, server = _ends(replica)
    checked = state.examined_at == COUNT_ANEW
    afresh = _differed(state) and (checked or not state.in_vain(replica.clock()))
    header = Header(
        bundle.BUNDLE_VERSION, "request", state.server_id, state.device_id, replica.randomness(16)
    )
    handshake = handshake_of(replica)
    if afresh:
        handshake = msgspec.structs.replace(handshake, cursor=b"", digest=None)
    writer = BundleWriter(out, header, keys, server)
    writer.add(msgspec.msgpack.encode(Standing(state.incarnation, state.epoch, state.cursor, afresh)))
    refused = replica.refused_before(state.offered_to) if state.offered_to else ()
    count = after = 0
    while True:
        changes = replica.waiting(most_changes, PUSH_BYTES, after)
        if changes or not count:
            writer.add(
                encode_request(ExchangeRequest(handshake, tuple(changes), page_bytes, refused=refused))
            )
        if not changes:
            break
        count, after = count + len(changes), changes[-1].n
    files = write_files(replica, writer)
    note_written(replica, header.bundle_id)
    writer.finish()
    return CarriedOut(header.bundle_id, count, afresh, files)


def carry_in(replica: Replica, path: Path, progress: Progress | None = None) -> Receipt:
    """Takes the server's answer from a file and gives the receipt, as a sync does.

    Raises:
        KnownError: when the file is not whole, not for this laptop or not from its server, nothing is then touched;
            or what the server said, such as `upgrade_needed`; `wiped` as in `fieldrep.sync.session.sync_now`.
    """
    before = replica.depth()
    try:
        with path.open("rb") as source:
            receipt = read_reply(replica, source, progress)
    except WipeOrdered as ordered:
        raise _wiped_by_file(replica, ordered.manner, before) from ordered
    except OSError as error:
        raise KnownError(
            Code.DISK_ERROR,
            f"{path} cannot be read ({error.strerror or error}). Check the stick and try again.",
        ) from error
    replica.tidy()
    return receipt


def read_reply(replica: Replica, source: BinaryIO, progress: Progress | None = None) -> Receipt:
    """As `carry_in`, from an open stream."""
    state, keys, server = _ends(replica)
    header = bundle.read_header(source)
    _must_be_ours(header, state)
    bundle.check(source, server)
    parts = bundle.parts(source, keys)
    standing = bundle.standing_of(next(parts, b""))
    if standing.incarnation != state.incarnation:
        raise _wrong(
            "It answers another installation of this laptop. Write a new file and have that answered."
        )
    if not was_written_here(replica, header.answers):
        raise _wrong(
            "It answers a file that was not written here, or not since a repair: without one, this profile, or the one "
            "that wrote it, may be a copy. Write a new file and have that answered."
        )
    if standing.epoch != state.epoch and state.asked != header.answers:
        raise _wrong(
            "The server was restored from a backup since this file was asked for. Write a new file and have that "
            "answered."
        )
    reached(Step.CARRIED_IN)
    run = Run(replica, _NoLine(), progress, Way.STICK)
    read = _Reading(run, standing, header.answers)
    about_files: list[bytes] = []
    try:
        read.take(_replies(parts, about_files))
    except KnownError as error:
        if (
            error.code in BARRED or run.receipt.exchanges
        ):  # a file that is refused leaves everything as it was
            raise run.broken_off(error) from error
        raise
    take_files(replica, chain(about_files, parts), late=not (read.taken or read.again))
    if run.wipes:
        raise WipeOrdered(Manner.SEND_FIRST)
    return _told(replica, run, read, state)


def _told(replica: Replica, run: Run, read: _Reading, before: SyncState) -> Receipt:
    """The receipt of a file that was read whole, kept with the others."""
    run.waiting = replica.depth()
    with replica.read() as reader:
        receipt = with_files(read.told(differed=_differed(before)), reader)
    run.keep_read(receipt)
    return receipt


def _wiped_by_file(replica: Replica, manner: Manner, waited: int) -> KnownError:
    """Prepares the wipe that an answer ordered, or says what must be carried to the server before.

    `waited` is how many changes waited before the answer was read.
    """
    with replica.read() as reader:
        files = len(uploads(reader)) - len(not_taken(reader))
    depth = replica.unanswered()
    waiting = depth + files
    if manner is Manner.AT_ONCE or not waiting:
        return prepare(replica)
    what = counted(waiting, "change or photo waits", "changes and photos wait")
    taken = f" What the file says of {counted(waited - depth, 'change')} was taken." if waited > depth else ""
    return KnownError(
        Code.WRONG_BUNDLE,
        f"Your admin ordered this laptop to be wiped once all is sent, and {what}.{taken} Write a new file and have "
        "that answered, or sync.",
    )


def _replies(parts: Iterator[bytes], about_files: list[bytes]) -> Iterator[ExchangeReply]:
    """The replies of a file, up to the first part about the body of an attachment, which is laid aside."""
    for part in parts:
        if part.startswith(FILE_MARK):
            about_files.append(part)
            return
        yield decode_reply(part)


class _NoLine:
    """A file has no line to ask on."""

    def exchange(self, request: ExchangeRequest) -> ExchangeReply:
        del request
        raise KnownError(Code.OFFLINE, "There is no line to the server; write a file and have it answered.")


@dataclass(slots=True)
class _Reading:
    """The replies of one file on their way into the replica.

    Attributes:
        begins_at: the cursor at which the next reply's rows begin; None when none of them may be taken.
        taken: whether any rows were taken.
        again: whether the replica stands where the file ends, though nothing was taken: it was read before, or all of
            it came on another way.
        too_old: what the server says to an app whose push it takes and which it no longer serves.
    """

    run: Run
    standing: Standing
    answers: bytes
    begins_at: bytes | None = None
    taken: bool = False
    again: bool = False
    too_old: str = ""

    def take(self, replies: Iterator[ExchangeReply]) -> None:
        """Takes every outcome that is waited for, and the rows of each reply that begins where the replica stands."""
        replica = self.run.replica
        for number, reply in enumerate(replies):
            if number == 0:
                self.begins_at = self._beginning(reply)
            fits = self.begins_at is not None and replica.state().cursor == self.begins_at
            if reply.verdict is Verdict.UPGRADE:
                self.too_old = reply.sentence or "This app is too old for the server. Update it to receive."
            if reply.verdict in (Verdict.UPGRADE, Verdict.START_OVER, Verdict.TOO_OLD):
                reply = msgspec.structs.replace(reply, verdict=Verdict.CONTINUE)  # noqa: PLW2901
            self.run.obey(reply)
            waited_for = self._waited_for(reply)
            if fits or waited_for:
                shown = reply if fits else _outcomes_alone(reply)
                self.run.note(shown, apply_reply(replica, shown, waited_for))
                self.taken = self.taken or fits
            elif reply.digest is not None and reply.cursor == replica.state().cursor and not self.taken:
                self.again = True
                self.run.note(reply, Applied(digest=replica.state().digest))
            if self.begins_at is not None:
                self.begins_at = reply.cursor or self.begins_at
        if self.too_old:
            raise KnownError(Code.UPGRADE_NEEDED, self.too_old)

    def told(self, *, differed: bool) -> Receipt:
        """The receipt, with what a person must know of a file.

        Args:
            differed: whether the two sides were known to hold different rows before.
        """
        receipt = self.run.concluded()
        sentence, overtaken = receipt.sentence, False
        if self.again:
            sentence = (
                f"What this file brings is here already: it was read before, or a sync was faster. {sentence}"
            )
            overtaken = receipt.digests_equal is True
        elif not self.taken:
            what = "What it says of your changes was taken" if receipt.exchanges else "Nothing was changed"
            overtaken = self.run.replica.state().complete and not differed
            why = "which has newer records by now" if overtaken else "and brings nothing for its present one"
            sentence = (
                f"This file answers an earlier state of this laptop, {why}. {what}; write a new file when there is "
                "more to send or to ask for."
            )
        elif receipt.digests_equal is False and not receipt.in_vain:
            sentence = (
                f"{sentence} Write a new file: it asks for all records afresh; what you entered is kept."
            )
        return msgspec.structs.replace(receipt, sentence=sentence, overtaken=overtaken)

    def _waited_for(self, reply: ExchangeReply) -> list[Change]:
        """The changes a reply speaks of that have no answer here yet."""
        if not reply.outcomes:
            return []
        answered = {outcome.n for outcome in reply.outcomes}
        waiting = self.run.replica.waiting(_EVERY_CHANGE, _EVERY_CHANGE)
        return [change for change in waiting if change.n in answered]

    def _beginning(self, first: ExchangeReply) -> bytes | None:
        """Where the file's rows begin; the replica is emptied for those that bring everything anew.

        Rows from the very beginning are taken from the file that was asked for last alone: those of an older one may
        be older than what this replica has shown since.
        """
        replica, standing = self.run.replica, self.standing
        anew = standing.afresh or first.verdict in (Verdict.START_OVER, Verdict.TOO_OLD)
        if standing.cursor and not anew:
            return standing.cursor
        state = replica.state()
        if state.asked != self.answers:
            return None
        if anew and state.cursor == standing.cursor and state.epoch == standing.epoch:
            start_over(replica)
            replica.change_state(asked=self.answers)
            self.run.receipt = msgspec.structs.replace(self.run.receipt, started_over=True)
        return b""


def _outcomes_alone(reply: ExchangeReply) -> ExchangeReply:
    """What a reply says of the changes; its rows belong to a state that is not this replica's."""
    return msgspec.structs.replace(reply, pages=(), leaves=(), cursor=b"", more=True, digest=None, revision=0)


def _differed(state: SyncState) -> bool:
    """Whether the last sync, or a check since, found that this side holds other rows than the server."""
    if state.examined_at == COUNT_ANEW:
        return True
    if not state.receipt:
        return False
    return msgspec.json.decode(state.receipt, type=Receipt).digests_equal is False


def _ends(replica: Replica) -> tuple[SyncState, Keys, PublicKeys]:
    """Where the replica stands, its own keys, and what the server showed of its."""
    state = replica.state()
    if not state.enrolled:
        raise KnownError(
            Code.NOT_ENROLLED,
            "This profile belongs to nobody yet. Enrol it with a link first; that needs a line.",
        )
    return (
        state,
        device_keys(replica, replica.randomness),
        PublicKeys.of(bytes.fromhex(replica.secret(SERVER_KEY))),
    )


def _must_be_ours(header: Header, state: SyncState) -> None:
    """Refuses a file that is not the server's answer to this very device, before anything of it is opened."""
    if header.kind != "reply":
        raise _wrong(
            "It was written by a laptop and waits for the server: fieldrep-server bundle in FILE --reply FILE."
        )
    if header.server_id != state.server_id:
        raise KnownError(
            Code.DIFFERENT_SERVER, "This file is from another server than this laptop's. Nothing was changed."
        )
    if header.device_id != state.device_id:
        raise _wrong("It answers another laptop. Take it there, or have your own file answered.")


def _wrong(why: str) -> KnownError:
    return KnownError(Code.WRONG_BUNDLE, f"This file is not for this laptop now. {why} Nothing was changed.")
