"""Planted bugs: each breaks one promise of the engine while it lasts, to prove that the harness notices."""
