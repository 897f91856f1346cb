"""What differs between two moments of a record, in words for its banner."""

from fieldrep.contract.catalogue import CATALOGUE
from fieldrep.queries.forms import RecordForm

_SHOWN = 3
_OF_THE_SYSTEM = frozenset(
    {"id", "revision", "created_at", "created_by", "changed_at", "changed_by", "custom"}
)


def changed_titles(before: RecordForm, now: RecordForm) -> str:
    """ "phone, note and 2 more"; "" when nothing that people enter differs."""
    entity = CATALOGUE[now.entity]
    titles = [
        entity.field(name).title
        for name, value in now.values.items()
        if name not in _OF_THE_SYSTEM and before.values.get(name) != value
    ]
    words = [title if title[1:2].isupper() else title[:1].lower() + title[1:] for title in titles]
    if len(words) > _SHOWN:
        words[_SHOWN:] = [f"{len(words) - _SHOWN} more"]
    return " and ".join(part for part in (", ".join(words[:-1]), *words[-1:]) if part)
