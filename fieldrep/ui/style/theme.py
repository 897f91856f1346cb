"""The theme: which tokens are shown, and how they become Qt's palette, font and stylesheet.

Owns the look of the whole application. The chosen tokens live in the application's palette, so widgets ask
`current()` while painting and react in `changeEvent`; nobody holds a reference to a theme object. It must not
know any page.
"""

from enum import StrEnum

from PySide6.QtCore import QEvent, QObject, Qt, Signal
from PySide6.QtGui import QColor, QGuiApplication, QPalette
from PySide6.QtWidgets import QApplication, QComboBox, QLineEdit, QPlainTextEdit, QWidget

from fieldrep.ui.style.fonts import body_font, load_fonts, text_scale
from fieldrep.ui.style.qss import stylesheet
from fieldrep.ui.style.tokens import DARK, LIGHT, TEXT_SCALES, Tokens


class Look(StrEnum):
    SYSTEM = "system"
    LIGHT = "light"
    DARK = "dark"


_BY_CANVAS = {LIGHT.canvas.lower(): LIGHT, DARK.canvas.lower(): DARK}
_SEEN = "_look_seen"
_LOOK_EVENTS = (
    QEvent.Type.PaletteChange,
    QEvent.Type.FontChange,
    QEvent.Type.ApplicationFontChange,
    QEvent.Type.StyleChange,
)


def current() -> Tokens:
    """The tokens now shown, read from the application's palette."""
    palette = QGuiApplication.palette()
    known = _BY_CANVAS.get(palette.color(QPalette.ColorRole.Window).name())
    return known if known is not None else _from_system(palette)


def look_changed(widget: QWidget, event: QEvent) -> bool:
    """True, once per change, when a widget must make its icons, fonts or colours again.

    One switch of the theme sends a widget dozens of events; answering each would cost a second.
    """
    if event.type() not in _LOOK_EVENTS:
        return False
    look = (current().name, text_scale())
    if widget.__dict__.get(_SEEN) == look:
        return False
    widget.__dict__[_SEEN] = look
    return True


def palette_of(tokens: Tokens) -> QPalette:
    palette = QPalette()
    role = QPalette.ColorRole
    pairs = {
        role.Window: tokens.canvas,
        role.WindowText: tokens.text,
        role.Base: tokens.surface,
        role.AlternateBase: tokens.sunken,
        role.Text: tokens.text,
        role.Button: tokens.surface,
        role.ButtonText: tokens.text,
        role.Highlight: tokens.selected,
        role.HighlightedText: tokens.text,
        role.PlaceholderText: tokens.text3,
        role.ToolTipBase: tokens.raised,
        role.ToolTipText: tokens.text,
        role.Link: tokens.accent_text,
        role.LinkVisited: tokens.accent_text,
        role.Mid: tokens.border,
        role.Dark: tokens.border_strong,
        role.Light: tokens.raised,
        role.Accent: tokens.accent,
    }
    for key, colour in pairs.items():
        palette.setColor(key, QColor(colour))
    for key in (role.WindowText, role.Text, role.ButtonText):
        palette.setColor(QPalette.ColorGroup.Disabled, key, QColor(tokens.disabled))
    return palette


