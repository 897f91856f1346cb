"""What a repair did: the words for a person, and the note of it in the repaired replica until somebody was shown them.

A program that is killed right after a repair has told nobody; whoever opens the replica next does. Must not know how
anything is saved out of a damaged file.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import msgspec

from fieldrep.contract.catalogue import CATALOGUE
from fieldrep.contract.counts import counted
from fieldrep.contract.errors import KnownError
from fieldrep.store.engine import Connection

if TYPE_CHECKING:
    from fieldrep.store.replica import Replica

_UNTOLD = "repaired"
"""Sealed in the replica as its secrets are, and saved with them by the next repair: it names records."""


@dataclass(frozen=True, slots=True)
class Repaired:
    """What a repair did.

    Attributes:
        sound: nothing was wrong, and nothing was done.
        step: what is left to do where the file itself is sound and stays; `searched_anew`: search was made anew in it.
        kept_as: the name under which the damaged file lies in the profile's folder.
        changes, drafts, refused, sent: how many of each were saved.
        files, files_lost: photos and documents that wait to go up: saved, and those that cannot be read whole.
        known: whether it is still known who this device is.
        lost: changes that cannot be read, with the kinds of records they touched.
        doubtful: parts of what only this device had cannot be read, so more may be missing than is listed.
        before: an earlier repair of which nobody was told.
    """

    sound: bool = False
    step: str = ""
    searched_anew: bool = False
    kept_as: str = ""
    changes: int = 0
    drafts: int = 0
    refused: int = 0
    sent: int = 0
    files: int = 0
    files_lost: int = 0
    known: bool = True
    pages: int = 0
    unreadable: int = 0
    lost: dict[int, dict[str, int]] = field(default_factory=dict)
    doubtful: bool = False
    before: Repaired | None = None

    @property
    def untold(self) -> tuple[Repaired, ...]:
        """This one and those before it of which nobody was told, newest first."""
        return (self, *(self.before.untold if self.before is not None else ()))

    @property
    def whole(self) -> bool:
        """Whether nothing is missing."""
        missing = self.lost or self.doubtful or self.files_lost or not self.known
        return not missing and (self.before is None or self.before.whole)

    @property
    def sentence(self) -> str:
        """What a person is told."""
        return f"{self.before.sentence} {self._own_sentence}" if self.before else self._own_sentence

    @property
    def _own_sentence(self) -> str:
        if self.sound:
            return "The replica is sound; there is nothing to repair."
        if not self.kept_as:
            anew = "Search was made anew from the records." if self.searched_anew else ""
            return f"The file itself is sound, and what you entered is in it. {anew} {self.step}".replace(
                "  ", " "
            ).rstrip()
        saved = [
            _count(self.changes, "change that waits", "changes that wait"),
            _count(self.drafts, "draft", "drafts"),
        ]
        saved += [_count(self.refused, "refused change", "refused changes")]
        saved += [_count(self.files, "file that waits", "files that wait")]
        had = ", ".join(part for part in saved if part)
        if had:
            had = f"Saved out of it: {had}."
        elif self.lost or self.doubtful:
            had = "Nothing that waited in it could be read."
        else:
            had = "Nothing in it waited to be sent, so no work is lost."
        parts = [f"The damaged file is kept as {self.kept_as}. {had}"]
        if self.lost:
            more = "; more may be missing" if self.doubtful else ""
            parts.append(f"Cannot be read: {_named(self.lost)}{more}.")
        elif self.doubtful:
            parts.append(
                "A part that may have held unsent work cannot be read; nothing is known to be missing."
            )
        if self.files_lost:
            parts.append(
                f"{_count(self.files_lost, 'file', 'files')} that waited cannot be read; add them again."
            )
        parts.append(
            "Your records come again with the next sync."
            if self.known
            else "Who this laptop belongs to cannot be read: enrol it again with a new link of your admin; what was "
            "saved goes out then."
        )
        return " ".join(parts)


def note_untold(connection: Connection, done: Repaired) -> Repaired:
    """Keeps what was done in the new file until it is told, with what was done before and not told yet."""
    noted = replace(done, before=find_untold(connection))
    text = msgspec.json.encode(noted).decode()
    connection.execute("INSERT OR REPLACE INTO secret (name, value) VALUES (?, ?)", (_UNTOLD, text))
    return noted


def find_untold(connection: Connection) -> Repaired | None:
    """What was done to this file and told to nobody."""
    found = connection.execute("SELECT value FROM secret WHERE name = ?", (_UNTOLD,)).fetchone()
    return _noted(str(found[0])) if found else None


def untold(replica: Replica) -> Repaired | None:
    """What a repair did of which nobody was told yet."""
    return _noted(replica.secret(_UNTOLD))


def told(replica: Replica) -> None:
    """A person was shown it. Where the disk is too full to note that, it is told once more."""
    with suppress(KnownError):
        replica.keep_secret(_UNTOLD, "")


def _noted(text: str) -> Repaired | None:
    return msgspec.json.decode(text, type=Repaired) if text else None


def _count(number: int, one: str, many: str) -> str:
    return counted(number, one, many) if number else ""


_MOST_NAMED = 10


def _named(lost: dict[int, dict[str, int]]) -> str:
    """The changes that are lost, by number and, where that is known, by what they touched."""
    words = []
    for n, touched in list(lost.items())[:_MOST_NAMED]:
        kinds = [
            _count(count, CATALOGUE[name].title.lower(), CATALOGUE[name].plural.lower())
            for name, count in sorted(touched.items())
        ]
        words.append(f"change {n:,}" + (f" ({', '.join(kinds)})" if kinds else ""))
    if len(lost) > _MOST_NAMED:
        words.append(f"and {len(lost) - _MOST_NAMED:,} more")
    return ", ".join(words)
