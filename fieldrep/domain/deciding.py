"""What the choices of a conflict come to, for the window that shows them and the command that takes one."""

from __future__ import annotations


def what_stands(
    mine: str | None, theirs: str | None, now: str | None, *, entered_by_mine: bool
) -> tuple[str | None, str | None]:
    """The two values a person chooses between: the newest of each side.

    They are those of the time when the conflict arose, or what was entered since in place of one of them: of `mine`
    where `mine`'s own author entered it, else of `theirs`, for it is what the record holds. All are values in their
    JSON form; None and null are both no value. A record that was given a third value after the conflict must not be
    set back by keeping it as it is, nor may the other side's value be forgotten because one side wrote again.
    """
    if (now or "null") in (theirs or "null", mine or "null"):
        return mine, theirs
    return (now, theirs) if entered_by_mine else (mine, now)
