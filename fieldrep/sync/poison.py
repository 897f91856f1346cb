"""Finding the change on which the server fails: fewer at a time until it is alone, a few tries, then it is set aside.

Fewer at a time go as well over a line that breaks large requests off. Owns the count. It must not decide what counts as
a failure of the line; the engine asks the server without any change first, so that a server that is not well never
condemns a change.
"""

from __future__ import annotations

from collections.abc import Sequence

from fieldrep.contract.change import Change
from fieldrep.contract.errors import Code
from fieldrep.contract.messages import MAX_CHANGES

FAILURES = frozenset({Code.SERVER_ERROR, Code.INTERNAL, Code.DAMAGED_MESSAGE, Code.TOO_LARGE})
"""What a server may answer that fails on one change."""

MOST_TRIES = 3
SENTENCE = (
    "The server failed on this change {tries} times while everything else went through. It is kept here whole: "
    "correct it and send it again, hand it to the admin, or let it go."
)


class Suspicion:
    """How many changes are sent at a time, and how often the one at the head has failed alone."""

    def __init__(self) -> None:
        self.most = MAX_CHANGES
        self._limit = MAX_CHANGES
        self._tries = 0

    def failed(self, changes: Sequence[Change]) -> Change | None:
        """After a failure with these changes: the one to be set aside, None to go on with fewer."""
        if len(changes) > 1:
            self.most = max(1, len(changes) // 2)
            return None
        self._tries += 1
        if self._tries < MOST_TRIES:
            return None
        self.passed()
        return changes[0]

    def broke_off(self, changes: Sequence[Change]) -> bool:
        """After the line broke with these on it: whether fewer can be tried; so many never go together again."""
        self._limit = max(1, len(changes) // 2)
        self.most = max(1, len(changes) // 4)
        return len(changes) > 1

    def passed(self) -> None:
        """The changes sent last went through, or the suspect is out of the way."""
        self._tries = 0
        self.most = min(self._limit, self.most * 4)
