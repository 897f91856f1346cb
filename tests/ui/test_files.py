"""Files of an account in the real window: added, seen, brought, saved; what is left out of photos; what attacks."""

from collections.abc import Callable
from pathlib import Path
from threading import Event
from typing import Any

import pytest
from PySide6.QtCore import QMimeData, QPointF, QSize, Qt, QUrl
from PySide6.QtGui import QColor, QDropEvent, QImage
from PySide6.QtWidgets import QApplication, QFileDialog, QLabel, QWidget

from fieldrep.contract.files import hash_of
from fieldrep.pictures.decoder import Decoder
from fieldrep.queries.attachments import files_of_account
from fieldrep.sync.files import FilePolicy
from fieldrep.ui.account.files import FilesTab
from fieldrep.ui.sync.files import TravellingTab
from fieldrep.ui.widgets.text import Text
from sync_server.store.files import is_whole, set_quota
from tests.helpers.photos import TELLTALE, decoded, endless, hostile, jpeg
from tests.helpers.photos import plain as picture
from tests.helpers.small_company import AURORA, HARBOR
from tests.store_suite.world import new_row
from tests.ui.office import Office
from tests.ui.test_orders_page import rows
from tests.ui.window import Window


def files_tab(window: Window) -> FilesTab:
    window.choose("Aurora Foods") if window.record.account_id != AURORA else None
    window.record.tabs.open("files")
    tab = window.record.tabs.body("files")
    assert isinstance(tab, FilesTab)
    window.settle()
    return tab


def states(tab: FilesTab) -> list[str]:
    grid = tab.table.grid
    return [grid.index(row, grid.columnCount() - 1).data() for row in range(grid.rowCount())]


@pytest.fixture
def chosen(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """What the person chooses in the dialogs."""

    def choose(*paths: Path, save: Path | None = None) -> None:
        monkeypatch.setattr(QFileDialog, "getOpenFileNames", lambda *_: ([str(path) for path in paths], ""))
        monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(save or ""), ""))

    return choose


def test_a_photo_is_added_offline_seen_and_reaches_the_office(
    window: Window, office: Office, tmp_path: Path, chosen: Callable[..., None]
) -> None:
    photo = tmp_path / "Shelf.jpg"
    photo.write_bytes(picture("JPG"))
    tab = files_tab(window)
    office.shut()
    chosen(photo, save=tmp_path / "saved.jpg")
    window.click("files_add")
    window.until(lambda: states(tab) == ["Waiting to sync"], "the file is not listed")
    bar = window.record.tabs.bar
    window.until(lambda: bar.tabText(bar.count() - 1) == "Files  1", "the tab does not count it")
    assert all(column.title for column in tab.table.grid.columns)

    tab.table.setFocus()
    window.key(Qt.Key.Key_Return)
    window.until(lambda: window.find("file_picture").isVisible(), "the picture is not shown")
    label = window.find("file_picture", QLabel)
    assert isinstance(label, QLabel)
    assert label.pixmap().size() == QSize(640, 480)
    window.click("file_save")
    assert (tmp_path / "saved.jpg").read_bytes() == photo.read_bytes()

    office.open()
    window.sync()
    window.until(lambda: states(tab) == ["On this laptop"], "the file did not go up")
    (row,) = office.rows("attachment")
    assert (row["name"], row["sha256"]) == ("Shelf.jpg", hash_of(photo.read_bytes()))
    with office.database.beside() as session:
        assert is_whole(session, row["id"])  # type: ignore[arg-type]


def test_what_is_no_picture_is_never_opened_and_what_is_too_large_is_refused_in_a_sentence(
    window: Window, office: Office, tmp_path: Path
) -> None:
    program = tmp_path / "holiday.jpg"
    program.write_bytes(b"MZ\x90" + bytes(100))
    film = tmp_path / "film.mp4"
    with film.open("wb") as file:
        file.truncate(10_000_001)
    tab = files_tab(window)
    dropped = QMimeData()
    dropped.setUrls([QUrl.fromLocalFile(str(path)) for path in (program, film)])
    copy, left, none = Qt.DropAction.CopyAction, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    tab.dropEvent(QDropEvent(QPointF(5, 5), copy, dropped, left, none))
    window.until(lambda: len(states(tab)) == 1 and tab.refused.isVisible(), "nothing was added or refused")
    said = " ".join(text.text() for text in tab.refused.findChildren(Text))
    assert "larger than 10 MB" in said
    tab.table.setFocus()
    window.key(Qt.Key.Key_Return)
    window.until(lambda: window.find("file_viewer").isVisible())
    viewer = window.find("file_viewer")
    assert "not opened here" in " ".join(text.text() for text in viewer.findChildren(Text))
    window.key(Qt.Key.Key_Escape)
    window.until(lambda: not viewer.isVisible(), "Escape does not close the viewer")


