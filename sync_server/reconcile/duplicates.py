"""Likely duplicates: after a push or an import, what was made or renamed is compared with what is filed alike.

Owns which records are compared and the candidate that is raised, once per pair. How alike two are is judged by
`fieldrep/domain/duplicates.py`; people decide, nobody is blocked. Reads by index, never by a scan.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from fieldrep.contract.catalogue import CATALOGUE
from fieldrep.contract.fields import Value
from fieldrep.contract.ids import RowId
from fieldrep.contract.scope import account_key
from fieldrep.contract.values import canonical_json
from fieldrep.domain.duplicates import (
    NUMBER_NAMES,
    WARN_FROM,
    Likeness,
    Party,
    likeness,
    lookup_names,
    number_names,
)
from sync_server.reconcile.refusal import row_id_of
from sync_server.store.lookups import Entry, filed_together, refile
from sync_server.store.transaction import Row, WriteTransaction

CANDIDATE = CATALOGUE["duplicate_candidate"]
_EVERY_SIGN = frozenset({"name", "phone", "email", "tax_id", "archived", "merged_into_id"})
_ALONE = frozenset({"phone", "tax_id"})
"""Signs that are filed without regard to the others."""

_PERSON_SIGNS = frozenset({"given_name", "family_name", "email", "archived", "merged_into_id", "account_id"})
_MOST_A_RECORD = 5
_SITES = (
    "SELECT id, scope_key, kind, city, postal_code FROM site "
    "WHERE archived = 0 AND scope_key IN :members ORDER BY id"
)
_PEOPLE = "SELECT id FROM contact WHERE archived = 0 AND scope_key IN :members"
_KINDS = {"bill": 0, "ship": 1, "service": 2}


@dataclass(slots=True)
class Places:
    """Where an account is: its first city as people count them, and its postal codes."""

    city: str = ""
    rank: int = 9
    codes: set[str] = field(default_factory=set)

    def add(self, kind: Value, city: Value, code: Value) -> None:
        rank = _KINDS.get(str(kind), 8)
        if rank < self.rank and city:
            self.city, self.rank = str(city), rank
        if code:
            self.codes.add(str(code))


def look_for_duplicates(tx: WriteTransaction) -> int:
    """Files what the transaction made or renamed, and raises a candidate per new pair that is alike; says how many."""
    raised = _Raised(tx)
    _accounts(tx, raised)
    _contacts(tx, raised)
    return raised.count


# accounts


def _accounts(tx: WriteTransaction, raised: _Raised) -> None:
    changed = _changed_accounts(tx)
    if not changed:
        return
    tx.preload("account", changed)
    whole = [row_id for row_id, signs in changed.items() if not signs <= _ALONE]
    before, after = _places(tx, whole, stored_only=True), _places(tx, whole)
    out: set[Entry] = set()
    into: set[Entry] = set()
    for row_id, signs in changed.items():
        image, staged = tx.image("account", row_id), tx.staged.get("account", {}).get(row_id)
        row = staged.row if staged is not None else image.row if image is not None else None
        old = _filed(image.row if image else None, signs, before.get(row_id))
        new = _filed(row, signs, after.get(row_id))
        out |= {(name, row_id) for name in old - new}
        into |= {(name, row_id) for name in new - old}
    refile(tx.session, out, into)
    pairs = {(min(pair), max(pair)) for pair in filed_together(tx.session, sorted(into), NUMBER_NAMES)}
    _compare_accounts(tx, pairs, raised)


def _changed_accounts(tx: WriteTransaction) -> dict[bytes, frozenset[str]]:
    """The accounts whose signs differ from the stored ones, and in which; one that has moved house in all."""
    found: dict[bytes, frozenset[str]] = {}
    for row_id, names, is_new in tx.written("account"):
        signs = _EVERY_SIGN if is_new else _EVERY_SIGN.intersection(names)
        if signs:
            found[row_id] = signs
    for row, image in tx.staged_rows("site"):
        stored = image.row if image else None
        if stored is None or any(row[n] != stored[n] for n in ("postal_code", "archived", "account_id")):
            for one in (row, stored or row):
                account_id = one["account_id"]
                if isinstance(account_id, bytes):
                    found[account_id] = _EVERY_SIGN
    return found


def _filed(row: Row | None, signs: frozenset[str], places: Places | None) -> frozenset[str]:
    """The names a row is filed under, as far as these signs decide them; none when it stands for nobody."""
    if row is None or row["archived"] or row["merged_into_id"] is not None:
        return frozenset()
    if signs <= _ALONE:
        phone, tax_id = ((str(row[name] or "") if name in signs else "") for name in ("phone", "tax_id"))
        return number_names(phone, tax_id)
    return lookup_names(_party(row, places), places.codes if places else ())


def _party(row: Row, places: Places | None) -> Party:
    name, phone, email, tax_id = (str(row[sign] or "") for sign in ("name", "phone", "email", "tax_id"))
    return Party(name, places.city if places else "", "", phone, email, tax_id)


def _places(
    tx: WriteTransaction, accounts: Iterable[bytes], *, stored_only: bool = False
) -> dict[bytes, Places]:
    """The places of accounts, as stored or as staged."""
    wanted = list(accounts)
    known = [row_id for row_id in wanted if tx.image("account", row_id) is not None]
    staged = {} if stored_only else tx.staged.get("site", {})
    found: dict[bytes, Places] = {row_id: Places() for row_id in wanted}
    for site_id, key, kind, city, code in tx.session.chosen(_SITES, [account_key(one) for one in known]):
        if site_id not in staged:
            found[bytes(key[1:])].add(kind, city, code)
    for site_id in sorted(staged):
        row = staged[site_id].row
        if not row["archived"] and row["account_id"] in found:
            account_id = row["account_id"]
            assert isinstance(account_id, bytes)  # noqa: S101 - the key of `found`
            found[account_id].add(row["kind"], row["city"], row["postal_code"])
    return found


def _compare_accounts(tx: WriteTransaction, pairs: set[tuple[bytes, bytes]], raised: _Raised) -> None:
    ids = sorted({row_id for pair in pairs for row_id in pair})
    tx.preload("account", ids)
    rows = {row_id: row for row_id in ids if (row := tx.row("account", row_id)) is not None}
    places = _places(tx, rows)
    for one, other in sorted(pairs):
        if one in rows and other in rows and not _related(rows[one], rows[other]):
            alike = likeness(_party(rows[one], places[one]), _party(rows[other], places[other]))
            raised.take("account", rows[one], rows[other], (one, other), alike)
    raised.stage()


def _related(one: Row, other: Row) -> bool:
    """Whether two accounts are known to be of one house: they share a phone number rightly."""
    if one["parent_id"] == other["id"] or other["parent_id"] == one["id"]:
        return True
    return one["parent_id"] is not None and one["parent_id"] == other["parent_id"]


# contacts


def _contacts(tx: WriteTransaction, raised: _Raised) -> None:
    """The people of one account among themselves; that two share the company's number says nothing."""
    staged = tx.staged.get("contact", {})
    changed = {
        row_id: staged[row_id].row["account_id"]
        for row_id, names, is_new in tx.written("contact")
        if (is_new or not _PERSON_SIGNS.isdisjoint(names)) and not staged[row_id].row["archived"]
    }
    if not changed:
        return
    accounts = sorted({account for account in changed.values() if isinstance(account, bytes)})
    tx.preload("account", accounts)
    stored = [account_key(one) for one in accounts if tx.image("account", one) is not None]
    tx.preload("contact", [row_id for (row_id,) in tx.session.chosen(_PEOPLE, stored)])
    wanted = set(accounts)
    for rows in _by_account(tx, wanted):
        for row_id, row in rows.items():
            for other_id, other in rows.items():
                both_new = other_id in changed
                if row_id in changed and other_id != row_id and (not both_new or row_id < other_id):
                    raised.take(
                        "contact", row, other, (row_id, other_id), likeness(_person(row), _person(other))
                    )
    raised.stage()


