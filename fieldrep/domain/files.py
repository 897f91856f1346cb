"""What a file is and what it may be called: by its first bytes and by rules, never by what its name claims.

Owns the kinds that are known by content, names that are safe on every system, and what a file may belong to. Must not
read any file.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

PICTURES = frozenset({"image/jpeg", "image/png"})
"""What the window decodes; everything else is never opened here."""

OWNERS: Mapping[str, str] = MappingProxyType(
    {"contact_id": "contact", "site_id": "site", "activity_id": "activity", "order_id": "sales_order"}
)
"""By the field that names it: what a file may belong to instead of the account itself."""

_SIGNATURES = (
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"%PDF-", "application/pdf"),
)
_RESERVED = frozenset(
    {"con", "prn", "aux", "nul", "conin$", "conout$", "clock$"}
    | {f"{device}{number}" for device in ("com", "lpt") for number in "0123456789¹²³"}
)
_FORBIDDEN = frozenset('<>:"/\\|?*')
_LONGEST = 120
_UNNAMED = "file"


def owner_problem(row: Mapping[str, object], owner: Mapping[str, object] | None) -> str:
    """What is wrong with what a file says it belongs to, "" when nothing is.

    Args:
        row: the attachment.
        owner: the one row its fields of `OWNERS` name, None when they name none.
    """
    named = [name for name in OWNERS if row.get(name) is not None]
    if len(named) > 1:
        return "A file belongs to one record; this one names several."
    if owner is None:
        return (
            ""
            if row.get("account_id") is not None
            else "A file belongs to an account, or to a record of yours."
        )
    account = owner.get("account_id")
    person = owner.get("assignee_id") if account is None else None
    if (row.get("account_id"), row.get("user_id")) != (account, person):
        return "The file names another account or person than the record it belongs to."
    return ""


def media_type_of(body: bytes) -> str:
    """The kind of a file by its first bytes."""
    return next((kind for start, kind in _SIGNATURES if body.startswith(start)), "application/octet-stream")


def safe_name(name: str) -> str:
    """A name that is one plain file in the folder it is put in, on every system; never empty."""
    last = name.replace("\\", "/").rsplit("/", 1)[-1]
    kept = "".join(letter if _is_plain(letter) else "_" for letter in last).strip(" .")
    stem, dot, ending = kept.rpartition(".")
    if not stem:
        stem, dot, ending = kept, "", ""
    if kept.split(".", 1)[0].rstrip(" ").lower() in _RESERVED:
        stem = f"_{stem}"
    ending = ending[:20].strip(" .")
    stem = stem[: _LONGEST - len(ending) - 1].strip(" ")
    return f"{stem}{dot}{ending}".strip(" .") or _UNNAMED


def _is_plain(letter: str) -> bool:
    """Whether a letter may stand in a name: none that steers, hides or turns text around."""
    return letter.isprintable() and letter not in _FORBIDDEN and not "\ud800" <= letter <= "\udfff"
