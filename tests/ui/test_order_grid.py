"""EditGrid by real keys: Enter order, editing, the blank line, paste, remove, and what stays when rows change."""

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QPalette
from PySide6.QtWidgets import QApplication, QLineEdit, QStyleOptionViewItem
from pytestqt.qtbot import QtBot

from fieldrep.ui.order import sheet
from fieldrep.ui.style.theme import Theme, current
from fieldrep.ui.style.tokens import Tone
from fieldrep.ui.widgets.editgrid import EditGrid
from fieldrep.ui.widgets.gridmodel import Cell, GridRow
from tests.ui.conftest import Stage
from tests.ui.gallery.orders import ORDER_COLUMNS, sample_lines


@pytest.fixture
def grid(stage: Stage) -> EditGrid:
    grid = EditGrid(ORDER_COLUMNS, name="lines", label="Order lines", entry_column="sku")
    grid.set_rows(sample_lines())
    stage(grid, 920, 400)
    grid.setFocus()
    return grid


def editor(grid: EditGrid) -> QLineEdit:
    found = grid.findChild(QLineEdit, "cell_editor")
    assert found is not None
    return found


def place(grid: EditGrid) -> tuple[int, str]:
    index = grid.currentIndex()
    return index.row(), ORDER_COLUMNS[index.column()].key


def test_enter_goes_right_to_the_next_cell_that_can_be_edited_and_then_to_the_next_line(
    qtbot: QtBot, grid: EditGrid
) -> None:
    grid.go(0, "sku")
    seen = []
    for _ in range(4):
        qtbot.keyClick(grid, Qt.Key.Key_Return)
        seen.append(place(grid))
    assert seen == [(0, "qty"), (0, "discount"), (1, "sku"), (1, "qty")]


def test_typing_replaces_the_cell_and_enter_announces_the_edit(qtbot: QtBot, grid: EditGrid) -> None:
    edits: list[tuple[object, str, str]] = []
    grid.cell_edited.connect(lambda *edit: edits.append(edit))
    grid.go(1, "qty")
    qtbot.keyClick(grid, Qt.Key.Key_3)
    qtbot.keyClicks(editor(grid), "6")
    qtbot.keyClick(editor(grid), Qt.Key.Key_Return)
    assert edits == [(2, "qty", "36")]
    assert place(grid) == (1, "discount")
    assert grid.grid.index(1, grid.grid.column_at("qty")).data() == "36"


def test_escape_leaves_the_cell_as_it_was(qtbot: QtBot, grid: EditGrid) -> None:
    edits: list[object] = []
    grid.cell_edited.connect(lambda *edit: edits.append(edit))
    grid.go(1, "qty")
    qtbot.keyClick(grid, Qt.Key.Key_F2)
    assert editor(grid).text() == "12"
    qtbot.keyClicks(editor(grid), "99")
    qtbot.keyClick(editor(grid), Qt.Key.Key_Escape)
    assert edits == []
    assert grid.grid.index(1, grid.grid.column_at("qty")).data() == "12"


def test_an_edit_that_changes_nothing_is_not_announced(qtbot: QtBot, grid: EditGrid) -> None:
    edits: list[object] = []
    grid.cell_edited.connect(lambda *edit: edits.append(edit))
    grid.go(1, "qty")
    qtbot.keyClick(grid, Qt.Key.Key_F2)
    qtbot.keyClick(editor(grid), Qt.Key.Key_Return)
    assert edits == []


def test_computed_cells_cannot_be_typed_into(qtbot: QtBot, grid: EditGrid) -> None:
    grid.go(0, "total")
    qtbot.keyClick(grid, Qt.Key.Key_5)
    assert grid.findChild(QLineEdit, "cell_editor") is None


def test_the_blank_line_takes_a_new_sku(qtbot: QtBot, grid: EditGrid) -> None:
    entered: list[str] = []
    grid.line_entered.connect(entered.append)
    grid.go(len(grid.grid.rows), "sku")
    assert place(grid) == (5, "sku")
    qtbot.keyClick(grid, Qt.Key.Key_F2)
    qtbot.keyClicks(editor(grid), "401120 x 24")
    qtbot.keyClick(editor(grid), Qt.Key.Key_Return)
    assert entered == ["401120 x 24"]


def test_rows_of_a_spreadsheet_are_pasted_as_lines(qtbot: QtBot, grid: EditGrid) -> None:
    pasted: list[list[list[str]]] = []
    grid.lines_pasted.connect(pasted.append)
    QApplication.clipboard().setText("401120\t24\r\n210034\t 6 \r\n\r\n")
    qtbot.keyClick(grid, Qt.Key.Key_V, Qt.KeyboardModifier.ControlModifier)
    assert pasted == [[["401120", "24"], ["210034", "6"]]]


def test_delete_removes_the_selected_lines_but_never_the_blank_one(qtbot: QtBot, grid: EditGrid) -> None:
    removed: list[list[object]] = []
    grid.removed.connect(removed.append)
    grid.go(1, "qty")
    qtbot.keyClick(grid, Qt.Key.Key_Down, Qt.KeyboardModifier.ShiftModifier)
    qtbot.keyClick(grid, Qt.Key.Key_Delete)
    assert removed == [[2, 3]]
    grid.go(5, "sku")
    qtbot.keyClick(grid, Qt.Key.Key_Delete)
    assert removed == [[2, 3]]