def test_a_colleagues_photo_is_brought_from_the_office_when_it_is_opened(
    window: Window, office: Office, tmp_path: Path
) -> None:
    from sync_server.store.files import take

    body = picture("PNG")
    with office.database.write("office") as tx:
        named = {"name": "Door.png", "media_type": "image/png", "size": len(body), "sha256": hash_of(body)}
        row_id = new_row(tx, "attachment", account_id=AURORA, **named)  # type: ignore[arg-type]
        row = tx.row("attachment", row_id)
    assert row is not None
    window.sync()
    tab = files_tab(window)
    window.until(lambda: states(tab) == ["Not on this laptop"])
    tab.table.setFocus()
    window.key(Qt.Key.Key_Return)
    window.until(tab.refused.isVisible, "nothing is said about a file that has not arrived")
    window.until(lambda: states(tab) == ["Asked for"])
    with office.database.beside() as session:
        assert take(session, row, bytes(16), 0, body) == (len(body), True)
    tab.table.setFocus()
    window.key(Qt.Key.Key_Return)
    window.until(lambda: states(tab) == ["On this laptop"], "the file was not brought")
    window.until(lambda: window.find("file_picture").isVisible())


def test_small_pictures_that_cannot_be_read_are_counted_beside_those_that_are_shown(
    window: Window, office: Office, tmp_path: Path
) -> None:
    sound = picture("JPG", 120, 90)
    with office.database.write("office") as tx:
        for number, thumb in enumerate((hostile()["10 gigapixels"], b"\xff\xd8\xff" + bytes(500), sound)):
            named = {
                "name": f"{number}.jpg",
                "media_type": "image/jpeg",
                "size": 9,
                "sha256": f"{number}" * 64,
            }
            new_row(tx, "attachment", account_id=AURORA, thumb=thumb, **named)  # type: ignore[arg-type]
    window.sync()
    tab = files_tab(window)
    window.until(
        lambda: [photo.name for photo in tab.strip.photos] == ["2.jpg"], "the sound one is not shown"
    )
    assert "2 small pictures could not be read" in tab.note.text()


def test_several_photos_are_dropped_onto_a_visit_and_their_small_pictures_are_on_every_laptop(
    window: Window, office: Office, tmp_path: Path
) -> None:
    tab = files_tab(window)
    window.until(lambda: tab.belongs.count() > 1, "nothing to choose from")
    chosen = next(at for at in range(tab.belongs.count()) if tab.belongs.itemText(at).startswith("Contact"))
    tab.belongs.setCurrentIndex(chosen)
    dropped = QMimeData()
    paths = [tmp_path / f"Shelf {number}.jpg" for number in range(3)]
    for number, path in enumerate(paths):
        path.write_bytes(picture("JPG", 300 + number, 200))
    dropped.setUrls([QUrl.fromLocalFile(str(path)) for path in paths])
    copy, left, none = Qt.DropAction.CopyAction, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    tab.dropEvent(QDropEvent(QPointF(5, 5), copy, dropped, left, none))
    window.until(lambda: len(tab.strip.photos) == 3, "the small pictures are not shown")
    assert tab.strip.isVisible()
    assert {tab.table.grid.index(row, 1).data().split()[0] for row in range(3)} == {"Contact"}
    tab.strip.setFocus()
    window.key(Qt.Key.Key_Right)
    assert "2 of 3" in tab.strip.accessibleName()
    window.key(Qt.Key.Key_Return)
    window.until(lambda: window.find("file_picture").isVisible(), "the picture is not shown")
    window.key(Qt.Key.Key_Escape)
    window.sync()
    rows = office.rows("attachment")
    assert len({row["contact_id"] for row in rows}) == 1
    assert all(row["thumb"] and row["account_id"] == AURORA for row in rows)


