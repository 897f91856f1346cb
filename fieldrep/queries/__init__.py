"""What screens read: one module per screen, SQL to frozen dataclasses.

A query takes a reader of the replica first and everything else by name; it changes nothing, knows no widget and gives
plain values. Days and zones are passed in, so that a screen drawn twice on the same data is the same.
"""