def _between(ground: QColor, mark: QColor) -> str:
    """A ground that is told from the plain one and still carries its text: a quarter of the way to the mark."""
    red = (3 * ground.red() + mark.red()) // 4
    green = (3 * ground.green() + mark.green()) // 4
    return QColor(red, green, (3 * ground.blue() + mark.blue()) // 4).name()


def _from_system(palette: QPalette) -> Tokens:
    """High contrast: every token becomes one of the system's own colours."""
    role = QPalette.ColorRole

    def named(key: QPalette.ColorRole) -> str:
        return palette.color(key).name()

    tokens = {name: named(role.WindowText) for name in LIGHT.colours()}
    fills = ("canvas", "surface", "sunken", "raised", "hover", "press", "toast_text")
    softs = [name for name in tokens if name.endswith("_soft")]
    tokens.update({name: named(role.Window) for name in (*fills, *softs)})
    tokens.update(accent=named(role.Highlight), accent_hover=named(role.Highlight))
    tokens.update(accent_press=named(role.Highlight), on_accent=named(role.HighlightedText))
    disabled = palette.color(QPalette.ColorGroup.Disabled, role.Text).name()
    tokens.update(accent_text=named(role.Highlight), disabled=disabled)
    tokens.update(selected=_between(palette.color(role.Window), palette.color(role.Highlight)))
    tokens.update(toast_action=named(role.Window))
    return Tokens(name="system", **tokens)


class Theme(QObject):
    """Dresses the application: `prepare` before any window is built, `dress` once for each window that was built.

    `chosen` after the person chose another look or text size.
    """

    chosen = Signal()

    def __init__(self, app: QApplication, look: Look = Look.SYSTEM, scale: int = 100) -> None:
        super().__init__(app)
        self._app = app
        self._look = look
        self._scale = scale
        self._resized = False
        app.styleHints().colorSchemeChanged.connect(self._follow_system)

    @property
    def look(self) -> Look:
        return self._look

    @property
    def scale(self) -> int:
        return self._scale

    def prepare(self) -> None:
        """Style, fonts and palette: cheap, and needed before the first widget."""
        load_fonts()
        self._app.setStyle("Fusion")
        self._app.setFont(body_font(self._scale))
        self._paint()

    def dress(self, window: QWidget) -> None:
        """The stylesheet of a window and all that ever opens from it, best once it stands.

        A window wears its own: under one of the whole application each widget that is put into another is styled
        together with all that it holds, so that building a page costs five times as much.
        """
        sheet = stylesheet(current(), text_scale())
        if window.styleSheet() != sheet:  # put on again, Qt walks what it remembers of widgets long gone
            window.setStyleSheet(sheet)

    def choose(self, look: Look) -> None:
        if look is not self._look:
            self._look = look
            self._refresh()
            self.chosen.emit()

    def toggle(self) -> None:
        """From whatever is shown now to the other one."""
        self.choose(Look.LIGHT if current() is DARK else Look.DARK)

    def choose_scale(self, scale: int) -> None:
        nearest = min(TEXT_SCALES, key=lambda step: abs(step - scale))
        if nearest == self._scale:
            return
        self._scale, self._resized = nearest, True
        self._refresh()
        self.chosen.emit()

    def step_scale(self, steps: int) -> None:
        place = TEXT_SCALES.index(min(TEXT_SCALES, key=lambda step: abs(step - self._scale)))
        self.choose_scale(TEXT_SCALES[max(0, min(len(TEXT_SCALES) - 1, place + steps))])

    def _refresh(self) -> None:
        """Undress first: a palette or font that changes under the stylesheet restyles every widget many times."""
        dressed = [window for window in self._app.topLevelWidgets() if window.styleSheet()]
        for window in dressed:
            window.setStyleSheet("")
        self._app.setFont(body_font(self._scale))
        self._paint()
        for window in dressed:
            self.dress(window)
        if self._resized:
            self._tell_of_size()

    def _tell_of_size(self) -> None:
        """Once dressed: with the stylesheet Qt gives widgets back the fonts they had under the first one."""
        body = body_font(self._scale)
        for widget in self._app.allWidgets():
            if isinstance(widget, QLineEdit | QPlainTextEdit | QComboBox) and widget.font() != body:
                widget.setFont(body)
            widget.__dict__.pop(_SEEN, None)
            self._app.sendEvent(widget, QEvent(QEvent.Type.FontChange))

    def _paint(self) -> None:
        if self._look is Look.SYSTEM and self._high_contrast():
            self._app.setPalette(QPalette())
            return
        self._app.setPalette(palette_of(self._tokens()))

    def _tokens(self) -> Tokens:
        if self._look is Look.SYSTEM:
            dark = self._app.styleHints().colorScheme() == Qt.ColorScheme.Dark
            return DARK if dark else LIGHT
        return DARK if self._look is Look.DARK else LIGHT

    def _high_contrast(self) -> bool:
        hints = self._app.styleHints()  # held by name: what it answers lives no longer than it
        return hints.accessibility().contrastPreference() == Qt.ContrastPreference.HighContrast

    def _follow_system(self) -> None:
        if self._look is Look.SYSTEM:
            self._refresh()
