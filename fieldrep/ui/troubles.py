"""What keeps a sync from its end, in the two or three words of the pill; of any other it says Offline.

Owns which answers are of a line. The whole sentence, with what to do, is the error's own.
"""

from fieldrep.contract.errors import Code

_AILING = (Code.SERVER_ERROR, Code.SERVER_DISK, Code.STORE_BEHIND)
_OF_A_LINE = {
    Code.SIGN_IN_NEEDED: "Sign in to the network",
    Code.PROXY_REFUSES: "Proxy refuses",
    Code.CERTIFICATE: "Wrong certificate",
    Code.CLOCK_WRONG: "Check the clock",
    Code.NAME_UNKNOWN: "Server name unknown",
    Code.NOT_A_SERVER: "No server there",
    Code.SERVER_BUSY: "Server busy",
    **dict.fromkeys(_AILING, "Server in trouble"),
}
TROUBLES = {
    **_OF_A_LINE,
    Code.DEVICE_LOCKED: "Locked by the office",
    Code.DEVICE_REVOKED: "New link needed",
    Code.UNAUTHORISED: "New link needed",
    Code.DIFFERENT_SERVER: "Another server",
    Code.UPGRADE_NEEDED: "Update needed",
    Code.DISK_FULL: "Disk full",
    Code.DISK_ERROR: "Disk fails",
}
"""No network brings an end to those that are not of a line."""

LINE = frozenset({Code.OFFLINE, Code.DAMAGED_MESSAGE, *_OF_A_LINE})
"""What one that comes or goes may mend by itself."""

ANSWERED = frozenset({Code.DAMAGED_MESSAGE, Code.SERVER_BUSY, *_AILING})
"""Of these, where a server is there all the same."""
