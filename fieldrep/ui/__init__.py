"""The desktop window: pages, widgets and the runner that starts commands and queries off the GUI thread.

It owns what a person sees and types. It must not open the replica, run SQL or decide a business rule:
it starts commands and queries through the runner and gets plain values back.
"""

import builtins

import PySide6.QtCore  # noqa: F401 - what it puts in place is taken back below

# PySide reads the source of every module imported after it, for a `from __feature__ import` that nothing here has.
# The import that does not look is kept beside the one put in place, and is all that this program needs.
builtins.__import__ = getattr(builtins, "__orig_import__", builtins.__import__)
