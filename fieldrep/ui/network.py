"""What the operating system says of the network: whether what goes over it is metered, and when it changes.

A system that cannot say counts as not metered, and as never changing. Must not know sync.
"""

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

if TYPE_CHECKING:
    from PySide6.QtNetwork import QNetworkInformation


class Network(QObject):
    """`metered` when that is first known and whenever it changes; `came` when there is a network, perhaps another."""

    metered = Signal(bool)
    came = Signal()

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

        wanted = QNetworkInformation.Feature.Metered | QNetworkInformation.Feature.Reachability
        if not QNetworkInformation.loadBackendByFeatures(wanted):
            QNetworkInformation.loadBackendByFeatures(QNetworkInformation.Feature.Reachability)
        self._system = QNetworkInformation.instance()
        if self._system is not None:
            self._system.reachabilityChanged.connect(self._on_reach)
            self._system.transportMediumChanged.connect(lambda _: self.came.emit())
            self._system.isBehindCaptivePortalChanged.connect(
                lambda behind: None if behind else self.came.emit()
            )
            self._system.isMeteredChanged.connect(self.metered)
            self.metered.emit(self._system.isMetered())

    def _on_reach(self, reach: "QNetworkInformation.Reachability") -> None:
        if reach.value > 1:  # neither unknown nor disconnected
            self.came.emit()
