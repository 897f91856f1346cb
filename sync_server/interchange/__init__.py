"""Exchange with other systems: the CSV contract, profiles that map other files onto it, and the demo company.

Everything that comes in is checked against the catalogue and goes through the store's write transaction. Knows no
HTTP and no command line; `CSV.md` beside this file is the contract people read.
"""