def test_a_picture_is_pasted_and_nothing_is_said_to_be_nothing(window: Window, office: Office) -> None:
    tab = files_tab(window)
    image = QImage(320, 200, QImage.Format.Format_RGB32)
    image.fill(QColor("#aa3344"))
    QApplication.clipboard().setImage(image)
    tab.table.setFocus() if tab.table.isVisible() else tab.strip.setFocus()
    tab.belongs.setFocus()
    window.key(Qt.Key.Key_V, Qt.KeyboardModifier.ControlModifier)
    window.until(lambda: len(tab.strip.photos) == 1, "what was pasted is not there")
    assert tab.strip.photos[0].name.startswith("Pasted ")
    window.sync()
    assert [row["media_type"] in ("image/png", "image/jpeg") for row in office.rows("attachment")] == [True]
    QApplication.clipboard().setText("just words")
    tab.belongs.setFocus()
    window.key(Qt.Key.Key_V, Qt.KeyboardModifier.ControlModifier)
    window.until(tab.refused.isVisible, "nothing is said")


def test_the_sync_page_lists_files_on_their_way_and_keeps_the_chosen_budgets(
    window: Window, office: Office, tmp_path: Path
) -> None:
    with office.database.write("office") as tx:
        set_quota(tx.session, "person", 10)
    photo = tmp_path / "Shelf.jpg"
    photo.write_bytes(picture("JPG"))
    tab = files_tab(window)
    tab.add([photo])
    window.until(lambda: states(tab) in (["Waiting to sync"], ["Not taken yet"]), "the file is not listed")
    window.sync()
    window.until(lambda: states(tab) == ["Not taken yet"], "nobody says that the quota is full")
    window.shell.go("sync")
    window.sync_page.tabs.open("files")
    travelling = window.sync_page.files
    assert isinstance(travelling, TravellingTab)
    grid = travelling.table.grid
    window.until(lambda: grid.rowCount() == 1, "the queue is empty")
    cells = [grid.index(0, at).data() for at in range(grid.columnCount())]
    assert cells[:2] == ["Shelf.jpg", "To the office"]
    assert "come to more than" in cells[-1]
    travelling.metered.choose("0")
    travelling.brought.choose("50")
    program = window.program
    assert (program.settings.metered_files_mb, program.settings.brought_files_mb) == (0, 50)
    program.syncing.meter(True)
    policy = program.doors.file_policy() if program.doors.file_policy else None
    assert policy == FilePolicy(metered=True, on_metered=0, brought=50_000_000)
    with office.database.write("office") as tx:
        set_quota(tx.session, "person", 10**9)
    window.sync()
    window.until(lambda: grid.rowCount() == 1, "on a metered line it waits")
    program.syncing.meter(False)
    window.sync()
    window.until(lambda: grid.rowCount() == 0, "it did not go up")


