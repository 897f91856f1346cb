"""What people do: one module per area, one small function per business verb.

A command takes the replica first and everything else by name, checks, changes rows and outbox in one unit of work and
returns a `Done`. Window, command line and tests call the same functions; a command knows no widget, query or network.
"""
