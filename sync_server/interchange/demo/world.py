"""What every part of the demo company shares: the seeded dice, the day it all happens around, and how rows are made.

Owns the translation of keys to ids. Must not know what the company is.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import TypeVar

from fieldrep.contract.catalogue import CATALOGUE, ENTITIES
from fieldrep.contract.fields import Kind, Value
from fieldrep.contract.ids import RowId
from fieldrep.domain.money import divide_rounded
from sync_server.interchange.keys import external_id
from sync_server.interchange.records import Record

REFERENCES = {
    entity.name: {field.name for field in entity.fields.values() if field.kind is Kind.REF}
    for entity in ENTITIES
}

_Item = TypeVar("_Item")
_MINUTE = 60_000


@dataclass(slots=True)
class World:
    """One demo company in the making.

    Attributes:
        today: the day its dates are relative to.
        records: what has been made so far, per entity.
    """

    seed: int
    today: date
    dice: random.Random = field(init=False)
    records: dict[str, list[Record]] = field(default_factory=dict)
    _ids: dict[tuple[str, str], RowId] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.dice = random.Random(f"fieldrep demo company {self.seed}")  # noqa: S311 - believable, not secret

    def make(self, entity_name: str, key: str, **values: Value) -> RowId:
        """A record; references are given by the key of what they refer to.

        That every value is fit for its field is checked by a test and not each time.
        """
        entity = CATALOGUE[entity_name]
        for name in REFERENCES[entity_name] & values.keys():
            value = values[name]
            if isinstance(value, str):
                values[name] = self.row_id(entity.fields[name].to, value)
        record = Record(entity, self.row_id(entity_name, key), values)
        self.records.setdefault(entity_name, []).append(record)
        return record.row_id

    def row_id(self, entity: str, key: str) -> RowId:
        """The id of the record with that key in this company."""
        known = self._ids.get((entity, key))
        if known is None:
            known = self._ids[entity, key] = external_id(f"demo company {self.seed}", entity, key)
        return known

    def chance(self, percent: float) -> bool:
        """Whether it happens this time."""
        return self.dice.random() * 100 < percent

    def pick(self, items: Sequence[_Item]) -> _Item:
        """Any one of them."""
        return items[self.dice.randrange(len(items))]

    def some(self, items: Sequence[_Item], count: int) -> list[_Item]:
        """That many different ones, in the order of the dice."""
        return self.dice.sample(items, min(count, len(items)))

    def between(self, low: int, high: int) -> int:
        """A whole number, both ends included."""
        return self.dice.randint(low, high)

    def digits(self, count: int) -> str:
        """That many digits, the first not 0."""
        return str(self.between(10 ** (count - 1), 10**count - 1))

    def day(self, days_from_today: int) -> date:
        """A day relative to today."""
        return self.today + timedelta(days=days_from_today)

    def working_day(self, days_from_today: int) -> date:
        """That day, or the Friday before when it falls on a weekend."""
        found = self.day(days_from_today)
        return found - timedelta(days=max(found.weekday() - 4, 0))

    def last_night(self) -> int:
        """When the office's figures were taken: the evening before, so that none is from the future all day long."""
        return self.moment(self.today - timedelta(days=1), 21, 22)

    def moment(self, day: date, first_hour: int = 8, last_hour: int = 17) -> int:
        """A moment of a working day, in ms; the hours are those of Central European winter."""
        minutes = self.between(first_hour * 60, last_hour * 60 - 1) - 60
        since = datetime(day.year, day.month, day.day, tzinfo=UTC) - datetime(1970, 1, 1, tzinfo=UTC)
        return since.days * 24 * 60 * _MINUTE + minutes * _MINUTE


def part_of(value: int, percent: int) -> int:
    """That part of a whole number, rounded to a whole one."""
    return divide_rounded(value * percent, 100)


def cents(value: int) -> int:
    """A price of that many cents, in millionths."""
    return value * 10_000


def plain(text: str) -> str:
    """The letters of a name as they stand in a domain or a login."""
    table = str.maketrans("äöüéèêëàâïîôûçœ’", "aoueeeeaaiiouco'", "")
    return "".join(letter for letter in text.lower().replace("ß", "ss").translate(table) if letter in _PLAIN)


_PLAIN = frozenset("abcdefghijklmnopqrstuvwxyz0123456789")
