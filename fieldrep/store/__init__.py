"""The local replica: an encrypted database of all rows its user may hold, and the machinery that keeps it in step.

Commands write through `Replica.begin`, queries read through `Replica.read`, sync applies replies through `apply`.
What waits to go out is in `outgoing`, what a reply brings in `incoming`, the mending of a damaged file in `repairing`.
Nothing here knows the network or Qt, and nothing above this package writes SQL that changes a synced table.
"""