def test_control_d_asks_for_the_same_value_on_the_selected_lines(qtbot: QtBot, grid: EditGrid) -> None:
    asked: list[tuple[str, list[object]]] = []
    grid.same_wanted.connect(lambda column, keys: asked.append((column, keys)))
    grid.go(0, "discount")
    qtbot.keyClick(grid, Qt.Key.Key_Down, Qt.KeyboardModifier.ShiftModifier)
    qtbot.keyClick(grid, Qt.Key.Key_D, Qt.KeyboardModifier.ControlModifier)
    assert asked == [("discount", [1, 2])]


def test_recomputed_rows_keep_the_place_and_an_open_editor(qtbot: QtBot, grid: EditGrid) -> None:
    grid.go(2, "qty")
    qtbot.keyClick(grid, Qt.Key.Key_F2)
    rows = sample_lines()
    rows[0] = GridRow(1, (*rows[0].cells[:-1], Cell("€ 1.00")))
    grid.set_rows(rows)
    assert editor(grid).isVisible()
    assert grid.grid.index(0, grid.grid.columnCount() - 1).data() == "€ 1.00"
    qtbot.keyClick(editor(grid), Qt.Key.Key_Escape)
    grid.set_rows(rows[:2])
    assert place(grid)[0] == 2


def test_what_is_being_typed_stays_when_the_rows_come_anew_or_others_come(
    qtbot: QtBot, grid: EditGrid
) -> None:
    edits: list[tuple[object, str, str]] = []
    grid.cell_edited.connect(lambda *edit: edits.append(edit))
    grid.go(1, "qty")
    qtbot.keyClick(grid, Qt.Key.Key_3)
    grid.set_rows(sample_lines())
    assert editor(grid).text() == "3"
    qtbot.keyClicks(editor(grid), "6")
    grid.set_rows(sample_lines()[1:])
    now = QApplication.focusWidget()
    assert isinstance(now, QLineEdit)
    assert now.text() == "36"
    assert place(grid) == (0, "qty"), "its row stands elsewhere now"
    qtbot.keyClick(now, Qt.Key.Key_5)
    qtbot.keyClick(now, Qt.Key.Key_Return)
    assert edits == [(2, "qty", "365")]


def test_the_current_line_is_told_and_is_none_on_the_blank_line(grid: EditGrid) -> None:
    told: list[object] = []
    grid.current_changed.connect(told.append)
    grid.go(3, "qty")
    grid.go(5, "sku")
    assert told == [4, None]


def test_a_cell_keeps_its_tone_while_its_row_is_selected(grid: EditGrid) -> None:
    option = QStyleOptionViewItem()
    index = grid.grid.index(3, grid.grid.column_at("stock"))
    grid.itemDelegate().initStyleOption(option, index)
    tone = current().ink(Tone.DANGER)
    assert option.palette.color(QPalette.ColorRole.HighlightedText).name().upper() == tone


def test_a_problem_is_told_to_screen_readers_and_in_the_tooltip(grid: EditGrid) -> None:
    index = grid.grid.index(2, grid.grid.column_at("discount"))
    assert index.data(Qt.ItemDataRole.ToolTipRole) == "Past your limit of 12 %"
    assert index.data(Qt.ItemDataRole.AccessibleTextRole) == "Discount: 14.0 %, Past your limit of 12 %"


def test_a_narrow_grid_hides_the_column_it_can_spare(grid: EditGrid) -> None:
    at = grid.grid.column_at("list")
    assert not grid.isColumnHidden(at)
    grid.resize(800, 400)
    assert grid.isColumnHidden(at)
    grid.resize(920, 400)
    assert not grid.isColumnHidden(at)


@pytest.mark.parametrize("scale", [100, 130])
def test_no_figure_is_cut_and_the_product_keeps_its_room(stage: Stage, theme: Theme, scale: int) -> None:
    theme.choose_scale(scale)
    grid = EditGrid(sheet.COLUMNS, name="priced", label="Order lines")
    prices = {
        "list": "€ 11,154.27",
        "net": "€ 10,154.27",
        "stock": "11,012 of 12,000",
        "total": "€ 1,230,308.54",
    }
    stage(grid, 930, 300)
    grid.set_rows(
        [
            GridRow(
                1,
                tuple(Cell(prices.get(one.key, "12 %" if one.numeric else "case")) for one in sheet.COLUMNS),
            )
        ]
    )
    shown = [at for at, one in enumerate(sheet.COLUMNS) if one.numeric and not grid.isColumnHidden(at)]
    assert {"qty", "discount", "stock", "total"} <= {sheet.COLUMNS[at].key for at in shown}
    cut = [
        sheet.COLUMNS[at].key
        for at in shown
        if grid.columnWidth(at) < grid.sizeHintForIndex(grid.grid.index(0, at)).width()
    ]
    assert cut == []
    if scale == 100:
        assert grid.columnWidth(grid.grid.column_at("product")) >= 190


def test_a_very_narrow_grid_keeps_what_tells_its_lines_apart(stage: Stage, theme: Theme) -> None:
    grid = EditGrid(sheet.COLUMNS, name="narrow", label="Order lines")
    stage(grid, 466, 300)
    figures = {"qty": "24", "stock": "11 of 12", "total": "€ 297.12"}
    cells = tuple(Cell(figures.get(one.key, "12 %" if one.numeric else "case")) for one in sheet.COLUMNS)
    grid.set_rows([GridRow(1, cells)])
    shown = [one.key for at, one in enumerate(sheet.COLUMNS) if not grid.isColumnHidden(at)]
    assert shown == ["sku", "product", "qty", "unit", "total"]
    assert grid.columnWidth(grid.grid.column_at("product")) >= 96
    assert grid.horizontalHeader().length() <= grid.viewport().width()
