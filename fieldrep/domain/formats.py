"""Forms of what people type: is this an email address, in a sentence when it is not.

Owns such checks for the window's fields and for commands alike. It is generous: a refusal here must be right.
"""

from __future__ import annotations

import re

_EMAIL = re.compile(r"[^@\s]+@[^@\s.]+(\.[^@\s.]+)*")


def email_problem(text: str) -> str:
    """What is wrong with an email address, a sentence that says what to do; "" when nothing is."""
    if not text or _EMAIL.fullmatch(text):
        return ""
    return f"“{text[:60]}” is not an email address; write it like name@company.com."
