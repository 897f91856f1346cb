"""The declarations of all entities, a module per area; `contract/catalogue.py` lists them in order."""
