"""Everything the record of an account opens with, in one trip.

Owns the putting together of other queries into one snapshot, so that the record never shows two moments at once. Apart
from the list's questions, so that the list need not wait until all of this is loaded.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import tzinfo

from fieldrep.contract.ids import RowId
from fieldrep.queries.account import AccountOverview, account_overview
from fieldrep.queries.conflicts import ConflictGroup, open_conflicts
from fieldrep.queries.contacts import ContactRow, contacts_of_account
from fieldrep.queries.forms import RecordForm, record_form
from fieldrep.queries.merged import MergedRecord, became_part_of, merged_records
from fieldrep.queries.naming import record_name
from fieldrep.queries.pairs import PairRow, pairs_of_account
from fieldrep.queries.sites import SiteRow, sites_of_account
from fieldrep.queries.timeline import Timeline, account_timeline
from fieldrep.store.moved import leaving_sentence
from fieldrep.store.reader import Reader


@dataclass(frozen=True, slots=True)
class RecordAnswer:
    """All that the record shows before a further tab is opened; `merged_from` names the account asked for, when it
    became part of this one. `leaving` says why it can only be read, "" for an account that is this person's."""

    overview: AccountOverview
    timeline: Timeline
    contacts: tuple[ContactRow, ...]
    sites: tuple[SiteRow, ...]
    conflicts: tuple[ConflictGroup, ...]
    form: RecordForm
    pairs: tuple[PairRow, ...]
    merged: tuple[MergedRecord, ...]
    merged_from: str
    leaving: str


def read_record(reader: Reader, *, account_id: RowId, now: int, zone: tzinfo) -> RecordAnswer | None:
    """An account with its timeline, people, addresses and conflicts; None when the replica does not hold it.

    One that was merged into another is answered with the one it is now.
    """
    survivor, merged_from = became_part_of(reader, account_id=account_id), ""
    if survivor is not None:
        merged_from = record_name(reader, "account", account_id).label
        account_id = survivor
    overview = account_overview(reader, account_id=account_id, now=now, zone=zone)
    form = record_form(reader, entity="account", row_id=account_id)
    if overview is None or form is None:
        return None
    return RecordAnswer(
        overview=overview,
        timeline=account_timeline(reader, account_id=account_id, now=now, zone=zone),
        contacts=contacts_of_account(reader, account_id=account_id),
        sites=sites_of_account(reader, account_id=account_id),
        conflicts=open_conflicts(reader, zone=zone, account_id=account_id),
        form=form,
        pairs=pairs_of_account(reader, account_id=account_id, zone=zone),
        merged=merged_records(reader, account_id=account_id),
        merged_from=merged_from,
        leaving=leaving_sentence(reader.driver, "account", account_id),
    )
