"""What both programs share: the entity catalogue, changes, messages, codec, merge rules, scope keys and error codes.

`PROTOCOL.md` beside this file is the authority; code cites its invariants by number. Nothing here knows SQL, HTTP or
Qt, and nothing here reads a clock, a disk or a network: those are passed in by the programs.
"""
