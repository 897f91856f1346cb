"""The accounts list's words: chips, sorts, and how one account reads in two lines."""

from datetime import date, tzinfo

from fieldrep.contract.counts import counted
from fieldrep.domain.days import day_of
from fieldrep.queries.accounts import AccountChip, AccountRow, AccountSort, AccountsQuestion
from fieldrep.ui.style.tokens import Tone
from fieldrep.ui.widgets.recordlist import ListWords, Wanted
from fieldrep.ui.widgets.rows import RowView
from fieldrep.ui.words import NOTHING, short_money, tier_word

WORDS = ListWords("account", "accounts", "Search name, number, city", ranked=True)
CHIPS = (
    (AccountChip.ALL.value, "All"),
    (AccountChip.KEY.value, "Key"),
    (AccountChip.PROSPECTS.value, "Prospects"),
    (AccountChip.OPEN_INVOICES.value, "Owing"),
    (AccountChip.CHANGED_HERE.value, "Unsent"),
)
_SORTS = (
    (AccountSort.NAME, False, "Name  A–Z"),
    (AccountSort.NAME, True, "Name  Z–A"),
    (AccountSort.CITY, False, "City"),
    (AccountSort.SALES, False, "Sales this year"),
    (AccountSort.LAST_ACTIVITY, False, "Last contact"),
    (AccountSort.LAST_ACTIVITY, True, "Longest without contact"),
)
SORTS = tuple((f"{sort.value}{' reverse' if back else ''}", words) for sort, back, words in _SORTS)
_DORMANT_DAYS = 60


def question_of(wanted: Wanted) -> AccountsQuestion:
    """A search nobody sorted is in the order of the best match."""
    sort, _, back = wanted.sort.partition(" ")
    chosen: AccountSort | None = AccountSort(sort)
    if wanted.text and chosen is AccountSort.NAME and not back:
        chosen = None
    return AccountsQuestion(wanted.text, AccountChip(wanted.chip), chosen, bool(back))


def row_view(row: AccountRow, today: date, zone: tzinfo) -> RowView:
    flag, tone = _flag(row, today, zone)
    return RowView(
        key=row.id,
        title=row.name,
        meta="  ·  ".join(part for part in (row.city, tier_word(row.tier, row.lifecycle)) if part),
        value=_sales(row),
        flag=flag,
        flag_tone=tone,
        waiting=row.waiting,
    )


def _sales(row: AccountRow) -> str:
    """What they bought this year; orders in another currency alone have a number and no sum."""
    if row.sales_amount:
        return short_money(row.sales_amount, row.currency)
    return counted(row.sales_elsewhere, "order") if row.sales_elsewhere else NOTHING


def _flag(row: AccountRow, today: date, zone: tzinfo) -> tuple[str, str]:
    """The one thing worth a look: a conflict, what was refused, overdue invoices, or when somebody was in touch."""
    if row.conflicts:
        return counted(row.conflicts, "conflict"), Tone.DANGER.value
    if row.refused:
        return f"{row.refused} refused", Tone.DANGER.value
    if row.overdue_count:
        return f"{row.overdue_count} overdue", Tone.DANGER.value
    if row.last_activity_at is None:
        return "no contact yet", "text3"
    days = (today - day_of(row.last_activity_at, zone)).days
    if days <= 0:
        return "today", "text2"
    return f"{days} d ago", Tone.WARNING.value if days > _DORMANT_DAYS else "text2"
