"""Change notes: numbered without a twin, each with a title, a kind, whom it is for, and sentences.

Owns the form that `packaging/changes/README.md` describes; must not judge the words.
"""

from __future__ import annotations

import re

from tests.arch.tracked import CHECKOUT

CHANGES = CHECKOUT / "packaging" / "changes"
FORM = re.compile(
    r"\A# \S.*\n\nKind: (?:Added|Changed|Fixed|Removed|Security)\n"
    r"For: (?:rep|tech|admin|developer)(?:, (?:rep|tech|admin|developer))*\n\n\S"
)


def test_every_change_note_has_the_form_that_a_release_gathers() -> None:
    notes = [path for path in sorted(CHANGES.glob("*.md")) if path.name != "README.md"]
    assert [path.name for path in notes if not FORM.match(path.read_text(encoding="utf-8"))] == []
    assert [path.name for path in notes if not re.fullmatch(r"\d{4}(-[a-z0-9]+)+\.md", path.name)] == []


def test_no_two_change_notes_share_a_number() -> None:
    numbers = [path.name[:4] for path in CHANGES.glob("[0-9]*.md")]
    assert sorted(numbers) == sorted(set(numbers))
