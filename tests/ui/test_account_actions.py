"""What can be done with an account is offered by the name of what it will do."""

from PySide6.QtCore import Qt

from tests.ui.test_accounts_page import CTRL
from tests.ui.window import Window


def offered(window: Window, words: str) -> list[str]:
    """What the palette finds for some words; it is closed again."""
    window.key(Qt.Key.Key_K, CTRL)
    window.write(words)
    window.until(lambda: any(words in title.lower() for title in window.shell.palette_layer.titles()))
    found = window.shell.palette_layer.titles()
    window.key(Qt.Key.Key_Escape)
    return [title for title in found if title.endswith(" account")]


def test_the_palette_and_the_menu_say_whether_an_account_is_archived_or_restored(window: Window) -> None:
    window.choose("Blue Harbor Hotels")
    assert "Archive account" in offered(window, "archive")
    assert "Archive account" in window.record.header.entries()
    window.record.act("archive")
    window.until(lambda: window.record.answer and window.record.answer.overview.header.archived)
    assert offered(window, "restore") == ["Restore account"]
    assert "Restore account" in window.record.header.entries()
    window.record.act("archive")
    window.until(lambda: window.record.answer and not window.record.answer.overview.header.archived)
    assert "Archive account" in window.record.header.entries()
