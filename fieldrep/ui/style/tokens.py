"""The design tokens: every colour, space, radius, type size and measure by name, light and dark.

Owns the numbers only. It must not know widgets; `theme` turns these values into a palette and a stylesheet.
"""

from dataclasses import dataclass, fields
from enum import StrEnum


class Tone(StrEnum):
    """What a mark means; it always comes with an icon, a word or a sign beside the colour."""

    NEUTRAL = "neutral"
    ACCENT = "accent"
    SUCCESS = "success"
    WARNING = "warning"
    DANGER = "danger"
    INFO = "info"
    VIOLET = "violet"


_TONES = frozenset(tone.value for tone in Tone)


@dataclass(frozen=True)
class Tokens:
    """One full set of colours, as #RRGGBB strings."""

    name: str
    canvas: str
    surface: str
    sunken: str
    raised: str
    hover: str
    press: str
    selected: str
    border: str
    border_strong: str
    text: str
    text2: str
    text3: str
    disabled: str
    accent: str
    accent_hover: str
    accent_press: str
    on_accent: str
    accent_text: str
    accent_soft: str
    focus: str
    success: str
    success_soft: str
    warning: str
    warning_soft: str
    danger: str
    danger_soft: str
    info: str
    info_soft: str
    violet: str
    violet_soft: str
    neutral_soft: str
    chart1: str
    chart2: str
    chart3: str
    chart4: str
    chart5: str
    chart_muted: str
    toast: str
    toast_text: str
    toast_action: str

    def ink(self, tone: Tone) -> str:
        """The colour of words and marks of a tone, readable on its soft fill and on every surface."""
        return (
            self.text2
            if tone is Tone.NEUTRAL
            else self.accent_text
            if tone is Tone.ACCENT
            else getattr(self, tone)
        )

    def soft(self, tone: Tone) -> str:
        """The quiet fill of a tone."""
        return getattr(self, f"{tone.value}_soft")

    def named(self, colour: str) -> str:
        """The ink of a tone or the token of that name; both are plain words in the values that pages hand over."""
        return self.ink(Tone(colour)) if colour in _TONES else getattr(self, colour)

    def colours(self) -> dict[str, str]:
        return {field.name: getattr(self, field.name) for field in fields(self) if field.name != "name"}


LIGHT = Tokens(
    name="light",
    canvas="#F4F5F8",
    surface="#FFFFFF",
    sunken="#ECEEF3",
    raised="#FFFFFF",
    hover="#F1F3F8",
    press="#E6E9F1",
    selected="#E7EEFD",
    border="#DDE1E9",
    border_strong="#848D9D",
    text="#161B26",
    text2="#434C5E",
    text3="#5C667A",
    disabled="#9AA3B2",
    accent="#2353D0",
    accent_hover="#1C45B3",
    accent_press="#173992",
    on_accent="#FFFFFF",
    accent_text="#1F4BBF",
    accent_soft="#E3EBFD",
    focus="#2353D0",
    success="#0B7347",
    success_soft="#DCF3E6",
    warning="#8A5100",
    warning_soft="#FDF0D5",
    danger="#B3261E",
    danger_soft="#FCE6E3",
    info="#0A6A87",
    info_soft="#DCF1F7",
    violet="#6138BD",
    violet_soft="#EDE7FB",
    neutral_soft="#E9ECF1",
    chart1="#2353D0",
    chart2="#0E8F78",
    chart3="#B96A00",
    chart4="#8A4FD3",
    chart5="#C2416B",
    chart_muted="#C9D0DC",
    toast="#161B26",
    toast_text="#FFFFFF",
    toast_action="#A9C1FF",
)

DARK = Tokens(
    name="dark",
    canvas="#0E1116",
    surface="#161A21",
    sunken="#0A0D11",
    raised="#1D222B",
    hover="#1E242E",
    press="#28303C",
    selected="#1B2A52",
    border="#2A313C",
    border_strong="#707B8D",
    text="#ECEFF4",
    text2="#B9C1CD",
    text3="#97A1B0",
    disabled="#5B6574",
    accent="#3C68DE",
    accent_hover="#345FD3",
    accent_press="#2B52BC",
    on_accent="#FFFFFF",
    accent_text="#92B1FF",
    accent_soft="#1A2747",
    focus="#8FB0FF",
    success="#5ED29B",
    success_soft="#11301F",
    warning="#F2B75B",
    warning_soft="#36270D",
    danger="#FF8B80",
    danger_soft="#3D1A17",
    info="#67CBE6",
    info_soft="#0D2E39",
    violet="#BBA0FF",
    violet_soft="#2A2148",
    neutral_soft="#262D38",
    chart1="#7EA2FF",
    chart2="#3FC1A6",
    chart3="#E5A44C",
    chart4="#B58AF5",
    chart5="#EE7FA2",
    chart_muted="#3A4351",
    toast="#ECEFF4",
    toast_text="#161B26",
    toast_action="#1F4BBF",
)


@dataclass(frozen=True)
class TypeSize:
    pixels: int
    weight: int
    line: int


TYPE = {
    "display": TypeSize(22, 600, 28),
    "title": TypeSize(18, 600, 24),
    "kpi": TypeSize(20, 600, 26),
    "heading": TypeSize(15, 600, 20),
    "body": TypeSize(14, 400, 20),
    "row": TypeSize(14, 500, 20),
    "strong": TypeSize(14, 600, 20),
    "ui": TypeSize(13, 500, 18),
    "small": TypeSize(13, 400, 18),
    "caption": TypeSize(12, 400, 16),
    "badge": TypeSize(12, 600, 16),
    "control": TypeSize(13, 600, 18),
    "overline": TypeSize(11, 600, 14),
    "nav": TypeSize(11, 500, 14),
}

TEXT_SCALES = (90, 100, 115, 130)

RAIL, RAIL_WIDE, TOP_BAR, STATUS_BAR = 76, 208, 50, 28
LIST_PANE, LIST_PANE_MIN, LIST_PANE_MAX = 350, 280, 460
CONTROL, LIST_ROW, TABLE_ROW, TILE = 32, 58, 36, 88
PAGE_PADDING_X, PAGE_PADDING_Y, CARD_PADDING = 24, 18, 16
RADIUS_KEY, RADIUS_CONTROL, RADIUS_CARD, RADIUS_DIALOG = 4, 6, 8, 12
WIDE_RAIL_FROM, FOLD_COLUMN_BELOW = 1600, 1200
WINDOW_MIN, WINDOW_FIRST = (1024, 640), (1366, 768)
