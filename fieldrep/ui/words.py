"""How amounts, moments, days and sizes read on the screen.

Owns wording of values and nothing else: every function is pure and is told the day and the zone.
"""

from datetime import date, datetime, timedelta, tzinfo

from fieldrep.contract.counts import counted
from fieldrep.contract.fields import MILLIONTH
from fieldrep.domain.days import day_of
from fieldrep.domain.money import format_millionths, minor_digits

_SIGNS = {"EUR": "€", "USD": "$", "GBP": "£"}
_KIND = {"key": "Key account", "growth": "Growth", "standard": "Standard"}
DAY_MS = 86_400_000
NOTHING = "–"


def sign_of(currency: str) -> str:
    return _SIGNS.get(currency, currency)


def money(amount: int, currency: str, *, cents: bool = True) -> str:
    """ "€ 6,310.00"; without cents rounded to whole units."""
    digits = minor_digits(currency)
    whole, rest = divmod(abs(amount), 10**digits)
    if not cents and rest * 2 >= 10**digits and digits:
        whole += 1
    minus = "−" if amount < 0 else ""
    fraction = f".{rest:0{digits}d}" if digits and cents else ""
    return f"{minus}{sign_of(currency)} {whole:,}{fraction}"


def short_money(amount: int, currency: str) -> str:
    """ "€ 286k", "€ 5.7k", "€ 940", "€ 1.2m": for lists and tiles."""
    units = abs(amount) // 10 ** minor_digits(currency)
    minus = "−" if amount < 0 else ""
    return f"{minus}{sign_of(currency)} {short_number(units)}"


def short_number(units: int) -> str:
    """A count or an amount in three digits or so."""
    for size, letter in ((1_000_000, "m"), (1_000, "k")):
        if units >= size:
            tenths = units * 10 // size
            return f"{tenths // 10}{letter}" if tenths >= 100 else f"{tenths // 10}.{tenths % 10}{letter}"
    return f"{units:,}"


def quantity(millionths: int) -> str:
    """A quantity with grouping and only the decimals it has."""
    text = format_millionths(millionths)
    whole, dot, rest = text.partition(".")
    return f"{int(whole):,}{dot}{rest}" if abs(millionths) >= 1000 * MILLIONTH else text


def clock_time(moment: int, zone: tzinfo) -> str:
    return f"{_local(moment, zone):%H:%M}"


def short_day(day: date, today: date) -> str:
    """ "Thu 12 Nov" within half a year, "12 Nov 2025" beyond."""
    if abs((today - day).days) <= 180:
        return f"{day:%a} {day.day} {day:%b}"
    return f"{day.day} {day:%b %Y}"


def day_and_time(moment: int, today: date, zone: tzinfo) -> str:
    """ "today 07:42", "yesterday 16:31", "Thu 12 Nov, 09:30"."""
    day = day_of(moment, zone)
    if day == today:
        return f"today {clock_time(moment, zone)}"
    if day == today - timedelta(days=1):
        return f"yesterday {clock_time(moment, zone)}"
    return f"{short_day(day, today)}, {clock_time(moment, zone)}"


def when_in_group(moment: int | None, day: date, today: date, zone: tzinfo) -> str:
    """The time for today and yesterday, the day for everything else; what is to come always says its day."""
    days = (today - day).days
    if moment is not None and days in (0, 1):
        return clock_time(moment, zone)
    return "Tomorrow" if days == -1 else short_day(day, today)


def days_ago(moment: int, today: date, zone: tzinfo) -> str:
    """ "today", "yesterday", "12 days ago", "in 3 days"."""
    days = (today - day_of(moment, zone)).days
    if days in (0, 1):
        return ("today", "yesterday")[days]
    return f"{counted(days, 'day')} ago" if days > 0 else f"in {counted(-days, 'day')}"


def due_words(moment: int, today: date, zone: tzinfo) -> str:
    """ "Due today", "Due tomorrow", "Overdue 2 days", "Due Tue 24 Nov"."""
    day = day_of(moment, zone)
    days = (day - today).days
    if days < 0:
        return f"Overdue {counted(-days, 'day')}"
    if days <= 1:
        return ("Due today", "Due tomorrow")[days]
    return f"Due {short_day(day, today)}"


def interval(days: int) -> str:
    """ "Every 4 weeks", "Every 10 days"."""
    if days % 7 == 0:
        return "Every week" if days == 7 else f"Every {days // 7} weeks"
    return "Every day" if days == 1 else f"Every {days} days"


def size(count: int) -> str:
    """Bytes as people read them."""
    if count < 1000:
        return f"{count} B"
    if count >= 1_000_000_000:
        return f"{count / 1_000_000_000:,.1f} GB"
    return f"{count / 1000:,.1f} kB" if count < 100_000 else f"{count / 1_000_000:,.1f} MB"


def tier_word(tier: str, lifecycle: str = "") -> str:
    """ "Key account", "Growth", or for who is no customer yet "Prospect"."""
    if lifecycle and lifecycle != "customer":
        return lifecycle.capitalize()
    return _KIND.get(tier, tier.capitalize())


def sentence_case(word: str) -> str:
    """ "voice_of_customer" as "Voice of customer"."""
    return word.replace("_", " ").capitalize()


def _local(moment: int, zone: tzinfo) -> datetime:
    return datetime.fromtimestamp(moment / 1000, tz=zone)
