"""What the operating system says of the network: whether what goes over it is metered.

A system that cannot say counts as not metered. Must not know sync.
"""

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

if TYPE_CHECKING:
    from PySide6.QtNetwork import QNetworkInformation


class Network(QObject):
    """`metered` when that is first known and whenever it changes."""

    metered = Signal(bool)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._system: QNetworkInformation | None = None
        self._asked = False

    def watch(self) -> None:
        """From now on the system is listened to; its library is loaded for that, once."""
        if self._asked:
            return
        self._asked = True
        from PySide6.QtNetwork import QNetworkInformation

        QNetworkInformation.loadBackendByFeatures(QNetworkInformation.Feature.Metered)
        self._system = QNetworkInformation.instance()
        if self._system is not None:
            self._system.isMeteredChanged.connect(self.metered)
            self.metered.emit(self._system.isMetered())
