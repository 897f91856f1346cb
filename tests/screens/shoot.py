"""Takes the pictures of one scale factor in this process; the scale comes from the environment of the caller."""

import os
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator
from itertools import groupby
from pathlib import Path
from typing import Any

from PySide6.QtCore import QCoreApplication, QEvent
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


def shoot(out: Path, scale: int, profiles: Path) -> list[str]:
    """Pictures into `out`; the answer is what does not fit, a sentence each."""
    app = QApplication.instance() or QApplication([])
    assert isinstance(app, QApplication)
    theme = Theme(app, Look.LIGHT)
    theme.prepare()
    os.environ[PASSPHRASE_VARIABLE] = str(profiles / "passphrase")
    wrong: list[str] = []
    for profile, scenes in groupby(SCENES, key=lambda scene: scene.profile):
        for scene in scenes:
            for name, window in _shown(theme, scene, profiles / profile):
                file = out / f"{name}-{scale}x.png"
                window.grab().save(str(file))
                wrong += [f"{file.stem}: {what}" for what in (*too_large(window), *clipped(window))]
    return wrong


def _shown(theme: Theme, scene: Scene, profile: Path) -> Iterator[tuple[str, QWidget]]:
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
            for look in _LOOKS:
                theme.choose(look)
                QTest.qWait(250)
                yield f"{scene.name}-{look}", stage.window
            if stage.errors:
                raise RuntimeError(f"{scene.name}: {stage.errors[0]!r}")
        finally:
            theme.choose(Look.LIGHT)
            stage.close()


if __name__ == "__main__":
    problems = shoot(Path(sys.argv[1]), int(sys.argv[2]), Path(sys.argv[3]))
    print("\n".join(problems))
    raise SystemExit(1 if problems else 0)
