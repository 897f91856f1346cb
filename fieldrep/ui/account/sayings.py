"""How an account's facts read: header, tiles, timeline entries and the lines of the side column.

Owns wording only: from frozen rows of the queries to the views of the widgets. It must not ask for anything.
"""

from collections.abc import Iterable
from datetime import date, tzinfo

from fieldrep.contract.counts import counted
from fieldrep.domain.days import day_of
from fieldrep.queries.account import AccountHeader, AccountOverview, OpenTask
from fieldrep.queries.contacts import ContactRow
from fieldrep.queries.missing import MissingFact
from fieldrep.queries.timeline import Timeline, TimelineEntry
from fieldrep.queries.whole_account import RecordAnswer
from fieldrep.ui.style.tokens import Tone
from fieldrep.ui.widgets.linerow import LineView
from fieldrep.ui.widgets.recordheader import HeaderView
from fieldrep.ui.widgets.tile import TileView
from fieldrep.ui.widgets.timeline import Entry
from fieldrep.ui.words import (
    day_and_time,
    days_ago,
    due_words,
    interval,
    money,
    sentence_case,
    short_money,
    tier_word,
    when_in_group,
)

FORM_FIRST = "Save or leave the open form first."
GONE = (
    "This account is not on this laptop any more",
    "It may belong to a colleague now. What you had not sent is kept under Sync.",
)
TIMELINE_TYPES = (
    ("activity", "Calls, visits, notes"),
    ("task", "Tasks"),
    ("sales_order", "Orders"),
    ("ar_document", "Invoices"),
)
_LOOKS = {
    "note": ("notebook-pen", Tone.NEUTRAL),
    "call": ("phone", Tone.INFO),
    "email": ("mail", Tone.INFO),
    "meeting": ("users", Tone.SUCCESS),
    "task": ("list-checks", Tone.WARNING),
    "promise": ("handshake", Tone.WARNING),
    "demand_signal": ("trending-up", Tone.VIOLET),
    "voice_of_customer": ("message-square-quote", Tone.VIOLET),
    "inbox": ("inbox", Tone.NEUTRAL),
    "order": ("shopping-cart", Tone.ACCENT),
    "return": ("undo-2", Tone.WARNING),
    "blanket": ("shopping-cart", Tone.ACCENT),
    "invoice": ("receipt", Tone.NEUTRAL),
    "credit": ("receipt", Tone.SUCCESS),
    "payment": ("banknote", Tone.SUCCESS),
    "claim": ("receipt", Tone.WARNING),
}


def tab_counts(answer: RecordAnswer) -> dict[str, int]:
    """How many there are behind each tab of the record, by its key."""
    counts = answer.overview.counts
    return {
        "contacts": len(answer.contacts),
        "orders": counts.orders,
        "invoices": counts.invoices,
        "notes": counts.notes,
        "addresses": len(answer.sites),
        "files": counts.files,
    }


def header_view(head: AccountHeader, overdue: int) -> HeaderView:
    badges = [(tier_word(head.tier, head.lifecycle), Tone.ACCENT if head.tier == "key" else Tone.NEUTRAL)]
    if overdue:
        badges.append((f"{overdue} overdue", Tone.DANGER))
    conflicts = counted(head.conflicts, "conflict") if head.conflicts else ""
    needs = ", ".join(part for part in (conflicts, f"{head.refused} refused" if head.refused else "") if part)
    if needs:
        badges.append((needs, Tone.DANGER))
    elif head.merged:
        badges.append(("Merged", Tone.INFO))
    if head.archived:
        badges.append(("Archived", Tone.WARNING))
    person = ", ".join(part for part in (head.main_contact, head.main_contact_title) if part)
    facts = tuple(part for part in (head.number, head.address, head.phone, person) if part)
    return HeaderView(head.name, facts or ("Nothing more is known yet",), tuple(badges), head.waiting)


