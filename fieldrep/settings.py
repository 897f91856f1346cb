"""What a person chose about the window: theme, size, where to begin. Nothing of the business is in here.

Owns the settings file. A damaged or newer file is no reason not to start: what cannot be read has its default.
"""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import msgspec

from fieldrep.contract.errors import Code, KnownError
from fieldrep.paths import write_private

TextSize = Literal[90, 100, 115, 130]
_TEXT_SIZES: tuple[TextSize, ...] = (90, 100, 115, 130)


class Settings(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The choices.

    Attributes:
        theme: light, dark, or as the system has it.
        text_size: of the window's text, in per cent.
        page: the page shown at the start.
        window: place and size of the window, as Qt saves it, in base64.
        recent: ids of records opened last, newest first.
        pause_on_metered: whether nothing goes out by itself on a line that costs by the byte.
        metered_files_mb: of photos and documents in a day, both ways, on such a line; -1 for all.
        brought_files_mb: of them in a day, brought on other lines without having been opened.
    """

    theme: Literal["system", "light", "dark"] = "system"
    text_size: TextSize = 100
    page: str = "accounts"
    window: str = ""
    recent: tuple[str, ...] = ()
    pause_on_metered: bool = False
    metered_files_mb: int = 10
    brought_files_mb: int = 0


def text_size_of(percent: int) -> TextSize:
    """The nearest text size there is."""
    return min(_TEXT_SIZES, key=lambda size: abs(size - percent))


def load_settings(path: Path) -> Settings:
    """The settings in the file, field by field; defaults for what is missing or cannot be read."""
    try:
        found = msgspec.json.decode(path.read_bytes(), type=dict[str, msgspec.Raw])
    except (OSError, msgspec.DecodeError):
        return Settings()
    kept: dict[str, object] = {}
    for field in msgspec.structs.fields(Settings):
        if field.name in found:
            try:
                kept[field.name] = msgspec.json.decode(found[field.name], type=field.type)
            except msgspec.DecodeError:
                continue
    return msgspec.structs.replace(Settings(), **kept)


def save_settings(path: Path, settings: Settings) -> None:
    """Writes the settings whole or not at all.

    Raises:
        KnownError: `disk_error` or `disk_full`; the file is then as it was.
    """
    try:
        write_private(path, msgspec.json.format(msgspec.json.encode(settings)) + b"\n")
    except OSError as error:
        raise KnownError(
            Code.DISK_ERROR,
            f"The settings cannot be saved ({error.strerror or error}). They hold until you close.",
        ) from error
