"""What is typed or pasted into a form is told as it was typed, and taken where it is clear."""

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication

from tests.helpers.small_company import AURORA
from tests.ui.office import Office
from tests.ui.window import CTRL, Window


def test_a_currency_in_small_letters_is_taken(window: Window, office: Office) -> None:
    window.key(Qt.Key.Key_E)
    window.into("edit_account_currency", "usd")
    window.key(Qt.Key.Key_Return, CTRL)
    window.until(lambda: window.record.editor is None, "it is refused")
    window.until(lambda: office.row("account", AURORA)["currency"] == "USD")


@pytest.mark.parametrize(
    ("letters", "told"),
    [(5_000, "is 5,000 characters long; at most "), (20_000, "Name: cut at 10,000 characters; at most ")],
)
def test_the_length_told_is_that_of_what_was_entered(window: Window, letters: int, told: str) -> None:
    window.key(Qt.Key.Key_E)
    window.into("edit_account_name", "")
    QGuiApplication.clipboard().setText("x" * letters)
    window.key(Qt.Key.Key_V, CTRL)
    window.key(Qt.Key.Key_Tab)
    assert told in window.record.editor.form.fields["name"].error()


def test_a_form_of_an_account_that_moved_away_says_so_and_keeps_what_was_typed(
    window: Window, office: Office
) -> None:
    window.key(Qt.Key.Key_A)
    window.until(lambda: window.record.editor is not None)
    window.into("log_activity_subject", "They want a second fridge")
    office.change("account", AURORA, owner_user_id=None, territory_id=None)
    window.sync()
    window.key(Qt.Key.Key_Return, CTRL)
    form = window.record.editor.form
    window.until(form.summary.isVisible)
    assert form.summary.heading() == (
        "Aurora Dairy B.V. is not on this laptop any more; it may belong to a colleague now. "
        "What you typed is not saved and stays here: copy it, and pass it on."
    )
    assert form.fields["subject"].text() == "They want a second fridge"