def tiles(view: AccountOverview, today: date, zone: tzinfo) -> tuple[TileView, TileView, TileView, TileView]:
    """Owed, last contact, sales, orders on their way."""
    currency = view.header.currency
    return (
        _owed(view, currency, today, zone),
        _last_contact(view, today, zone),
        _sales(view, currency),
        _orders(view, currency),
    )


def _owed(view: AccountOverview, currency: str, today: date, zone: tzinfo) -> TileView:
    owed = view.invoices
    if owed.overdue_amount:
        note = (
            f"{money(owed.overdue_amount, currency, cents=False)} overdue {counted(owed.overdue_days, 'day')}"
        )
        return TileView(
            "Open invoices", money(owed.open_amount, currency, cents=False), note, Tone.DANGER.value
        )
    note = f"{counted(owed.open_count, 'invoice')}, none overdue" if owed.open_count else "Nothing is owed"
    if owed.elsewhere:
        note = " · ".join(
            part for part in (note if owed.open_count else "", _elsewhere(owed.elsewhere)) if part
        )
        return TileView("Open invoices", money(owed.open_amount, currency, cents=False), note)
    if owed.as_of is None and not owed.open_count:
        return TileView("Open invoices", "None known", "The office has told of none")
    if owed.open_count == 0 and owed.as_of is not None:
        note = f"As of {day_and_time(owed.as_of, today, zone)}"
    return TileView("Open invoices", money(owed.open_amount, currency, cents=False), note)


def _last_contact(view: AccountOverview, today: date, zone: tzinfo) -> TileView:
    last = view.last_activity
    rhythm = interval(last.visit_every_days) if last.visit_every_days else ""
    if last.at is None:
        return TileView("Last contact", "Never", rhythm or "Nothing logged yet")
    late = bool(last.visit_every_days) and (today - day_of(last.at, zone)).days > (last.visit_every_days or 0)
    note = " · ".join(
        part for part in (sentence_case(last.kind), rhythm and f"{rhythm.lower()} wanted") if part
    )
    words = days_ago(last.at, today, zone)
    return TileView(
        "Last contact", words[:1].upper() + words[1:], note, Tone.WARNING.value if late else "text3"
    )


def _sales(view: AccountOverview, currency: str) -> TileView:
    sales, change, tone = view.sales, view.sales.change_percent, "text3"
    if change is not None:
        sign = "+" if change > 0 else "−" if change < 0 else "±"
        own = f"{sign} {abs(change)} % vs last year to date"
        tone = Tone.SUCCESS.value if change > 0 else Tone.WARNING.value if change < 0 else tone
    elif sales.this_year and not (sales.last_year or sales.elsewhere_last_year):
        own = "First year"
    elif sales.last_year and not sales.elsewhere:
        own = f"{short_money(sales.last_year, currency)} later last year"
    else:
        own = ""
    if sales.elsewhere:
        others = _elsewhere(sales.elsewhere)
    else:
        others = f"Last year {_elsewhere(sales.elsewhere_last_year)}" if sales.elsewhere_last_year else ""
    note = " · ".join(part for part in (own, others) if part) or "No orders this year or last"
    return TileView("Sales this year", short_money(sales.this_year, currency), note, tone)


def _orders(view: AccountOverview, currency: str) -> TileView:
    orders = view.orders
    drafts = counted(orders.draft_count, "draft") if orders.draft_count else ""
    if not orders.open_count:
        return TileView("Orders on their way", "None", drafts or "Nothing to be delivered")
    worth = money(orders.open_amount, currency, cents=False) if orders.elsewhere < orders.open_count else ""
    others = _elsewhere(orders.elsewhere) if orders.elsewhere else ""
    note = " · ".join(part for part in (worth, others, drafts) if part)
    return TileView("Orders on their way", f"{orders.open_count:,}", note)


def _elsewhere(count: int) -> str:
    return f"{count:,} in another currency"


