"""What the choices of a conflict come to, for the window that shows them and the command that takes one."""

from __future__ import annotations


def what_stands(theirs: str | None, mine: str | None, now: str | None) -> str | None:
    """The value that “keep what stands” keeps: the one that stood when the conflict arose, or what was entered since.

    All three are values in their JSON form; None and null are both no value. A record that was given a third value
    after the conflict must not be set back by keeping it as it is.
    """
    return theirs if (now or "null") in (theirs or "null", mine or "null") else now
