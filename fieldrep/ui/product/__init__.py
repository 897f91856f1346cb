"""Products on the screen: how they read in the list, and one product's page."""
