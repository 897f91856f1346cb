"""What somebody else changed in the open record, in words for its banner, for as long as these are true.

Owns what was told. It must not know where the record comes from.
"""

from collections.abc import Iterable

from fieldrep.contract.catalogue import CATALOGUE
from fieldrep.contract.fields import Value
from fieldrep.queries.forms import RecordForm
from fieldrep.ui.style.tokens import Tone
from fieldrep.ui.widgets.banner import Banner

_SHOWN = 3
_OF_THE_SYSTEM = frozenset(
    {"id", "revision", "created_at", "created_by", "changed_at", "changed_by", "custom"}
)


class News:
    """Tells of a change until the person has read it, or has put a value of her own in place of what was told."""

    def __init__(self, banner: Banner) -> None:
        self._banner = banner
        self._told: dict[str, Value] = {}
        self._who = self._heading = ""

    def tell(self, before: RecordForm, now: RecordForm, who: str) -> bool:
        """Whether something that people enter was changed elsewhere between these two moments."""
        names = changed_fields(before, now)
        if not names:
            return False
        self._told |= {name: now.values[name] for name in names}
        self._who = who
        self._say(now)
        return True

    def check(self, now: RecordForm) -> None:
        """What was told and does not stand in the record any more is told no longer."""
        standing = {name: value for name, value in self._told.items() if now.values.get(name) == value}
        if standing == self._told:
            return
        self._told = standing
        if standing:
            self._say(now)
        elif self._banner.heading() == self._heading:
            self._banner.clear()

    def clear(self) -> None:
        """It was read, or another record is shown."""
        self._told = {}
        self._banner.clear()

    def _say(self, now: RecordForm) -> None:
        self._heading = f"{self._who} changed {titles_of(now, self._told)}"
        self._banner.say(self._heading, "The record shows the new values.", Tone.INFO, action="Got it")


def changed_fields(before: RecordForm, now: RecordForm) -> tuple[str, ...]:
    """The fields that people enter and that differ."""
    return tuple(
        name
        for name, value in now.values.items()
        if name not in _OF_THE_SYSTEM and before.values.get(name) != value
    )


def titles_of(form: RecordForm, names: Iterable[str]) -> str:
    """ "phone, note and 2 more"."""
    titles = [CATALOGUE[form.entity].field(name).title for name in names]
    words = [title if title[1:2].isupper() else title[:1].lower() + title[1:] for title in titles]
    if len(words) > _SHOWN:
        words[_SHOWN:] = [f"{len(words) - _SHOWN} more"]
    return " and ".join(part for part in (", ".join(words[:-1]), *words[-1:]) if part)
