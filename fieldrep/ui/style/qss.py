"""The stylesheet: one template filled from the tokens and the text scale.

Owns what Qt's own controls look like. Widgets say what they are with the properties `tone`, `variant` and
`role`; painted widgets draw themselves. Fonts are set on the widgets, because a stylesheet cannot set the weight
of a variable font. It must not know pages.
"""

from string import Template

from fieldrep.ui.style.tokens import TYPE, Tokens, Tone

_TEMPLATE = Template("""
QWidget { color: $text; }
QWidget[role="canvas"] { background: $canvas; }
QWidget[role="surface"], QScrollArea[role="surface"] { background: $surface; border: none; }
QFrame[role="sheet"] { background: $surface; border: 1px solid $border; border-right: none; border-bottom: none;
    border-top-left-radius: 8px; }
QFrame[role="statusbar"] { background: $canvas; border: none; border-top: 1px solid $border; }
QFrame[role="pane"] { background: $surface; border: none; }
QFrame[role="side"] { background: transparent; border: none; border-right: 1px solid $border; }
QFrame[role="card"] { background: $surface; border: 1px solid $border; border-radius: 8px; }
QFrame[role="card"][rings="true"]:focus { border: 2px solid $focus; }
QFrame[role="well"] { background: $canvas; border: 1px solid $border; border-radius: 8px; }
QFrame[role="menu"] { background: $raised; border: 1px solid $border; border-radius: 12px; }
QFrame[role="line"] { background: $border; border: none; max-height: 1px; min-height: 1px; }
QFrame[role="vline"] { background: $border; border: none; max-width: 1px; min-width: 1px; }
QLabel { background: transparent; }
QLabel[role="link"] { color: $accent_text; }

QPushButton { background: $surface; border: 1px solid $border_strong; border-radius: 6px; padding: 0 13px;
    min-height: ${control}px; max-height: ${control}px; }
QPushButton { outline: none; }
QPushButton:hover { background: $hover; }
QPushButton:pressed { background: $press; }
QPushButton:focus { border: 2px solid $focus; padding: 0 12px; min-height: ${control2}px; max-height: ${control2}px; }
QPushButton:disabled { color: $disabled; border-color: $border; }
QPushButton[variant="primary"] { background: $accent; color: $on_accent; border-color: $accent; }
QPushButton[variant="primary"]:hover { background: $accent_hover; border-color: $accent_hover; }
QPushButton[variant="primary"]:pressed { background: $accent_press; }
QPushButton[variant="primary"]:focus { border-color: $text; }
QPushButton[variant="primary"]:disabled { background: $neutral_soft; color: $disabled; border-color: $neutral_soft; }
QPushButton[variant="danger"] { color: $danger; border-color: $danger; }
QPushButton[variant="danger"]:hover { background: $danger_soft; }
QPushButton[variant="ghost"] { background: transparent; border-color: transparent; color: $text2; padding: 0 9px; }
QPushButton[variant="ghost"]:hover { background: $hover; border-color: $hover; }
QPushButton[variant="ghost"]:pressed { background: $press; }
QPushButton[variant="ghost"]:focus { border-color: $focus; padding: 0 8px; }
QPushButton[variant="ghost"]:disabled { color: $disabled; }
QPushButton[variant="icon"] { background: transparent; border-color: transparent; padding: 0; min-width: ${control}px;
    max-width: ${control}px; }
QPushButton[variant="icon"]:hover { background: $press; border-color: $press; }
QPushButton[variant="icon"]:focus { border-color: $focus; padding: 0; min-width: ${control2}px;
    max-width: ${control2}px; }
QPushButton[variant="quiet"] { background: transparent; border-color: transparent; color: $text2; padding: 0 5px;
    min-height: ${quiet}px; max-height: ${quiet}px; }
QPushButton[variant="quiet"]:hover { background: $hover; }
QPushButton[variant="quiet"]:focus { border-color: $focus; padding: 0 4px; min-height: ${quiet2}px;
    max-height: ${quiet2}px; }
QPushButton[variant="chip"] { border: 1px solid $border; border-radius: ${chip_r}px; padding: 0 11px;
    min-height: ${chip}px; max-height: ${chip}px; color: $text2; }
QPushButton[variant="chip"]:hover { background: $hover; }
QPushButton[variant="chip"]:checked { background: $accent_soft; border-color: $accent_text; color: $accent_text; }
QPushButton[variant="chip"]:focus { border: 2px solid $focus; padding: 0 10px; min-height: ${chip2}px;
    max-height: ${chip2}px; }
QPushButton[variant="link"] { background: transparent; border-color: transparent; color: $accent_text; padding: 0 3px;
    min-height: ${quiet}px; max-height: ${quiet}px; }
QPushButton[variant="link"]:hover { text-decoration: underline; }
QPushButton[variant="link"]:focus { border-color: $focus; padding: 0 2px; min-height: ${quiet2}px;
    max-height: ${quiet2}px; }
QPushButton[variant="toast"] { background: transparent; border-color: transparent; color: $toast_action; padding: 0 9px;
    min-height: ${quiet}px; max-height: ${quiet}px; }
QPushButton[variant="toast"]:hover { text-decoration: underline; }
QPushButton[variant="toast"]:focus { border: 2px solid $toast_action; padding: 0 8px; min-height: ${quiet2}px;
    max-height: ${quiet2}px; }
QPushButton::menu-indicator { image: none; width: 0; }

QLineEdit, QComboBox, QSpinBox, QDateEdit { background: $surface; border: 1px solid $border_strong; border-radius: 6px;
    padding: 0 9px; min-height: ${control}px; max-height: ${control}px; selection-background-color: $accent;
    selection-color: $on_accent; }
QPlainTextEdit { background: $surface; border: 1px solid $border_strong; border-radius: 6px; padding: 4px 5px;
    selection-background-color: $accent; selection-color: $on_accent; }
QLineEdit:focus, QComboBox:focus, QSpinBox:focus, QDateEdit:focus { border: 2px solid $focus; padding: 0 8px;
    min-height: ${control2}px; max-height: ${control2}px; }
QPlainTextEdit:focus { border: 2px solid $focus; padding: 3px 4px; }
QLineEdit:disabled, QComboBox:disabled, QSpinBox:disabled, QPlainTextEdit:disabled { background: $sunken;
    color: $disabled; border-color: $border; }
QLineEdit:read-only { background: $canvas; border-color: $border; }
QLineEdit[invalid="true"], QComboBox[invalid="true"], QSpinBox[invalid="true"] { border: 2px solid $danger;
    padding: 0 8px; min-height: ${control2}px; max-height: ${control2}px; }
QPlainTextEdit[invalid="true"] { border: 2px solid $danger; padding: 3px 4px; }
QLineEdit[role="palette"], QLineEdit[role="palette"]:focus { border: none; background: transparent; padding: 0 4px;
 }
QLineEdit[role="cell"], QLineEdit[role="cell"]:focus { border: 2px solid $focus; border-radius: 0; padding: 0 7px;
    min-height: 10px; max-height: 100px; }
QComboBox::drop-down { border: none; width: 28px; }
QComboBox::down-arrow { image: none; }
QComboBox QAbstractItemView { background: $raised; border: 1px solid $border; padding: 4px; outline: none;
    selection-background-color: $selected; selection-color: $text; }

QTabBar { outline: none; background: transparent; qproperty-drawBase: 0; }
QTabBar::tab { background: transparent; border: none; border-bottom: 2px solid transparent; color: $text2;
    padding: 0 6px; margin-right: 12px; min-height: ${tab}px; }
QTabBar::tab:hover { color: $text; border-bottom-color: $border_strong; }
QTabBar::tab:selected { color: $accent_text; border-bottom-color: $accent_text; }

QTableView { background: transparent; border: none; outline: none; gridline-color: $border; }
QTableView[role="grid"] { selection-background-color: $selected; selection-color: $text; }
QTableView[role="grid"]::item { padding: 0 10px; border: none; }
QTableView[role="grid"]::item:selected { background: $selected; }
QTableView[role="grid"][quiet="true"] { selection-background-color: transparent; }
QTableView[role="grid"][quiet="true"]::item:selected { background: transparent; }
QHeaderView { background: transparent; border: none; }
QHeaderView::section { background: transparent; border: none; border-bottom: 1px solid $border; color: $text2;
    padding: 0 13px; }
QTableCornerButton::section { background: transparent; border: none; }

QScrollArea { background: transparent; border: none; }
QScrollBar:vertical { background: transparent; width: 10px; margin: 2px; }
QScrollBar::handle:vertical { background: $chart_muted; border-radius: 3px; min-height: 36px; }
QScrollBar:horizontal { background: transparent; height: 10px; margin: 2px; }
QScrollBar::handle:horizontal { background: $chart_muted; border-radius: 3px; min-width: 36px; }
QScrollBar::handle:hover { background: $border_strong; }
QScrollBar::add-line, QScrollBar::sub-line { width: 0; height: 0; }
QScrollBar::add-page, QScrollBar::sub-page { background: transparent; }

QMenu { background: $raised; border: 1px solid $border; padding: 6px; font-size: ${ui}px; }
QMenu::item { padding: 7px 14px 7px 10px; border-radius: 6px; }
QMenu::item:selected { background: $selected; color: $text; }
QMenu::item:disabled { color: $disabled; }
QMenu::separator { height: 1px; background: $border; margin: 6px 4px; }
QToolTip { background: $raised; color: $text; border: 1px solid $border; padding: 5px 8px; font-size: ${caption}px; }
QSplitter::handle { background: $border; }
QSplitter::handle:hover { background: $accent_text; }
QProgressBar { background: $neutral_soft; border: none; border-radius: 3px; min-height: 6px; max-height: 6px; }
QProgressBar::chunk { background: $chart1; border-radius: 3px; }
""")


