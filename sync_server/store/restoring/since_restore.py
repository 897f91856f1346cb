"""What a restored store has said since of the rows that laptops told of, and what the changes given back made of them.

Owns which of a row's values have been there since, or lie refused with the person who entered them, and which rows the
office has written anew. Must not know which rows are lost: `after_backup` decides that.
"""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from fieldrep.contract.catalogue import CATALOGUE
from fieldrep.contract.change import Change, Edit
from sync_server.store.reading import Reader
from sync_server.store.restoring.given_back import TO_BE_TRIED, WAITS

_TOLD_ROWS = "SELECT entity, row_id FROM row_after_backup WHERE epoch = (SELECT epoch FROM store_info)"
_RETURNED = "SELECT edits FROM returned_change WHERE epoch = (SELECT epoch FROM store_info)"
_WAITING = (
    "SELECT d.user_id, w.edits FROM returned_change AS w JOIN device AS d ON d.id = w.device_id "
    "WHERE w.epoch = (SELECT epoch FROM store_info) AND w.result IN (?, ?)"
)

_decode_was = msgspec.msgpack.Decoder(dict[str, object]).decode
_decode_change = msgspec.msgpack.Decoder(Change).decode
_edits = msgspec.msgpack.Decoder(tuple[Edit, ...]).decode

_NUMBER = "number_official"
"""What an order given back gets anew."""

Told = tuple[str, bytes]
"""Entity and id of a row that a laptop told of."""

Form = Mapping[str, object]


class SinceRestore:
    """The rows told of since the last restore, as the store has had them from then on."""

    def __init__(self, reader: Reader) -> None:
        self._forms = _forms(reader)
        (self._restored,) = reader.rows(
            "SELECT revision FROM restoration WHERE epoch = (SELECT epoch FROM store_info)"
        )[0]
        self._given: dict[Told, list[Form]] = {}
        for (blob,) in reader.rows(_RETURNED):
            for edit in _edits(blob):
                self._given.setdefault((edit.entity, edit.row_id), []).append(edit.after)
        self._kept = _kept(reader)

    def accounts_for(self, row: Told, field: str, value: object) -> bool:
        """Whether a field has said this since, so that what it says now is later, or a change given back says it."""
        given = self._given.get(row, ())
        if field == _NUMBER and given:
            return True
        forms = (*self._forms.get(row, ()), *given)
        return any(field in form and form[field] == value for form in forms)

    def written_by_office(self, row: Told) -> bool:
        """Whether the office itself has written the row."""
        return any(
            form.get("changed_by") is None
            and isinstance(at := form.get("revision"), int)
            and at > self._restored
            for form in self._forms.get(row, ())
        )

    def refused(self, row: Told, user_id: bytes | None) -> bool:
        """Whether an edit of the row by that person lies there refused, or waits for what others give back."""
        return any(who == user_id for who, _ in self._kept.get(row, ()))

    def making_refused(self, row: Told) -> bool:
        """Whether the change that makes the row lies there refused or waits, whoever entered it."""
        return any(kind == "create" for _, kind in self._kept.get(row, ()))


def _forms(reader: Reader) -> dict[Told, list[Form]]:
    """How each row told of reads and has read since the restore, as it was restored last."""
    told = reader.rows(_TOLD_ROWS)
    (restored,) = reader.rows("SELECT revision FROM restoration WHERE epoch = (SELECT epoch FROM store_info)")
    sql = "SELECT row_id, entity, revision, was FROM row_history WHERE revision > ? AND row_id IN :members"
    former: dict[Told, list[tuple[int, bytes]]] = {}
    for row_id, entity, at, was in reader.session.chosen(
        sql, [row_id for _, row_id in told], before=restored
    ):
        former.setdefault((entity, row_id), []).append((at, was))
    forms: dict[Told, list[Form]] = {}
    for entity, row_id in told:
        row = reader.row(CATALOGUE[entity], row_id) if entity in CATALOGUE else None
        form: Form = row or {}
        forms[entity, row_id] = [form]
        for _, was in sorted(former.get((entity, row_id), ()), reverse=True):
            form = {**form, **_decode_was(was)}
            forms[entity, row_id].append(form)
    return forms


def _kept(reader: Reader) -> dict[Told, list[tuple[bytes, str]]]:
    """Whose edits name which rows, and whether they make them, of those refused since the restore or waiting by it."""
    sql = (
        "SELECT user_id, payload FROM refused_change "
        "WHERE received_at >= (SELECT at FROM restoration WHERE epoch = (SELECT epoch FROM store_info))"
    )
    kept = [(user_id, _decode_change(payload).edits) for user_id, payload in reader.rows(sql)]
    kept += [(user_id, _edits(edits)) for user_id, edits in reader.rows(_WAITING, (WAITS, TO_BE_TRIED))]
    found: dict[Told, list[tuple[bytes, str]]] = {}
    for user_id, edits in kept:
        for edit in edits:
            found.setdefault((edit.entity, edit.row_id), []).append((user_id, edit.kind))
    return found
