"""Tokens, fonts, icons and theme: readable contrast, four real weights, a switch that reaches every widget."""

from itertools import product

import pytest
from PySide6.QtCore import QCoreApplication, QEvent, QRect, Qt
from PySide6.QtGui import QColor, QFont, QImage, QPainter, QPalette
from PySide6.QtWidgets import QApplication, QTabBar
from pytestqt.qtbot import QtBot

from fieldrep.ui.shell import AppShell
from fieldrep.ui.style.fonts import FAMILY, font, metrics, text_scale
from fieldrep.ui.style.icons import pixmap
from fieldrep.ui.style.qss import stylesheet
from fieldrep.ui.style.theme import Look, Theme, _from_system, current
from fieldrep.ui.style.tokens import DARK, LIGHT, Tokens, Tone
from fieldrep.ui.widgets.editgrid import EditGrid
from fieldrep.ui.widgets.gridmodel import Cell, Column, GridRow
from fieldrep.ui.widgets.paint import draw_text
from fieldrep.ui.widgets.table import Table
from fieldrep.ui.widgets.text import ElidedText, Text
from tests.screens.fit import clipped, too_large
from tests.ui.conftest import Stage
from tests.ui.gallery import SPECS, build_shell
from tests.ui.names import nameless, without_object_name
from tests.ui.window import Window

BOTH = pytest.mark.parametrize("tokens", [LIGHT, DARK], ids=lambda tokens: tokens.name)


def _luminance(colour: str) -> float:
    def linear(part: float) -> float:
        return part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4

    red, green, blue, _ = QColor(colour).getRgbF()
    return 0.2126 * linear(red) + 0.7152 * linear(green) + 0.0722 * linear(blue)


def contrast(one: str, other: str) -> float:
    light, dark = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


@BOTH
def test_every_text_is_readable_on_every_ground_it_stands_on(tokens: Tokens) -> None:
    grounds = (tokens.canvas, tokens.surface, tokens.raised, tokens.hover, tokens.selected)
    inks = (tokens.text, tokens.text2, tokens.text3, tokens.accent_text)
    for ink, ground in product(inks, grounds):
        assert contrast(ink, ground) >= 4.5, (ink, ground)


@BOTH
@pytest.mark.parametrize("tone", Tone)
def test_a_tone_is_readable_on_its_soft_fill_and_on_lists(tokens: Tokens, tone: Tone) -> None:
    for ground in (tokens.soft(tone), tokens.surface, tokens.selected, tokens.hover):
        assert contrast(tokens.ink(tone), ground) >= 4.5, ground


@BOTH
def test_filled_buttons_toasts_and_count_badges_are_readable(tokens: Tokens) -> None:
    for fill in (tokens.accent, tokens.accent_hover, tokens.accent_press):
        assert contrast(tokens.on_accent, fill) >= 4.5
    assert contrast(tokens.toast_text, tokens.toast) >= 4.5
    assert contrast(tokens.toast_action, tokens.toast) >= 4.5
    for tone in (Tone.NEUTRAL, Tone.WARNING, Tone.DANGER):
        assert contrast(tokens.canvas, tokens.ink(tone)) >= 4.5


@BOTH
def test_borders_of_inputs_focus_and_chart_marks_stand_out(tokens: Tokens) -> None:
    charts = (tokens.chart1, tokens.chart2, tokens.chart3, tokens.chart4, tokens.chart5)
    for mark in (tokens.border_strong, tokens.focus, *charts):
        assert contrast(mark, tokens.surface) >= 3


def test_in_high_contrast_what_is_chosen_stands_out_and_stays_readable(qapp: QApplication) -> None:
    palette = QPalette()
    role = QPalette.ColorRole
    for ground, ink, mark in (("#000000", "#ffffff", "#ffff00"), ("#ffffff", "#000000", "#37006e")):
        palette.setColor(role.Window, QColor(ground))
        palette.setColor(role.WindowText, QColor(ink))
        palette.setColor(role.Highlight, QColor(mark))
        tokens = _from_system(palette)
        assert tokens.accent_text == mark
        assert tokens.selected not in (ground, ink)
        assert contrast(tokens.text, tokens.selected) >= 4.5
        assert contrast(tokens.accent_text, tokens.selected) >= 4.5


@pytest.mark.parametrize("text", ["+31 10 411 2277", "€ 1,719", "3 need you", "147 d ago"])
def test_numbers_read_the_same_in_a_mirrored_window(theme: Theme, text: str) -> None:
    def drawn(way: Qt.LayoutDirection) -> QImage:
        image = QImage(200, 30, QImage.Format.Format_RGB32)
        image.fill(QColor("white"))
        painter = QPainter(image)
        painter.setLayoutDirection(way)
        draw_text(painter, QRect(0, 0, 200, 30), text, "ui", "#000000", right=True)
        painter.end()
        return image

    def labelled(way: Qt.LayoutDirection, side: Qt.AlignmentFlag) -> QImage:
        label = ElidedText(text, "ui")
        label.setLayoutDirection(way)
        label.setAlignment(side)
        label.resize(200, 30)
        return label.grab().toImage()

    left, right = Qt.LayoutDirection.LeftToRight, Qt.LayoutDirection.RightToLeft
    assert drawn(right) == drawn(left)
    assert labelled(right, Qt.AlignmentFlag.AlignLeft) == labelled(left, Qt.AlignmentFlag.AlignRight)


