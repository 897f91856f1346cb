"""Takes the pictures of one scale factor in this process; the scale comes from the environment of the caller."""

import sys
from collections.abc import Callable, Iterator
from pathlib import Path

from PySide6.QtTest import QTest
from PySide6.QtWidgets import QWidget

from fieldrep.ui.shell import AppShell
from fieldrep.ui.style.theme import Look, Theme
from fieldrep.ui.style.tokens import WINDOW_FIRST
from tests.screens.fit import clipped, too_large
from tests.ui.gallery import SPECS, application, build_shell, record_items

Scene = tuple[str, Callable[[AppShell], QWidget]]


def gallery_scenes() -> Iterator[Scene]:
    """Every page of the gallery, then the layers over the first one."""

    def page(key: str) -> Callable[[AppShell], QWidget]:
        def show(shell: AppShell) -> QWidget:
            shell.go(key)
            return shell.stack.currentWidget()

        return show

    for spec in SPECS:
        yield f"gallery-{spec[0]}", page(spec[0])
    yield "gallery-form", _form
    yield "gallery-palette", _palette
    yield "gallery-keys", _keys


def _form(shell: AppShell) -> QWidget:
    shell.go("accounts")
    page = shell.stack.currentWidget()
    page.tabs.open("contacts")
    return page


def _palette(shell: AppShell) -> QWidget:
    shell.go("accounts")
    shell.stack.currentWidget().tabs.open("overview")
    shell.toast.say("Task “Delivery times to Aurora” completed", undo="token")
    shell.open_palette()
    shell.palette_layer.input.setText("aur")
    shell.offer_records("aur", record_items("aur"))
    return shell.palette_layer


def _keys(shell: AppShell) -> QWidget:
    shell.palette_layer.close_layer()
    shell.toast.dismiss()
    shell.open_keymap()
    return shell.keymap_layer


def shoot(out: Path, scale: int) -> list[str]:
    """Pictures into `out`; the answer is what does not fit, a sentence each."""
    app = application()
    theme = Theme(app, Look.LIGHT)
    theme.prepare()
    wrong: list[str] = []
    shell = build_shell(theme)
    shell.resize(*WINDOW_FIRST)
    shell.show()
    theme.dress()
    for look in (Look.LIGHT, Look.DARK):
        theme.choose(look)
        for name, show in gallery_scenes():
            shown = show(shell)
            QTest.qWait(120)
            shell.grab().save(str(out / f"{name}-{look}-{scale}x.png"))
            wrong += [f"{name} {look} {scale}x: {what}" for what in (*too_large(shell), *clipped(shown))]
        shell.keymap_layer.close_layer()
    shell.close()
    return wrong


if __name__ == "__main__":
    problems = shoot(Path(sys.argv[1]), int(sys.argv[2]))
    print("\n".join(problems))
    raise SystemExit(1 if problems else 0)
