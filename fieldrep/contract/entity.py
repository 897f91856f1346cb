"""How an entity is declared: a class whose attributes are fields, and the system fields every synced row carries.

The decorator `declare` describes such a class as an `Entity`, which `entity_of` gives. Rows themselves travel as plain
values; nobody makes an instance of a declaration.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from fieldrep.contract.fields import ANYONE, Field, Kind, Merge, S, Writer
from fieldrep.contract.shapes import Shape


@dataclass(frozen=True, slots=True)
class ScopeRule:
    """Who holds a row: everybody, whoever holds an account, one user, or a user and his managers.

    Attributes:
        account: the field with the account's id ("id" for the account itself), first choice.
        user: the field with the user's id, when there is no account.
        team: whether that user's managers hold the row as well.
        moved: the field that names another account once the row belongs to that one.
        pair: whether each row has a key of its own, held by whoever holds both accounts that it names.
    """

    account: str = ""
    user: str = ""
    team: bool = False
    moved: str = ""
    pair: bool = False


EVERYBODY = ScopeRule()

SYSTEM_FIELDS: Mapping[str, Field] = MappingProxyType(
    {
        "id": Field(Kind.REF, "Id", "id", required=True, fixed=True, merge=Merge.SERVER, writers=ANYONE),
        "revision": Field(
            Kind.INTEGER, "Revision", "revision", minimum=0, merge=Merge.SERVER, writers=S, default=0
        ),
        "created_at": Field(Kind.INSTANT, "Created", "created_at", merge=Merge.SERVER, writers=S, default=0),
        "created_by": Field(Kind.REF, "Created by", "created_by", to="user", merge=Merge.SERVER, writers=S),
        "changed_at": Field(Kind.INSTANT, "Changed", "changed_at", merge=Merge.SERVER, writers=S, default=0),
        "changed_by": Field(Kind.REF, "Changed by", "changed_by", to="user", merge=Merge.SERVER, writers=S),
        "archived": Field(Kind.FLAG, "Archived", "archived", merge=Merge.FIELD, writers=ANYONE, default=0),
        "custom": Field(
            Kind.JSON,
            "Custom fields",
            "custom",
            maximum=20_000,
            merge=Merge.FIELD,
            writers=ANYONE,
            default="{}",
            shape=Shape.OBJECT,
            help="Named values: text, whole numbers, true or false, and lists or objects of these.",
        ),
    }
)
"""The columns of every synced row. The server gives revision and stamps; the last two are people's."""


@dataclass(frozen=True, slots=True, eq=False)
class Entity:
    """The description of one kind of record.

    Attributes:
        name: the glossary word, also the name on the wire and in `fieldrep show`.
        table: the table's name, another one where `name` is a reserved word of SQL.
        title, plural: what people read.
        scope: who holds a row.
        label: fields that name a row to a person.
        fields: the declared fields by name, in order of declaration.
        columns: the system fields and then the declared ones.
    """

    name: str
    table: str
    title: str
    plural: str
    scope: ScopeRule
    label: tuple[str, ...]
    fields: Mapping[str, Field]
    columns: tuple[Field, ...]

    def field(self, name: str) -> Field:
        """The declared or system field of that name.

        Raises:
            KeyError: when the entity has no such field.
        """
        return self.fields[name] if name in self.fields else SYSTEM_FIELDS[name]

    def has(self, name: str) -> bool:
        """Whether the entity has a field of that name."""
        return name in self.fields or name in SYSTEM_FIELDS

    @property
    def since(self) -> int:
        """The version of the catalogue that brought the entity: that of its oldest field."""
        return min(field.since for field in self.fields.values())

    @property
    def column_names(self) -> tuple[str, ...]:
        """The names of `columns`."""
        return tuple(field.name for field in self.columns)


_DESCRIPTION = "__entity__"


def entity_of(declaration: type) -> Entity:
    """The description of a declared class."""
    description = vars(declaration)[_DESCRIPTION]
    assert isinstance(description, Entity)  # noqa: S101 - set by declare alone
    return description


def declare(
    name: str,
    *,
    table: str = "",
    title: str = "",
    plural: str = "",
    scope: ScopeRule = EVERYBODY,
    label: tuple[str, ...] = ("name",),
    merge: Merge | None = None,
    writers: Writer | None = None,
) -> Callable[[type], type]:
    """Describes a class of fields as an entity; `merge` and `writers` hold for fields that say nothing themselves."""
    title = title or name.replace("_", " ").capitalize()

    def describe(declaration: type) -> type:
        fields = {
            key: value.named(key, merge, writers)
            for key, value in vars(declaration).items()
            if isinstance(value, Field)
        }
        description = Entity(
            name=name,
            table=table or name,
            title=title,
            plural=plural or title + "s",
            scope=scope,
            label=label,
            fields=MappingProxyType(fields),
            columns=(*SYSTEM_FIELDS.values(), *fields.values()),
        )
        setattr(declaration, _DESCRIPTION, description)
        return declaration

    return describe
