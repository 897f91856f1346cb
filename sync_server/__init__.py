"""The sync server: the authority on order, scope and conflicts, with its command line.

Imports only the vocabulary (`contract`) and the business rules (`domain`) of the client package.
"""
