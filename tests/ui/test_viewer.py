"""The viewer of pictures: leafed through with the arrows, from the first to the last."""

from pathlib import Path

from PySide6.QtCore import Qt

from fieldrep.ui.account.viewer import FileViewer
from fieldrep.ui.widgets.button import Button
from tests.helpers.photos import plain as picture
from tests.helpers.small_company import AURORA
from tests.store_suite.world import new_row
from tests.ui.office import Office
from tests.ui.test_files import files_tab, states
from tests.ui.window import Window


def shown_place(window: Window) -> tuple[str, str]:
    """The name in the viewer, and where it says it stands."""
    viewer = window.find("file_viewer")
    assert isinstance(viewer, FileViewer)
    return viewer.title.text(), viewer.standing.text()


def test_the_arrows_leaf_through_the_pictures_and_end_at_the_first_and_the_last(
    window: Window, office: Office, tmp_path: Path
) -> None:
    tab = files_tab(window)
    for name in ("A.jpg", "B.jpg", "Terms.pdf", "C.jpg"):
        body = b"%PDF-1.7 x" if name.endswith("pdf") else picture("JPG", 200 + ord(name[0]), 90)
        (tmp_path / name).write_bytes(body)
    tab.add([tmp_path / name for name in ("A.jpg", "B.jpg", "Terms.pdf", "C.jpg")])
    window.until(lambda: len(tab.strip.photos) == 3 and len(states(tab)) == 4)
    window.settle()
    names = [photo.name for photo in tab.strip.photos]
    tab.strip.setFocus()
    window.key(Qt.Key.Key_Return)
    window.until(lambda: window.find("file_viewer").isVisible())
    back, on = (window.find(name, Button) for name in ("file_previous", "file_next"))
    assert (shown_place(window), back.isEnabled()) == ((names[0], "1 of 3"), False)
    window.key(Qt.Key.Key_Left)
    window.settle()
    assert shown_place(window) == (names[0], "1 of 3"), "there is none before the first"
    for at in (1, 2):
        window.key(Qt.Key.Key_Right)
        window.until(lambda at=at: shown_place(window) == (names[at], f"{at + 1} of 3"))  # type: ignore[misc]
    assert (back.isEnabled(), on.isEnabled()) == (True, False)
    window.key(Qt.Key.Key_Right)
    window.settle()
    assert shown_place(window) == (names[2], "3 of 3"), "nor one behind the last"
    window.key(Qt.Key.Key_Tab)
    assert back.hasFocus(), "Tab goes round the buttons that can be pressed"
    for at in (1, 0):
        window.key(Qt.Key.Key_Return)
        window.until(lambda at=at: shown_place(window)[0] == names[at])  # type: ignore[misc]
    assert on.hasFocus(), "the focus leaves a button that leads nowhere any more"
    viewer = window.find("file_viewer")
    window.key(Qt.Key.Key_Escape)
    window.until(lambda: not viewer.isVisible())
    assert tab.strip.hasFocus()


def test_a_picture_on_the_way_that_is_not_here_is_told_of_in_the_viewer_and_passed_over(
    window: Window, office: Office, tmp_path: Path
) -> None:
    tab = files_tab(window)
    (tmp_path / "Mine.jpg").write_bytes(picture("JPG"))
    tab.add([tmp_path / "Mine.jpg"])
    named = {"name": "Theirs.png", "media_type": "image/png", "size": 9, "sha256": "0" * 64}
    with office.database.write("office") as tx:
        new_row(tx, "attachment", account_id=AURORA, **named)  # type: ignore[arg-type]
    window.sync()
    window.until(lambda: len(states(tab)) == 2)
    window.settle()
    order = [row.name for row in tab.rows_by_id.values()]
    tab.open_file(next(row.id for row in tab.rows_by_id.values() if row.name == "Mine.jpg"))
    window.until(lambda: window.find("file_viewer").isVisible())
    step = (Qt.Key.Key_Left, Qt.Key.Key_Right)[order.index("Theirs.png")]
    window.key(step)
    window.until(lambda: shown_place(window)[0] == "Theirs.png")
    viewer = window.find("file_viewer", FileViewer)
    assert "next sync" in viewer.words.text()
    assert not window.find("file_save", Button).isEnabled(), "there is nothing to save yet"
    assert not tab.refused.isVisible()
    window.key(Qt.Key.Key_Left if step == Qt.Key.Key_Right else Qt.Key.Key_Right)
    window.until(lambda: shown_place(window)[0] == "Mine.jpg")
    assert window.find("file_picture").isVisible()
