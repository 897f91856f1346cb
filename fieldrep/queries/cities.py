"""The cities that typed text may mean: however they are spelt here, it need not be.

Owns the way through the index of cities that reads each of them once, however many addresses lie there. Must not know
what is listed.
"""

from __future__ import annotations

from collections.abc import Iterator

from fieldrep.domain.folding import bare
from fieldrep.store.reader import Reader

SHORTEST = 2
MOST = 1_000
"""Cities looked through for another spelling behind the same letters."""

LONGEST = 40
"""Letters of what was typed behind which no other spelling is looked for."""

_LAST_LETTER = "\uffff"
_BEYOND_ASCII = "\x80"
_NEXT = (
    "SELECT city FROM site WHERE city > ? COLLATE NOCASE AND city < ? COLLATE NOCASE "
    "ORDER BY city COLLATE NOCASE LIMIT 1"
)


def stretches(reader: Reader, typed: str) -> list[tuple[str, str]]:
    """Where in the order of cities those lie that begin with what was typed: from, and up to but without.

    First those spelt so, then each that is another spelling of it. Such a one has its first letter with a mark behind
    letters that are as typed, where the index has few.
    """
    found = [(typed, typed + _LAST_LETTER)]
    wanted = bare(typed)
    if not wanted.isascii():
        return found
    if wanted != typed.lower():
        found.append((wanted, wanted + _LAST_LETTER))
    for same in range(min(len(wanted), LONGEST)):
        begin = wanted[:same]
        others = (city for city in _marked(reader, begin) if bare(city).startswith(wanted))
        found.extend((city, city + "\0") for city in others)
    return found


def _marked(reader: Reader, begin: str) -> Iterator[str]:
    """The cities that begin so and go on with a letter beyond ASCII."""
    end, city = begin + _LAST_LETTER, begin + _BEYOND_ASCII
    for _ in range(MOST):
        there = reader.rows(_NEXT, (city, end))
        if not there:
            return
        city = there[0][0]
        yield city