@pytest.mark.parametrize("text", ["+31 10 411 2277", "€ 1,719", "-12.5 %", "3 · Oat drink (1 l)"])
@pytest.mark.parametrize("kind", [Table, EditGrid])
def test_cells_of_tables_read_the_same_in_a_mirrored_window(
    stage: Stage, kind: type[EditGrid], text: str
) -> None:
    def cell(way: Qt.LayoutDirection, *, numeric: bool) -> QImage:
        grid = kind((Column("one", "", numeric=numeric),), name="grid", label="Grid")
        grid.setLayoutDirection(way)
        grid.set_rows([GridRow(1, (Cell(text),))])
        stage(grid, 220, 90)
        grid.clearFocus()
        return grid.viewport().grab().toImage()

    left, right = Qt.LayoutDirection.LeftToRight, Qt.LayoutDirection.RightToLeft
    assert cell(right, numeric=False) == cell(left, numeric=True)


def _ink(kind: str) -> int:
    """How dark a word is drawn: the sum over its pixels."""
    image = QImage(240, 40, QImage.Format.Format_Grayscale8)
    image.fill(QColor("white"))
    painter = QPainter(image)
    painter.setFont(font(kind))
    painter.drawText(4, 28, "Aurora Dairy")
    painter.end()
    return sum(255 - image.pixelColor(x, y).red() for x in range(240) for y in range(40))


def test_the_weights_of_inter_are_drawn_apart(theme: Theme) -> None:
    regular, medium, bold = _ink("body"), _ink("row"), _ink("strong")
    assert regular * 1.05 < medium < bold * 0.95
    assert font("body").family() == FAMILY


def test_figures_are_all_of_one_width_where_columns_need_it(theme: Theme) -> None:

    tabular = metrics("small", figures=True)
    assert tabular.horizontalAdvance("1111") == tabular.horizontalAdvance("0000")
    assert metrics("small").horizontalAdvance("1111") < metrics("small").horizontalAdvance("0000")


def test_an_icon_takes_the_colour_it_is_asked_for(theme: Theme) -> None:
    image = pixmap("check", "#FF0000", 32).toImage()
    colours = {
        image.pixelColor(x, y).name()
        for x in range(32)
        for y in range(32)
        if image.pixelColor(x, y).alpha() > 250
    }
    assert colours == {"#ff0000"}


def test_an_unknown_icon_is_an_error_not_an_empty_square() -> None:
    with pytest.raises(KeyError):
        pixmap("no-such-icon", "#000000", 16)


def test_switching_the_theme_repaints_every_widget_in_the_new_tokens(shell: AppShell, theme: Theme) -> None:
    assert current() is LIGHT
    theme.choose(Look.DARK)
    QApplication.processEvents()
    assert current() is DARK
    grab = shell.grab().toImage()
    assert grab.pixelColor(2, 2).name().upper() == DARK.canvas
    assert grab.pixelColor(440, 60).name().upper() == DARK.surface
    theme.toggle()
    QApplication.processEvents()
    assert shell.grab().toImage().pixelColor(2, 2).name().upper() == LIGHT.canvas


@pytest.mark.parametrize("page", [spec[0] for spec in SPECS])
@pytest.mark.parametrize("scale", [100, 130])
def test_pages_fit_the_first_window_without_cut_words(
    shell: AppShell, theme: Theme, page: str, scale: int
) -> None:
    theme.choose_scale(scale)
    shell.go(page)
    QApplication.processEvents()
    assert too_large(shell) == []
    assert clipped(shell.stack.currentWidget()) == []


@pytest.mark.parametrize("page", [spec[0] for spec in SPECS])
def test_every_control_has_a_name_for_screen_readers_and_for_tests(shell: AppShell, page: str) -> None:
    shell.go(page)
    QApplication.processEvents()
    assert nameless(shell) == []
    assert without_object_name(shell) == []


def test_every_word_grows_with_the_text_size_and_shrinks_again(window: Window, theme: Theme) -> None:
    def wrong() -> list[str]:
        labels = [one for one in window.shell.findChildren(Text) if one.font() != _meant(one)]
        bars = [one for one in window.shell.findChildren(QTabBar) if one.font() != font("control")]
        return [f"{one.text()!r} has {one.font().pixelSize()} px" for one in labels] + [
            one.objectName() for one in bars
        ]

    def _meant(label: Text) -> QFont:
        return font(label._kind, figures=label._figures)

    for scale in (130, 100, 115):
        theme.choose_scale(scale)
        window.record.reload()
        window.settle()
        assert wrong() == [], f"at {scale} %"
        theme.choose(Look.DARK)
        theme.choose(Look.LIGHT)
        assert wrong() == [], f"at {scale} %, after the theme was switched"
    window.record.overview.tiles[1]._note.set_tone("danger")
    assert wrong() == []


def test_a_window_is_dressed_again_after_size_and_theme_changed_and_another_is_gone(
    qtbot: QtBot, theme: Theme
) -> None:
    theme.choose_scale(130)
    for look in (Look.DARK, Look.LIGHT):
        theme.choose(look)
    stays, gone = build_shell(theme), build_shell(theme)
    qtbot.addWidget(stays)
    for shell in (stays, gone):
        theme.dress(shell)
        shell.show()
    for look in (Look.DARK, Look.LIGHT):
        theme.choose(look)
    gone.deleteLater()
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    theme.dress(stays)
    assert stays.styleSheet() == stylesheet(LIGHT, text_scale())
