"""The choice to pause on metered lines, on the Sync page."""

from fieldrep.ui.desk import Desk
from fieldrep.ui.widgets.choice import CheckBox


class MeteredChoice(CheckBox):
    """Ticked while the person wants nothing to go out by itself on a line that costs by the byte."""

    def __init__(self, desk: Desk) -> None:
        super().__init__(
            "Pause on metered lines: nothing goes out by itself there, F9 still syncs", name="sync_metered"
        )
        self._desk = desk
        self.setChecked(desk.pauses_on_metered)
        self.toggled.connect(desk.pause_on_metered)
