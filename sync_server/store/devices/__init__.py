"""Devices: what admits one, what each told of itself and was given, how it stands, and its end."""
