"""Upkeep: what is kept how long, and the daily tidying that lets go of the rest."""
