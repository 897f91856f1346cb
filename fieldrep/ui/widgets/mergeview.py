"""What a conflict shows and what is chosen of it: rows of a field's values, and a decision for each.

Owns no widget. Every text comes from the page; which keys choose is the table's.
"""

from dataclasses import dataclass
from enum import StrEnum


class Pick(StrEnum):
    OPEN = "open"
    MINE = "mine"
    THEIRS = "theirs"
    TYPED = "typed"
    JOINED = "joined"


@dataclass(frozen=True)
class MergeRow:
    """Texts as a person reads them; "" for mine or theirs equal to before shows as "same".

    `mine_note` and `theirs_note` stand behind the choice: the value and what it comes to; `who` says who and when.
    """

    key: str
    label: str
    before: str
    mine: str
    theirs: str
    pick: Pick = Pick.OPEN
    clash: bool = True
    joinable: bool = False
    mine_note: str = ""
    theirs_note: str = ""
    who: str = ""


@dataclass(frozen=True)
class MergeView:
    title: str
    badge: str
    who: str
    rows: tuple[MergeRow, ...]
    mine: str = "Yours, this laptop"
    theirs: str = "Theirs, server"
    proposal: bool = False


@dataclass(frozen=True)
class Decision:
    """`text` is set for typed and joined results."""

    pick: Pick
    text: str = ""

    @property
    def made(self) -> bool:
        """A box to type in that is still empty decides nothing."""
        return self.pick is not Pick.OPEN and (self.pick is not Pick.TYPED or bool(self.text.strip()))


def joined(row: MergeRow) -> str:
    return "\n".join(part for part in (row.theirs, row.mine) if part)
