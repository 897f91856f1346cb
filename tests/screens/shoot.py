"""Takes the pictures of one scale factor in this process; the scale comes from the environment of the caller."""

import argparse
import os
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from itertools import groupby
from pathlib import Path
from typing import Any

from PySide6.QtCore import QCoreApplication, QEvent, Qt
from PySide6.QtGui import QColor, QPalette
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QWidget

from fieldrep.app import Program
from fieldrep.paths import Profile
from fieldrep.secrets import PASSPHRASE_VARIABLE
from fieldrep.ui.style.theme import Look, Theme
from fieldrep.ui.style.tokens import WINDOW_FIRST
from fieldrep.ui.widgets.syncpill import SyncMode
from tests.screens.company import NEW, NOW
from tests.screens.fit import clipped, too_large
from tests.screens.scenes import SCENES, Scene

_PATIENCE = 1_500
_LOOKS = (Look.LIGHT, Look.DARK)
_CONTRAST = {
    QPalette.ColorRole.Window: "#000000",
    QPalette.ColorRole.Base: "#000000",
    QPalette.ColorRole.Button: "#000000",
    QPalette.ColorRole.WindowText: "#ffffff",
    QPalette.ColorRole.Text: "#ffffff",
    QPalette.ColorRole.ButtonText: "#ffffff",
    QPalette.ColorRole.PlaceholderText: "#ffffff",
    QPalette.ColorRole.Highlight: "#ffff00",
    QPalette.ColorRole.HighlightedText: "#000000",
}
"""A system in high contrast, white and yellow on black."""


class Contrasted(Theme):
    """The look on a system that asks for high contrast; the platform of the pictures cannot ask for it."""

    def _paint(self) -> None:
        palette = QPalette()
        for role, colour in _CONTRAST.items():
            palette.setColor(role, QColor(colour))
        QApplication.setPalette(palette)


class Stage:
    """The program on a copy of a profile; a wait that does not end is a fault of the scene."""

    def __init__(self, theme: Theme, profile: Path) -> None:
        self.program: Any = Program(theme, Profile(profile), lambda: NOW, os.urandom)
        self.errors: list[object] = []
        self.program.runner.problem.connect(self.errors.append)
        self.program.start()

    @property
    def shell(self) -> Any:
        return self.program.shell

    @property
    def page(self) -> Any:
        return self.shell.stack.currentWidget()

    @property
    def window(self) -> QWidget:
        return self.program.gate or self.shell

    def until(self, true: Callable[[], object]) -> None:
        for _ in range(_PATIENCE):
            if true():
                return
            QTest.qWait(20)
        raise TimeoutError("the scene never came to stand")

    def ready(self) -> None:
        """The list stands, and the one try to sync has found no line."""
        syncing = self.program.syncing
        self.until(lambda: self.shell is not None and self.page.list.model.rowCount() > 0)
        self.until(lambda: syncing.line().mode is SyncMode.OFFLINE and syncing.line().problem)

    def close(self) -> None:
        for window in (self.program.gate, self.program.shell):
            if window is not None:
                window.close()
                window.deleteLater()
        self.program.close()
        self.program.deleteLater()
        QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)


def shoot(
    out: Path, scale: int, profiles: Path, *, contrast: bool = False, mirrored: bool = False, only: str = ""
) -> list[str]:
    """Pictures into `out`; the answer is what does not fit, a sentence each."""
    app = QApplication.instance() or QApplication([])
    assert isinstance(app, QApplication)
    if mirrored:
        app.setLayoutDirection(Qt.LayoutDirection.RightToLeft)
    theme = Contrasted(app) if contrast else Theme(app, Look.LIGHT)
    looks = (Look.SYSTEM,) if contrast else _LOOKS
    theme.prepare()
    os.environ[PASSPHRASE_VARIABLE] = str(profiles / "passphrase")
    wrong: list[str] = []
    for profile, scenes in groupby(SCENES, key=lambda scene: scene.profile):
        for scene in (one for one in scenes if one.name.startswith(only)):
            for name, window in _shown(theme, scene, profiles / profile, looks):
                file = out / f"{name}-{scale}x.png"
                window.grab().save(str(file))
                wrong += [f"{file.stem}: {what}" for what in (*too_large(window), *clipped(window))]
    return wrong


def _shown(
    theme: Theme, scene: Scene, profile: Path, looks: tuple[Look, ...]
) -> Iterator[tuple[str, QWidget]]:
    """The scene's window, once in each look, on a copy of the profile that nobody has touched."""
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / "profile"
        if scene.profile != NEW:
            shutil.copytree(profile, copy)
        stage = Stage(theme, copy)
        try:
            if scene.profile != NEW:
                stage.ready()
            stage.window.resize(*WINDOW_FIRST)
            scene.show(stage)
            for look in looks:
                theme.choose(look)
                QTest.qWait(250)
                yield f"{scene.name}-{look}", stage.window
            if stage.errors:
                raise RuntimeError(f"{scene.name}: {stage.errors[0]!r}")
        finally:
            theme.choose(looks[0])
            stage.close()


def main() -> int:
    """The computer of the pictures stands where the company is."""
    os.environ["TZ"] = "Europe/Amsterdam"
    if hasattr(time, "tzset"):
        time.tzset()
    parser = argparse.ArgumentParser()
    parser.add_argument("out", type=Path)
    parser.add_argument("scale", type=int)
    parser.add_argument("profiles", type=Path)
    parser.add_argument("--contrast", action="store_true")
    parser.add_argument("--mirrored", action="store_true")
    parser.add_argument("--only", default="")
    problems = shoot(**vars(parser.parse_args()))
    print("\n".join(problems))
    return 1 if problems else 0


if __name__ == "__main__":
    raise SystemExit(main())
