"""The desktop window: pages, widgets and the runner that starts commands and queries off the GUI thread.

It owns what a person sees and types. It must not open the replica, run SQL or decide a business rule:
it starts commands and queries through the runner and gets plain values back.
"""
