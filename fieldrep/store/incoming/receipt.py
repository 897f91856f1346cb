"""The receipt of a sync: what became of each thing, and whether both sides hold the same rows."""

from __future__ import annotations

import msgspec

from fieldrep.contract.counts import counted
from fieldrep.contract.digest import Digest
from fieldrep.domain.queue_age import clock_words
from fieldrep.store.file_queue import NotTaken, not_taken, uploads
from fieldrep.store.incoming.left_drafts import LeftDraft, left_words
from fieldrep.store.reader import Reader


class Receipt(msgspec.Struct, frozen=True, kw_only=True):
    """What one sync did.

    Attributes:
        conflicts: fields with two values that this sync met; each counts once, as on the page and in `status`.
        waiting: changes still on this device afterwards.
        files_sent, files_brought: bodies of photos and documents that went up whole, or came.
        files_waiting: files whose bodies are still on this device alone; none of them holds a change back.
        files_not_taken: those of them that the server does not take now, and why.
        returned: changes given back to a server that was restored; what became of them was told before.
        entered, left: records that came into this user's scope, or left it.
        drafts_left: drafts of this person that went with their accounts to colleagues.
        repaired: records that were not as the server has them, and were fetched again.
        held_back: changes that speak of what the server does not know yet; they wait for its update.
        told_to_wait: changes that a restored server takes once other laptops have given back what they build on.
        digests_equal: None when the sync ended before both sides could compare, or when `ages_differ`: the two have
            different versions of the catalogue, and so of what counts.
        in_vain: the two sides differ although all was fetched afresh, now or a short while ago: the fault is not here.
        mine, theirs: the digests, each computed by its own side.
        overtaken: nothing is wrong and nothing was to be received: an answer on a stick was read before or came late,
            and this device has got everything of it, and perhaps newer records, on another way.
        clock_off_by: milliseconds that this device's clock is before the server's; 0 within five minutes.
    """

    accepted: int = 0
    merged: int = 0
    held: int = 0
    conflicts: int = 0
    refused: int = 0
    returned: int = 0
    waiting: int = 0
    files_sent: int = 0
    files_brought: int = 0
    files_waiting: int = 0
    files_not_taken: tuple[NotTaken, ...] = ()
    held_back: int = 0
    told_to_wait: int = 0
    pulled: int = 0
    entered: int = 0
    left: int = 0
    drafts_left: tuple[LeftDraft, ...] = ()
    exchanges: int = 0
    repaired: int = 0
    started_over: bool = False
    digests_equal: bool | None = None
    ages_differ: bool = False
    in_vain: bool = False
    overtaken: bool = False
    mine: Digest = Digest()
    theirs: Digest | None = None
    at: int = 0
    clock_off_by: int = 0
    sentence: str = ""

    @property
    def whole(self) -> bool:
        """Whether everything that can be was sent, taken and proven."""
        return (self.digests_equal is True or self.ages_differ) and self.waiting == 0


_COUNTS = (
    *("accepted", "merged", "held", "conflicts", "refused", "returned"),
    *("pulled", "entered", "left", "drafts_left", "exchanges", "repaired"),
)
"""What adds up over syncs; lists are put behind each other."""

_MOST_NAMED = 3


def joined(first: Receipt, then: Receipt) -> Receipt:
    """What two syncs did together that went on from each other; how things stand is what the second says."""
    counts = {name: getattr(first, name) + getattr(then, name) for name in _COUNTS}
    both = msgspec.structs.replace(then, **counts, started_over=first.started_over or then.started_over)
    return msgspec.structs.replace(both, sentence=tell(both))


def with_files(receipt: Receipt, reader: Reader, sent: int = 0, brought: int = 0) -> Receipt:
    """The receipt with what became of the bodies of files, which travel after everything else."""
    stuck = not_taken(reader)
    if sent or brought:
        receipt = msgspec.structs.replace(receipt, files_sent=sent, files_brought=brought)
        receipt = msgspec.structs.replace(receipt, sentence=tell(receipt))
    return msgspec.structs.replace(
        receipt,
        files_waiting=len(uploads(reader)),
        files_not_taken=stuck,
        sentence=f"{receipt.sentence} {not_taken_words(stuck)}".rstrip(),
    )


def not_taken_words(files: tuple[NotTaken, ...]) -> str:
    """The files that the server does not take, by name, and why the first of them; "" for none."""
    if not files:
        return ""
    names = ", ".join(file.name for file in files[:_MOST_NAMED])
    more = f" and {len(files) - _MOST_NAMED} more" if len(files) > _MOST_NAMED else ""
    what = "This file was" if len(files) == 1 else "These files were"
    return f"{what} not taken: {names}{more}. {files[0].sentence}"


def tell(receipt: Receipt) -> str:
    """The receipt in one sentence for a person, one on drafts that left, and one when the clock is wrong."""
    drafts = left_words(receipt.drafts_left)
    return f"{what_was_done(receipt)}{drafts and f' {drafts}'}{_of_the_clock(receipt.clock_off_by)}"


def _of_the_clock(off_by: int) -> str:
    said = clock_words(off_by)
    return f" This laptop's {said}: set it right, orders and visits are dated by it." if said else ""


_ASK_THE_ADMIN = (
    "All records were fetched afresh and still differ: ask your admin to run fieldrep-server verify. What you enter is "
    "kept and sent as always."
)


def what_was_done(receipt: Receipt) -> str:
    """The receipt in one sentence, whatever the clock shows."""
    sent = receipt.accepted + receipt.merged + receipt.held
    parts = [f"{sent:,} sent" if sent else "", f"{receipt.pulled:,} received" if receipt.pulled else ""]
    parts += [f"{_count(receipt.left, 'record')} moved away" if receipt.left else ""]
    parts += [f"{receipt.held:,} proposed to a colleague" if receipt.held else ""]
    parts += [
        _count(receipt.conflicts, "conflict"),
        f"{receipt.refused:,} refused" if receipt.refused else "",
    ]
    parts += [f"{receipt.returned:,} given back to the restored server" if receipt.returned else ""]
    parts += [f"{_count(receipt.files_sent, 'file')} sent" if receipt.files_sent else ""]
    parts += [f"{_count(receipt.files_brought, 'file')} received" if receipt.files_brought else ""]
    if receipt.repaired:
        parts.append(f"{_count(receipt.repaired, 'record')} differed from the server and repaired")
    parts += [f"{receipt.waiting:,} still waiting" if receipt.waiting else ""]
    parts += [f"{receipt.held_back:,} held back until the server is updated" if receipt.held_back else ""]
    if receipt.told_to_wait:
        parts.append(
            f"{receipt.told_to_wait:,} waiting for what other laptops give back to the restored server"
        )
    done = ", ".join(part for part in parts if part) or "Nothing new on either side"
    if receipt.ages_differ:
        return f"{done}; not compared, as app and server are of different ages."
    proof = {True: "both sides hold the same records", False: "the two sides differ", None: "not compared"}
    ask = f" {_ASK_THE_ADMIN}" if receipt.in_vain else ""
    return f"{done}; {proof[receipt.digests_equal]}.{ask}"


def _count(number: int, word: str) -> str:
    return counted(number, word) if number else ""
