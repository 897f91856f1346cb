"""Files of an account in the real window: added, seen, brought from the office, saved; and pictures that attack."""

import random
import struct
import zlib
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest
from PySide6.QtCore import QBuffer, QIODevice, QMimeData, QPointF, QSize, Qt, QUrl
from PySide6.QtGui import QColor, QDropEvent, QImage
from PySide6.QtWidgets import QApplication, QFileDialog, QLabel

from fieldrep.contract.files import MAX_THUMB, hash_of
from fieldrep.sync.files import FilePolicy
from fieldrep.ui.account.files import FilesTab
from fieldrep.ui.pictures import file_of, picture_of, shown_thumb, thumb_of
from fieldrep.ui.sync.files import TravellingTab
from fieldrep.ui.widgets.text import Text
from sync_server.store.files import is_whole, set_quota
from tests.helpers.small_company import AURORA
from tests.store_suite.world import new_row
from tests.ui.office import Office
from tests.ui.window import Window

BOX = QSize(900, 560)


def picture(kind: str, wide: int = 640, tall: int = 480) -> bytes:
    image = QImage(wide, tall, QImage.Format.Format_RGB32)
    image.fill(QColor("#2f6f4f"))
    buffer = QBuffer()
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    assert image.save(buffer, kind)  # type: ignore[call-overload]
    return bytes(buffer.data().data())


def _chunk(name: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))


def flood(wide: int, tall: int) -> bytes:
    """A small PNG whose header promises that many pixels."""
    head = _chunk(b"IHDR", struct.pack(">IIBBBBB", wide, tall, 8, 6, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + head + _chunk(b"IDAT", zlib.compress(bytes(100))) + _chunk(b"IEND", b"")


def hostile_pictures() -> dict[str, bytes]:
    jpeg, png = picture("JPG"), picture("PNG")
    svg = b"<svg xmlns='http://www.w3.org/2000/svg' width='9' height='9'><rect width='9' height='9'/></svg>"
    return {
        "10 gigapixels": flood(100_000, 100_000),
        "most pixels there can be": flood(2**31 - 1, 2**31 - 1),
        "one line of two thousand million": flood(2**31 - 1, 1),
        "no pixels": flood(0, 0),
        "61 million": flood(61_000_000, 1),
        "svg": svg,
        "svg behind a byte order mark": b"\xef\xbb\xbf" + svg,
        "html": b"<html><img src=http://127.0.0.1:1/></html>",
        "program": b"MZ" + bytes(500),
        "bmp": picture("BMP"),
        "xpm": b"/* XPM */ static char *x[] = {};",
        "empty": b"",
        "jpeg head alone": jpeg[:3],
        "jpeg without a frame": jpeg[:20],
        "png head alone": png[:8],
        "png cut in its header": png[:20],
        "png with a wrong sum": png[:29] + bytes(4) + png[33:],
    }


@pytest.mark.no_qt_log
def test_no_hostile_picture_is_decoded_or_costs_memory(qapp: object) -> None:
    before = psutil.Process().memory_info().rss
    for name, body in hostile_pictures().items():
        assert picture_of(body, BOX) is None, name
    assert psutil.Process().memory_info().rss - before < 200_000_000


@pytest.mark.no_qt_log
def test_cut_pictures_and_polyglots_end_in_a_picture_or_in_none(qapp: object) -> None:
    jpeg, png = picture("JPG"), picture("PNG")
    for body in (jpeg, png):
        for cut in range(0, len(body), max(1, len(body) // 25)):
            found = picture_of(body[:cut], BOX)
            assert found is None or (found.width() <= 900 and found.height() <= 560)
    script = b"<script>alert(1)</script>"
    for body in (jpeg + script, png + script):
        found = picture_of(body, BOX)
        assert found is not None
        assert found.size() == QSize(640, 480)
    large = picture_of(picture("JPG", 4000, 3000), BOX)
    assert large is not None
    assert large.height() == 560


@pytest.mark.no_qt_log
def test_small_pictures_are_small_flat_and_made_of_pictures_alone(qapp: object) -> None:
    noise = QImage(1600, 1200, QImage.Format.Format_RGB32)
    bits = noise.bits()
    bits[:] = random.Random(1).randbytes(len(bits))
    bodies = [picture("JPG", 4000, 3000), picture("PNG", 30, 3000), file_of(noise)]
    for body in bodies:
        thumb = thumb_of(body)
        assert 0 < len(thumb) <= MAX_THUMB
        shown = shown_thumb(thumb)
        assert shown is not None
        assert shown.width() <= 160
        assert shown.height() <= 120
    for body in hostile_pictures().values():
        assert thumb_of(body) == b""
        assert shown_thumb(body[:MAX_THUMB]) is None
    assert shown_thumb(picture("JPG", 2000, 1500)[:MAX_THUMB]) is None, "a record's small picture is small"


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
    window.until(lambda: states(tab) == ["In the office"])
    tab.table.setFocus()
    window.key(Qt.Key.Key_Return)
    window.until(tab.refused.isVisible, "nothing is said about a file that has not arrived")
    window.until(lambda: states(tab) == ["Comes with the next sync"])
    with office.database.beside() as session:
        assert take(session, row, bytes(16), 0, body) == (len(body), True)
    tab.table.setFocus()
    window.key(Qt.Key.Key_Return)
    window.until(lambda: states(tab) == ["On this laptop"], "the file was not brought")
    window.until(lambda: window.find("file_picture").isVisible())


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
