"""What an order page says of discount authority: a limit passed while typing, an order held for it, one rejected.

Pure words. Which line is above what follows from the query.
"""

from collections.abc import Sequence
from dataclasses import replace

from fieldrep.contract.counts import counted
from fieldrep.contract.errors import KnownError
from fieldrep.domain.discounts import APPROVAL, Hold, LineAbove, parse_percent, percent
from fieldrep.queries.authority import Authority
from fieldrep.queries.order_entry import OrderEntry, OrderHead
from fieldrep.ui.style.tokens import Tone

_AS_IT_IS = "Submit it as it is: "
_NAMED = 3
"""So many lines are named by their numbers."""


def passed_words(entry: OrderEntry) -> tuple[str, str] | None:
    """That lines go past this person's limit, and what follows from it; None while all is within it."""
    above = entry.authority.above
    if not above:
        return None
    limits = {one.limit for one in above}
    limit = f"your {percent(above[0].limit)} limit" if len(limits) == 1 else "your limit"
    heading = f"{_lines(above, len(above))} {'goes' if len(above) == 1 else 'go'} past {limit}"
    decides = _who_decides(entry.authority)
    if entry.head.editable:
        return heading, f"{_AS_IT_IS}it then waits as “Held” until {decides} approves it."
    return heading, f"The office will hold it until {decides} approves it."


def while_typing(entry: OrderEntry, line_id: object, typed: str) -> OrderEntry:
    """The order as it would stand with the discount that is being typed in a line."""
    authority = entry.authority
    number = next((at for at, line in enumerate(entry.lines, start=1) if line.id == line_id), 0)
    limit = next((limit for row_id, limit in authority.limits.items() if row_id == line_id), None)
    try:
        rate = parse_percent(typed)
    except KnownError:
        return entry
    above = [one for one in authority.above if one.number != number]
    if limit is not None and rate > limit:
        above.append(LineAbove(number, rate, limit))
    above.sort(key=lambda one: one.number)
    return replace(entry, authority=replace(authority, above=tuple(above)))


def in_one_sentence(passed: tuple[str, str] | None) -> str:
    """The same beside the question whether to submit; "" for nothing."""
    heading, follows = passed or ("", "")
    return f"{heading}: {follows.removeprefix(_AS_IT_IS)}" if passed else ""


def read_only_words(entry: OrderEntry) -> tuple[str, str, Tone]:
    """Why nothing can be changed in an order, and what is to be done: of one that is held or rejected, the reason."""
    head = entry.head
    if head.status == "held" and any(hold.kind == APPROVAL for hold in head.holds):
        why = " ".join(_hold_words(hold) for hold in head.holds)
        what = f"{_begun(_who_decides(entry.authority))} approves or rejects it; a sync brings the answer."
        return "Held: waits for approval", f"{why} {what} {_else(head)}".strip(), Tone.WARNING
    if head.status == "rejected" and head.reject_reason:
        return "Rejected by the office", f"“{head.reject_reason}” {_else(head)}", Tone.DANGER
    return "Read only", head.read_only_reason, Tone.INFO


def limit_rows(authority: Authority, line_id: object) -> list[tuple[str, str]]:
    """The limit that counts for a line, below its price; nothing where none does."""
    found = [limit for row_id, limit in authority.limits.items() if row_id == line_id]
    return [("Your limit", percent(limit)) for limit in found]


def _else(head: OrderHead) -> str:
    if head.status == "held":
        return "To change it, cancel it and copy it as a new order."
    return "Copy it as a new order to enter it again."


def _hold_words(hold: Hold) -> str:
    if hold.kind != APPROVAL:
        return f"It waits for {hold.kind} as well."
    told = [
        f"line {one.number} gives {percent(one.rate)}, limit {percent(one.limit)}"
        for one in hold.lines[:_NAMED]
    ]
    more = hold.count - len(told)
    words = "; ".join(told) + (f"; and {counted(more, 'line')} more" if more > 0 else "")
    return f"{_begun(words)}." if words else ""


def _lines(above: Sequence[LineAbove], count: int) -> str:
    if count > _NAMED:
        return f"{count:,} lines"
    numbers = [str(one.number) for one in above]
    return f"Line {numbers[0]}" if count == 1 else f"Lines {', '.join(numbers[:-1])} and {numbers[-1]}"


def _who_decides(authority: Authority) -> str:
    return f"{authority.manager} or the office" if authority.manager else "the office"


def _begun(words: str) -> str:
    """Words at the beginning of a sentence; names in them stay as they are."""
    return words[:1].upper() + words[1:]