def entries(timeline: Timeline, today: date, zone: tzinfo) -> list[Entry]:
    return [_entry(entry, group.heading, today, zone) for group in timeline.groups for entry in group.entries]


def _entry(entry: TimelineEntry, heading: str, today: date, zone: tzinfo) -> Entry:
    icon, tone = _LOOKS.get(entry.kind, ("circle", Tone.NEUTRAL))
    kind = "task" if entry.kind in ("task", "promise") else entry.entity
    title, body = entry.title, entry.detail
    if entry.entity == "activity":
        kind_words = sentence_case(entry.kind)
        named = entry.title.casefold().startswith(kind_words.casefold())
        title = entry.title if named else f"{kind_words} · {entry.title}"
        title += {"done": " · done", "overdue": " · overdue"}.get(entry.status, "")
        title += " · corrected later" if entry.replaced else ""
        body = " · ".join(part for part in (entry.by, entry.detail) if part)
        tone = Tone.SUCCESS if entry.status == "done" else Tone.DANGER if entry.status == "overdue" else tone
    elif entry.entity == "sales_order":
        title = f"{entry.title} {entry.status.replace('_', ' ')}"
        body = " · ".join(part for part in (money(entry.amount or 0, entry.currency), entry.detail) if part)
    else:
        tone = Tone.DANGER if entry.status == "overdue" else tone
        title = f"{entry.title}, {entry.status}"
        left = money(entry.open_amount or 0, entry.currency)
        total = money(entry.amount or 0, entry.currency)
        amounts = f"{left} of {total} open" if entry.open_amount else total
        body = " · ".join(part for part in (amounts, entry.detail) if part)
    when = when_in_group(entry.at, entry.day, today, zone)
    return Entry((entry.entity, entry.id), heading, kind, icon, tone, title, body, when, entry.waiting)


def task_line(task: OpenTask, today: date, zone: tzinfo) -> LineView:
    due = due_words(task.due_at, today, zone) if task.due_at is not None else "No date"
    note = " · ".join(part for part in (due, task.assignee) if part)
    tone = Tone.DANGER if task.overdue else Tone.WARNING
    return LineView(
        "square-check-big",
        task.subject,
        note,
        tone=tone,
        note_tone=Tone.DANGER.value if task.overdue else "text2",
        waiting=task.waiting,
        press="Complete this task",
    )


def contact_line(contact: ContactRow) -> LineView:
    reach = contact.mobile or contact.phone or contact.email
    role = contact.job_title or ", ".join(contact.roles)
    note = " · ".join(part for part in (role, reach) if part)
    return LineView(
        "user",
        contact.name,
        note or "No number yet",
        tone=Tone.INFO,
        waiting=contact.waiting,
        press="Edit contact",
    )


def missing_lines(facts: Iterable[MissingFact]) -> list[tuple[MissingFact, LineView]]:
    return [
        (fact, LineView("circle-plus", fact.title, fact.why, tone=Tone.NEUTRAL, press=_to_add(fact)))
        for fact in facts
    ]


def _to_add(fact: MissingFact) -> str:
    return f"Add {fact.title[:1].lower()}{fact.title[1:]}"


def age_lines(view: AccountOverview, today: date, zone: tzinfo, *, live: bool) -> list[LineView]:
    """How old the record is: who changed it last, and when the replica last heard everything; live, it hears now."""
    age = view.age
    who = age.changed_by or ("you" if age.changed_here else "the office")
    changed = day_and_time(age.changed_at, today, zone) if age.changed_at else "at an unknown time"
    first = LineView(
        "history", f"Changed {changed}", f"by {who}{', not yet sent' if age.changed_here else ''}"
    )
    if age.synced_at is None:
        return [first, LineView("cloud-off", "Never synced", "The office may know more")]
    if live:
        return [first, LineView("hard-drive", "Up to date", "What the office does arrives by itself")]
    told = day_and_time(age.synced_at, today, zone)
    return [first, LineView("hard-drive", f"Synced {told}", "What the office said then")]
