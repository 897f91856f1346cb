"""What a file is and what it may be called: by its first bytes and by rules, never by what its name claims.

Owns the kinds that are known by content, and names that are safe on every system. Must not read any file.
"""

from __future__ import annotations

PICTURES = frozenset({"image/jpeg", "image/png"})
"""What the window decodes; everything else is never opened here."""

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