def _by_account(tx: WriteTransaction, accounts: set[bytes]) -> Iterator[dict[bytes, Row]]:
    """The people of each account who are still there, staged ones as staged."""
    found: dict[bytes, dict[bytes, Row]] = {account: {} for account in sorted(accounts)}
    ids = {*tx.images.get("contact", {}), *tx.staged.get("contact", {})}
    for row_id in sorted(ids):
        row = tx.row("contact", row_id)
        if row is None or row["archived"] or row["merged_into_id"] is not None:
            continue
        people = found.get(row["account_id"]) if isinstance(row["account_id"], bytes) else None
        if people is not None:
            people[row_id] = row
    yield from found.values()


def _person(row: Row) -> Party:
    name = " ".join(str(row[part]) for part in ("given_name", "family_name") if row[part])
    return Party(name, phone=str(row["mobile"] or ""), email=str(row["email"] or ""))


# candidates

_Age = tuple[int, bytes]
_Rank = tuple[int, _Age, _Age]


def _age(row: Row) -> _Age:
    """The order in which records came to the store; ids would order them by the clocks of laptops (I19)."""
    created = row["created_revision"]
    return created if isinstance(created, int) else 0, row_id_of(row)


class _Raised:
    """The candidates a transaction raises: the likeliest few of each record, each pair once for ever."""

    def __init__(self, tx: WriteTransaction) -> None:
        self.count = 0
        self._tx = tx
        self._found: list[tuple[_Rank, tuple[bytes, bytes], Row]] = []

    def take(self, entity: str, one: Row, other: Row, pair: tuple[bytes, bytes], alike: Likeness) -> None:
        """Notes a pair that is alike enough to be worth a person's look."""
        if alike.score < WARN_FROM:
            return
        low, high = sorted((one, other), key=_age)
        account = "account_id" if entity == "contact" else "id"
        row: Row = {column.name: column.default for column in CANDIDATE.columns}
        row.update(
            id=candidate_id(row_id_of(low), row_id_of(high)),
            entity=entity,
            one_id=low["id"],
            other_id=high["id"],
            account_id=low[account],
            other_account_id=high[account],
            score=alike.score,
            reasons=canonical_json(list(alike.reasons)),
            status="open",
        )
        self._found.append(((-alike.score, _age(high), _age(low)), pair, row))

    def stage(self) -> None:
        """Stages what was noted and is new."""
        given: dict[bytes, int] = {}
        for _, pair, row in sorted(self._found, key=lambda entry: entry[0]):
            if max(given.get(one, 0) for one in pair) >= _MOST_A_RECORD or self._known(row):
                continue
            given.update({one: given.get(one, 0) + 1 for one in pair})
            row.update(revision=self._tx.new_revision() if not self.count else self._tx.revision)
            row.update(created_at=self._tx.now, changed_at=self._tx.now)
            self._tx.stage(CANDIDATE, row)
            self.count += 1
        self._found.clear()

    def _known(self, row: Row) -> bool:
        """Whether this pair was raised before, whatever was decided; also when a merge brought it about."""
        if self._tx.row(CANDIDATE, row_id_of(row)) is not None:
            return True
        pair = {row["one_id"], row["other_id"]}
        return any(
            {known["one_id"], known["other_id"]} == pair
            for name in ("account_id", "other_account_id")
            for known in self._tx.find(CANDIDATE, name, row["account_id"])
        )


def candidate_id(one: bytes, other: bytes) -> RowId:
    """The id of a pair, which follows from its two records: a pair is raised once, and alike on any store (I23)."""
    raw = bytearray(hashlib.blake2b(b"|".join(sorted((one, other))), digest_size=16).digest())
    raw[6], raw[8] = raw[6] & 0x0F | 0x80, raw[8] & 0x3F | 0x80
    return RowId(bytes(raw))
