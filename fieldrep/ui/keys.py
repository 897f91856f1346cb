"""The keyboard: every action that has a key, its default and the person's own choice.

A key stands here with its feature, not before. Owns names and defaults only. Actions say their key by name, so
menus, the palette and F1 show the same thing.
"""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class KeyEntry:
    """`keys` are in Qt's portable form; several alternatives are separated by a space."""

    name: str
    keys: str
    title: str
    group: str


DEFAULTS = (
    KeyEntry("palette", "Ctrl+K", "Search or run a command", "Anywhere"),
    KeyEntry("search", "Ctrl+F /", "Search in the list", "Anywhere"),
    KeyEntry("back", "Alt+Left", "Back", "Anywhere"),
    KeyEntry("forward", "Alt+Right", "Forward", "Anywhere"),
    KeyEntry("next_pane", "F6", "Next pane", "Anywhere"),
    KeyEntry("previous_pane", "Shift+F6", "Previous pane", "Anywhere"),
    KeyEntry("escape", "Esc", "Close, clear search, back", "Anywhere"),
    KeyEntry("undo", "Ctrl+Z", "Undo", "Anywhere"),
    KeyEntry("sync_now", "F9", "Try sync now", "Anywhere"),
    KeyEntry("bigger_text", "Ctrl++ Ctrl+=", "Larger text", "Anywhere"),
    KeyEntry("smaller_text", "Ctrl+-", "Smaller text", "Anywhere"),
    KeyEntry("normal_text", "Ctrl+0", "Normal text size", "Anywhere"),
    KeyEntry("toggle_theme", "", "Switch light and dark", "Anywhere"),
    KeyEntry("key_map", "F1", "All keys", "Anywhere"),
    KeyEntry("new_order", "Ctrl+N", "New order", "On a record"),
    KeyEntry("log_activity", "A", "Log activity", "On a record"),
    KeyEntry("edit_record", "E", "Edit", "On a record"),
    KeyEntry("explain", "F4", "Why this price", "On a record"),
    KeyEntry("record_menu", "Alt+Return", "Record actions", "On a record"),
    KeyEntry("submit", "Ctrl+Return", "Submit", "In a form"),
    KeyEntry("save", "Ctrl+S", "Save now", "In a form"),
)

# Keys that a widget handles itself; F1 lists them, they are not remapped.
IN_PLACE = (
    KeyEntry("", "Up Down", "Move in a list, detail follows", "In a list"),
    KeyEntry("", "Return", "Open or edit", "In a list"),
    KeyEntry("", "Ctrl+Tab", "Next tab", "In a list"),
    KeyEntry("", "Return Tab", "Next cell", "In an order"),
    KeyEntry("", "F2", "Edit the cell", "In an order"),
    KeyEntry("", "Del", "Remove the line", "In an order"),
    KeyEntry("", "Ctrl+D", "Same discount on the selected lines", "In an order"),
    KeyEntry("", "1 2 3", "Mine, theirs, type another", "In a conflict"),
    KeyEntry("", "N", "Next conflict", "In a conflict"),
    KeyEntry("", "Left Right", "Previous and next picture", "At a picture"),
    KeyEntry("", "T D", "Take or decline a proposal", "In a conflict"),
    KeyEntry("", "1 2", "Which of two records stays", "At a possible duplicate"),
    KeyEntry("", "3", "They are two", "At a possible duplicate"),
)

_READABLE = {"Return": "Enter", "Left": "←", "Right": "→", "Up": "↑", "Down": "↓"}


def readable(keys: str) -> str:
    """The first alternative as a person reads it: "Ctrl K"."""
    first = keys.split(" ", 1)[0]
    if first.endswith("++"):
        return f"{first[:-2]} +"
    return " ".join(_READABLE.get(part, part) for part in first.split("+"))


class Keymap:
    """The keys in force: defaults, changed by what the person set; single letters can be switched off."""

    def __init__(self, own: Mapping[str, str] | None = None, *, single_letters: bool = True) -> None:
        self._keys = {entry.name: entry.keys for entry in DEFAULTS}
        self._keys.update({name: keys for name, keys in (own or {}).items() if name in self._keys})
        self._single_letters = single_letters

    def names(self) -> tuple[str, ...]:
        return tuple(self._keys)

    def sequences(self, name: str) -> tuple[str, ...]:
        every = tuple(part for part in self._keys.get(name, "").split(" ") if part)
        return every if self._single_letters else tuple(part for part in every if len(part) > 1)

    def text(self, name: str) -> str:
        """For key caps; "" when the action has no key."""
        sequences = self.sequences(name)
        return readable(sequences[0]) if sequences else ""
