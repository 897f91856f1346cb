"""Administration: the command line of the server. Knows the store, and neither HTTP nor what an import is."""
