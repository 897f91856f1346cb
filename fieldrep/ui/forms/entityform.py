"""EntityForm: fields of one or several entities in sections and two columns, from texts to checked values.

Owns which text stands in which field and what a person touched. It must not know commands or pages.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import tzinfo

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QGridLayout, QWidget

from fieldrep.contract.catalogue import CATALOGUE
from fieldrep.contract.fields import Field, Value
from fieldrep.ui.forms.entry import field_widget, text_of, value_of
from fieldrep.ui.widgets.card import Heading
from fieldrep.ui.widgets.field import Form


@dataclass(frozen=True)
class Section:
    """Fields of one entity under a title; `part` names what they are handed over as, "" for the record itself.

    `optional` are fields every record has, which the command fills in by itself when they are left empty.
    """

    entity: str
    fields: tuple[str, ...]
    title: str = ""
    part: str = ""
    optional: tuple[str, ...] = ()
    labels: Mapping[str, str] | None = None

    def key(self, field: str) -> str:
        return f"{self.part}.{field}" if self.part else field


class EntityForm(Form):
    """Keys are field names, with the part before a dot where there is one."""

    def __init__(self, sections: Sequence[Section], zone: tzinfo, *, name: str) -> None:
        super().__init__(name=name)
        self._zone = zone
        self._known: dict[str, Field] = {}
        self._base: dict[str, Value] = {}
        for section in sections:
            if section.title:
                self.body.addWidget(Heading(section.title))
            self.body.addWidget(self._grid(section, name))

    def _grid(self, section: Section, name: str) -> QWidget:
        box = QWidget()
        grid = QGridLayout(box)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(20)
        grid.setVerticalSpacing(12)
        grid.setColumnStretch(0, 1)
        grid.setColumnStretch(1, 1)
        entity, place = CATALOGUE[section.entity], 0
        for field_name in section.fields:
            field, key = entity.field(field_name), section.key(field_name)
            required = field.required and not section.part and field_name not in section.optional
            label = (section.labels or {}).get(field_name, "")
            control = f"{name}_{key.replace('.', '_')}"
            widget = field_widget(
                section.entity, field, self._zone, name=control, required=required, label=label
            )
            wide = field.many_lines
            place += place % 2 if wide else 0
            column, span = (0, 2) if wide else (place % 2, 1)
            grid.addWidget(widget, place // 2, column, 1, span, Qt.AlignmentFlag.AlignTop)
            place += 2 if wide else 1
            self.know(key, widget)
            self._known[key] = field
        return box

    def fill_values(self, values: Mapping[str, Value]) -> None:
        """Start from these values; nothing counts as touched."""
        self._base = dict(values)
        self.fill({key: text_of(field, values.get(key), self._zone) for key, field in self._known.items()})

    def start_again(self) -> None:
        """What was typed goes; the values stand as they are by now."""
        self.fill_values(self._base)

    def take_up(self, texts: Mapping[str, str]) -> bool:
        """Texts typed at another time, into the fields nobody has touched since; whether they change anything."""
        before = self.changed()
        for key, text in texts.items():
            if key in self.fields and key not in before:
                self.fields[key].set_text(text)
        return self.changed() != before

    def typed(self, keys: Mapping[str, str] | None = None) -> dict[str, Value]:
        """The values of the fields, or of those given with their texts; only after a submit found nothing wrong."""
        texts = self.values() if keys is None else keys
        return {key: value_of(self._known[key], text, self._zone) for key, text in texts.items()}

    def touched(self) -> dict[str, Value]:
        """What a person changed, as values."""
        return self.typed(self.changed())

    def meanwhile(self, values: Mapping[str, Value]) -> list[str]:
        """The record changed elsewhere: untouched fields follow; the titles of touched ones that changed there too."""
        mine = self.changed()
        clashes = []
        for key, field in self._known.items():
            fresh = values.get(key)
            if key not in values or fresh == self._base.get(key):
                continue
            self._base[key] = fresh
            text = text_of(field, fresh, self._zone)
            if key in mine and mine[key] != text:
                clashes.append(field.title)
            else:
                self.fields[key].set_text(text)
            self._start[key] = text
        return clashes
