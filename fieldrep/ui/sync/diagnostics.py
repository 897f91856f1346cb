"""Exporting diagnostics from the Sync page: where to, and what came of it. What is in the file is written elsewhere."""

from pathlib import Path

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QFileDialog, QWidget

from fieldrep.ui.desk import Desk, sentence_of


class DiagnosticsExport(QObject):
    """`said` after a file was written or not."""

    said = Signal(str, object)

    def __init__(self, desk: Desk, page: QWidget) -> None:
        super().__init__(page)
        self._desk = desk

    def ask_where(self) -> None:
        """Asks for a place and writes the file there."""
        name, _ = QFileDialog.getSaveFileName(
            None, "Export diagnostics", "fieldrep-diagnostics.json", "JSON files (*.json);;All files (*)"
        )
        if name:
            self.write_to(Path(name))

    def write_to(self, path: Path) -> None:
        """Writes the file, beside whatever else goes on."""
        self._desk.runner.query(
            self._desk.carrier.write_diagnostics,
            asker=self,
            lane="diagnostics",
            done=lambda _: self.said.emit(
                f"Written to {path.name}: nothing that anybody typed is in it", None
            ),
            failed=lambda error: self.said.emit(sentence_of(error), None),
            path=path,
        )