def stylesheet(tokens: Tokens, scale: int) -> str:
    """The whole stylesheet for these tokens at this text scale in per cent."""

    def px(pixels: int) -> int:
        return round(pixels * scale / 100)

    def tall(pixels: int) -> int:
        return max(pixels, px(pixels))

    sizes = {name: px(size.pixels) for name, size in TYPE.items()}
    control, chip, quiet = tall(30), tall(26), tall(24)
    text = _TEMPLATE.substitute(
        {**tokens.colours(), **sizes},
        control=control,
        control2=control - 2,
        chip=chip,
        chip2=chip - 2,
        chip_r=(chip + 2) // 2,
        quiet=quiet,
        quiet2=quiet - 2,
        tab=tall(32),
    )
    return text + _tones(tokens)


def _tones(tokens: Tokens) -> str:
    rules = [
        f'QLabel[tone="{name}"] {{ color: {getattr(tokens, name)}; }}'
        for name in ("text", "text2", "text3", "toast_text")
    ]
    for tone in Tone:
        rules.append(f'QLabel[tone="{tone}"] {{ color: {tokens.ink(tone)}; }}')
        rules.append(
            f'QLabel[role="badge"][tone="{tone}"] {{ background: {tokens.soft(tone)}; color: {tokens.ink(tone)};'
            " border-radius: 10px; padding: 0 10px; }"
        )
        rules.append(
            f'QFrame[role="banner"][tone="{tone}"] {{ background: {tokens.soft(tone)};'
            f" border: 1px solid {tokens.ink(tone)}; border-radius: 8px; }}"
        )
    return "\n".join(rules)
