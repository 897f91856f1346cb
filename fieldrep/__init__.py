"""FieldRep, the desktop client: an encrypted replica, commands, queries, sync and the window.

This file owns the version and nothing else; it must not import anything.
"""

__version__ = "0.1.0"