def test_a_file_added_before_the_tab_has_answered_belongs_to_the_account_that_is_shown(
    window: Window, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    photo = tmp_path / "Shelf.jpg"
    photo.write_bytes(picture("JPG"))
    tab = files_tab(window)
    assert tab.belongs.currentText() == "This account"
    ask, disk = window.program.doors.query, Event()

    def slowly(fn: Callable[..., Any], /, **kw: Any) -> Any:
        if fn is files_of_account:
            disk.wait()
        return ask(fn, **kw)

    monkeypatch.setattr(window.program.doors, "query", slowly)
    try:
        window.choose("Blue Harbor Hotels")
        window.until(lambda: tab.account_id == HARBOR)
        tab.add([photo])
    finally:
        disk.set()
    window.until(lambda: states(tab) != [], "the file is not listed")
    assert rows(window, "SELECT account_id FROM attachment") == [(HARBOR,)]


def words_of(widget: QWidget) -> str:
    return " ".join(text.text() for text in widget.findChildren(Text) if text.isVisible())


def open_first(window: Window, tab: FilesTab, name: str) -> QWidget:
    """Opens the file of that name in the viewer."""
    row = next(row for row in tab.rows_by_id.values() if row.name == name)
    tab.open_file(row.id)
    window.until(
        lambda: tab.viewer is not None and tab.viewer.isVisible() and tab.viewer.title.text() == name,
        f"{name} is not shown",
    )
    return window.find("file_viewer")


def test_the_place_of_a_photo_is_left_out_turned_upright_and_all_of_it_is_said(
    window: Window, office: Office, tmp_path: Path
) -> None:
    paths = [tmp_path / "Shelf.jpg", tmp_path / "Door.jpg", tmp_path / "Yard.heic"]
    paths[0].write_bytes(jpeg(6))
    paths[1].write_bytes(jpeg(1, place=False))
    paths[2].write_bytes(b"\0\0\0\x18ftypheic" + bytes(200))
    tab = files_tab(window)
    assert "Places" in tab.note.text()
    assert tab.note.isVisible()
    tab.add(paths[:1])
    window.until(tab.noted.isVisible, "nobody says that something was left out")
    assert "The place it was taken at and what its camera noted were left out." in words_of(tab.noted)
    tab.add(paths[1:])
    window.until(lambda: len(states(tab)) == 3)
    window.until(lambda: "may name" in words_of(tab.noted), "nobody says that a place may be left in")
    assert "Yard.heic" in words_of(tab.noted)

    viewer = open_first(window, tab, "Shelf.jpg")
    assert "names no place and no camera" in words_of(viewer)
    label = window.find("file_picture", QLabel)
    assert isinstance(label, QLabel)
    assert label.pixmap().size() == QSize(48, 64), "it stands upright"
    window.key(Qt.Key.Key_Escape)
    assert "may name the place" in words_of(open_first(window, tab, "Yard.heic"))
    window.key(Qt.Key.Key_Escape)
    window.sync()
    window.until(lambda: states(tab) == ["On this laptop"] * 3, "the files did not go up")
    with office.database.read() as reader:
        parts = [bytes(part) for (part,) in reader.rows("SELECT part FROM file_part")]
    assert len(parts) == 3
    assert [told for told in TELLTALE for part in parts if told in part] == []
    shelf = next(row for row in office.rows("attachment") if row["name"] == "Shelf.jpg")
    sent = next(part for part in parts if hash_of(part) == shelf["sha256"])
    assert decoded(sent).size() == QSize(48, 64), "turned before its hash was made"
    assert b"Exif" not in sent
    assert tab.noted.isVisible()
    window.choose("Blue Harbor Hotels")
    window.until(lambda: not tab.noted.isVisible(), "it is said of another account")


def test_a_picture_made_to_harm_takes_down_its_decoder_alone_and_is_told_in_a_sentence(
    window: Window, office: Office, tmp_path: Path
) -> None:
    window.program.desk._decoder = Decoder(seconds=3)
    bodies = {"Endless.jpg": endless(), "Flood.png": hostile()["10 gigapixels"], "Shelf.jpg": picture("JPG")}
    for name, body in bodies.items():
        (tmp_path / name).write_bytes(body)
    tab = files_tab(window)
    tab.add([tmp_path / name for name in bodies])
    window.until(lambda: len(states(tab)) == 3, "one of them was not added")
    window.until(lambda: [photo.name for photo in tab.strip.photos] == ["Shelf.jpg"], "one small picture")
    assert "took too long to be read" in words_of(open_first(window, tab, "Endless.jpg"))
    window.key(Qt.Key.Key_Escape)
    assert "damaged or too large" in words_of(open_first(window, tab, "Flood.png"))
    window.key(Qt.Key.Key_Escape)
    open_first(window, tab, "Shelf.jpg")
    assert window.find("file_picture").isVisible()
    assert window.errors == []


def test_no_picture_that_was_seen_lies_readable_on_the_disk(
    window: Window, office: Office, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    for name in ("TMPDIR", "TEMP", "TMP", "HOME", "XDG_RUNTIME_DIR", "XDG_CACHE_HOME"):
        monkeypatch.setenv(name, str(scratch))
    monkeypatch.chdir(scratch)
    outside = tmp_path / "camera" / "Shelf.jpg"
    outside.parent.mkdir()
    outside.write_bytes(jpeg(6, wide=640, tall=480))
    tab = files_tab(window)
    tab.add([outside])
    window.until(lambda: len(tab.strip.photos) == 1, "no small picture")
    open_first(window, tab, "Shelf.jpg")
    row = next(iter(tab.rows_by_id.values()))
    body = window.program.doors.bring_file(row.id)
    label = window.find("file_picture", QLabel)
    assert isinstance(label, QLabel)
    image = label.pixmap().toImage()
    seen = (*TELLTALE, body[100:132], body[-40:-8], bytes(image.constScanLine(image.height() // 2))[:64])
    files = [
        file
        for file in tmp_path.rglob("*")
        if file.is_file() and file != outside and "office" not in file.relative_to(tmp_path).parts
    ]
    assert any(file.name.startswith("replica") for file in files)
    assert [(file.name, told) for file in files for told in seen if told in file.read_bytes()] == []
